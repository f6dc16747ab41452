import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.chat.explain import explain_error, explain_notice
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Notice, NoticeKind, Usage
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript import cards
from desktop_chat.ui.transcript.controls import Kind
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.support import (
    Paints,
    answer,
    body,
    button,
    paint,
    press,
    question,
    run,
    send,
    shown,
    streaming,
)


def failed(kind: ErrorKind, text: str = "", raw: str = "") -> Message:
    error = ErrorInfo(kind, 401, code="some_code", host="example.com", raw=raw)
    return answer("a", text, state=MessageState.FAILED, error=error, service_name="DeepSeek")


def actions_of(view: TranscriptView, name: str = "a") -> list[str]:
    found = [key[1] for key in view.overlay.shown() if key[0] == name]
    return [key.removeprefix("action:") for key in found if key.startswith("action:")]


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_error_is_a_card_whose_buttons_work(kind: ErrorKind, theme: Theme) -> None:
    message = failed(kind)
    view = shown(theme, [question("q"), message])
    assert message.error is not None
    expected = explain_error(message.error, service_name="DeepSeek")
    assert actions_of(view) == list(expected.actions)
    asked: list[tuple[str, str]] = []
    view.action_requested.connect(lambda name, action: asked.append((name, action)))
    for action in expected.actions:
        widget = button(view, "a", f"action:{action}")
        assert widget.accessibleName() == widget.text() != ""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    assert asked == [("a", action.value) for action in expected.actions]


def test_the_primary_action_stands_last_at_the_right(theme: Theme) -> None:
    view = shown(theme, [question("q"), failed(ErrorKind.AUTHENTICATION)])
    card = body(view, "a").card
    assert card is not None
    controls = [c for c in card.controls(view.page, 0, 0) if c.key[1].startswith("action:")]
    assert [control.kind for control in controls] == [Kind.QUIET, Kind.PRIMARY]
    assert controls[0].rect.right() < controls[1].rect.left()
    assert controls[1].rect.right() + 1 == view.page.width - 13


def test_a_card_has_the_height_of_the_design(theme: Theme) -> None:
    view = shown(theme, [question("q"), failed(ErrorKind.DROPPED, "Half an answer")])
    card = body(view, "a").card
    assert card is not None
    detail = 22
    assert card.height(view.page) == 68 + 1 + detail


def test_text_that_arrived_stays_above_the_card(theme: Theme) -> None:
    view = shown(theme, [question("q"), failed(ErrorKind.DROPPED, "Half an answer")])
    drawn = body(view, "a")
    assert drawn.text.body.pieces[0].plain(0, 99) == "Half an answer"
    assert drawn.card_area(view.page)[0] >= drawn.text_bottom(view.page)
    assert "continue" in actions_of(view)


@pytest.mark.parametrize(
    ("state", "reason", "action"),
    [
        (MessageState.DONE, FinishReason.LENGTH, "raise_limit"),
        (MessageState.DONE, FinishReason.UNKNOWN, "continue"),
        (MessageState.INTERRUPTED, None, "continue"),
    ],
)
def test_ends_that_are_not_good_are_cards(
    state: MessageState, reason: FinishReason | None, action: str, theme: Theme
) -> None:
    message = answer("a", "text", state=state, reason=reason, usage=Usage(1, 4096))
    view = shown(theme, [question("q"), message])
    assert action in actions_of(view)


def test_a_good_end_has_no_card(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "text", reason=FinishReason.STOP)])
    assert body(view, "a").card is None
    assert actions_of(view) == []


def test_a_card_that_comes_is_painted_to_its_lower_edge(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    paints = Paints(view)
    view.finish_message(failed(ErrorKind.AUTHENTICATION))
    run(view)
    top = view.column.top_of(1) - view.scroller.top
    low = top + body(view, "a").card_area(view.page)[1] - 1
    assert any(rect.top() <= low <= rect.bottom() for rect in paints.take())


def test_the_raw_reply_is_folded(theme: Theme) -> None:
    view = shown(theme, [question("q"), failed(ErrorKind.SERVER, raw='{"error": "deep"}\n' * 5)])
    card = body(view, "a").card
    assert card is not None
    before = card.height(view.page)
    fold = button(view, "a", "detail")
    assert "some_code" in fold.accessibleName()
    press(view, "a", "detail")
    assert card.height(view.page) >= before + 5 * 22
    assert button(view, "a", "detail").isChecked()
    press(view, "a", "detail")
    assert card.height(view.page) == before


def test_a_narrow_card_puts_its_buttons_below(theme: Theme) -> None:
    branch = [question("q"), failed(ErrorKind.AUTHENTICATION)]
    wide = shown(theme, branch)
    narrow = shown(theme, branch, size=(420, 640))
    for view, below in ((wide, False), (narrow, True)):
        place = body(view, "a").card._ready(view.page)  # type: ignore[union-attr]
        text_bottom = 13 + place.title.height + (place.cause.height if place.cause else 0)
        assert (place.buttons[0][2].top() > text_bottom) == below
        assert place.buttons[-1][2].right() < view.page.width


NOTICE = Notice(NoticeKind.RETRY, 2, 5, 3.0, ErrorInfo(ErrorKind.RATE_LIMIT, 429))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(cards, "time", made)
    return made


def test_a_retry_counts_down_and_repaints_the_card_alone(theme: Theme, clock: Clock) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    view.set_notice("a", NOTICE)
    run(view)
    card = body(view, "a").card
    assert card is not None
    expected = explain_notice(NOTICE, service_name="")
    assert expected is not None
    assert card.text.startswith(expected.title)
    assert "3 s" in card.text
    assert view._clock.isActive()
    assert actions_of(view) == ["cancel", "retry_now"]
    top, bottom = body(view, "a").card_area(view.page)
    paints = Paints(view)
    clock.now += 1.2
    view._tick()
    paint(view)
    assert "2 s" in card._ready(view.page).title.run.text
    rects = paints.take()
    assert rects
    offset = view.column.top_of(1) - view.scroller.top
    for rect in rects:
        assert rect.top() >= top + offset - 1
        assert rect.bottom() <= bottom + offset
    clock.now += 9
    view._tick()
    view._tick()
    assert not view._clock.isActive()


def test_a_retry_card_goes_when_the_attempt_begins(theme: Theme, clock: Clock) -> None:
    del clock
    view = shown(theme, [question("q"), streaming("a")])
    view.set_notice("a", NOTICE)
    run(view)
    view.set_notice("a", Notice(NoticeKind.CONNECTING))
    run(view)
    assert body(view, "a").card is None
    assert actions_of(view) == []
    view.set_notice("a", NOTICE)
    view.set_notice("a", None)
    run(view)
    assert body(view, "a").card is None


def test_text_takes_a_retry_card_away(theme: Theme, clock: Clock) -> None:
    del clock
    view = shown(theme, [question("q"), streaming("a")])
    view.set_notice("a", NOTICE)
    send(view, "a", "It works now")
    assert body(view, "a").card is None


def test_a_queue_is_a_quiet_card_with_stop(theme: Theme, clock: Clock) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    view.set_notice("a", Notice(NoticeKind.QUEUED, delay=12.0, place=3))
    run(view)
    card = body(view, "a").card
    assert card is not None
    assert card.text.startswith("Waiting for the rate limit, 3 ahead, about 12 s")
    assert actions_of(view) == ["stop"]
    assert not card.quiet
    assert card._ready(view.page).bar == 0
    asked: list[tuple[str, str]] = []
    view.action_requested.connect(lambda name, action: asked.append((name, action)))
    QTest.mouseClick(button(view, "a", "action:stop"), Qt.MouseButton.LeftButton)
    assert asked == [("a", "stop")]
    clock.now += 5
    view._tick()
    assert "about 7 s" in card.text
    view.set_notice("a", Notice(NoticeKind.QUEUED))
    run(view)
    card = body(view, "a").card
    assert card is not None
    assert card.text.startswith("Waiting for another answer to end\n")
    view._tick()
    assert not view._clock.isActive(), "there is nothing to count"


def test_a_switch_is_a_line_until_the_answer_begins(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    error = ErrorInfo(ErrorKind.OVERLOADED, 503)
    view.set_notice("a", Notice(NoticeKind.SWITCHED, service="Spare", error=error))
    run(view)
    card = body(view, "a").card
    assert card is not None
    assert card.quiet
    assert card.text == "the service is overloaded, asking Spare instead"
    assert actions_of(view) == []
    assert card.height(view.page) == 26
    send(view, "a", "It works now")
    assert body(view, "a").card is None


def test_a_notice_for_a_message_that_is_gone_is_ignored(theme: Theme) -> None:
    view = shown(theme, [question("q")])
    view.set_notice("gone", NOTICE)
    view.set_notice("q", NOTICE)
    run(view)
    assert actions_of(view, "q") == []
