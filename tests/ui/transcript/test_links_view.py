"""Links and footnotes under a real pointer."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from desktop_chat.markdown.blocks import Footnote
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.links.links import Doubt
from desktop_chat.ui.transcript.links.links_question import LinkQuestion, reason
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.helpers.window import move_pointer
from tests.ui.transcript.support import answer, body, point_of, question, run, shown

NOTES = (
    "First[^a] point.\n\n"
    + "Something between that is long enough.\n\n" * 60
    + "[^a]: What <b>the</b> note says.\n"
)


def view_of(theme: Theme, text: str) -> TranscriptView:
    view = shown(theme, [question("q"), answer("a", text)])
    view.scroll_to(0)
    run(view)
    return view


def opened(view: TranscriptView) -> list[str]:
    found: list[str] = []
    view.link_activated.connect(found.append)
    return found


def click(view: TranscriptView, at: QPoint) -> None:
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    settle()


def asked(view: TranscriptView) -> LinkQuestion:
    found = view.links.question
    assert found is not None
    assert found.isVisible()
    return found


def test_hovering_shows_the_whole_address_with_its_host(theme: Theme) -> None:
    view = view_of(theme, "[some words](https://пример.com:8080/a/b?c=d)\n\nand text")
    at = point_of(view, "a", 0, 20, 12)
    status = view.links.status
    assert not status.isVisible()
    move_pointer(view.viewport(), at)
    assert status.isVisible()
    assert status.text == "https://xn--e1afmkfd.com:8080/a/b?c=d"
    assert status.geometry().bottom() == view.viewport().geometry().bottom()
    assert status.x() == 0
    move_pointer(view.viewport(), point_of(view, "a", 1, 20, 12))
    assert not status.isVisible()
    move_pointer(view.viewport(), at)
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    assert not status.isVisible()


def test_the_host_is_whole_whatever_else_is_cut(theme: Theme) -> None:
    href = f"https://{'deep.' * 8}example.com/{'path/' * 300}end"
    view = view_of(theme, f"[words]({href})")
    move_pointer(view.viewport(), point_of(view, "a", 0, 10, 12))
    assert "deep.example.com/path" in view.links.status.text
    assert view.links.status.text.endswith("…")
    assert view.links.status.width() <= view.viewport().width() * 0.8 + 20
    long = f"https://{'a' * 63}.{'b' * 63}.{'c' * 63}.evil.example/x"
    other = view_of(theme, f"[words]({long})")
    move_pointer(other.viewport(), point_of(other, "a", 0, 10, 12))
    assert ".evil.example" in other.links.status.text


def test_the_line_makes_way_for_the_pointer(theme: Theme) -> None:
    view = view_of(theme, "[words](https://example.com/)" * 400)
    view.resize(500, 300)
    run(view)
    view.scroll_to(200)
    run(view)
    height = view.viewport().height()
    ys = [y for y in range(height - 24, height) if view.links.at(QPoint(60, y))]
    assert ys
    move_pointer(view.viewport(), QPoint(60, ys[-1]))
    assert view.links.status.x() > 60


def test_it_goes_when_the_text_moves(theme: Theme) -> None:
    view = view_of(theme, "[words](https://example.com/)\n\n" + "Text.\n\n" * 80)
    move_pointer(view.viewport(), point_of(view, "a", 0, 10, 12))
    assert view.links.status.isVisible()
    view.scroll_by(40)
    assert not view.links.status.isVisible()


def test_a_plain_link_opens_at_once(theme: Theme) -> None:
    view = view_of(theme, "[the docs](https://example.com/a) and <https://example.org>")
    found = opened(view)
    click(view, point_of(view, "a", 0, 20, 12))
    assert found == ["https://example.com/a"]
    assert view.links.question is None


def test_a_link_that_names_another_site_is_asked(theme: Theme) -> None:
    view = view_of(theme, "[https://**paypal**.com](https://evil.example/x)")
    found = opened(view)
    click(view, point_of(view, "a", 0, 20, 12))
    dialog = asked(view)
    words = {label.accessibleName() for label in dialog.findChildren(type(dialog._words))}
    assert "The link says: https://paypal.com" in words
    assert "It goes to the site: evil.example" in words
    assert "The whole address: https://evil.example/x" in words
    assert dialog.accessibleDescription() == reason(Doubt.OTHER_HOST)
    assert dialog.cancel_button.hasFocus(), "Enter does not open it"
    QTest.keyClick(dialog.cancel_button, Qt.Key.Key_Return)
    settle()
    assert found == []
    assert view.links.question is None
    click(view, point_of(view, "a", 0, 20, 12))
    QTest.mouseClick(asked(view).confirm_button, Qt.MouseButton.LeftButton)
    settle()
    assert found == ["https://evil.example/x"]


def test_the_address_can_be_copied_instead(theme: Theme) -> None:
    view = view_of(theme, "[go](https://bank.com@evil.example/)")
    found = opened(view)
    click(view, point_of(view, "a", 0, 6, 12))
    dialog = asked(view)
    assert dialog.accessibleDescription() == reason(Doubt.USER)
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    settle()
    assert QGuiApplication.clipboard().text() == "https://bank.com@evil.example/"
    assert found == []
    assert view.links.question is None


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"])
def test_other_schemes_do_nothing(href: str, theme: Theme) -> None:
    view = view_of(theme, "text")
    found = opened(view)
    view.links.open(href, ["text"])
    assert found == []
    assert view.links.question is None


def test_links_in_a_table_say_what_they_say_there(theme: Theme) -> None:
    view = view_of(theme, "| a | b |\n|---|---|\n| [paypal.com](https://evil.example) | x |\n")
    click(view, point_of(view, "a", 1, 20, 16))
    assert asked(view).site == "evil.example"
    asked(view).reject()


def note_of(view: TranscriptView) -> int:
    pieces = body(view, "a").text.body.pieces
    return next(
        number
        for number, piece in enumerate(pieces)
        if any(isinstance(container, Footnote) for container in piece.block.containers)
    )


def mark_at(view: TranscriptView) -> QPoint:
    at = [point_of(view, "a", 0, x, 8) for x in range(10, 80)]
    return next(point for point in at if view.links.at(point) == "#a")


def test_a_mark_leads_to_its_footnote_and_back(theme: Theme) -> None:
    view = view_of(theme, NOTES)
    click(view, mark_at(view))
    run(view)
    note = point_of(view, "a", note_of(view), 10, 10)
    assert view.viewport().rect().contains(note)
    assert view.scroller.top > 0
    click(view, point_of(view, "a", note_of(view), -8, 10))
    run(view)
    assert view.viewport().rect().contains(point_of(view, "a", 0, 10, 10))


def test_a_mark_tells_its_footnote_as_text(theme: Theme) -> None:
    view = view_of(theme, NOTES)
    at = mark_at(view)
    help_event = QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), help_event)
    assert "What &lt;b&gt;the&lt;/b&gt; note says." in QToolTip.text()
    QToolTip.hideText()
