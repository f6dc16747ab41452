import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    Answered,
    Done,
    FinishReason,
    Notice,
    NoticeKind,
    StreamControl,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatMessage
from desktop_chat.core.services import Backup, Model, Service, Thinking
from desktop_chat.core.trace import Trace, TraceNote
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.breaker import Breaker
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.failover import FailOver, Side, backup_request
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.openai_chat import OpenAiChat
from desktop_chat.providers.retry import RetryPolicy
from desktop_chat.providers.states import ServiceStates
from tests.helpers.byte_server import (
    CLOSE,
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
from tests.unit.providers.manual_clock import Listening, ManualClock, settle, until
from tests.unit.providers.scripted import Scripted
from tests.unit.providers.support import Heard, collect, hear, request, service
from tests.unit.providers.test_retry import transport

__all__ = ["transport"]

HELLO = sse(delta("Hello"), delta(finish="stop"))
SPARE = sse(delta("Spare"), delta(finish="stop"))
BUSY = json_reply(503, {"error": {"message": "busy"}})
PLAN = Backup(enabled=True, service_id="spare", models={"": "spare-model"})
SWITCHED = Answered("spare", "Spare", "spare-model")


class Desk:
    """A service and its backup, with clocks that wait."""

    def __init__(self, transport: HttpTransport, plan: Backup = PLAN) -> None:
        self.clock = ManualClock()
        self.states = ServiceStates(self.clock)
        self.plan = plan
        self._transport = transport
        self.services: list[Service] = []

    def between(self, first: str, second: str) -> FailOver:
        """Return what asks the first address, and the second when it must."""
        self.services = [
            service(first, name={"": "Here"}),
            service(second, id="spare", name={"": "Spare"}),
        ]
        one, two = (self._side(asked) for asked in self.services)
        return FailOver(one, two, self.plan, self.clock)

    def _side(self, asked: Service) -> Side:
        address = parse_address(asked.base_url)
        state = self.states.of(asked, address.origin)
        errors = ErrorReader(address.host, str)
        inner = OpenAiChat(asked, address, None, self._transport, errors)
        policy = RetryPolicy(base=0.001, ceiling=0.001)
        return Side(asked, lambda: state.around(inner, policy), state.breaker)


@pytest.fixture
async def desk(transport: HttpTransport) -> AsyncIterator[Desk]:
    made = Desk(transport)
    yield made
    assert made.clock.pending == []
    for state in made.states._states.values():
        assert (state.limiter.running, state.limiter.waiting) == (0, 0)


def refused_url() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


def told(heard: Heard) -> list[StreamEvent]:
    """What came before the text, without retries."""
    return [
        item
        for item in heard.events
        if isinstance(item, Answered)
        or (isinstance(item, Notice) and item.kind is NoticeKind.SWITCHED)
    ]


async def test_a_service_that_answers_is_not_switched(desk: Desk) -> None:
    async with ByteServer([HELLO]) as here, ByteServer([SPARE]) as spare:
        heard = await hear(desk.between(here.url, spare.url))
        assert spare.requests == []
    assert (heard.text, heard.reason, told(heard)) == ("Hello", FinishReason.STOP, [])


async def test_two_faults_in_a_row(desk: Desk) -> None:
    async with ByteServer([BUSY]) as here, ByteServer([SPARE]) as spare:
        trace = Trace()
        heard = await hear(desk.between(here.url, spare.url), control=StreamControl(trace))
        assert (len(here.requests), len(spare.requests)) == (2, 1)
        assert spare.requests[0].json()["model"] == "spare-model"
    assert (heard.text, heard.error) == ("Spare", None)
    switch, answered = told(heard)
    assert isinstance(switch, Notice)
    assert (switch.service, answered) == ("Spare", SWITCHED)
    assert switch.error is not None
    assert (switch.error.kind, switch.error.message) == (ErrorKind.OVERLOADED, "busy")
    assert heard.events.index(answered) < heard.events.index(TextDelta("Spare"))
    notes = [record.what for record in trace.records if isinstance(record, TraceNote)]
    assert notes == ["retry", "retry", "switch"]


async def test_one_fault_is_retried(desk: Desk) -> None:
    async with ByteServer([BUSY, HELLO]) as here, ByteServer([SPARE]) as spare:
        heard = await hear(desk.between(here.url, spare.url))
        assert spare.requests == []
    assert (heard.text, told(heard)) == ("Hello", [])


async def test_other_failures_between_begin_the_count_anew(desk: Desk) -> None:
    limited = json_reply(429, {"error": {"message": "slow"}}, "Retry-After-Ms: 0")
    async with ByteServer([BUSY, limited, BUSY, HELLO]) as here, ByteServer([SPARE]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        heard = await asking.task
        assert spare.requests == []
    assert heard.text == "Hello"


async def test_a_refused_connection_at_once(desk: Desk) -> None:
    async with ByteServer([SPARE]) as spare:
        heard = await hear(desk.between(refused_url(), spare.url))
    assert [notice.kind for notice in heard.notices] == [NoticeKind.SWITCHED]
    assert heard.notices[0].error is not None
    assert heard.notices[0].error.code == "refused"
    assert heard.text == "Spare"


@pytest.mark.parametrize("script", [[HANG], [SSE_HEAD, HANG]], ids=["no reply", "no delta"])
async def test_silence(desk: Desk, script: Script) -> None:
    async with ByteServer([script]) as here, ByteServer([SPARE]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        await here.asked.wait()
        await until(lambda: desk.clock.pending)
        desk.clock.advance(9.9)
        assert spare.requests == []
        desk.clock.advance(0.1)
        heard = await asking.task
        await asyncio.wait_for(here.disconnected.wait(), 20)
    assert heard.text == "Spare"
    assert heard.notices[0].error == ErrorInfo(
        ErrorKind.TIMEOUT, code="first_token", values={"seconds": "10"}
    )


async def test_a_wait_before_a_retry_is_no_silence(desk: Desk) -> None:
    limited = json_reply(429, {"error": {"message": "slow"}}, "Retry-After: 30")
    async with ByteServer([limited, HELLO]) as here, ByteServer([SPARE]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        await until(lambda: asking.events)
        desk.clock.advance(31)
        asking.control.retry_now()
        heard = await asking.task
        assert spare.requests == []
    assert heard.text == "Hello"


async def test_nothing_is_switched_after_a_delta(desk: Desk) -> None:
    begun: Script = [SSE_HEAD + chunk(event(delta("Hel"))), HANG]
    async with ByteServer([begun]) as here, ByteServer([SPARE]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        await until(lambda: TextDelta("Hel") in asking.events)
        assert desk.clock.pending == []
        desk.clock.advance(100)
        await asyncio.sleep(0)
        await asking.stop()
        assert spare.requests == []
        await asyncio.wait_for(here.disconnected.wait(), 20)


async def test_an_answer_that_breaks_off_is_not_switched(desk: Desk) -> None:
    begun: Script = [SSE_HEAD + chunk(event(delta("Hel"))), CLOSE]
    async with ByteServer([begun]) as here, ByteServer([SPARE]) as spare:
        heard = await hear(desk.between(here.url, spare.url))
        assert spare.requests == []
    assert (heard.text, heard.kind) == ("Hel", ErrorKind.DROPPED)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
async def test_what_the_question_or_the_key_is_to_blame_for(desk: Desk, status: int) -> None:
    wrong = json_reply(status, {"error": {"message": "no"}})
    async with ByteServer([wrong]) as here, ByteServer([SPARE]) as spare:
        heard = await hear(desk.between(here.url, spare.url))
        assert spare.requests == []
    assert heard.error is not None
    assert heard.error.status == status


async def test_both_fail(desk: Desk) -> None:
    wrong = json_reply(401, {"error": {"message": "who are you"}})
    async with ByteServer([BUSY]) as here, ByteServer([wrong]) as spare:
        heard = await hear(desk.between(here.url, spare.url))
    assert heard.error is not None
    assert (heard.error.kind, heard.error.message) == (ErrorKind.OVERLOADED, "busy")
    assert dict(heard.error.values) == {
        "backup": "Spare",
        "backup_kind": "authentication",
        "backup_message": "who are you",
    }
    assert not any(isinstance(item, Answered) for item in heard.events)


async def test_the_backup_is_asked_at_once_for_a_while_then_one_question_probes(
    desk: Desk,
) -> None:
    async with ByteServer([BUSY, BUSY, BUSY, HELLO]) as here, ByteServer([SPARE]) as spare:
        asked = desk.between(here.url, spare.url)
        await hear(asked)
        heard = await hear(asked)
        assert (len(here.requests), len(spare.requests)) == (2, 2)
        switch, answered = told(heard)
        assert isinstance(switch, Notice)
        assert switch.error is not None
        assert (switch.error.message, answered) == ("busy", SWITCHED)
        # The probe fails, and is not repeated.
        desk.clock.advance(30)
        assert (await hear(asked)).text == "Spare"
        assert len(here.requests) == 3
        assert (await hear(asked)).text == "Spare"
        assert len(here.requests) == 3
        # The next one does not.
        desk.clock.advance(60)
        assert (await hear(asked)).text == "Hello"
        assert (await hear(asked)).text == "Hello"
        assert (len(here.requests), len(spare.requests)) == (5, 4)


async def test_a_service_that_was_passed_over_is_the_last_hope(desk: Desk) -> None:
    wrong = json_reply(401, {"error": {"message": "who are you"}})
    async with ByteServer([BUSY, BUSY, HELLO]) as here, ByteServer([SPARE, wrong]) as spare:
        asked = desk.between(here.url, spare.url)
        await hear(asked)
        heard = await hear(asked)
    assert heard.text == "Hello"
    assert [notice.service for notice in heard.notices] == ["Spare", "Here"]
    assert not any(isinstance(item, Answered) for item in heard.events)


async def test_both_fail_when_one_was_passed_over(desk: Desk) -> None:
    wrong = json_reply(401, {"error": {"message": "who are you"}})
    async with ByteServer([BUSY]) as here, ByteServer([SPARE, wrong]) as spare:
        asked = desk.between(here.url, spare.url)
        await hear(asked)
        heard = await hear(asked)
    assert heard.error is not None
    assert (heard.error.message, heard.error.values["backup_kind"]) == ("busy", "authentication")


async def test_of_two_that_are_down_the_one_that_is_meant_is_asked(desk: Desk) -> None:
    async with ByteServer([HELLO]) as here, ByteServer([SPARE]) as spare:
        asked = desk.between(here.url, spare.url)
        for side in (asked._first, asked._second):
            side.breaker.trip(ErrorInfo(ErrorKind.SERVER), 30)
        assert (await hear(asked)).text == "Hello"


HEDGED = replace(PLAN, hedge=2.0, first_token=60.0)


@pytest.mark.parametrize("faster", [0, 1])
async def test_a_hedge_keeps_the_first_to_answer_and_closes_the_other(
    transport: HttpTransport, faster: int
) -> None:
    desk = Desk(transport, HEDGED)
    goes = asyncio.Event()
    scripts: list[Script] = [[SSE_HEAD, HANG], [SSE_HEAD, HANG]]
    said = chunk(event(delta(("Hello", "Spare")[faster])))
    scripts[faster] = [SSE_HEAD, goes, said, HANG]
    async with ByteServer([scripts[0]]) as here, ByteServer([scripts[1]]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        await here.asked.wait()
        assert spare.requests == []
        desk.clock.advance(2)
        await asyncio.wait_for(spare.asked.wait(), 20)
        goes.set()
        await until(lambda: any(isinstance(item, TextDelta) for item in asking.events))
        loser = (here, spare)[1 - faster]
        await asyncio.wait_for(loser.disconnected.wait(), 20)
        winner = (here, spare)[faster]
        assert not winner.disconnected.is_set()
        await asking.stop()
    texts = [item.text for item in asking.events if isinstance(item, TextDelta)]
    answered = [item for item in asking.events if isinstance(item, Answered)]
    assert texts == [("Hello", "Spare")[faster]]
    assert answered == ([SWITCHED] if faster else [])
    assert not any(isinstance(item, Notice) for item in asking.events)
    assert desk.clock.pending == []


async def test_a_quick_answer_needs_no_hedge(transport: HttpTransport) -> None:
    desk = Desk(transport, HEDGED)
    async with ByteServer([HELLO]) as here, ByteServer([SPARE]) as spare:
        assert (await hear(desk.between(here.url, spare.url))).text == "Hello"
        assert desk.clock.pending == []
        assert spare.requests == []


@pytest.mark.parametrize("failing", [0, 1])
async def test_one_of_two_fails(transport: HttpTransport, failing: int) -> None:
    desk = Desk(transport, HEDGED)
    goes = asyncio.Event()
    scripts: list[Script] = [[goes, HELLO], [goes, SPARE]]
    wrong = json_reply(400, {"error": {"message": "no"}})
    fails = asyncio.Event()
    scripts[failing] = [fails, wrong]
    async with ByteServer([scripts[0]]) as here, ByteServer([scripts[1]]) as spare:
        asking = Listening(desk.between(here.url, spare.url), request())
        await here.asked.wait()
        desk.clock.advance(2)
        await asyncio.wait_for(spare.asked.wait(), 20)
        fails.set()
        if failing == 0:
            await until(lambda: asking.events)
        goes.set()
        heard = await asking.task
    assert heard.text == ("Spare", "Hello")[failing]
    assert [notice.kind for notice in heard.notices] == ([NoticeKind.SWITCHED] * (1 - failing))


async def test_a_backup_that_is_down_is_not_asked_beside(transport: HttpTransport) -> None:
    desk = Desk(transport, HEDGED)
    goes = asyncio.Event()
    async with ByteServer([[goes, HELLO]]) as here, ByteServer([SPARE]) as spare:
        asked = desk.between(here.url, spare.url)
        origin = parse_address(spare.url).origin
        desk.states.of(desk.services[1], origin).breaker.trip(ErrorInfo(ErrorKind.SERVER), 30)
        made: list[Provider] = []

        def make() -> Provider:
            made.append(asked._first.make())
            return made[-1]

        asked._second = replace(asked._second, make=make)
        asking = Listening(asked, request())
        await here.asked.wait()
        desk.clock.advance(2)
        await settle()
        goes.set()
        assert (await asking.task).text == "Hello"
        assert made == []


STAGES = ["asking", "waiting for a retry", "hedged", "switched", "answering"]


@pytest.mark.parametrize("close", [True, False], ids=["close", "cancel"])
@pytest.mark.parametrize("stage", STAGES)
async def test_it_stops_cleanly(transport: HttpTransport, stage: str, close: bool) -> None:
    desk = Desk(transport, HEDGED)
    limited = json_reply(429, {"error": {"message": "slow"}}, "Retry-After: 50")
    silent: Script = [SSE_HEAD, HANG]
    talks: Script = [SSE_HEAD + chunk(event(delta("Hello"))), HANG]
    script = {"waiting for a retry": limited, "switched": BUSY, "answering": talks}.get(
        stage, silent
    )
    async with ByteServer([script]) as here, ByteServer([silent]) as spare:
        control = StreamControl()
        stream = desk.between(here.url, spare.url).stream(request(), control)
        events: list[Any] = []

        async def read() -> None:
            async for item in stream:
                events.append(item)

        task = asyncio.create_task(read())
        await here.asked.wait()
        if stage == "hedged":
            desk.clock.advance(2)
        if stage in ("hedged", "switched"):
            await asyncio.wait_for(spare.asked.wait(), 20)
        elif stage != "asking":
            await until(lambda: events)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stream.aclose()
        if stage in ("asking", "answering"):
            await asyncio.wait_for(here.disconnected.wait(), 20)
        if stage in ("hedged", "switched"):
            await asyncio.wait_for(spare.disconnected.wait(), 20)
    assert desk.clock.pending == []
    assert all(state.limiter.running == 0 for state in desk.states._states.values())


async def test_closing_between_events_closes_everything(transport: HttpTransport) -> None:
    desk = Desk(transport, PLAN)
    talks: Script = [SSE_HEAD + chunk(event(delta("Hello"))), HANG]
    async with ByteServer([BUSY]) as here, ByteServer([talks]) as spare:
        stream = desk.between(here.url, spare.url).stream(request(), StreamControl())
        async for item in stream:
            if isinstance(item, Answered):
                break
        await stream.aclose()
        await asyncio.wait_for(spare.disconnected.wait(), 20)
    assert desk.clock.pending == []


async def test_without_a_model_nothing_is_switched(transport: HttpTransport) -> None:
    desk = Desk(transport, replace(PLAN, models={}))
    async with ByteServer([BUSY, BUSY, HELLO]) as here, ByteServer([SPARE]) as spare:
        assert (await hear(desk.between(here.url, spare.url))).text == "Hello"
        assert spare.requests == []


async def test_a_backup_that_cannot_be_made(transport: HttpTransport) -> None:
    desk = Desk(transport)
    async with ByteServer([BUSY]) as here:
        asked = desk.between(here.url, here.url)

        def broken() -> Any:
            raise ProviderError(ErrorInfo(ErrorKind.BAD_REQUEST, code="base_url"))

        asked._second = replace(asked._second, make=broken)
        heard = await hear(asked)
        assert heard.error is not None
        assert heard.error.values["backup_kind"] == "bad_request"
        assert (await hear(asked)).kind is ErrorKind.OVERLOADED


async def test_the_list_is_that_of_the_service(desk: Desk) -> None:
    async with ByteServer([json_reply(200, {"data": [{"id": "a"}]})]) as here:
        models = await desk.between(here.url, refused_url()).list_models()
    assert [model.id for model in models] == ["a"]


async def test_many_events_are_not_lost(desk: Desk) -> None:
    pieces = [delta(f"{number} ") for number in range(3000)]
    async with ByteServer([sse(*pieces, delta(finish="stop"))]) as here:
        heard = await collect(
            desk.between(here.url, refused_url()).stream(request(), StreamControl())
        )
    assert heard.text == "".join(f"{number} " for number in range(3000))
    assert heard.reason is FinishReason.STOP


@pytest.mark.parametrize("number", [0, 1])
async def test_many_events_before_the_first_delta_block_nobody(number: int) -> None:
    clock = ManualClock()
    figures = [Usage(count) for count in range(1, 3000)]
    talkative = Scripted([*figures, TextDelta("Hello"), Done(FinishReason.STOP)])
    dead = Scripted([])
    dead.fails = True
    first, second = (talkative, dead) if number == 0 else (dead, talkative)
    here = Side(service("http://h"), lambda: first, Breaker(clock=clock))
    spare = Side(service("http://h", id="spare"), lambda: second, Breaker(clock=clock))
    async with asyncio.timeout(20):
        heard = await collect(FailOver(here, spare, PLAN, clock).stream(request(), StreamControl()))
    assert (heard.text, heard.reason) == ("Hello", FinishReason.STOP)
    assert clock.pending == []


def test_what_the_backup_is_asked() -> None:
    spare = service(
        id="spare",
        protocol="anthropic",
        models=(Model("big", output_tokens=100, thinking=Thinking(efforts=("low",))),),
        default_model="big",
    )
    asked = request(
        max_tokens=500,
        effort="max",
        remote_id="r1",
        extra={"model": "x"},
        extra_headers={"x-secret": "s"},
        conversation_id="c",
        temperature=0.5,
    )
    echoes: list[JsonValue] = [
        {"protocol": "openai-chat", "a": 1},
        {"protocol": "anthropic"},
        "odd",
        None,
    ]
    asked = replace(
        asked,
        messages=tuple(ChatMessage(Role.ASSISTANT, "a", echo=echo) for echo in echoes),
    )
    found = backup_request(asked, spare, Backup())
    assert (found.model, found.max_tokens, found.effort, found.remote_id) == ("big", 100, "", "")
    assert (dict(found.extra), dict(found.extra_headers)) == ({}, {})
    assert (found.conversation_id, found.temperature) == ("c", 0.5)
    assert [message.echo for message in found.messages] == [
        None,
        {"protocol": "anthropic"},
        None,
        None,
    ]
    assert backup_request(replace(asked, effort="low"), spare, Backup()).effort == "low"
    plan = Backup(models={"m": "exact", "": "any"})
    assert backup_request(asked, spare, plan).model == "exact"
    assert backup_request(replace(asked, model="other"), spare, plan).model == "any"
