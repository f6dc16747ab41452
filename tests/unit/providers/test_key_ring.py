"""Several keys before a service that knows each of them."""

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from desktop_chat.core.access import Access, KeyHealth
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model
from desktop_chat.core.trace import Trace, TraceNote
from desktop_chat.providers.auth_state import AuthState
from desktop_chat.providers.clock import CLOCK
from desktop_chat.providers.key_ring import NO_BALANCE_REST, REST, KeyMemory, RotatingKeys
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.helpers.answering_server import AnsweringServer
from tests.helpers.byte_server import SSE_HEAD as HEAD
from tests.helpers.byte_server import (
    Request,
    chunk,
    delta,
    event,
    json_reply,
    sse,
)
from tests.unit.providers.support import DEMO_TEXTS, Heard, hear, service

ONE, TWO, THREE = (Secret(f"sk-number-{number}-0000") for number in (1, 2, 3))
ANSWER = sse(delta("Hello"), delta(finish="stop"))
BUSY = json_reply(429, {"error": {"message": "slow down"}})
WAIT = json_reply(429, {"error": {"message": "slow down"}}, "Retry-After: 20")
EMPTY = json_reply(402, {"error": {"message": "no money"}})
WRONG = json_reply(401, {"error": {"message": "who is it"}})
DOWN = json_reply(500, {"error": {"message": "broken"}})


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Keyed:
    """Answers each key as it is told to; every other with an answer."""

    def __init__(self) -> None:
        self.says: dict[Secret, bytes] = {}
        self.asked: list[Secret] = []
        self.clock = Clock()

    def __call__(self, request: Request) -> bytes:
        key = Secret(request.headers["authorization"].removeprefix("Bearer "))
        self.asked.append(key)
        said = self.says.get(key, ANSWER)
        if request.path.endswith("/models") and said is ANSWER:
            return json_reply(200, {"data": [{"id": "m"}]})
        return said

    def taken(self) -> list[Secret]:
        """Return the keys that came since this was asked last."""
        asked, self.asked = self.asked, []
        return asked


class Desk:
    def __init__(self, keyed: Keyed, server: AnsweringServer, providers: HttpProviders) -> None:
        self.keyed = keyed
        self.access = Access(service(server.url, auth="bearer"), (ONE, TWO, THREE))
        self.providers = providers

    async def ask(self, trace: Trace | None = None, *keys: Secret) -> Heard:
        """Ask below retries and limits, which would wait for a key that has to rest."""
        access = Access(self.access.service, keys) if keys else self.access
        return await hear(self.providers._asking(access), control=StreamControl(trace))

    def health(self) -> list[KeyHealth]:
        return [use.health for use in self.providers.key_states(self.access)]


@pytest.fixture
async def desk(_no_leaked_tasks: None) -> AsyncIterator[Desk]:
    keyed = Keyed()
    providers = HttpProviders(
        redact=str, demo_texts=DEMO_TEXTS, retry=RetryPolicy(retries=0, base=0.001)
    )
    providers._auths = AuthState(clock=keyed.clock)
    async with AnsweringServer(answer=keyed) as server:
        yield Desk(keyed, server, providers)
        await providers.aclose()


async def test_the_first_key_is_used_while_it_can_be(desk: Desk) -> None:
    for _ in range(3):
        assert (await desk.ask()).text == "Hello"
    assert desk.keyed.taken() == [ONE] * 3
    assert desk.health() == [KeyHealth.WORKS, KeyHealth.UNTRIED, KeyHealth.UNTRIED]


@pytest.mark.parametrize(
    ("says", "health", "rest"),
    [
        (BUSY, KeyHealth.RESTING, REST),
        (WAIT, KeyHealth.RESTING, 20.0),
        (EMPTY, KeyHealth.NO_BALANCE, NO_BALANCE_REST),
        (WRONG, KeyHealth.REFUSED, None),
    ],
)
async def test_a_key_makes_room_for_the_next(
    desk: Desk, says: bytes, health: KeyHealth, rest: float | None
) -> None:
    desk.keyed.says[ONE] = says
    trace = Trace()
    heard = await desk.ask(trace)
    assert (heard.text, heard.notices) == ("Hello", [])
    assert desk.keyed.taken() == [ONE, TWO]
    notes = [note for note in trace.records if isinstance(note, TraceNote) and note.what == "key"]
    assert [note.detail for note in notes] == ["2"]
    assert desk.health() == [health, KeyHealth.WORKS, KeyHealth.UNTRIED]
    use = desk.providers.key_states(desk.access)[0]
    assert use.error is not None
    assert use.until == (None if rest is None else desk.keyed.clock.now + rest)
    # It is not asked again before its time.
    desk.keyed.clock.now += (rest or 10**9) - 1
    await desk.ask()
    assert desk.keyed.taken() == [TWO]
    desk.keyed.clock.now += 2
    desk.keyed.says.clear()
    await desk.ask()
    assert desk.keyed.taken() == [TWO if rest is None else ONE]


async def test_another_key_is_no_retry(desk: Desk) -> None:
    """Nor is it waited for, or taken down as one."""
    desk.keyed.says |= {ONE: WAIT, TWO: WRONG}
    heard = await hear(desk.providers.provider(desk.access))
    assert (heard.text, heard.notices) == ("Hello", [])


async def test_what_no_other_key_mends_is_told_at_once(desk: Desk) -> None:
    desk.keyed.says[ONE] = DOWN
    assert (await desk.ask()).kind is ErrorKind.SERVER
    assert desk.keyed.taken() == [ONE]
    assert desk.health()[0] is KeyHealth.UNTRIED


async def test_an_error_in_a_stream_goes_to_the_next_key(desk: Desk) -> None:
    desk.keyed.says[ONE] = sse({"error": {"message": "rate limit", "code": 429}})
    assert (await desk.ask()).text == "Hello"
    assert desk.keyed.taken() == [ONE, TWO]


async def test_after_the_first_delta_nothing_is_asked_again(desk: Desk) -> None:
    broken = {"error": {"message": "rate limit", "code": 429}}
    desk.keyed.says[ONE] = HEAD + chunk(event(delta("Hel"))) + chunk(event(broken)) + b"0\r\n\r\n"
    heard = await desk.ask()
    assert (heard.text, heard.kind) == ("Hel", ErrorKind.RATE_LIMIT)
    assert desk.keyed.taken() == [ONE]


async def test_when_all_are_refused_the_most_hopeful_is_told(desk: Desk) -> None:
    desk.keyed.says |= {ONE: WAIT, TWO: WRONG, THREE: EMPTY}
    heard = await desk.ask()
    assert heard.error is not None
    assert (heard.kind, heard.error.retry_after) == (ErrorKind.RATE_LIMIT, 20.0)
    assert desk.keyed.taken() == [ONE, TWO, THREE]
    # Asked anyway, the one that rests the shortest is tried: the service knows better.
    desk.keyed.says[ONE] = ANSWER
    assert (await desk.ask()).text == "Hello"
    assert desk.keyed.taken() == [ONE]


async def test_the_shortest_wait_of_all_is_told(desk: Desk) -> None:
    desk.keyed.says |= {ONE: WAIT, TWO: json_reply(429, {}, "Retry-After: 50"), THREE: WRONG}
    await desk.ask()
    desk.keyed.clock.now += 5
    desk.keyed.says[ONE] = json_reply(429, {}, "Retry-After: 60")
    heard = await desk.ask()
    assert heard.error is not None
    assert heard.error.retry_after == 45.0


async def test_the_user_may_have_them_tried_again(desk: Desk) -> None:
    desk.keyed.says |= {ONE: WRONG, TWO: EMPTY}
    await desk.ask()
    desk.keyed.says.clear()
    desk.providers.wake_keys(desk.access)
    assert desk.health() == [KeyHealth.UNTRIED, KeyHealth.UNTRIED, KeyHealth.WORKS]
    desk.keyed.taken()
    await desk.ask()
    assert desk.keyed.taken() == [ONE]


async def test_the_list_of_models_takes_any_key(desk: Desk) -> None:
    desk.keyed.says |= {ONE: WRONG, TWO: BUSY}
    (model,) = await desk.providers.provider(desk.access).list_models()
    assert model.id == "m"
    assert desk.keyed.taken() == [ONE, TWO, THREE]
    desk.keyed.says |= {THREE: DOWN}
    with pytest.raises(ProviderError) as caught:
        await desk.providers.provider(desk.access).list_models()
    assert caught.value.info.kind is ErrorKind.SERVER


async def test_one_key_is_always_asked(desk: Desk) -> None:
    desk.keyed.says[ONE] = BUSY
    for _ in range(2):
        heard = await desk.ask(None, ONE)
        assert heard.error is not None
        assert (heard.kind, heard.error.retry_after) == (ErrorKind.RATE_LIMIT, None)
    assert desk.keyed.taken() == [ONE, ONE]


async def test_a_new_key_begins_anew(desk: Desk) -> None:
    desk.keyed.says[ONE] = WRONG
    await desk.ask()
    await desk.providers.forget_keys("here")
    assert desk.health() == [KeyHealth.UNTRIED] * 3


def test_no_more_is_remembered_than_is_bearable() -> None:
    state = AuthState()
    for number in range(1000):
        state.memories("s", "o", [Secret(f"key-{number}")])
    assert len(state._keys) == 256
    assert "key-" not in repr(state._keys)


def test_a_wrong_clock_is_no_fault_of_the_key() -> None:
    memory = KeyMemory()
    memory.works()
    memory.failed(ErrorInfo(ErrorKind.AUTHENTICATION, code=CLOCK))
    assert memory.use.health is KeyHealth.WORKS


async def test_no_other_key_is_tried_with_a_wrong_clock() -> None:
    class Signed:
        asked = 0

        async def list_models(self) -> list[Model]:
            self.asked += 1
            raise ProviderError(ErrorInfo(ErrorKind.AUTHENTICATION, code=CLOCK))

        def stream(
            self, request: ChatRequest, control: StreamControl
        ) -> AsyncGenerator[StreamEvent, None]:
            raise AssertionError(request, control)

    keys, asking = (KeyMemory(), KeyMemory()), (Signed(), Signed())
    with pytest.raises(ProviderError) as caught:
        await RotatingKeys(keys, asking).list_models()
    assert caught.value.info.code == CLOCK
    assert [signed.asked for signed in asking] == [1, 0]


def test_a_rest_has_an_end() -> None:
    memory = KeyMemory(Clock())
    memory.failed(ErrorInfo(ErrorKind.RATE_LIMIT, retry_after=1e12))
    assert 0 < memory.waits <= 24 * 3600
