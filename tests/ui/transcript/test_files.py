"""What stands around the text of messages: files, tools, who answered, what it cost."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtGui import QAccessible

from desktop_chat.core.attachments import Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import Cost, Message, MessageState, ToolCall
from desktop_chat.ui.money import money, sums
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.answer_head import Head
from desktop_chat.ui.transcript.files.stored_piece import address_of
from desktop_chat.ui.transcript.question import QuestionBody
from desktop_chat.ui.transcript.view import TranscriptView
from desktop_chat.ui.transcript.words import age, figures, origin, stats
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.theme import make_theme
from tests.helpers.window import turns
from tests.ui.transcript.support import (
    answer,
    body,
    one,
    paint,
    press,
    question,
    run,
    shown,
    streaming,
)
from tests.ui.transcript.test_accessible import children, description, name, names, root
from tests.ui.transcript.test_images import picture


def image(
    data: bytes, label: str = "picture-1.png", width: int = 60, height: int = 40
) -> Attachment:
    return Attachment(
        blob_key(data), label, "image/png", len(data), AttachmentKind.IMAGE, width, height
    )


def text_file(label: str) -> Attachment:
    return Attachment("0" * 64, label, "text/plain", 1400, AttachmentKind.TEXT)


def wanted(view: TranscriptView) -> list[str]:
    """Return the list that the keys of pictures go to which are asked for."""
    found: list[str] = []
    view.page.images.stored_wanted.connect(found.append)
    return found


@on_qt_loop
async def test_a_picture_appears_while_the_answer_streams_and_stays() -> None:
    view = shown(make_theme(), [question("q"), streaming("a")])
    data = picture(60, 40)
    before = body(view, "a").height(view.page)
    view.page.images.supply(address_of(blob_key(data)), data)
    view.files.put("a", (image(data),))
    assert body(view, "a").height(view.page) > before
    assert body(view, "a").caret(view.page) is None
    paint(view)
    await until(lambda: not view.page.images.worker.busy, "the picture")
    (piece,) = body(view, "a").tail.pictures
    assert piece._picture is not None
    assert piece._picture.image is not None
    done = answer("a", "", reason=FinishReason.STOP, attachments=(image(data),))
    view.finish_message(done)
    assert body(view, "a").tail.pictures == [piece]
    assert body(view, "a").card is None


@on_qt_loop
async def test_pictures_are_asked_for_where_they_are_near_and_only_once() -> None:
    items: list[Message] = []
    for number in range(40):
        data = picture(300, 200, colour=f"#{number:06x}")
        items.append(question(f"q{number}"))
        items.append(answer(f"a{number}", "Here.", attachments=(image(data, "p", 300, 200),)))
    view = shown(make_theme())
    asked = wanted(view)
    view.set_branch(items, one)
    run(view)
    await turns()
    near = list(asked)
    assert near
    last = items[-1].attachments[0].blob
    first = items[1].attachments[0].blob
    assert last in near
    assert first not in near
    height = body(view, "a39").height(view.page)
    paint(view)
    await turns()
    assert asked == near
    data = picture(300, 200, colour=f"#{39:06x}")
    view.page.images.supply(address_of(last), data)
    paint(view)
    await until(lambda: not view.page.images.worker.busy, "the picture")
    assert body(view, "a39").height(view.page) == height
    held = view.page.images.picture(address_of(last))
    assert held.pieces
    for _step in range(60):
        view.scroll_by(-400)
        run(view)
    assert not held.pieces
    assert view.column.items[-1].body is None
    await turns()
    assert first in asked


def test_a_picture_that_cannot_be_had_says_so_without_an_address(theme: Theme) -> None:
    data = picture(60, 40)
    view = shown(theme, [question("q"), answer("a", "Here.", attachments=(image(data),))])
    address = address_of(blob_key(data))
    view.page.images.fail(address, ErrorInfo(ErrorKind.STORAGE, code="file_gone"))
    run(view)
    card = body(view, "a").tail.pictures[0]._card
    assert card is not None
    told = [flow.run.text for flow in card._lines]
    assert told == ["The picture is no longer there."]
    assert not [key for key in view.overlay.shown() if key[1].startswith("file:")]


def test_a_model_cannot_name_a_stored_picture(theme: Theme) -> None:
    """Only a message's own files are shown: Markdown with such an address is a link like others."""
    data = picture(60, 40)
    view = shown(theme, [question("q"), answer("a", f"![x]({address_of(blob_key(data))})")])
    asked = wanted(view)
    run(view)
    assert not asked


def test_files_of_a_question_break_into_rows(theme: Theme) -> None:
    files = tuple(text_file(f"a file with a rather long name {number}.txt") for number in range(6))
    view = shown(theme, [replace(question("q"), attachments=files)])
    found = view.column.body(0)
    assert isinstance(found, QuestionBody)
    rects = [item.rect for item in found.files._placed]
    assert len({rect.top() for rect in rects}) > 1
    assert all(rect.right() < found.files._room for rect in rects)
    plain = shown(theme, [question("q")]).column.height_of(0)
    assert view.column.height_of(0) == plain + found.files.height + 8
    view.resize(500, 640)
    run(view)
    assert all(item.rect.right() < found.files._room for item in found.files._placed)


def test_a_tool_is_told_and_unfolded(theme: Theme) -> None:
    calls = (
        ToolCall("1", "search", '{"query": "tides"}'),
        ToolCall("2", "clock", ""),
        ToolCall("3", "broken", '{"query": "ti'),
    )
    message = answer("a", "", reason=FinishReason.TOOL_CALLS, tool_calls=calls)
    view = shown(theme, [question("q"), message])
    cards = body(view, "a").tail.calls
    assert [card.explanation.title for card in cards] == ["search", "clock", "broken"]
    assert [card.explanation.detail for card in cards] == [
        '{"query": "tides"}\n{\n  "query": "tides"\n}',
        "",
        '{"query": "ti\n{"query": "ti',
    ]
    before = view.column.height_of(1)
    press(view, "a", "tool:2")
    assert cards[2].detail_open
    assert not cards[0].detail_open
    assert view.column.height_of(1) > before
    press(view, "a", "tool:2")
    assert view.column.height_of(1) == before


def test_who_really_answers_is_told_while_it_streams(theme: Theme) -> None:
    begun = replace(streaming("a"), service_id="one", service_name="One")
    view = shown(theme, [question("q"), begun])
    now = replace(
        begun, service_id="two", service_name="Two", model="n", asked_service="One", text="later"
    )
    view.files.answered(now)
    message = body(view, "a").message
    assert origin(message) == "Two · backup for One"
    assert message.text == ""
    assert message.state is MessageState.STREAMING


def test_the_header_keeps_within_its_row(theme: Theme) -> None:
    message = answer(
        "a",
        "Hi",
        model="a/model-with-a-very-long-name-" * 5,
        service_name="A service",
        asked_service="Another",
        cached_at=time.time() - 200,
    )
    view = shown(theme, [question("q"), message], size=(420, 600))
    body_of = body(view, "a")
    head = body_of._head(view.page, 0, 0)
    assert isinstance(head, Head)
    words = head._words(view.page)
    assert words.origin
    assert "…" in words.title
    (control,) = head.controls(view.page)
    assert control.rect.left() < view.page.width - 60


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (200, "3 min ago"), (7300, "2 h ago"), (3 * 86400 + 9, "3 days ago")],
)
def test_ages(seconds: float, words: str) -> None:
    assert age(time.time() - seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0.0, "¥0"),
        (0.0071, "¥0.0071"),
        (0.5, "¥0.5000"),
        (12.345, "¥12.35"),
        (0.000012, "¥0.000012"),
        (1234.5, "¥1,234.50"),
    ],
)
def test_amounts(amount: float, words: str) -> None:
    assert money(amount, "CNY") == words


def test_costs_and_tokens_are_told_and_nothing_where_they_are_unknown(theme: Theme) -> None:
    usage = Usage(1000, 500, cached_tokens=400, reasoning_tokens=100)
    message = answer("a", "Hi", usage=usage, cost=Cost(0.0071, "CNY"))
    assert stats(message)[-1] == "¥0.0071"
    assert figures(message).split("\n") == [
        "Input: 1,000 tokens",
        "From the service's cache: 400",
        "Output: 500 tokens",
        "Of it thinking: 100",
        "Cost by the price list: ¥0.0071",
    ]
    assert "¥" not in " ".join(stats(replace(message, cost=None)))
    assert figures(answer("a", "Hi")) == ""
    assert sums({"USD": 0.5, "CNY": 2.0}) == "¥2.00 + $0.5000"
    view = shown(theme, [question("q"), message])
    found = body(view, "a")
    bottom = found.height(view.page)
    assert "¥0.0071" in found.tip(view.page, 700, bottom - 5)
    assert not found.tip(view.page, 700, bottom - 60)


class TestSpoken:
    """What assistive technology finds."""

    @pytest.fixture(autouse=True)
    def _active(self) -> Iterator[None]:
        QAccessible.setActive(True)
        yield
        QAccessible.setActive(False)

    def test_files_tools_and_figures(self, theme: Theme) -> None:
        data = picture(60, 40)
        asked = replace(question("q", ""), attachments=(image(data, "a.png"), text_file("b.txt")))
        said = answer(
            "a",
            "Here.",
            model="m",
            attachments=(image(data),),
            tool_calls=(ToolCall("1", "search", '{"q": 1}'),),
            usage=Usage(10, 20),
            asked_service="One",
            service_name="Two",
        )
        view = shown(theme, [asked, said])
        first, second = root(view).child(0), root(view).child(1)
        assert "a.png, b.txt" in name(first)
        assert names(first, QAccessible.Role.Graphic) == ["Picture a.png"]
        assert [name(item) for item in children(first)] == ["Picture a.png", "File b.txt"]
        told = [name(item) for item in children(second)]
        assert told[0] == "Two · backup for One"
        assert told[2:4] == ["Picture picture-1.png", "Tool search"]
        assert "does not run tools" in description(children(second)[3])
        assert told[4].startswith("Input: 10 tokens, Output: 20 tokens")
