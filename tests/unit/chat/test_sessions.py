import asyncio

from desktop_chat.core import settings as keys
from desktop_chat.core.identity import DEMO_SERVICE_ID
from desktop_chat.core.messages import MessageState
from tests.helpers.byte_server import HANG, ByteServer
from tests.unit.chat.support import (
    OPTIONS,
    Watch,
    answer,
    ask,
    local_service,
    open_house,
    part,
    rest,
)


async def test_one_session_for_each_conversation_while_it_is_held() -> None:
    server = ByteServer([answer("a")])
    async with server, open_house(server) as house:
        session = house.sessions.session()
        await ask(session, "q")
        conversation_id = session.conversation.id
        assert house.sessions.session(conversation_id) is session
        house.sessions.release(session)
        again = house.sessions.session(conversation_id)
        assert again is not session
        assert again.conversation.title == "q"


async def test_a_released_session_runs_to_its_end() -> None:
    go = asyncio.Event()
    server = ByteServer([[part("a"), go, rest("b")]])
    async with server, open_house(server) as house:
        session = house.sessions.session()
        told: list[tuple[str, bool]] = []
        house.sessions.subscribe(lambda chat, running: told.append((chat, running)))
        row = await session.send("q")
        conversation_id = session.conversation.id
        house.sessions.release(session)
        assert house.sessions.running() == [session]
        assert house.sessions.session(conversation_id) is session
        house.sessions.release(session)
        go.set()
        await session.wait()
        assert told == [(conversation_id, True), (conversation_id, False)]
        assert house.sessions.running() == []
        assert house.sessions.session(conversation_id) is not session
        (saved,) = await house.store.messages([row.id])
        assert saved.text == "ab"


async def test_several_stream_at_once_and_the_end_saves_them_all() -> None:
    server = ByteServer([[part("one"), HANG]])
    rows = []
    async with server:
        async with open_house(server) as house:
            for _ in range(3):
                session = house.sessions.session()
                watch = Watch(session)
                rows.append(await session.send("q"))
                await watch.text("one")
            assert len(house.sessions.running()) == 3
        async with open_house() as later:
            saved = await later.store.messages([row.id for row in rows])
            assert [item.state for item in saved] == [MessageState.STOPPED] * 3
            assert [item.text for item in saved] == ["one"] * 3


async def test_the_history_follows() -> None:
    server = ByteServer([answer("a"), answer("b")])
    async with server, open_house(server) as house:
        changes: list[int] = []
        house.history.subscribe(lambda: changes.append(len(house.history.entries())))
        first = house.sessions.session()
        assert house.history.entries() == []
        await ask(first, "one")
        second = house.sessions.session()
        await ask(second, "two")
        assert [item.title for item in house.history.entries()] == ["two", "one"]
        await ask(first, "more")
        assert [item.title for item in house.history.entries()] == ["one", "two"]
        assert changes


async def test_a_new_conversation_asks_with_the_defaults() -> None:
    server = ByteServer([answer("a")])
    async with open_house() as house:
        options = house.sessions.session().conversation.options
        assert options.service_id == DEMO_SERVICE_ID
        async with server:
            house.catalogue.save(local_service(server.url))
        assert house.sessions.session().conversation.options == OPTIONS
        house.settings.set(keys.DEFAULT_SERVICE, "local")
        house.settings.set(keys.DEFAULT_MODEL, "other")
        house.settings.set(keys.DEFAULT_THINKING, "off")
        house.settings.set(keys.DEFAULT_EFFORT, "low")
        options = house.sessions.session().conversation.options
        assert (options.model, options.thinking, options.effort) == ("other", False, "low")
        house.settings.set(keys.DEFAULT_SERVICE, "gone")
        assert house.sessions.session().conversation.options.model == "m"
