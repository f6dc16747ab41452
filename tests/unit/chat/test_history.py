from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from desktop_chat.chat.history import DayGroup, History, Period
from desktop_chat.core.messages import Conversation
from desktop_chat.wiring import House
from tests.helpers.byte_server import HANG, ByteServer
from tests.unit.chat.support import answer, ask, open_house, part

NOW = datetime(2026, 3, 15, 10, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as found:
        yield found


def put(history: History, name: str, when: datetime) -> None:
    stamp = when.timestamp()
    history.put(Conversation(name, name, stamp, stamp, leaf_id="m"))


def test_groups_are_calendar_days_where_the_reader_is(house: House) -> None:
    history = house.history
    put(history, "early today", datetime(2026, 3, 15, 0, 1, tzinfo=NOW.tzinfo))
    put(history, "late yesterday", datetime(2026, 3, 14, 23, 59, tzinfo=NOW.tzinfo))
    put(history, "yesterday in utc", datetime(2026, 3, 14, 17, 0, tzinfo=UTC))
    put(history, "a week", NOW - timedelta(days=7))
    put(history, "a month", NOW - timedelta(days=30))
    put(history, "january", datetime(2026, 1, 3, tzinfo=NOW.tzinfo))
    put(history, "last year", datetime(2025, 1, 3, tzinfo=NOW.tzinfo))
    put(history, "tomorrow", NOW + timedelta(days=1))
    groups = [(group, [item.id for item in items]) for group, items in history.groups(NOW)]
    assert groups == [
        (DayGroup(Period.TODAY), ["tomorrow", "yesterday in utc", "early today"]),
        (DayGroup(Period.YESTERDAY), ["late yesterday"]),
        (DayGroup(Period.WEEK), ["a week"]),
        (DayGroup(Period.DAYS_30), ["a month"]),
        (DayGroup(Period.MONTH, 2026, 1), ["january"]),
        (DayGroup(Period.MONTH, 2025, 1), ["last year"]),
    ]
    assert [group.title() for group, _ in history.groups(NOW)] == [
        "Today",
        "Yesterday",
        "Previous 7 days",
        "Previous 30 days",
        "January 2026",
        "January 2025",
    ]


def test_a_conversation_without_messages_is_not_shown(house: House) -> None:
    house.history.put(Conversation("x", "x", 1.0, 1.0))
    assert house.history.entries() == []


async def test_the_list_survives_the_program() -> None:
    server = ByteServer([answer("a")])
    async with server:
        async with open_house(server) as house:
            session = house.sessions.session()
            await ask(session, "what is 天气 like")
            await house.history.rename(session.conversation.id, "Weather")
            assert session.conversation.title == "Weather"
            house.sessions.release(session)
            await house.history.rename(session.conversation.id, "  Weather   report ")
            await house.history.rename(session.conversation.id, " ")
        async with open_house() as later:
            (entry,) = later.history.entries()
            assert entry.title == "Weather report"
            assert entry.titled_by_user
            hits = await later.history.search("天气")
            assert [hit.conversation_id for hit in hits] == [entry.id]
            assert await later.history.search("  ") == []


async def test_delete_stops_the_answer_and_can_be_undone() -> None:
    server = ByteServer([[part("x"), HANG]])
    async with server, open_house(server) as house:
        session = house.sessions.session()
        await session.send("q")
        conversation_id = session.conversation.id
        await house.history.delete(conversation_id)
        assert house.sessions.running() == []
        assert house.history.entries() == []
        assert await house.store.conversations() == []
        house.history.put(session.conversation)
        assert house.history.entries() == []
        await house.history.restore(conversation_id)
        assert [item.id for item in house.history.entries()] == [conversation_id]
