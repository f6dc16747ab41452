import json
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers import gemini_decoder
from tests.unit.providers.contract.recordings_gemini import (
    PICTURE,
    PIXEL,
    call,
    counted,
    decoder,
    said,
    stream,
    text,
)
from tests.unit.providers.support import Heard

R = FinishReason


def decode(*pieces: bytes) -> Heard:
    made = decoder()
    heard = Heard()
    for piece in pieces:
        heard.add(made.feed(piece))
        if made.failure or made.ended:
            break
    heard.add(made.close())
    heard.error = made.failure
    return heard


@pytest.mark.parametrize(
    ("reason", "means"),
    [
        ("STOP", R.STOP),
        ("MAX_TOKENS", R.LENGTH),
        ("SAFETY", R.CONTENT_FILTER),
        ("RECITATION", R.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", R.CONTENT_FILTER),
        ("IMAGE_SAFETY", R.CONTENT_FILTER),
        ("OTHER", R.UNKNOWN),
        ("MALFORMED_FUNCTION_CALL", R.UNKNOWN),
        ("NEW_IN_2030", R.UNKNOWN),
    ],
)
def test_reasons(reason: str, means: FinishReason) -> None:
    heard = decode(stream(said(text("Hello"), finishReason=reason)))
    assert (heard.text, heard.reason, heard.error) == ("Hello", means, None)


def test_a_reason_is_all_that_is_told_of_an_answer_that_is_none() -> None:
    told = {"finishMessage": "Malformed function call: print(", "content": {}}
    heard = decode(stream(said(finishReason="MALFORMED_FUNCTION_CALL", **told)))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.SERVER, "MALFORMED_FUNCTION_CALL")
    assert heard.error.message == "Malformed function call: print("
    # Where nothing was said because it may not be, that is what the answer is.
    assert decode(stream(said(finishReason="SAFETY"))).reason is R.CONTENT_FILTER


def test_a_question_that_is_refused() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "Not this."}
    heard = decode(stream({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 4}}))
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.CONTENT_FILTER, "PROHIBITED_CONTENT")
    assert heard.error.message == "Not this."
    assert heard.usage == Usage(4)
    assert decode(stream({"promptFeedback": {}}, said(text("a"), finishReason="STOP"))).text == "a"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 503, "message": "busy", "status": "UNAVAILABLE"}, ErrorKind.OVERLOADED),
        ({"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED"}, ErrorKind.RATE_LIMIT),
        ({"code": 500, "message": "Internal", "status": "INTERNAL"}, ErrorKind.SERVER),
    ],
)
def test_an_error_in_the_stream(error: dict[str, Any], kind: ErrorKind) -> None:
    for payload in ({"error": error}, [{"error": error}]):
        heard = decode(stream(said(text("Hel")), payload))
        assert (heard.text, heard.kind) == ("Hel", kind)


def test_a_clean_end_without_a_reason_is_not_a_success() -> None:
    assert decode(stream(said(text("Hel")))).reason is R.UNKNOWN
    assert decode(stream({"usageMetadata": {"promptTokenCount": 1}})).kind is ErrorKind.DROPPED


def test_code_that_the_service_ran() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "print('```')\n"}}
    result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "```\n"}}
    heard = decode(stream(said(text("So:"), code, result, text("Done."), finishReason="STOP")))
    assert heard.text == (
        "So:\n\n````python\nprint('```')\n````\n\n\n\n````text\n```\n````\n\nDone."
    )


def test_calls_without_what_they_should_have() -> None:
    parts: list[dict[str, Any]] = [
        {"functionCall": {"args": {}}},
        {"functionCall": {"name": "f", "args": [1], "thoughtSignature": "b2xk"}},
        {"functionCall": "odd"},
        {"functionCall": {"name": "g", "id": "7", "args": {"a": "\ud800"}}},
    ]
    # Half a pair, as JSON may write it.
    heard = decode(f"data: {json.dumps(said(*parts, finishReason='STOP'))}\n\n".encode())
    assert [(item.id, item.name) for item in heard.tools] == [("", "f"), ("7", "g")]
    assert [item.arguments for item in heard.tools] == ["{}", '{"a": "\ufffd"}']
    echo: Any = heard.echo
    assert echo["parts"][0] == {"type": "call", "signature": "b2xk"}


def test_no_signature_no_echo() -> None:
    assert decode(stream(said(text("a"), call("f"), finishReason="STOP"))).echo is None


def test_a_signed_thought_is_echoed() -> None:
    signed = text("", thought=True, thoughtSignature="c2ln")
    heard = decode(stream(said(text("why", thought=True), signed, text("a"), finishReason="STOP")))
    echo: Any = heard.echo
    assert heard.reasoning == "why"
    assert echo["parts"] == [
        {"type": "thought", "signature": "c2ln"},
        {"type": "text", "length": 1},
    ]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini_decoder, "MAX_CALLS", 2)
    monkeypatch.setattr(gemini_decoder, "MAX_IMAGES", 1)
    monkeypatch.setattr(gemini_decoder, "MAX_ECHO", 10)
    parts = [call("f", signature="12345"), *[call("g")] * 5, PICTURE, PICTURE]
    heard = decode(stream(said(*parts, finishReason="STOP")))
    assert [item.name for item in heard.tools] == ["f", "g"]
    assert heard.images == (PIXEL,)
    assert heard.echo is not None
    assert decode(stream(said(call("f", signature="1" * 11), finishReason="STOP"))).echo is None
    monkeypatch.setattr(gemini_decoder, "MAX_PARTS", 2)
    parts = [text("a", thoughtSignature=str(number)) for number in range(4)]
    assert decode(stream(said(*parts, finishReason="STOP"))).echo is None


def test_what_came_over_one_read_is_one_event() -> None:
    pieces = [said(text(letter)) for letter in "Hello"]
    made = decoder()
    events = made.feed(stream(*pieces))
    assert [getattr(event, "text", None) for event in events] == ["Hello"]


@pytest.mark.parametrize("junk", [[], "", {}, {"promptTokenCount": "many"}])
def test_counts_that_say_nothing_replace_none(junk: Any) -> None:
    """However many of them come in one read."""
    first = counted(said(text("a")), 7)
    last = said(finishReason="STOP") | {"usageMetadata": junk}
    assert decode(stream(first, last)).usage == decode(stream(first), stream(last)).usage
    assert decode(stream(first, last)).usage == Usage(20, 12, 6, 5)


def test_a_picture_that_is_none_is_passed_over() -> None:
    odd = {"inlineData": {"mimeType": "audio/mpeg", "data": "AAAA"}}
    heard = decode(stream(said(text("a"), odd, {"inlineData": []}, finishReason="STOP")))
    assert (heard.text, heard.images, heard.error) == ("a", (), None)


def test_further_answers_end_by_themselves() -> None:
    """Before the last of them has ended nothing is taken for the end."""
    made = decoder()
    made.feed(stream({"candidates": [{"index": 1, "content": {"parts": [text("b")]}}]}))
    made.feed(stream(said(text("a"), finishReason="STOP")))
    assert not made.finished
    made.feed(stream({"candidates": [{"index": 1, "finishReason": "STOP"}]}))
    assert made.finished


def test_garbage_in_the_places_of_things() -> None:
    junk: list[Any] = [None, 1, "x", [], {}, [None], {"parts": 3}, {"parts": [3, {"text": 4}]}]
    for value in junk:
        for payload in (
            {"candidates": value},
            {"candidates": [value]},
            {"candidates": [{"content": value, "index": value, "finishReason": value}]},
            {"candidates": [{"content": {"parts": value}}]},
            {"usageMetadata": value, "promptFeedback": value},
        ):
            heard = decode(f"data: {json.dumps(payload)}\n\n".encode())
            assert (heard.reason is None) is (heard.error is not None)
