"""What every protocol keeps, whatever it speaks: see ``recording.py`` for how one joins."""

import asyncio
import importlib
import json
import pkgutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import Done, StreamControl
from desktop_chat.core.ports import Provider
from desktop_chat.providers.http import HttpTransport
from tests.helpers.byte_server import Act
from tests.unit.providers import contract
from tests.unit.providers.contract.recording import Recording
from tests.unit.providers.contract.wire import ABORT, CLOSE, HANG, Said
from tests.unit.providers.support import Heard, collect, hear, reader, service


def _recordings() -> list[Recording]:
    found: list[Recording] = []
    for module in pkgutil.iter_modules(contract.__path__):
        if module.name.startswith("recordings_"):
            loaded = importlib.import_module(f"{contract.__name__}.{module.name}")
            found.extend(loaded.RECORDINGS)
    return found


ALL = _recordings()
DECODED = [recording for recording in ALL if recording.decoder is not None]
CUT = [recording for recording in ALL if recording.cut]

every = pytest.mark.parametrize("recording", ALL, ids=lambda recording: recording.name)
decoded = pytest.mark.parametrize("recording", DECODED, ids=lambda recording: recording.name)
cut = pytest.mark.parametrize("recording", CUT, ids=lambda recording: recording.name)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(recording: Recording, url: str, transport: HttpTransport) -> Provider:
    changes = {"base_url": url} | dict(recording.service)
    return recording.make(service(**changes), transport)


def said(recording: Recording, *pieces: bytes, **changes: Any) -> Said:
    return Said(pieces, **({"content_type": recording.content_type} | changes))


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def decode(recording: Recording, pieces: list[bytes], *, broken: bool = False) -> Heard:
    """Feed a decoder as ``HttpProtocol`` does."""
    assert recording.decoder is not None
    decoder = recording.decoder()
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
        if decoder.failure or decoder.ended:
            break
    heard.add(decoder.close(reader().error(ErrorKind.DROPPED).info if broken else None))
    heard.error = decoder.failure
    return heard


@decoded
def test_cut_at_every_byte(recording: Recording) -> None:
    body = recording.body
    recording.check(decode(recording, [body]))
    recording.check(decode(recording, in_pieces(body, 1)))
    for at in range(1, len(body)):
        recording.check(decode(recording, [body[:at], body[at:]]))


@decoded
def test_other_line_ends(recording: Recording) -> None:
    for line_end in recording.line_ends:
        body = recording.body.replace(b"\n", line_end)
        recording.check(decode(recording, [body]))
        recording.check(decode(recording, in_pieces(body, 1)))


@decoded
def test_broken_off_at_every_byte(recording: Recording) -> None:
    """What came is a beginning of the answer, it never shrinks, and the end is told as what it
    is: only a complete answer is a success.
    """
    longest = ""
    for at in range(len(recording.body)):
        heard = decode(recording, [recording.body[:at]], broken=True)
        told = heard.reasoning + heard.text
        assert (recording.reasoning + recording.text).startswith(told)
        assert told.startswith(longest)
        longest = told
        assert (heard.error is None) is isinstance(heard.events and heard.events[-1], Done)
        if heard.error is None:
            assert heard.text == recording.text
            assert heard.reason is recording.reason
        else:
            assert heard.kind is ErrorKind.DROPPED


@every
async def test_over_the_wire(recording: Recording, transport: HttpTransport) -> None:
    body = recording.body
    scripts = [
        said(recording, body),
        said(recording, *in_pieces(body, 1 if recording.decoder else len(body))),
        said(recording, *in_pieces(body, max(1, len(body) // 3))),
        said(recording, body, until_close=True),
    ]
    async with recording.wire.serve(scripts) as server:
        asked = provider(recording, server.url, transport)
        for _ in scripts:
            recording.check(await hear(asked, recording.request))


@cut
@pytest.mark.parametrize("end", [CLOSE, ABORT])
async def test_a_drop_keeps_the_text(
    recording: Recording, end: Act, transport: HttpTransport
) -> None:
    """The text has been read before the connection breaks; a reset may eat what has not."""
    go = asyncio.Event()
    reply = said(recording, recording.cut, end=end, wait=go)
    async with recording.wire.serve([reply]) as server:
        stream = provider(recording, server.url, transport).stream(
            recording.request, StreamControl()
        )
        heard = Heard()
        async with aclosing(stream):
            while recording.cut_text not in (heard.text, heard.reasoning):
                heard.events.append(await anext(stream))
            go.set()
            rest = await collect(stream)
    heard.add(rest.events)
    assert recording.cut_text == (heard.text or heard.reasoning)
    assert rest.kind is ErrorKind.DROPPED


@every
async def test_refusals(recording: Recording, transport: HttpTransport) -> None:
    for refusal in recording.refusals:
        reply = Said((refusal.body,), status=refusal.status, content_type="application/json")
        async with recording.wire.serve([reply]) as server:
            heard = await hear(provider(recording, server.url, transport), recording.request)
        assert heard.events == []
        assert heard.error is not None
        assert heard.kind is refusal.kind
        assert heard.error.status == refusal.status
        assert refusal.says in heard.error.message


@every
async def test_cancelling_closes_the_connection(
    recording: Recording, transport: HttpTransport
) -> None:
    """Before the first token, and after the beginning of the answer."""
    for begin in {b"", recording.cut}:
        async with recording.wire.serve([said(recording, begin, end=HANG)]) as server:
            asked = provider(recording, server.url, transport)
            task = asyncio.create_task(hear(asked, recording.request))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.disconnected.wait(), 10)


@cut
async def test_closing_the_stream_closes_the_connection(
    recording: Recording, transport: HttpTransport
) -> None:
    async with recording.wire.serve([said(recording, recording.cut, end=HANG)]) as server:
        asked = provider(recording, server.url, transport)
        stream = asked.stream(recording.request, StreamControl())
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(server.disconnected.wait(), 10)


@every
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe",
        b"<html><title>Sign in</title></html>",
        b"nothing to see",
        b"[" * 50_000,
        b'data: {"a"\n\n',
        b"null\n",
        b'{"type": 3}\n',
    ],
    ids=range(8),
)
async def test_garbage_over_the_wire(
    recording: Recording, body: bytes, transport: HttpTransport
) -> None:
    """``hear`` catches ``ProviderError`` and nothing else."""
    async with recording.wire.serve([said(recording, body)]) as server:
        heard = await hear(provider(recording, server.url, transport), recording.request)
    assert (heard.reason is None) is (heard.error is not None)
    assert "<html" not in repr(heard.error)


def judge(heard: Heard) -> None:
    assert (heard.reason is None) is (heard.error is not None)


@decoded
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_bytes(recording: Recording, data: st.DataObject) -> None:
    """Noise alone, and noise within a real body."""
    noise = data.draw(st.binary(max_size=60))
    start = data.draw(st.integers(0, len(recording.body)))
    end = data.draw(st.integers(start, len(recording.body)))
    judge(decode(recording, [noise]))
    judge(decode(recording, [recording.body[:start] + noise + recording.body[end:]]))


@decoded
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_values(recording: Recording, data: st.DataObject) -> None:
    """A real body in whose JSON some values are others."""
    lines = recording.body.split(b"\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = changed(lines[at], data)
    judge(decode(recording, [b"\n".join(lines)]))


JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "a" * 2000, [], {}, [[]], [None], {"type": None}, -1, 2**70])
    | st.lists(st.integers() | st.text(max_size=3), max_size=3)
)


def changed(line: bytes, data: st.DataObject) -> bytes:
    """Put junk in the place of one value of a line's JSON; another line stays as it is."""
    prefix, bare = (b"data: ", line[6:]) if line.startswith(b"data: ") else (b"", line)
    try:
        value = json.loads(bare)
    except ValueError:
        return line
    return prefix + json.dumps(_replaced(value, data)).encode()


def _replaced(value: Any, data: st.DataObject) -> Any:
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 5)) == 0:
        return data.draw(JUNK)
    inner = list(value) if isinstance(value, dict) else range(len(value))
    at = data.draw(st.sampled_from(inner))
    copy: Any = value.copy()
    copy[at] = _replaced(value[at], data)
    return copy
