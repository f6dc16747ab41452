"""Limits, retries, breaker, backup and cache together, as the registry puts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import Answered, Notice, NoticeKind, StreamControl
from desktop_chat.core.services import Backup, Limits, Service
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.helpers.byte_server import (
    HANG,
    SSE_HEAD,
    ByteServer,
    Script,
    chunk,
    delta,
    event,
    json_reply,
    sse,
)
from tests.unit.providers.manual_clock import Listening, until
from tests.unit.providers.support import DEMO_TEXTS, hear, request, service

HELLO = sse(delta("Hello"), delta(finish="stop"))
BUSY = json_reply(503, {"error": {"message": "busy"}})


@pytest.fixture
async def providers(_no_leaked_tasks: None, tmp_path: Path) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(
        redact=str,
        demo_texts=DEMO_TEXTS,
        retry=RetryPolicy(retries=20, base=0.001, ceiling=0.01),
        cache=tmp_path / "cache",
    )
    yield made
    for state in made.states._states.values():
        assert (state.limiter.running, state.limiter.waiting) == (0, 0)
        assert state.limiter._timer is None
    await made.aclose()


class Crowded:
    """A server that answers a few at a time and refuses the others."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.now = 0
        self.most = 0
        self.served = 0
        self.refused = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                await reader.readexactly(int(size))
                await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.now >= self.room:
            self.refused += 1
            writer.write(json_reply(429, {"error": {"message": "too many"}}))
            return
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            writer.write(SSE_HEAD + chunk(event(delta("Hel"))))
            await writer.drain()
            await asyncio.sleep(0.005)
            self.served += 1
        finally:
            self.now -= 1
        writer.write(
            chunk(event(delta("lo", finish="stop"))) + chunk(event("[DONE]")) + b"0\r\n\r\n"
        )


@asynccontextmanager
async def crowded(room: int) -> AsyncIterator[tuple[Crowded, Service]]:
    place = Crowded(room)
    server = await asyncio.start_server(place.talk, "127.0.0.1", 0)
    tasks = asyncio.all_tasks()
    try:
        port = server.sockets[0].getsockname()[1]
        yield place, service(f"http://127.0.0.1:{port}/v1")
    finally:
        server.close()
        for task in asyncio.all_tasks() - tasks:
            task.cancel()
        await asyncio.sleep(0)
        await server.wait_closed()


@pytest.mark.parametrize("told", [True, False], ids=["written down", "learned"])
async def test_twenty_tabs_at_a_service_that_allows_three_streams(
    providers: HttpProviders, told: bool
) -> None:
    async with crowded(3) as (place, asked):
        if told:
            asked = replace(asked, limits=Limits(concurrent=3))
        streams = [
            Listening(providers.provider(Access(asked)), request(conversation_id=f"{number}"))
            for number in range(20)
        ]
        heard = [await stream.task for stream in streams]
        assert (place.served, place.most) == (20, 3)
        if told:
            assert place.refused == 0
        await providers.aclose()
    assert [(one.text, one.error) for one in heard] == [("Hello", None)] * 20
    kinds = {notice.kind for one in heard for notice in one.notices}
    assert NoticeKind.QUEUED in kinds
    assert (NoticeKind.RETRY in kinds) is not told


async def test_one_429_stops_all(providers: HttpProviders) -> None:
    limited = json_reply(429, {"error": {"message": "slow"}}, "Retry-After: 50")
    async with ByteServer([limited, HELLO]) as server:
        first = Listening(providers.provider(Access(service(server.url))), request())
        await until(lambda: first.events)
        others = [
            Listening(providers.provider(Access(service(server.url))), request()) for _ in range(5)
        ]
        await until(lambda: all(one.events for one in others))
        for number, one in enumerate(others):
            (notice,) = notices(one)
            assert (notice.kind, notice.place) == (NoticeKind.QUEUED, number)
            assert 49 < notice.delay <= 50
            one.control.retry_now()
        # Another service is not concerned.
        other = service(server.url, id="other")
        assert (await hear(providers.provider(Access(other)))).text == "Hello"
        assert len(server.requests) == 2
        for one in (first, *others):
            await one.stop()


def notices(listening: Listening) -> list[Notice]:
    """Return those so far."""
    return [item for item in listening.events if isinstance(item, Notice)]


async def test_headers_are_obeyed(providers: HttpProviders) -> None:
    last = HELLO.replace(
        b"\r\n\r\n",
        b"\r\nX-RateLimit-Remaining-Requests: 0\r\nX-RateLimit-Reset-Requests: 40s\r\n\r\n",
        1,
    )
    async with ByteServer([last, HELLO]) as server:
        asked = Access(service(server.url))
        assert (await hear(providers.provider(asked))).text == "Hello"
        waiting = Listening(providers.provider(asked), request())
        await until(lambda: waiting.events)
        assert notices(waiting)[0].kind is NoticeKind.QUEUED
        await waiting.stop()
        assert len(server.requests) == 1


async def test_a_dead_service_is_not_hammered(providers: HttpProviders) -> None:
    async with ByteServer([BUSY]) as server:
        asked = Access(service(server.url))
        heard = await hear(providers.provider(asked))
        assert heard.error is not None
        assert (heard.kind, heard.error.code) == (ErrorKind.OVERLOADED, "circuit_open")
        assert len(server.requests) == 6
        streams = [Listening(providers.provider(asked), request()) for _ in range(10)]
        for stream in streams:
            with pytest.raises(ProviderError, match="busy"):
                await stream.task
        assert len(server.requests) == 16, "each was asked once, by hand"


async def test_a_backup_and_a_cache(providers: HttpProviders) -> None:
    plan = Backup(enabled=True, service_id="spare", models={"": "s"}, failures=1)
    async with ByteServer([BUSY, HELLO]) as here, ByteServer([HELLO]) as spare:
        asked = Access(service(here.url, backup=plan, cache=True))
        other = Access(service(spare.url, id="spare", name={"": "Spare"}))
        question = request(temperature=0.0)
        heard = await hear(providers.provider(asked, other), question)
        assert heard.text == "Hello"
        assert Answered("spare", "Spare", "s") in heard.events
        providers.states.of(asked.service, here.origin).breaker.answered()
        # The backup's answer was not kept as that of the service.
        heard = await hear(providers.provider(asked, other), question)
        assert not any(isinstance(item, Answered) for item in heard.events)
        heard = await hear(providers.provider(asked, other), question)
        assert isinstance(heard.events[0], Answered)
        assert heard.events[0].cached_at is not None
        heard = await hear(providers.provider(asked, other), question, StreamControl(fresh=True))
        assert not any(isinstance(item, Answered) for item in heard.events)
        assert (len(here.requests), len(spare.requests)) == (3, 1)


@pytest.mark.parametrize("plan", [Backup(service_id="spare"), Backup(enabled=True)])
async def test_a_backup_that_is_off_or_unknown_is_never_asked(
    providers: HttpProviders, plan: Backup
) -> None:
    async with ByteServer([BUSY, BUSY, HELLO]) as here, ByteServer([HELLO]) as spare:
        asked = Access(service(here.url, backup=plan))
        other = Access(service(spare.url, id="spare")) if not plan.enabled else None
        assert (await hear(providers.provider(asked, other))).text == "Hello"
        assert spare.requests == []


async def test_a_backup_with_a_bad_address_spoils_nothing(providers: HttpProviders) -> None:
    plan = Backup(enabled=True, service_id="spare", models={"": "s"}, failures=1)
    async with ByteServer([HELLO, BUSY]) as here:
        asked = Access(service(here.url, backup=plan))
        other = Access(service("nonsense", id="spare"))
        assert (await hear(providers.provider(asked, other))).text == "Hello"
        heard = await hear(providers.provider(asked, other))
        assert heard.error is not None
        assert (heard.error.message, heard.error.values["backup_kind"]) == ("busy", "bad_request")


async def test_stopping_frees_the_place(providers: HttpProviders) -> None:
    talks: Script = [SSE_HEAD + chunk(event(delta("Hello"))), HANG]
    async with ByteServer([talks]) as server:
        asked = Access(service(server.url, limits=Limits(concurrent=1)))
        first, second = (Listening(providers.provider(asked), request()) for _ in range(2))
        await until(lambda: first.events and second.events)
        await first.stop()
        await until(lambda: len(server.requests) == 2)
        await second.stop()
        assert providers.states.of(asked.service, server.origin).limiter.running == 0


async def test_limits_that_are_changed_hold_at_once(providers: HttpProviders) -> None:
    talks: Script = [SSE_HEAD + chunk(event(delta("Hello"))), HANG]
    async with ByteServer([talks]) as server:
        asked = Access(service(server.url, limits=Limits(concurrent=1)))
        first, second = (Listening(providers.provider(asked), request()) for _ in range(2))
        await until(lambda: first.events and second.events)
        assert len(server.requests) == 1
        providers.provider(Access(service(server.url)))
        await until(lambda: len(server.requests) == 2)
        for stream in (first, second):
            await stream.stop()
