import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.chat.explain import (
    Action,
    Explanation,
    Tone,
    action_label,
    exit_status,
    explain_end,
    explain_error,
    explain_notice,
    retry_count,
)
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Notice, NoticeKind, Usage
from desktop_chat.core.messages import Message, MessageState, Role

ANSWER = Message("a", "c", "q", Role.ASSISTANT, "some text", 0.0, service_name="DeepSeek")
CLOCK = ErrorInfo(ErrorKind.AUTHENTICATION, 401, code="clock", values={"minutes": "12"})
STORAGE_CODES = ("full", "readonly", "busy", "corrupt", "newer", "other")


def every_explanation() -> list[Explanation]:
    errors = [ErrorInfo(kind) for kind in ErrorKind]
    errors += [ErrorInfo(ErrorKind.STORAGE, code=code) for code in STORAGE_CODES]
    errors += [CLOCK]
    errors += [ErrorInfo(ErrorKind.BAD_REQUEST, code="no_prompt")]
    ends = [replace(ANSWER, state=state) for state in MessageState]
    ends += [replace(ANSWER, reason=reason) for reason in FinishReason]
    ends += [replace(ANSWER, text="", state=state) for state in MessageState]
    found = [explain_error(error, kept_chars=kept) for error in errors for kept in (0, 12)]
    return found + [end for end in map(explain_end, ends) if end is not None]


def test_every_explanation_is_in_the_tone_of_the_house() -> None:
    for explanation in every_explanation():
        text = explanation.title + explanation.cause
        assert explanation.title
        assert not explanation.title.endswith(".")
        assert "Sorry" not in text
        assert "!" not in text
        assert "{" not in text
        assert "  " not in text
        assert len(set(explanation.actions)) == len(explanation.actions)


def test_a_wrong_clock_is_named_everywhere() -> None:
    for where in ({}, {"terminal": True}, {"settings": True}):
        told = explain_error(CLOCK, service_name="Gateway", **where)
        assert told.title == "The clock of this computer is 12 minutes off"
        assert told.cause == (
            "Gateway refuses what is signed more than five minutes off. Set the clock and retry."
        )
        assert Action.UPDATE_KEY not in told.actions


@pytest.mark.parametrize("code", ["no_picture", "picture", "private_address", "no_websocket"])
def test_what_was_wrong_with_a_reply(code: str) -> None:
    error = ErrorInfo(ErrorKind.PROTOCOL, code=code, host="h.test", values={"target": "cdn.test"})
    general = explain_error(ErrorInfo(ErrorKind.PROTOCOL))
    assert explain_error(error).cause != general.cause


def test_every_icon_is_in_the_font() -> None:
    spec = importlib.util.find_spec("qtawesome")
    assert spec is not None
    assert spec.origin is not None
    (charmap,) = (Path(spec.origin).parent / "fonts").glob("phosphor-charmap-*.json")
    names = set(json.loads(charmap.read_text("utf-8")))
    assert {explanation.icon for explanation in every_explanation()} <= names


def test_every_action_has_a_label() -> None:
    assert all(action_label(action) for action in Action)


def test_a_refused_key() -> None:
    error = ErrorInfo(
        ErrorKind.AUTHENTICATION, 401, code="invalid_api_key", request_id="r-1", raw='{"error":1}'
    )
    told = explain_error(error, service_name="SiliconFlow")
    assert told.title == "Invalid key, SiliconFlow refused the request"
    assert told.actions == (Action.CHANGE_MODEL, Action.UPDATE_KEY)
    assert (told.icon, told.tone) == ("key", Tone.DANGER)
    assert told.detail == 'HTTP 401 · invalid_api_key · r-1\n{"error":1}'


def test_the_services_own_words_stand_in_the_cause() -> None:
    error = ErrorInfo(ErrorKind.RATE_LIMIT, 429, message="60 requests\nper minute")
    told = explain_error(error, service_name="Ark")
    assert told.cause == "Ark says: “60 requests per minute”. Wait a moment and retry."
    sentence = explain_error(replace(error, message="Slow down."), service_name="Ark")
    assert sentence.cause == "Ark says: “Slow down”. Wait a moment and retry."


def test_long_words_are_cut() -> None:
    error = ErrorInfo(ErrorKind.BAD_REQUEST, 400, message="x" * 5000)
    assert len(explain_error(error).cause) < 400


def test_a_sentence_that_lacks_its_value_is_left_out() -> None:
    assert "0 s" not in explain_error(ErrorInfo(ErrorKind.TIMEOUT)).cause
    timeout = ErrorInfo(ErrorKind.TIMEOUT, values={"seconds": "300"})
    assert "Nothing arrived for 300 s." in explain_error(timeout).cause
    assert "answers at" not in explain_error(ErrorInfo(ErrorKind.NETWORK)).cause
    assert "at a.example." in explain_error(ErrorInfo(ErrorKind.NETWORK, host="a.example")).cause


@pytest.mark.parametrize(
    ("kind", "code", "values", "cause"),
    [
        (ErrorKind.NETWORK, "tls", {}, "No secure connection could be made to a.example."),
        (ErrorKind.NETWORK, "dns", {}, "The name a.example was not found."),
        (ErrorKind.NETWORK, "refused", {}, "Nothing answers at a.example."),
        (ErrorKind.TIMEOUT, "idle", {"seconds": "120"}, "The answer stood still for 120 s."),
        (ErrorKind.BAD_REQUEST, "base_url", {"url": "ftp://x"}, "is not valid: ftp://x"),
        (ErrorKind.REDIRECT, "", {"target": "b.example"}, "was sent to b.example."),
    ],
)
def test_a_code_of_our_own_tells_more(
    kind: ErrorKind, code: str, values: dict[str, str], cause: str
) -> None:
    told = explain_error(ErrorInfo(kind, code=code, host="a.example", values=values))
    assert cause in told.cause


def test_a_drop_keeps_what_came_and_offers_to_go_on() -> None:
    told = explain_error(ErrorInfo(ErrorKind.DROPPED), kept_chars=1486)
    assert told.title == "Connection lost, 1,486 characters kept"
    assert told.actions == (Action.REGENERATE, Action.CONTINUE)
    assert explain_error(ErrorInfo(ErrorKind.DROPPED)).actions == (Action.RETRY,)


def test_a_key_that_no_origin_has_tells_why() -> None:
    error = ErrorInfo(ErrorKind.NO_KEY, values={"problem": "plain_http"})
    assert "plain http" in explain_error(error).cause
    locked = ErrorInfo(ErrorKind.NO_KEY, values={"problem": "locked"})
    assert "keyring is locked" in explain_error(locked).cause


def test_the_terminal_is_told_what_it_can_do() -> None:
    error = ErrorInfo(ErrorKind.NO_KEY, host="https://a.example")
    cause = explain_error(error, terminal=True).cause
    assert "DESKTOP_CHAT_API_KEY" in cause
    assert "https://a.example" in cause
    plain = replace(error, host="http://a.example", values={"problem": "plain_http"})
    assert "Use https" in explain_error(plain, terminal=True).cause


def test_a_retry_counts_down() -> None:
    error = ErrorInfo(ErrorKind.RATE_LIMIT, 429)
    notice = Notice(NoticeKind.RETRY, attempt=2, attempts=5, delay=2.3, error=error)
    told = explain_notice(notice, service_name="Ark")
    assert told is not None
    assert told.title == "Too many requests, retrying in 3 s"
    assert told.actions == (Action.CANCEL, Action.RETRY_NOW)
    assert retry_count(notice) == "Retry 2 of 5"
    assert explain_notice(Notice(NoticeKind.CONNECTING)) is None


RATE = "Ark limits how much may be asked at a time."
ROOM = "Only so many answers of this service run at the same time."


@pytest.mark.parametrize(
    ("place", "delay", "title", "cause"),
    [
        (3, 11.2, "Waiting for the rate limit, 3 ahead, about 12 s", RATE),
        (0, 0.4, "Waiting for the rate limit, about 1 s", RATE),
        (3, 0.0, "Waiting for another answer to end, 3 ahead", ROOM),
        (0, 0.0, "Waiting for another answer to end", ROOM),
    ],
)
def test_a_queue(place: int, delay: float, title: str, cause: str) -> None:
    told = explain_notice(Notice(NoticeKind.QUEUED, place=place, delay=delay), service_name="Ark")
    assert told is not None
    assert (told.title, told.cause) == (title, cause)
    assert (told.actions, told.tone) == ((Action.STOP,), Tone.NEUTRAL)


def test_a_switch() -> None:
    error = ErrorInfo(ErrorKind.TIMEOUT, code="first_token", values={"seconds": "10"})
    notice = Notice(NoticeKind.SWITCHED, service="Spare", error=error)
    told = explain_notice(notice, service_name="Ark")
    assert told is not None
    assert told.title == "Ark took too long to answer, asking Spare instead"
    assert (told.actions, told.detail) == ((), "")
    told = explain_notice(replace(notice, service="Ark"), service_name="Ark")
    assert told is not None
    assert told.title == "The backup failed, asking Ark after all"


def test_an_open_circuit_keeps_what_the_failure_said() -> None:
    plain = ErrorInfo(ErrorKind.NETWORK, code="dns", host="ark.test")
    values = {"code": "dns", "probe": "10"}
    told = explain_error(replace(plain, code="circuit_open", values=values), service_name="Ark")
    assert told.cause == (
        "The name ark.test was not found. It failed several times in a row and is not asked again "
        "by itself for 10 s. Retry when you like, or choose another model."
    )
    assert told.detail == explain_error(plain).detail == "dns"


def test_a_backup_that_failed_as_well() -> None:
    values = {"backup": "Spare", "backup_kind": "authentication"}
    error = ErrorInfo(ErrorKind.NETWORK, code="refused", host="ark.test", values=values)
    told = explain_error(error, service_name="Ark")
    assert "The backup failed, too: Invalid key, Spare refused the request." in told.cause
    odd = replace(error, values={"backup": "Spare", "backup_kind": "of a newer version"})
    assert "backup" not in explain_error(odd, service_name="Ark").cause


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_error_can_be_waited_for(kind: ErrorKind) -> None:
    notice = Notice(NoticeKind.RETRY, 1, 5, 1.0, ErrorInfo(kind))
    told = explain_notice(notice)
    assert told is not None
    assert told.title.endswith("retrying in 1 s")


def test_a_good_answer_needs_no_card() -> None:
    assert explain_end(replace(ANSWER, reason=FinishReason.STOP)) is None
    assert explain_end(replace(ANSWER, reason=FinishReason.TOOL_CALLS)) is None
    assert explain_end(replace(ANSWER, state=MessageState.STREAMING)) is None


def test_a_stopped_answer_can_be_continued() -> None:
    told = explain_end(replace(ANSWER, state=MessageState.STOPPED))
    assert told is not None
    assert told.tone is Tone.NEUTRAL
    assert told.actions == (Action.REGENERATE, Action.CONTINUE)
    empty = explain_end(replace(ANSWER, state=MessageState.STOPPED, text=""))
    assert empty is not None
    assert empty.actions == (Action.REGENERATE,)


def test_ends_that_need_one() -> None:
    length = explain_end(
        replace(ANSWER, reason=FinishReason.LENGTH, usage=Usage(output_tokens=4096))
    )
    assert length is not None
    assert "4,096" in length.cause
    assert length.actions == (Action.RAISE_LIMIT, Action.CONTINUE)
    unknown = explain_end(replace(ANSWER, reason=FinishReason.UNKNOWN))
    assert unknown is not None
    assert unknown.actions[-1] is Action.CONTINUE
    for reason in (FinishReason.LENGTH, FinishReason.UNKNOWN):
        textless = explain_end(replace(ANSWER, text="", reason=reason))
        assert textless is not None
        assert textless.actions[-1] is Action.REGENERATE
    empty = explain_end(replace(ANSWER, reason=FinishReason.STOP, text="", reasoning="hm"))
    assert empty is not None
    assert empty.title == "Only thinking arrived"
    broken = explain_end(replace(ANSWER, state=MessageState.INTERRUPTED))
    assert broken is not None
    assert broken.actions == (Action.REGENERATE, Action.CONTINUE)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (FinishReason.STOP, 0), (FinishReason.TOOL_CALLS, 0), (FinishReason.LENGTH, 7),
        (FinishReason.CONTENT_FILTER, 7), (FinishReason.UNKNOWN, 7), (FinishReason.STOPPED, 130),
        (ErrorKind.NO_KEY, 3), (ErrorKind.AUTHENTICATION, 3), (ErrorKind.PERMISSION, 3),
        (ErrorKind.BALANCE, 4), (ErrorKind.RATE_LIMIT, 4), (ErrorKind.NETWORK, 5),
        (ErrorKind.TIMEOUT, 5), (ErrorKind.DROPPED, 7), (ErrorKind.SERVER, 6),
        (ErrorKind.BAD_REQUEST, 6), (ErrorKind.REDIRECT, 6), (ErrorKind.CANCELLED, 130),
    ],
)  # fmt: skip
def test_exit_statuses(outcome: ErrorKind | FinishReason, status: int) -> None:
    assert exit_status(outcome) == status


def test_the_settings_speak_of_no_message() -> None:
    for kind in (ErrorKind.NO_KEY, ErrorKind.AUTHENTICATION):
        told = explain_error(ErrorInfo(kind), service_name="S", settings=True)
        assert "message" not in told.cause
        assert told.cause
