"""What replies of chat completions bring beyond one text: further answers, pictures, echoes."""

import base64
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import ChoiceDelta, Done, Echo, FinishReason, ImagePart, TextDelta
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.echoes import MAX_ECHO, EchoMaker, ReasoningDetails
from desktop_chat.providers.image_parts import MAX_IMAGES
from desktop_chat.providers.tool_calls import MAX_CALLS, ToolCalls
from tests.helpers.byte_server import delta, event
from tests.unit.providers.support import Heard, reader

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
STOP = event(delta(finish="stop"))
MAKER = EchoMaker("openai-chat", "here", "m")
SIGNED = {"google": {"thought_signature": "sig"}}


def decode(*pieces: bytes, keeps_thinking: bool = False) -> Heard:
    decoder = ChatDecoder(reader(), {}, MAKER, keeps_thinking=keeps_thinking)
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


def choice(index: int, **fields: Any) -> dict[str, Any]:
    return {"index": index, **fields}


def chunk(*choices: dict[str, Any]) -> bytes:
    return event({"choices": list(choices)})


def test_further_answers() -> None:
    decoder = ChatDecoder(reader(), {})
    body = (
        chunk(choice(0, delta={"content": "one"}), choice(1, delta={"content": "tw"}))
        + chunk(choice(1, delta={"content": "o", "reasoning_content": "why"}))
        + chunk(choice(2, delta={"content": "<think>hm</think>three"}))
        + chunk(choice(0, delta={}, finish_reason="stop"))
    )
    assert decoder.feed(body) == [
        TextDelta("one"),
        ChoiceDelta(1, "two", "why"),
        ChoiceDelta(2, "three", "hm"),
    ]
    seen = [decoder.finished]
    for index in (1, 2):
        decoder.feed(chunk(choice(index, delta={}, finish_reason="length")))
    seen.append(decoder.finished)
    assert seen == [False, True], "the others went on"
    assert decoder.close() == [Done(FinishReason.STOP)]


def test_further_answers_of_a_whole_reply() -> None:
    heard = decode(
        chunk(
            choice(0, message={"content": "one"}, finish_reason="stop"),
            choice(1, message={"content": "two"}, finish_reason="stop"),
        )
    )
    assert (heard.text, heard.choices) == ("one", {1: "two"})


def test_what_a_further_answer_held_back_comes_at_the_end() -> None:
    heard = decode(chunk(choice(1, delta={"content": "<thi"})) + STOP)
    assert heard.choices == {1: "<thi"}
    assert isinstance(heard.events[-1], Done)


def test_halves_of_a_character_in_a_further_answer() -> None:
    halves = [
        b'data: {"choices":[{"index":1,"delta":{"content":"a\\ud83d"}}]}\n\n',
        b'data: {"choices":[{"index":1,"delta":{"content":"\\udc4b\\ud83d"}}]}\n\n',
    ]
    assert decode(*halves, STOP).choices == {1: "a👋\ufffd"}


def test_a_further_answer_alone_is_an_answer() -> None:
    heard = decode(chunk(choice(1, delta={"content": "two"})))
    assert (heard.choices, heard.reason) == ({1: "two"}, FinishReason.UNKNOWN)


@pytest.mark.parametrize("index", [-1, 10**9, "1", [1], 1.5])
def test_odd_numbers_of_answers(index: Any) -> None:
    heard = decode(chunk(choice(index, delta={"content": "x"})) + event(delta("one")) + STOP)
    assert (heard.text, heard.choices) == ("one", {})


@pytest.mark.parametrize(
    "fields",
    [
        {"images": [{"type": "image_url", "image_url": {"url": URI}}]},
        {"images": [{"image_url": URI}]},
        {"images": [URI]},
        {"content": [{"type": "image_url", "image_url": {"url": URI}}]},
    ],
)
def test_pictures(fields: dict[str, Any]) -> None:
    decoder = ChatDecoder(reader(), {})
    assert decoder.feed(event(delta(**fields))) == [ImagePart(PNG, "image/png")]
    assert decoder.started
    assert decoder.close()[-1] == Done(FinishReason.UNKNOWN)


def test_a_picture_comes_after_the_text_before_it() -> None:
    heard = decode(event(delta("look: ", images=[URI])) + event(delta("there")) + STOP)
    kinds = [type(event).__name__ for event in heard.events]
    assert kinds == ["TextDelta", "ImagePart", "TextDelta", "Done"]


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,AAAA",
        "data:image/png,plain",
        "data:image/bmp;base64,"
        + base64.b64encode(b"BM" + bytes(12) + b"\x0c" + bytes(40)).decode(),
        "data:image/png;base64,%%",
        "data:",
        "http://here.test/p.png",
        "https://here.test/p.png) [x](file:///etc/passwd",
        "https://here.test/" + "a" * 5000,
        7,
        None,
    ],
)
def test_what_is_no_picture(url: Any) -> None:
    heard = decode(event(delta("x", images=[{"image_url": {"url": url}}])) + STOP)
    assert (heard.text, heard.images) == ("x", ())


def test_a_picture_elsewhere_is_told_as_markdown() -> None:
    heard = decode(event(delta(images=[{"image_url": {"url": "https://a.test/p.png?x=1"}}])) + STOP)
    assert heard.text == "\n\n![](https://a.test/p.png?x=1)\n\n"


def test_pictures_are_bounded() -> None:
    heard = decode(event(delta(images=[URI] * (MAX_IMAGES + 9))) + STOP)
    assert len(heard.images) == MAX_IMAGES


def test_calls_are_bounded() -> None:
    calls = [{"id": f"c{n}", "function": {"name": "f"}} for n in range(MAX_CALLS + 9)]
    assert len(decode(event(delta(tool_calls=calls)) + STOP).tools) == MAX_CALLS
    tools = ToolCalls()
    for number in range(MAX_CALLS + 9):
        tools.read([{"index": number, "function": {"name": "f"}}])
    assert len(tools._by_index) == tools.count == MAX_CALLS


CALL = event(delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]))


def test_the_name_of_thinking_is_kept_with_calls() -> None:
    thought = event(delta(reasoning_content="why"))
    assert decode(thought + CALL + STOP).echo == MAKER.make({"reasoning": "reasoning_content"})
    assert decode(thought + STOP).echo is None
    assert decode(thought + STOP, keeps_thinking=True).echo is not None
    assert decode(event(delta(reasoning="why")) + CALL + STOP).echo == MAKER.make(
        {"reasoning": "reasoning"}
    )


def test_reasoning_details_are_joined() -> None:
    def piece(**fields: Any) -> bytes:
        return event(delta(reasoning_details=[{"index": 0, **fields}]))

    text = "reasoning.text"
    body = (
        piece(type=text, text="wh", signature=None, format="anthropic-claude-v1")
        + piece(type=text, text="y")
        + piece(type=text, signature="sig")
        + event(delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "AA", "id": "1"}]))
        + event(delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "BB", "id": "2"}]))
        + CALL
        + STOP
    )
    heard = decode(body)
    assert heard.reasoning == "why"
    assert heard.echo == MAKER.make(
        {
            "details": [
                {
                    "index": 0,
                    "type": text,
                    "text": "why",
                    "signature": "sig",
                    "format": "anthropic-claude-v1",
                },
                {"type": "reasoning.encrypted", "data": "AA", "id": "1"},
                {"type": "reasoning.encrypted", "data": "BB", "id": "2"},
            ]
        }
    )


def test_two_encrypted_details_are_never_one() -> None:
    details = ReasoningDetails()
    for data in ("AA", "BB"):
        details.add([{"type": "reasoning.encrypted", "index": 0, "data": data}])
    assert [item["data"] for item in details.items() if isinstance(item, dict)] == ["AA", "BB"]


def test_details_are_bounded() -> None:
    details = ReasoningDetails()
    for _ in range(3):
        details.add([{"type": "reasoning.text", "index": 0, "text": "x" * (MAX_ECHO // 2)}])
    assert details.items() == []
    details.add([{"type": "reasoning.text", "index": 0, "text": "x"}])
    assert details.items() == [], "a rest without its beginning is of no use"


def test_signatures_of_calls_are_kept() -> None:
    calls: list[Any] = [
        {"id": "a", "function": {"name": "f", "arguments": "{}"}, "extra_content": SIGNED},
        {"id": "b", "function": {"name": "g", "arguments": "{}"}},
    ]
    heard = decode(event(delta(tool_calls=calls)) + STOP)
    assert heard.echo == MAKER.make({"calls": [SIGNED, None]})
    assert isinstance(heard.events[-2], Echo)


def test_the_signature_of_an_answer_is_kept() -> None:
    assert decode(event(delta("x", extra_content=SIGNED)) + STOP).echo == MAKER.make(
        {"extra": SIGNED}
    )


def test_an_echo_too_large_is_none() -> None:
    large = {"type": "reasoning.text", "index": 0, "text": "x" * (MAX_ECHO // 2)}
    body = event(delta(reasoning_details=[large]))
    assert decode(body, body, body, CALL, STOP).echo is None
    extra = {"google": {"thought_signature": "x" * (MAX_ECHO + 1)}}
    assert decode(event(delta("x", extra_content=extra)), STOP).echo is None


def test_a_failed_answer_has_no_echo() -> None:
    gone = event({"error": {"message": "gone", "code": 500}})
    heard = decode(event(delta("x", extra_content=SIGNED)), gone)
    assert (heard.kind, heard.echo) == (ErrorKind.SERVER, None)


def test_an_error_in_a_choice() -> None:
    body = chunk(
        choice(
            0,
            delta={"content": ""},
            finish_reason="error",
            error={"code": 429, "message": "slow down"},
        )
    )
    heard = decode(event(delta("x")) + body)
    assert heard.error is not None
    assert (heard.text, heard.kind) == ("x", ErrorKind.RATE_LIMIT)
    assert heard.error.message == "slow down"
