import io
import json
import re
from dataclasses import replace
from typing import Any

from desktop_chat.chat.ask_output import JsonOutput, LogOutput, Tee, TextOutput
from desktop_chat.chat.listing import models_table
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    Done,
    FinishReason,
    Notice,
    NoticeKind,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.core.messages import Message, MessageState, Role
from desktop_chat.core.services import Model

ANSWER = Message("a", "c", "q", Role.ASSISTANT, "hello", 0.0, reason=FinishReason.STOP)
FAILED = replace(
    ANSWER,
    state=MessageState.FAILED,
    reason=None,
    error=ErrorInfo(ErrorKind.SERVER, 503, message="boom", code="x1"),
    service_name="Local",
)
RETRY = Notice(NoticeKind.RETRY, 1, 5, 2.0, ErrorInfo(ErrorKind.RATE_LIMIT, 429))
EVENTS: list[StreamEvent] = [
    RETRY,
    Notice(NoticeKind.CONNECTING),
    ReasoningDelta("hm"),
    Usage(1, 1),
    TextDelta("hel"),
    TextDelta("lo"),
    Usage(1, 2, 3, 4),
    Done(FinishReason.STOP),
]


def texts(*, terminal: bool = False, thoughts: bool = False) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    output = TextOutput(out, err, service_name="Local", terminal=terminal, thoughts=thoughts)
    for event in EVENTS:
        output.event(event)
    output.finish(ANSWER)
    return out.getvalue(), err.getvalue()


def lines(message: Message = ANSWER) -> list[dict[str, Any]]:
    out = io.StringIO()
    output = JsonOutput(out, service_name="Local")
    for event in EVENTS:
        output.event(event)
    output.finish(message)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_answer_alone_goes_to_its_stream() -> None:
    out, err = texts()
    assert out == "hello\n"
    assert err == "Too many requests, retrying in 2 s · Retry 1 of 5\n"


def test_thoughts_are_dimmed_beside_it() -> None:
    out, err = texts(thoughts=True)
    assert out == "hello\n"
    assert err.endswith("\x1b[2mhm\x1b[0m\n")


def test_an_answer_cannot_command_the_terminal() -> None:
    out = io.StringIO()
    output = TextOutput(out, io.StringIO(), service_name="", terminal=True)
    output.event(TextDelta("a\x1b]0;title\x07\tb\x9b2J\nc"))
    assert out.getvalue() == "a]0;title\tb2J\nc"
    plain = io.StringIO()
    TextOutput(plain, io.StringIO(), service_name="").event(TextDelta("a\x1b[1m"))
    assert plain.getvalue() == "a\x1b[1m"


def test_neither_lines_nor_log_command_the_terminal() -> None:
    text = "a\x1b]0;title\x07\x7f\tb\x9b2J\nc"
    out, file = io.StringIO(), io.StringIO()
    JsonOutput(out, service_name="").event(TextDelta(text))
    assert json.loads(out.getvalue())["text"] == text
    log = LogOutput(file, name="m\x9b1m")
    log.question("q\x1b[2J")
    log.event(TextDelta(text))
    for printed in (out.getvalue(), file.getvalue()):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed)
    assert file.getvalue().endswith("a]0;title\tb2J\nc")


def test_a_list_cannot_command_the_terminal() -> None:
    models = [Model("m\x1b]0;title\x07\nfake row"), Model("n")]
    head, first, second = models_table(models).splitlines()
    assert first.split() == ["m]0;title", "fake", "row", "-", "-"]
    assert second.split() == ["n", "-", "-"]
    assert head.index("Context") == first.index("-")


def test_an_error_is_told_beside_the_answer() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = TextOutput(out, err, service_name="Local")
    output.event(TextDelta("half"))
    output.finish(FAILED)
    assert out.getvalue() == "half\n"
    assert err.getvalue() == (
        "Local has a fault\n"
        "  Local says: “boom”. Retry in a moment, or choose another model.\n"
        "  HTTP 503 · x1\n"
    )


def test_a_queue_and_a_backup_are_told() -> None:
    notices = [
        Notice(NoticeKind.QUEUED, place=2, delay=9.0),
        Notice(NoticeKind.SWITCHED, service="Spare", error=ErrorInfo(ErrorKind.OVERLOADED)),
    ]
    out, err = io.StringIO(), io.StringIO()
    text = TextOutput(out, err, service_name="Local")
    lined = io.StringIO()
    json_output = JsonOutput(lined, service_name="Local")
    for notice in notices:
        text.event(notice)
        json_output.event(notice)
    told = [
        "Waiting for the rate limit, 2 ahead, about 9 s",
        "Local is overloaded, asking Spare instead",
    ]
    assert (out.getvalue(), err.getvalue().splitlines()) == ("", told)
    assert [json.loads(line) for line in lined.getvalue().splitlines()] == [
        {"event": "notice", "kind": kind, "message": message}
        for kind, message in zip(("queued", "switched"), told, strict=True)
    ]


def test_the_documented_events() -> None:
    notice, *rest = lines()
    assert notice == {
        "event": "notice",
        "kind": "retry",
        "message": "Too many requests, retrying in 2 s",
    }
    assert rest == [
        {"event": "reasoning", "text": "hm"},
        {"event": "text", "text": "hel"},
        {"event": "text", "text": "lo"},
        {
            "event": "usage",
            "input_tokens": 1,
            "output_tokens": 2,
            "cached_tokens": 3,
            "reasoning_tokens": 4,
            "cache_write_tokens": 0,
            "images": 0,
        },
        {"event": "done", "reason": "stop"},
    ]


def test_an_error_event_ends_the_lines() -> None:
    last = lines(FAILED)[-1]
    assert (last["event"], last["kind"], last["status"]) == ("error", "server", 503)
    assert last["message"].startswith("Local has a fault. ")


def test_line_separators_in_a_text_do_not_break_a_line() -> None:
    out = io.StringIO()
    JsonOutput(out, service_name="").event(TextDelta("a\nb\u2028c"))
    (line,) = out.getvalue().split("\n")[:-1]
    assert json.loads(line)["text"] == "a\nb\u2028c"


def test_the_log_has_question_answer_and_error_with_their_times() -> None:
    file = io.StringIO()
    log = LogOutput(file, name="local m")
    log.question("two\nlines\n")
    for event in EVENTS:
        log.event(event)
    log.finish(FAILED)
    stripped = [line.partition("] ")[2] or line for line in file.getvalue().splitlines()]
    assert stripped[:6] == [
        "Question:",
        "two",
        "lines",
        "Notice: Too many requests, retrying in 2 s",
        "Answer: local m",
        "hello",
    ]
    assert stripped[6].startswith("Error: the service has a fault · ")
    assert "hm" not in file.getvalue()


class Full(io.StringIO):
    """A file on a full disk."""

    def write(self, _text: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_fails_does_not_end_the_answer() -> None:
    out = io.StringIO()
    lost: list[OSError] = []
    tee = Tee(
        TextOutput(out, io.StringIO(), service_name=""),
        LogOutput(Full(), name=""),
        reader_lost=lambda: None,
        log_lost=lost.append,
    )
    tee.question("q")
    for event in EVENTS:
        tee.event(event)
    tee.finish(ANSWER)
    assert out.getvalue() == "hello\n"
    assert len(lost) == 1
    assert tee.failure is None


def test_a_lost_reader_is_told_once_and_the_log_goes_on() -> None:
    file = io.StringIO()
    lost: list[bool] = []
    tee = Tee(
        TextOutput(Full(), io.StringIO(), service_name=""),
        LogOutput(file, name=""),
        reader_lost=lambda: lost.append(True),
        log_lost=lambda _error: None,
    )
    for event in EVENTS:
        tee.event(event)
    assert lost == [True]
    assert tee.failure is not None
    assert "hello" in file.getvalue()
