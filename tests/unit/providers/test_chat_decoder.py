import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, ReasoningDelta, TextDelta, Usage
from desktop_chat.providers.chat_decoder import ChatDecoder
from tests.helpers.byte_server import delta, event
from tests.unit.providers.stream_case import Case
from tests.unit.providers.streams import CASES
from tests.unit.providers.support import Heard, reader


def decode(pieces: list[bytes]) -> Heard:
    decoder = ChatDecoder(reader(), {})
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
        if decoder.failure or decoder.ended:
            break
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


def check(case: Case, heard: Heard) -> None:
    assert heard.text == case.text
    assert heard.reasoning == case.reasoning
    assert heard.kind is case.error
    assert heard.reason is (None if case.error else case.reason)
    assert heard.usage == case.usage
    assert [(call.id, call.name, call.arguments) for call in heard.tools] == case.tools
    if heard.error:
        assert case.says in heard.error.message + heard.error.raw + heard.error.code
        assert "<html" not in repr(heard.error)


@pytest.mark.parametrize("name", CASES)
def test_whole_and_cut_anywhere(name: str) -> None:
    case = CASES[name]
    heard = decode([case.body])
    check(case, heard)
    assert heard.order == case.told
    check(case, decode([case.body[at : at + 1] for at in range(len(case.body))]))
    # A cut at every byte, or for what is long at about fifty of them.
    step = 1 if len(case.body) < 4096 else len(case.body) // 50
    for at in range(1, len(case.body), step):
        check(case, decode([case.body[:at], case.body[at:]]))


def test_deltas_of_one_read_are_joined() -> None:
    body = b"".join(
        event(value)
        for value in (
            delta(reasoning_content="a"),
            delta(reasoning_content="b"),
            delta("c"),
            delta("d"),
        )
    )
    assert ChatDecoder(reader(), {}).feed(body) == [ReasoningDelta("ab"), TextDelta("cd")]


def test_usage_is_told_when_it_changed() -> None:
    decoder = ChatDecoder(reader(), {})

    def chunk(text: str, tokens: int) -> bytes:
        return event(delta(text) | {"usage": {"prompt_tokens": 5, "completion_tokens": tokens}})

    assert decoder.feed(chunk("a", 1) + chunk("b", 2)) == [TextDelta("ab"), Usage(5, 2)]
    assert decoder.feed(chunk("c", 2)) == [TextDelta("c")]
    assert decoder.feed(chunk("d", 3)) == [TextDelta("d"), Usage(5, 3)]


def test_what_arrived_with_an_error_comes_first() -> None:
    decoder = ChatDecoder(reader(), {})
    body = event(delta("kept")) + event({"error": {"message": "gone", "code": 500}})
    assert decoder.feed(body) == [TextDelta("kept")]
    assert decoder.failure is not None
    assert decoder.failure.kind is ErrorKind.SERVER
    assert decoder.close() == []


@pytest.mark.parametrize("broken_at", range(0, 400, 7))
def test_a_body_that_breaks_off_loses_nothing_that_was_whole(broken_at: int) -> None:
    texts = ["one ", "two ", "three ", "four "]
    events = [event(delta(text)) for text in texts]
    body = b"".join(events)[:broken_at]
    decoder = ChatDecoder(reader(), {})
    heard = Heard()
    heard.add(decoder.feed(body))
    dropped = reader().error(ErrorKind.DROPPED).info
    heard.add(decoder.close(dropped))
    whole = ""
    for text, data in zip(texts, events, strict=True):
        if len(body) >= len(data) - 2:
            whole += text
        body = body[len(data) :]
    assert heard.text == whole
    assert decoder.failure is dropped


def test_a_break_after_the_reason_is_a_good_end() -> None:
    decoder = ChatDecoder(reader(), {})
    heard = Heard()
    heard.add(decoder.feed(event(delta("all", finish="stop"))))
    assert decoder.finished
    heard.add(decoder.close(reader().error(ErrorKind.TIMEOUT).info))
    assert (heard.text, heard.reason, decoder.failure) == ("all", FinishReason.STOP, None)


def test_the_service_s_own_words_win_over_the_break() -> None:
    decoder = ChatDecoder(reader(), {})
    decoder.feed(event(delta("a")) + b'data: {"error":{"message":"too fast","code":429}}')
    decoder.close(reader().error(ErrorKind.DROPPED).info)
    assert decoder.failure is not None
    assert decoder.failure.kind is ErrorKind.RATE_LIMIT


def test_a_frame_without_end_is_an_error() -> None:
    decoder = ChatDecoder(reader(), {})
    decoder.feed(event(delta("kept")))
    block = b"x" * (1 << 20)
    decoder.feed(b"data: ")
    for _ in range(17):
        decoder.feed(block)
    assert decoder.failure is not None
    assert (decoder.failure.kind, decoder.failure.code) == (ErrorKind.PROTOCOL, "too_large")


def test_a_chunk_over_64_kilobytes() -> None:
    text = "长" * 100_000
    assert decode([event(delta(text, finish="stop"))]).text == text


@given(
    st.lists(
        st.tuples(st.booleans(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)),
        max_size=10,
    ),
    st.lists(st.integers(0, 2000), max_size=10),
    st.booleans(),
)
def test_any_deltas_cut_anywhere(
    deltas: list[tuple[bool, str]], cuts: list[int], ascii_only: bool
) -> None:
    body = b""
    for thinking, text in deltas:
        value: Any = delta(reasoning_content=text) if thinking else delta("." + text)
        body += b"data: " + json.dumps(value, ensure_ascii=ascii_only).encode() + b"\n\n"
    body += event(delta(finish="stop"))
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    heard = decode([body[a:b] for a, b in pairwise(places)])
    assert heard.text == "".join("." + text for thinking, text in deltas if not thinking)
    assert heard.reasoning == "".join(text for thinking, text in deltas if thinking)
    assert heard.reason is FinishReason.STOP


@given(st.binary(max_size=300))
def test_any_bytes_end_in_an_answer_or_an_error(body: bytes) -> None:
    heard = decode([body])
    assert (heard.reason is None) is (heard.error is not None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "error", "message", "usage", "finish_reason",
                 "tool_calls", "function", "index", "reasoning", "code", "type", "text"]
            ),
            inner,
            max_size=4,
        ),
        max_leaves=20,
    )
)  # fmt: skip
def test_any_json_ends_in_an_answer_or_an_error(payload: Any) -> None:
    heard = decode([event(payload) if not isinstance(payload, str) else payload.encode()])
    assert (heard.reason is None) is (heard.error is not None)
