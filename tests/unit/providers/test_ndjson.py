import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.providers.ndjson import NdjsonDecoder
from desktop_chat.providers.sse import FrameTooLargeError


def lines(*pieces: bytes) -> tuple[list[bytes], bytes]:
    decoder = NdjsonDecoder()
    found = [data for piece in pieces for _, data in decoder.feed(piece)]
    found += [data for _, data in decoder.close()]
    return found, decoder.stray


@pytest.mark.parametrize(
    ("body", "found", "stray"),
    [
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}'], b""),
        (b'\xef\xbb\xbf{"a":1}\r\n\r\n  {"b":2}', [b'{"a":1}', b'{"b":2}'], b""),
        (b'data: {"a":1}\n\n: ping\n\ndata:{"b":2}\n\n', [b'{"a":1}', b'{"b":2}'], b""),
        (b'{"a":"\xe2\x80\xa8"}\n', [b'{"a":"\xe2\x80\xa8"}'], b""),
        (b'oops\n{"a":1}\nagain\n', [b'{"a":1}'], b"oops\nagain"),
        (b'{\n"a": [\n{"b": 1}\n]\n}\n', [], b'{\n"a": [\n{"b": 1}\n]\n}'),
        (b"[\n1\n]\n", [], b"[\n1\n]"),
        (b"", [], b""),
    ],
)
def test_lines(body: bytes, found: list[bytes], stray: bytes) -> None:
    assert lines(body) == (found, stray)
    assert lines(*[body[at : at + 1] for at in range(len(body))]) == (found, stray)
    for at in range(len(body)):
        assert lines(body[:at], body[at:]) == (found, stray)


@pytest.mark.parametrize("block", [b'{"a":"' + b"x" * 60, b"x" * 60 + b"\n"])
def test_a_bound(block: bytes) -> None:
    decoder = NdjsonDecoder(max_frame=100)
    decoder.feed(block)
    with pytest.raises(FrameTooLargeError):
        decoder.feed(block)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_cuts_change_nothing(pieces: list[bytes]) -> None:
    assert lines(*pieces) == lines(b"".join(pieces))
