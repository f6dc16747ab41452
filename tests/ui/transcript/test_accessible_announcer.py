"""What assistive technology is told of a growing answer, by each policy."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.messages import MessageState
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.access.announcer import DONE, OFF, SENTENCE
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.support import answer, one, question, run, send, shown, streaming

FENCE = "```python\na = 1\nb = 2\n```\n"


@pytest.fixture(autouse=True)
def _active() -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def asked(theme: Theme, mode: str, *, code: bool = False) -> TranscriptView:
    """A view in which a question was just asked."""
    view = shown(theme, [question("old"), answer("b", "An old answer.")])
    view.announcer.set_policy(mode, code=code)
    view.add_message(question("q"))
    view.add_message(streaming("a"))
    run(view)
    return view


def told(view: TranscriptView) -> str:
    """What is told once the pause is over; "" for nothing."""
    announcer = view.announcer
    announcer._pause.stop()
    announcer._said_at = -10.0
    announcer._tell_waiting()
    last, announcer.last = announcer.last, ""
    return last


def finish(view: TranscriptView, text: str, **more: object) -> str:
    """End the answer and return what is told then."""
    view.finish_message(answer("a", text, **more))
    run(view)
    last, view.announcer.last = view.announcer.last, ""
    return last


def test_sentences_are_told_once_they_are_finished(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "One is here. Two is")
    assert told(view) == "One is here."
    send(view, "a", " not yet")
    assert told(view) == ""
    send(view, "a", " done. 3.14 is no end, v1.2 neither")
    assert told(view) == "Two is not yet done."
    text = "One is here. Two is not yet done. 3.14 is no end, v1.2 neither"
    assert finish(view, text) == "3.14 is no end, v1.2 neither"


def test_chinese_sentences_end_without_a_space(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "第一句。他说：「好！」第三句还")
    assert told(view) == "第一句。他说：「好！」"
    send(view, "a", "没完；第四")
    assert told(view) == "第三句还没完；"


def test_one_announcement_holds_what_came_within_a_second(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "One. Two")
    assert view.announcer.last == "One."
    send(view, "a", " is. Three is. Four is. Fi")
    assert view.announcer.last == "One.", "the pause is not over"
    assert view.announcer._pause.isActive()
    assert told(view) == "Two is. Three is. Four is."
    view.announcer._tell_waiting()
    assert not view.announcer._pause.isActive(), "nothing runs when nothing arrives"


def test_items_rows_and_formulas_are_told_as_they_are_read(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "## Title\n\n1. one thing\n2. other thing\n- [x] done\n\n")
    assert told(view).splitlines()[0] == "Title"
    send(view, "a", "| A | B |\n|--|--|\n| c | d |\n\n$$\nx^2\n$$\n\nEnd. N")
    said = told(view)
    assert "A, B\nc, d" in said
    assert "x^2" in said
    assert said.endswith("End.")


def test_a_number_of_a_list_is_no_sentence(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "1. Ask some")
    assert told(view) == ""
    send(view, "a", "thing. Then")
    assert told(view) == "1. Ask something."


@pytest.mark.parametrize(
    ("code", "expected"), [(False, ["Code, python, 2 lines"]), (True, ["a = 1", "b = 2"])]
)
def test_code_is_named_or_told_line_by_line(theme: Theme, code: bool, expected: list[str]) -> None:
    view = asked(theme, SENTENCE, code=code)
    send(view, "a", FENCE[:-8])
    begun = told(view)
    assert begun == ("a = 1" if code else "")
    send(view, "a", FENCE[-8:] + "\nThat. A")
    rest = told(view).splitlines()
    said = [line for line in [begun, *rest] if line]
    assert [line.lower() for line in said] == [line.lower() for line in [*expected, "That."]]


def test_the_end_is_told_with_the_beginning_of_the_answer(theme: Theme) -> None:
    view = asked(theme, DONE)
    text = "**Short** answer.\n\n" + FENCE
    send(view, "a", text)
    assert told(view) == ""
    said = finish(view, text).splitlines()
    assert said[:2] == ["The answer is finished.", "Short answer."]
    assert said[2].lower() == "code, python, 2 lines"


def test_a_long_answer_is_cut_at_the_end_of_a_sentence(theme: Theme) -> None:
    view = asked(theme, DONE)
    text = "A sentence of some length. " * 400
    send(view, "a", text)
    said = finish(view, text)
    assert len(said) < 700
    assert said.endswith("length.…")


@pytest.mark.parametrize("mode", [DONE, SENTENCE])
def test_a_failure_is_told_in_place_of_the_end(theme: Theme, mode: str) -> None:
    view = asked(theme, mode)
    more = {"state": MessageState.FAILED, "error": ErrorInfo(ErrorKind.RATE_LIMIT)}
    said = finish(view, "", **more)
    assert said.startswith("Too many requests")
    assert "finished" not in said


def test_nothing_is_told_when_it_is_off_or_nobody_listens(theme: Theme) -> None:
    view = asked(theme, OFF)
    send(view, "a", "One. Two. ")
    assert told(view) == ""
    assert finish(view, "One. Two. ") == ""
    for mode in (DONE, SENTENCE):
        view = asked(theme, mode)
        QAccessible.setActive(False)
        send(view, "a", "One. Two. ")
        assert told(view) == ""
        assert finish(view, "One. Two. ") == ""
        assert not view.announcer._pause.isActive()
        QAccessible.setActive(True)


@pytest.mark.parametrize("mode", [DONE, SENTENCE])
def test_a_chat_behind_another_tells_nothing_and_makes_up_for_nothing(
    theme: Theme, mode: str
) -> None:
    view = asked(theme, mode)
    send(view, "a", "One. ")
    told(view)
    stack = QStackedWidget()
    stack.addWidget(view)
    other = QWidget()
    stack.addWidget(other)
    stack.show()
    run(view)
    stack.setCurrentWidget(other)
    send(view, "a", "Two. Thr")
    assert told(view) == ""
    stack.setCurrentWidget(view)
    run(view)
    assert told(view) == ""
    send(view, "a", "ee. Fo")
    assert told(view) == ("Three." if mode == SENTENCE else "")
    stack.setCurrentWidget(other)
    assert finish(view, "One. Two. Three. Fo") == ""


def test_an_answer_asked_for_anew_is_told_from_its_beginning(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    finish(view, "")
    view.set_branch([question("q"), streaming("c")], one)
    run(view)
    send(view, "c", "Another. One")
    assert told(view) == "Another."


def test_the_last_announcement_is_repeated(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    send(view, "a", "One. Two. Thr")
    view.announcer.repeat()
    assert view.announcer.last == "One. Two.", "it stays what is repeated"


def test_the_cost_does_not_grow_with_what_was_told(theme: Theme) -> None:
    view = asked(theme, SENTENCE)
    for number in range(300):
        send(view, "a", f"Paragraph {number}. It has two sentences.\n\n", size=100)
    told(view)
    place = view.announcer._told["a"]
    assert place.block >= 299, "what was told is not looked at again"
