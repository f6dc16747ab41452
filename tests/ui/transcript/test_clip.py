import json
from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QTextDocument, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from desktop_chat.core.events import ReasoningDelta, TextDelta
from desktop_chat.core.messages import Message
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.places import Part, Place
from desktop_chat.ui.transcript.take import clip, clip_forms
from desktop_chat.ui.transcript.take.clip_code import ClipColours
from desktop_chat.ui.transcript.take.clip_forms import PRIVATE_TYPE, Form
from desktop_chat.ui.transcript.take.selection import FINISH, START, Point
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.support import (
    answer,
    body,
    button,
    clipboard,
    finish_copy,
    place_of,
    press,
    question,
    run,
    shown,
    streaming,
    think,
)

CTRL = Qt.KeyboardModifier.ControlModifier
RICH = """# 标题

Some **bold**, `code` and $E = mc^2$.

| name | 价格 |
|:-----|-----:|
| **x** | ¥100 |

```python
def f(x):
    return "a < b"
```

$$\\frac{a}{b}$$
"""


def mime() -> QMimeData:
    data = QApplication.clipboard().mimeData()
    assert data is not None
    return data


def select(view: TranscriptView, first: tuple[str, int, int], last: tuple[str, int, int]) -> None:
    anchor = Point(first[0], Place(Part.BODY, *first[1:]))
    view.pointer.select(anchor, Point(last[0], Place(Part.BODY, *last[1:])))


def copied(view: TranscriptView, form: Form = Form.ALL) -> QMimeData:
    assert view.clips.copy(form)
    finish_copy(view)
    return mime()


@pytest.fixture
def view(theme: Theme) -> TranscriptView:
    return shown(theme, [question("q", "How\n\n  much?"), answer("a", RICH)])


def test_three_forms_are_copied_at_once(view: TranscriptView) -> None:
    view.pointer.select_all()
    data = copied(view)
    markdown = f"**You:**\n\nHow\n\n  much?\n\n**Assistant:**\n\n{RICH}"
    assert data.text() == markdown
    private = json.loads(bytes(data.data(PRIVATE_TYPE).data()))
    assert private == {
        "version": 1,
        "messages": [
            {"role": "user", "markdown": "How\n\n  much?"},
            {"role": "assistant", "markdown": RICH},
        ],
    }
    assert "<p><strong>You:</strong></p>\n<p>How</p>\n<p>&nbsp;&nbsp;much?</p>" in data.html()


def test_the_html_is_read_as_what_it_was(view: TranscriptView) -> None:
    view.pointer.select_message("a")
    html = copied(view).html()
    document = QTextDocument()
    document.setHtml(html)
    tables = [
        frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)
    ]
    assert [(table.rows(), table.columns()) for table in tables] == [(2, 2)]
    cell = tables[0].cellAt(1, 1).firstCursorPosition().block()
    assert cell.text() == "¥100"
    assert cell.blockFormat().alignment() & Qt.AlignmentFlag.AlignRight
    found = document.find("bold")
    assert found.charFormat().fontWeight() > 500
    found = document.find("return")
    assert "monospace" in " ".join(found.charFormat().fontFamilies())
    colour = found.charFormat().foreground().color()
    assert colour == view.theme.paper.syn_kw
    assert 'alttext="E = mc^2"' in html
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in html


@pytest.mark.parametrize("language", ["python", "json", "nonsense", ""])
@pytest.mark.parametrize(
    "lines", [["x = 1"], ["{", '"a": 1 }'], ["x = {", "", '  "a": 1 }', ""], ["", ""]]
)
def test_colours_change_nothing_of_the_code(language: str, lines: list[str]) -> None:
    runs = list(ClipColours({"str": "#123456", "num": "#654321"})(language, lines))
    assert "".join(text for text, _colour in runs) == "\n".join(lines)
    coloured = any(colour for _text, colour in runs)
    assert coloured == (language in ("python", "json") and any(lines[1:]))


def test_colours_of_code_are_for_paper(view: TranscriptView) -> None:
    view.theme.choose("dark")
    view.pointer.select_message("a")
    assert view.theme.paper.syn_kw.name() in copied(view).html()
    assert view.theme.tokens.syn_kw != view.theme.paper.syn_kw
    view.theme.choose("light")


@pytest.mark.parametrize(
    ("form", "formats", "text"),
    [
        (Form.MARKDOWN, ["text/plain"], "Some **bold**, `code` and $E = mc^2$."),
        (Form.PLAIN, ["text/plain"], "Some bold, code and E = mc^2."),
        (Form.RICH, ["text/html"], ""),
    ],
)
def test_one_form_alone(view: TranscriptView, form: Form, formats: list[str], text: str) -> None:
    select(view, ("a", 1, 0), ("a", 1, 1 << 60))
    data = copied(view, form)
    assert data.formats() == formats
    if text:
        assert data.text() == text
    else:
        assert "<strong>bold</strong>" in data.html()


def test_what_is_within_a_block_is_copied_without_its_marks(theme: Theme) -> None:
    text = "> 1. **one** two\n\n## A heading\n\n```py\nfirst = 1\nsecond = 2\n```"
    view = shown(theme, [question("q"), answer("a", text)])
    for number, start, end, expected in (
        (0, 0, 7, "**one** two"),
        (0, 1, 5, "**ne** t"),
        (1, 0, 9, "A heading"),
        (2, 0, 5, "first"),
        (2, 6, 16, "= 1\nsecond"),
    ):
        select(view, ("a", number, start), ("a", number, end))
        assert copied(view).text() == expected


def test_two_blocks_keep_their_marks(theme: Theme) -> None:
    text = "3. three\n4. four\n   - inner\n\n> quoted\n\n```py\nx = 1\ny = 2\n```"
    view = shown(theme, [question("q"), answer("a", text)])
    select(view, ("a", 0, 1), ("a", 2, 3))
    assert copied(view).text() == "3. hree\n4. four\n   - inn"
    select(view, ("a", 3, 2), ("a", 4, 5))
    assert copied(view).text() == "> oted\n\n```py\nx = 1\n```"


def test_rows_of_a_table_stay_a_table(view: TranscriptView) -> None:
    select(view, ("a", 2, 0), ("a", 3, 1 << 60))
    assert copied(view).text() == "| name | 价格 |\n| :--- | ---: |\n| **x** | ¥100 |"
    select(view, ("a", 3, 0), ("a", 3, 1 << 60))
    assert copied(view).text() == "**x**\t¥100"


def test_a_question_that_is_folded_is_copied_whole(theme: Theme) -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    view = shown(theme, [question("q", text), answer("a", "Fine.")])
    select(view, ("q", 1, 5), ("a", 0, 4))
    start = len("line 0\nline ")
    assert copied(view).text() == f"**You:**\n\n{text[start:]}\n\n**Assistant:**\n\nFine"
    select(view, ("q", 1, 5), ("q", 3, 4))
    assert copied(view).text() == "1\nline 2\nline"


def test_a_part_of_a_long_line_is_what_was_selected(theme: Theme) -> None:
    text = "😀中" * 3000
    view = shown(theme, [question("q", text), answer("a", "Fine.")])
    press(view, "q", "unfold")
    select(view, ("q", 0, 3), ("q", 1, 6))
    assert copied(view).text() == text[2 : 4000 + 4]


def test_thinking_is_copied_while_it_is_unfolded(theme: Theme) -> None:
    message = answer("a", "The answer.", reasoning="First thought.\n\nSecond thought.")
    view = shown(theme, [question("q"), message])
    view.pointer.select_message("a")
    assert copied(view).text() == "The answer."
    press(view, "a", "thinking")
    expected = "> First thought.\n>\n> Second thought.\n\nThe answer."
    assert copied(view).text() == expected
    view.copy_message("a")
    finish_copy(view)
    assert clipboard() == "The answer."
    first = Point("a", Place(Part.THINKING, 0, 6))
    view.pointer.select(first, Point("a", Place(Part.THINKING, 1, 6)))
    assert copied(view).text() == "thought.\n\nSecond"


def test_an_answer_that_streams_is_copied_as_far_as_it_is_there(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("s")])
    think(view, "s", "Hm.")
    view.apply_delta("s", TextDelta("Some **wor"))
    run(view)
    view.copy_message("s")
    finish_copy(view)
    assert clipboard() == "Some **wor"
    view.apply_delta("s", ReasoningDelta(""))


# Texts that are not there


class Store:
    """Answers the view's wishes for texts when it is told to."""

    def __init__(self, view: TranscriptView, messages: list[Message]) -> None:
        self._view = view
        self._messages = {message.id: message for message in messages}
        self.asked: list[str] = []
        view.texts_needed.connect(self.asked.extend)

    def answer(self) -> int:
        settle()
        asked, self.asked[:] = list(self.asked), []
        if asked:
            self._view.supply([self._messages[name] for name in asked])
        return len(asked)


def test_a_copy_asks_for_what_is_missing(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"Text {number}.") for number in range(700)]
    view = shown(theme, [message.head() for message in messages])
    store = Store(view, messages)
    while store.answer():
        run(view)
    QApplication.clipboard().setText("before")
    view.pointer.select_all()
    QTest.keyClick(view, Qt.Key.Key_C, CTRL)
    sizes = []
    while view.clips.busy:
        assert clipboard() == "before"
        if store.asked:
            sizes.append(store.answer())
        settle()
    assert max(sizes) <= 200
    assert sum(sizes) > 600
    assert clipboard() == "\n\n".join(message.text for message in messages)
    kept = sum(item.message is not None for item in view.column.items)
    assert kept < 500


def test_what_the_column_lets_go_meanwhile_is_copied_all_the_same(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"Text {number}.") for number in range(3)]
    view = shown(theme, [messages[0], messages[1].head(), messages[2].head()])
    view.pointer.select_all()
    view.copy_selection()
    item = view.column.items[0]
    item.body = item.message = None
    view.supply(messages[1:])
    finish_copy(view)
    assert clipboard() == "Text 0.\n\nText 1.\n\nText 2."


def test_a_copy_of_messages_that_are_gone_is_given_up(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"Text {number}.") for number in range(50)]
    view = shown(theme, [message.head() for message in messages])
    QApplication.clipboard().setText("before")
    view.pointer.select_all()
    view.copy_selection()
    settle()
    view.set_branch([question("other")], lambda _name: (1, 1))
    view.supply(messages)
    assert not view.clips.busy
    assert clipboard() == "before"


def test_a_copy_whose_texts_cannot_be_read_says_so(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"Text {number}.") for number in range(50)]
    view = shown(theme, [message.head() for message in messages])
    QApplication.clipboard().setText("before")
    view.pointer.select_all()
    view.copy_selection()
    view.texts_missed(["m7"])
    assert not view.clips.busy
    assert clipboard() == "before"
    assert QToolTip.text().startswith("Some of the messages could not be read")
    QToolTip.hideText()


def test_the_ends_of_a_selection_may_be_missing_too(theme: Theme) -> None:
    messages = [answer(f"m{number}", f"Text of {number}.") for number in range(3)]
    view = shown(theme, [message.head() for message in messages])
    view.pointer.select(Point("m0", Place(Part.BODY, 0, 5)), Point("m2", Place(Part.BODY, 0, 4)))
    view.copy_selection()
    view.supply(messages)
    finish_copy(view)
    assert clipboard() == "of 0.\n\nText of 1.\n\nText"


# Bounds


def test_beyond_a_bound_there_is_markdown_alone(
    view: TranscriptView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_forms, "RICH_LIMIT", 100)
    view.pointer.select_message("a")
    assert copied(view).formats() == ["text/plain"]
    copied(view, Form.RICH)
    assert QToolTip.text() == "This is too much for rich text. Copy it as Markdown instead."
    QToolTip.hideText()


def test_beyond_another_nothing_is_copied(
    view: TranscriptView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip, "TEXT_LIMIT", 100)
    QApplication.clipboard().setText("before")
    view.pointer.select_message("a")
    copied(view)
    assert clipboard() == "before"
    assert QToolTip.text().startswith("This is too much to copy at once.")
    QToolTip.hideText()


# Buttons and menus


def test_a_check_shows_when_the_copy_is_there(
    view: TranscriptView, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[tuple[str, str]] = []
    monkeypatch.setattr(view.overlay, "confirm", keys.append)
    QTest.mouseClick(button(view, "a", "do:copy"), Qt.MouseButton.LeftButton)
    assert view.clips.busy
    assert keys == []
    finish_copy(view)
    assert keys == [("a", "do:copy")]
    assert clipboard() == RICH
    assert mime().hasHtml()


def menu_at(view: TranscriptView, point: QPoint) -> Menu:
    QApplication.sendEvent(
        view.viewport(),
        QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(point)
        ),
    )
    return open_menu(view)


def open_menu(view: TranscriptView) -> Menu:
    settle()
    (menu,) = [menu for menu in view.findChildren(Menu) if menu.isVisible()]
    return menu


def choose(menu: Menu, text: str) -> None:
    next(row for row in menu.rows if row.text() == text).click()


@pytest.mark.parametrize(
    ("selected", "form", "check"),
    [
        (True, "Markdown", lambda: clipboard() == "Some **bo**"),
        (True, "Plain text", lambda: clipboard() == "Some bo"),
        (True, "Rich text", lambda: "<p>Some <strong>bo</strong></p>" in mime().html()),
        (False, "Markdown", lambda: clipboard() == RICH),
        (False, "Plain text", lambda: clipboard().startswith("标题\n\nSome bold, code and E")),
        (False, "Rich text", lambda: "<h1>标题</h1>" in mime().html()),
    ],
)
def test_copy_as(
    view: TranscriptView, selected: bool, form: str, check: Callable[[], bool]
) -> None:
    if selected:
        select(view, ("a", 1, 0), ("a", 1, 7))
    menu = menu_at(view, place_of(view, "a", 1, 3))
    choose(menu, "Copy as" if selected else "Copy message as")
    choose(open_menu(view), form)
    finish_copy(view)
    assert check()


def test_a_formula_is_copied_as_latex_and_as_mathml(view: TranscriptView) -> None:
    block = view.column.body(1)
    assert block is not None
    found = block.piece_at(view.page, 10**6)
    assert found is not None
    point = place_of(view, "a", found.number, 0) + QPoint(40, 0)
    choose(menu_at(view, point), "Copy LaTeX")
    assert clipboard() == "\\frac{a}{b}"
    assert "<mfrac>" in mime().html()
    choose(menu_at(view, point), "Copy as MathML")
    assert clipboard().startswith('<math xmlns="http://www.w3.org/1998/Math/MathML"')


def test_select_all_takes_everything(view: TranscriptView) -> None:
    choose(menu_at(view, place_of(view, "a", 1, 3)), "Select all")
    found = view.pointer.selection.range()
    assert found == (Point("q", START), Point("a", FINISH))
    assert body(view, "a") is not None
