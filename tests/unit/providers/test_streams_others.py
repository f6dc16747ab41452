from collections.abc import AsyncIterator

import pytest

from desktop_chat.providers.http import HttpTransport
from tests.unit.providers.contract.wire import HANG, Said
from tests.unit.providers.stream_case import Case
from tests.unit.providers.streams_others import OTHERS, Spoken
from tests.unit.providers.support import Heard, hear, service

NAMES = [(protocol, name) for protocol, spoken in OTHERS.items() for name in spoken.cases]
DECODED = [(protocol, name) for protocol, name in NAMES if OTHERS[protocol].decoder is not None]


def decode(spoken: Spoken, pieces: list[bytes]) -> Heard:
    assert spoken.decoder is not None
    decoder = spoken.decoder()
    heard = Heard()
    for piece in pieces:
        heard.add(decoder.feed(piece))
        if decoder.failure or decoder.ended:
            break
    heard.add(decoder.close())
    heard.error = decoder.failure
    return heard


def check(case: Case, heard: Heard) -> None:
    assert heard.kind is case.error, heard.error
    assert heard.text == case.text
    assert heard.reasoning == case.reasoning
    assert heard.reason is (None if case.error else case.reason)
    assert heard.usage == case.usage
    assert [(call.id, call.name, call.arguments) for call in heard.tools] == case.tools
    if heard.error:
        told = heard.error.message + heard.error.raw + heard.error.code
        assert case.says in told
        assert "<html" not in repr(heard.error)


@pytest.mark.parametrize(("protocol", "name"), DECODED)
def test_whole_and_cut_anywhere(protocol: str, name: str) -> None:
    spoken = OTHERS[protocol]
    case = spoken.cases[name]
    heard = decode(spoken, [case.body])
    check(case, heard)
    assert heard.order == case.told
    check(case, decode(spoken, [case.body[at : at + 1] for at in range(len(case.body))]))
    for at in range(1, len(case.body)):
        check(case, decode(spoken, [case.body[:at], case.body[at:]]))


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


@pytest.mark.parametrize("protocol", OTHERS)
async def test_over_the_wire(protocol: str, transport: HttpTransport) -> None:
    """Whole, and byte by byte where it is no message."""
    spoken = OTHERS[protocol]
    for name, case in spoken.cases.items():
        if spoken.decoder is None and not case.body:
            continue
        size = 1 if spoken.decoder and len(case.body) < 1500 else max(1, len(case.body))
        pieces = tuple(case.body[at : at + size] for at in range(0, len(case.body), size))
        said = [
            Said((case.body,), content_type=spoken.content_type),
            Said(pieces, content_type=spoken.content_type),
        ]
        async with spoken.wire.serve(said) as server:
            asked = spoken.make(service(server.url), transport)
            for _ in said:
                heard = await hear(asked)
                try:
                    check(case, heard)
                except AssertionError as error:
                    raise AssertionError(name) from error


@pytest.mark.parametrize("protocol", OTHERS)
async def test_a_silent_stall_keeps_the_text(protocol: str, transport: HttpTransport) -> None:
    spoken = OTHERS[protocol]
    said = Said((spoken.text("Hello"),), content_type=spoken.content_type, end=HANG)
    async with spoken.wire.serve([said]) as server:
        asked = spoken.make(service(server.url, idle_timeout=0.05), transport)
        heard = await hear(asked)
    assert heard.text == "Hello"
    assert heard.error is not None
    assert (heard.error.kind, heard.error.code) == ("timeout", "idle")
