import json
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.providers.sse import FrameTooLargeError, ServerEvent, SseDecoder

VECTORS: dict[str, tuple[bytes, list[bytes]]] = {
    "plain": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "no space": (b"data:a\n\ndata:b\n\n", [b"a", b"b"]),
    "only one space is taken off": (b"data:  a \n\n", [b" a "]),
    "crlf": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "lone cr": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "line ends mixed": (b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", [b"a", b"b", b"c"]),
    "bom": (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    "bom only at the start": (b"data: a\n\ndata: \xef\xbb\xbfb\n\n", [b"a", b"\xef\xbb\xbfb"]),
    "comments": (b": keep-alive\n\n:\n\ndata: a\n\n: more\ndata: b\n\n", [b"a", b"b"]),
    "several data lines, crlf": (b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"]),
    "one space of several lines": (b"data:  a \ndata:b\t\n\n", [b" a \nb\t"]),
    "several data lines": (b'data: {"a":\ndata: 1}\n\n', [b'{"a":\n1}']),
    "no value": (b"data\n\ndata: a\n\n", [b"", b"a"]),
    "empty events": (b"\n\n\n\n\ndata: a\n\n\n\nevent: x\n\nid: 1\n\n", [b"a"]),
    "other fields": (b"id: 7\nretry: 10\ndata: a\n\n", [b"a"]),
    "no blank line at the end": (b"data: a\n\ndata: b", [b"a", b"b"]),
    "one line end at the end": (b"data: a\n\ndata: b\n", [b"a", b"b"]),
    "cr at the end": (b"data: a\n\ndata: b\r", [b"a", b"b"]),
    "u+2028, u+2029 and u+0085": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\n\n".encode(),
        ["a\u2028b\u2029c\u0085d\x0be\x0cf".encode()],
    ),
    "text of many bytes": ("data: 你好，世界 👋\n\n".encode(), ["你好，世界 👋".encode()]),
    "colons in the data": (b"data: a: b\n\ndata:: c\n\n", [b"a: b", b": c"]),
    "nothing": (b"", []),
    "part of a bom": (b"\xef\xbb", []),
}


def decode(pieces: list[bytes]) -> tuple[list[ServerEvent], bytes]:
    decoder = SseDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    return events, decoder.stray


@pytest.mark.parametrize("name", VECTORS)
def test_framing_whole_and_cut_anywhere(name: str) -> None:
    body, expected = VECTORS[name]
    assert [data for _, data in decode([body])[0]] == expected
    whole = decode([body])
    assert decode([body[at : at + 1] for at in range(len(body))]) == whole
    for at in range(len(body) + 1):
        assert decode([body[:at], body[at:]]) == whole, at
        assert decode([body[:at], b"", body[at:]]) == whole, at


def test_the_name_of_an_event() -> None:
    events, _ = decode([b"event: error\ndata: a\n\ndata: b\n\n"])
    assert events == [(b"error", b"a"), (b"", b"b")]


def test_events_come_as_soon_as_they_are_whole() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\ndata: b") == [(b"", b"a")]
    assert decoder.feed(b"c\n\n") == [(b"", b"bc")]
    assert decoder.feed(b"data: d\r\n\r") == [(b"", b"d")], "a lone CR ends a line at once"
    assert decoder.feed(b"\ndata: e\n\n") == [(b"", b"e")]


def test_what_is_no_field_is_kept() -> None:
    events, stray = decode([b"data: a\n\nupstream error: gone\n<html>\n\n{\n", b' "x": 1\n}'])
    assert events == [(b"", b"a")]
    assert stray == b'upstream error: gone\n<html>\n{\n "x": 1\n}'


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=8
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from(["", ": ping", "event: x", "id: 3"]),
)
def test_any_text_cut_anywhere(texts: list[str], end: str, cuts: list[int], extra: str) -> None:
    lines = []
    for text in texts:
        lines += [extra, f"data: {text}", ""] if extra else [f"data: {text}", ""]
    body = "".join(line + end for line in lines).encode()
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = [body[a:b] for a, b in pairwise(places)]
    assert [data.decode() for _, data in decode(pieces)[0]] == texts


def test_an_event_without_end_is_bounded() -> None:
    decoder = SseDecoder(max_frame=1000)
    decoder.feed(b"data: ")
    for _ in range(9):
        decoder.feed(b"x" * 100)
    with pytest.raises(FrameTooLargeError):
        decoder.feed(b"x" * 200)


def test_stray_lines_are_bounded() -> None:
    decoder = SseDecoder(max_frame=1000)
    with pytest.raises(FrameTooLargeError):
        decoder.feed(b"what is this\n\n" * 100)


def test_a_frame_of_a_megabyte_in_small_reads() -> None:
    data = json.dumps({"image": "A" * 1_000_000}).encode()
    body = b"data: " + data + b"\n\n"
    tracemalloc.start()
    events, _ = decode([body[at : at + 1000] for at in range(0, len(body), 1000)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert events == [(b"", data)]
    assert peak < 10 * len(body)
