import json
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.providers.ollama_decoder import OllamaDecoder
from tests.unit.providers.contract.recordings_ollama import done, line, said
from tests.unit.providers.support import Heard, reader


def decode(*pieces: bytes) -> Heard:
    decoder = OllamaDecoder(reader(), {})
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
        if decoder.failure or decoder.ended:
            break
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


HELLO = said(content="Hel") + said(content="lo")
ODD: dict[str, bytes] = {
    "plain": HELLO + done(),
    "no reason, as older versions": HELLO + line({"done": True, "message": {"content": ""}}),
    "no message at the end": HELLO + line({"done": True, "done_reason": "stop"}),
    "text in the last line": said(content="Hel") + done(message={"content": "lo"}),
    "made into events by a proxy": b"".join(
        b"data: " + part + b"\n\n" for part in (HELLO + done()).splitlines()
    ),
    "comments and empty lines": b": ping\n\n" + HELLO.replace(b"\n", b"\n\n") + done(),
    "null fields": said(content="Hello", thinking=None, tool_calls=None) + done(),
    "no end of line": (HELLO + done()).rstrip(),
    "printed over lines": json.dumps(
        {"message": {"content": "Hello"}, "done": True}, indent=2
    ).encode(),
    "an array of lines": b"[" + HELLO.replace(b"\n", b",") + done().rstrip() + b"]",
    "a broken character": HELLO + b'{"model": "\xff", "message": {"content": ""}}\n' + done(),
}


@pytest.mark.parametrize("name", ODD)
def test_oddities(name: str) -> None:
    body = ODD[name]
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
        heard = decode(*pieces)
        assert (heard.text, heard.reason, heard.error) == ("Hello", FinishReason.STOP, None)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("something_new", FinishReason.UNKNOWN),
    ],
)
def test_reasons(told: str, reason: FinishReason) -> None:
    assert decode(HELLO + done(told)).reason is reason


def test_a_model_that_was_only_loaded_did_not_answer() -> None:
    heard = decode(done("load"))
    assert (heard.kind, heard.error and heard.error.code) == (ErrorKind.DROPPED, "empty")
    assert decode(done("load") + HELLO + done()).text == "Hello"


def test_tags_where_thinking_is_not_known() -> None:
    heard = decode(said(content="<th") + said(content="ink>why</think>") + HELLO + done())
    assert (heard.reasoning, heard.text) == ("why", "Hello")
    literal = decode(said(thinking="why") + said(content="<think>Hello") + done())
    assert (literal.reasoning, literal.text) == ("why", "<think>Hello")
    cut = decode(said(content="<thi"))
    assert (cut.text, cut.reason) == ("<thi", FinishReason.UNKNOWN)


@pytest.mark.parametrize("name", ["thinking", "reasoning", "reasoning_content"])
def test_names_of_thinking(name: str) -> None:
    heard = decode(said(**{name: "why"}) + HELLO + done())
    assert (heard.reasoning, heard.text) == ("why", "Hello")


def test_calls() -> None:
    calls: list[Any] = [
        {"function": {"name": "f", "arguments": {"x": "你"}}},
        {"function": {"name": "g", "arguments": '{"y": 2}'}},
        {"function": {"name": "h"}},
        {"function": None},
        "no",
    ]
    heard = decode(said(tool_calls=calls) + said(tool_calls="no") + done())
    assert [(call.name, call.arguments) for call in heard.tools] == [
        ("f", '{"x": "你"}'), ("g", '{"y": 2}'), ("h", "{}")
    ]  # fmt: skip
    assert heard.reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize(
    ("tail", "kind", "says"),
    [
        (line({"error": "an error was encountered while running the model"}), ErrorKind.SERVER,
         "while running"),
        (line({"error": "model 'x' not found, try pulling it first"}), ErrorKind.NOT_FOUND,
         "pulling"),
        (line({"message": {"content": ""}, "done": True, "error": "gone"}), ErrorKind.SERVER,
         "gone"),
        (b"upstream error: gone\n", ErrorKind.SERVER, "gone"),
        (b"<html><title>Sign in</title></html>\n", ErrorKind.PROTOCOL, ""),
        (b'{"message": {"con', ErrorKind.DROPPED, ""),
        (b'{"message": }\n', ErrorKind.PROTOCOL, ""),
    ],
)  # fmt: skip
def test_errors_in_the_stream(tail: bytes, kind: ErrorKind, says: str) -> None:
    heard = decode(HELLO + tail)
    assert (heard.text, heard.kind, heard.reason) == ("Hello", kind, None)
    assert heard.error is not None
    assert says in heard.error.message
    assert "<html" not in repr(heard.error)


def test_an_end_without_done() -> None:
    assert decode(HELLO).reason is FinishReason.UNKNOWN


def test_usage() -> None:
    counts = {"prompt_eval_count": 26, "eval_count": 259}
    assert decode(HELLO + line({"done": True, **counts})).usage == Usage(26, 259)
    odd = {"prompt_eval_count": True, "eval_count": "9"}
    assert decode(HELLO + line({"done": True, **odd})).usage is None


def test_a_line_without_end_is_an_error() -> None:
    decoder = OllamaDecoder(reader(), {})
    decoder.feed(HELLO + b'{"message": "')
    for _ in range(17):
        decoder.feed(b"x" * (1 << 20))
    assert decoder.failure is not None
    assert (decoder.failure.kind, decoder.failure.code) == (ErrorKind.PROTOCOL, "too_large")
