"""Conversations and messages to save, and things that only a test asks of a store."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import apsw

from desktop_chat.core.messages import Conversation, Message, MessageState, Role
from desktop_chat.store import SqliteStore

R = TypeVar("R")


def conversation(id_: str = "c1", **changes: Any) -> Conversation:
    return replace(Conversation(id_, f"title of {id_}", 1.0, 2.0), **changes)


def question(id_: str, parent: str | None = None, text: str = "why", **changes: Any) -> Message:
    plain = Message(id_, "c1", parent, Role.USER, text, 10.0)
    return replace(plain, **changes)


def answer(id_: str, parent: str | None, text: str = "", **changes: Any) -> Message:
    plain = Message(id_, "c1", parent, Role.ASSISTANT, text, 11.0)
    return replace(plain, **changes)


async def begin(store: SqliteStore, prefix: str = "m", **changes: Any) -> Message:
    """Begin a turn whose answer is ``<prefix>2``, and return that answer."""
    kept = replace(conversation(), **changes)
    first = question(f"{prefix}1", conversation_id=kept.id)
    second = answer(f"{prefix}2", first.id, conversation_id=kept.id)
    await store.begin_turn(kept, first, second)
    return replace(second, state=MessageState.STREAMING, run_id=store.run_id)


async def one(store: SqliteStore, message_id: str) -> Message:
    (found,) = await store.messages([message_id])
    return found


async def sql(store: SqliteStore, job: Callable[[apsw.Connection], R]) -> R:
    """Run something on the connection of a store, on its thread."""
    return await store._read(job)


async def count(store: SqliteStore, table: str) -> int:
    found: int = await sql(store, lambda db: db.execute(f"SELECT count(*) FROM {table}").get)
    return found
