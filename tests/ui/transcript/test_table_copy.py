"""Taking a whole table away, and scrolling it by hand, in a view that is shown."""

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.tables.layout_table import RowPiece
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.theme import make_theme
from tests.ui.transcript.support import (
    answer,
    body,
    button,
    clipboard,
    come_near,
    point_of,
    press,
    run,
    send,
    shown,
    streaming,
)

TEXT = """Before.

| Name | **Price** | Formula |
|------|-----------|---------|
| a\\|b | $0.27     | =1+1    |
| `c`  | 1,842     | [x](https://a.b) |

After.
"""
WIDE = "\n".join(
    "| " + " | ".join([f"some words {row} {column}" for column in range(12)]) + " |"
    if row != 1
    else "|" + "---|" * 12
    for row in range(6)
)


def table_of(view: TranscriptView, name: str = "a") -> list[int]:
    pieces = body(view, name).text.body.pieces
    return [index for index, piece in enumerate(pieces) if isinstance(piece, RowPiece)]


def row(view: TranscriptView, number: int, name: str = "a") -> RowPiece:
    piece = body(view, name).text.body.pieces[number]
    assert isinstance(piece, RowPiece)
    return piece


def test_copying_gives_cells_to_spreadsheets_and_a_table_to_documents(theme: Theme) -> None:
    view = shown(theme, [answer("a", TEXT)])
    head = table_of(view)[0]
    press(view, "a", f"piece:{head}:copy")
    data = QApplication.clipboard().mimeData()
    rows = list(csv.reader(io.StringIO(data.text(), newline=""), delimiter="\t"))
    assert rows == [
        ["Name", "Price", "Formula"],
        ["a|b", "$0.27", "'=1+1"],
        ["c", "1,842", "x"],
    ]
    assert data.html().count("<tr>") == 3
    assert "<strong>Price</strong>" in data.html()


def chosen(view: TranscriptView, words: str) -> None:
    """Choose a form from the menu of the first table."""
    head = table_of(view)[0]
    QTest.mouseClick(button(view, "a", f"piece:{head}:forms"), Qt.MouseButton.LeftButton)
    menus = [menu for menu in view.findChildren(Menu) if menu.isVisible()]
    (found,) = [item for item in menus[0].rows if item.text() == words]
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)
    run(view)


def test_one_form_can_be_chosen(theme: Theme) -> None:
    view = shown(theme, [answer("a", TEXT)])
    chosen(view, "Copy as CSV")
    assert clipboard() == 'Name,Price,Formula\r\na|b,$0.27,\'=1+1\r\nc,"1,842",x\r\n'
    chosen(view, "Copy as Markdown")
    assert clipboard().splitlines()[:3] == [
        "| Name | **Price** | Formula |",
        "| --- | --- | --- |",
        "| a\\|b | $0.27 | =1+1 |",
    ]


@on_qt_loop
async def test_a_table_is_saved_as_csv(tmp_path: Path) -> None:
    view = shown(make_theme(), [answer("a", TEXT)])
    head = table_of(view)[0]
    button(view, "a", f"piece:{head}:forms").click()
    (menu,) = [menu for menu in view.findChildren(Menu) if menu.isVisible()]
    next(item for item in menu.rows if item.text() == "Save as CSV").click()
    dialog = view.findChild(QFileDialog)
    assert dialog is not None
    target = tmp_path / "t.csv"
    dialog.fileSelected.emit(str(target))
    dialog.reject()
    await until(lambda: not view.deeds.worker.busy, "the file")
    text = target.read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline="")))[2] == ["c", "1,842", "x"]


@on_qt_loop
async def test_a_long_table_is_written_beside_the_ui_thread() -> None:
    rows = "\n".join(f"| {n} | word |" for n in range(600))
    view = shown(make_theme(), [answer("a", f"| n | w |\n|---|---|\n{rows}\n")])
    view.scroll_to(0)
    run(view)
    QApplication.clipboard().clear()
    button(view, "a", f"piece:{table_of(view)[0]}:copy").click()
    assert view.deeds.worker.busy
    await until(lambda: not view.deeds.worker.busy, "the table")
    lines = QApplication.clipboard().text().split("\n")
    assert (len(lines), lines[-1]) == (601, "599\tword")


def test_rows_that_came_later_are_copied_and_those_that_went_are_not(theme: Theme) -> None:
    view = shown(theme, [streaming("a")])
    send(view, "a", "| n | w |\n|---|---|\n| 1 | one |\n| 2 | tw")
    send(view, "a", "o |\n| 3 | three |\n\nAfter.")
    press(view, "a", f"piece:{table_of(view)[0]}:copy")
    assert clipboard() == "n\tw\n1\tone\n2\ttwo\n3\tthree"


def turn(view: TranscriptView, at: QPoint, x: int, y: int, keys: Qt.KeyboardModifier) -> None:
    place = QPointF(at)
    event = QWheelEvent(
        place,
        view.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(x, y),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)
    run(view)


@pytest.mark.parametrize(
    ("x", "y", "keys"),
    [
        (-120, 0, Qt.KeyboardModifier.NoModifier),
        (0, -120, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_the_wheel_moves_a_table_sideways(
    theme: Theme, x: int, y: int, keys: Qt.KeyboardModifier
) -> None:
    view = shown(theme, [answer("a", f"Before.\n\n{WIDE}\n\nAfter.")])
    numbers = table_of(view)
    turn(view, point_of(view, "a", numbers[2], 60, 10), x, y, keys)
    assert row(view, numbers[0]).scrolled() > 0
    assert view.scroller.top == 0


def test_the_thumb_can_be_dragged(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"Before.\n\n{WIDE}\n\nAfter.")])
    last = table_of(view)[-1]
    bar = row(view, last).bar(view.page)
    assert bar is not None
    at = point_of(view, "a", last, bar.center().x(), bar.center().y())
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view.viewport(), at + QPoint(40, 0))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=at + QPoint(40, 0))
    assert row(view, last).scrolled() > 40


def test_what_lies_beyond_the_edge_is_not_painted_beside_the_table(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"Before.\n\n{WIDE}\n\nAfter.")])
    row(view, table_of(view)[0]).scroll_to(90, view.page)
    view.viewport().update()
    run(view)
    image = view.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    first = point_of(view, "a", table_of(view)[1], 0, 0)
    for x in (view.left - 6, view.left + view.page.width + 5):
        for y in range(first.y(), first.y() + 60):
            assert image.pixelColor(int(x * ratio), int(y * ratio)) == theme.tokens.canvas


def test_the_copy_buttons_are_there_for_the_head_alone(theme: Theme) -> None:
    view = shown(theme, [answer("a", TEXT)])
    assert not [key for name, key in view.overlay.shown() if key.startswith("piece:")]
    come_near(view, "a")
    keys = [key for name, key in view.overlay.shown() if key.startswith("piece:")]
    head = table_of(view)[0]
    assert sorted(keys) == [f"piece:{head}:copy", f"piece:{head}:forms"]
