"""Files of messages, and what else a message has beside its text."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_chat.core.attachments import Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import StoreError
from desktop_chat.core.events import Usage
from desktop_chat.core.messages import (
    ChatOptions,
    Cost,
    ImageOptions,
    Message,
    MessageState,
    Sampling,
    ToolCall,
)
from desktop_chat.store import SqliteStore, codec
from desktop_chat.store.blobs import KEPT_SECONDS
from desktop_chat.store.connection import connect
from desktop_chat.store.database import open_database
from desktop_chat.store.migrations import MIGRATIONS
from tests.unit.store.samples import answer, begin, conversation, count, one, question, sql

Opened = Callable[[], SqliteStore]

text = st.text(st.characters(codec="utf-8"), max_size=20)
number = st.integers(0, 2**40)
amount = st.floats(-2, 2)
json_value: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | number | amount | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
json_object = st.dictionaries(text, json_value, max_size=3)
attachment = st.builds(
    Attachment,
    blob=text,
    name=text,
    media_type=text,
    size=number,
    kind=st.sampled_from(AttachmentKind),
    width=number,
    height=number,
    generated=st.booleans(),
)
message = st.builds(
    lambda **fields: answer("a", None, **fields),
    text=text,
    usage=st.none() | st.builds(Usage, number, number, number, number, number, number),
    attachments=st.lists(attachment, max_size=3).map(tuple),
    tool_calls=st.lists(st.builds(ToolCall, text, text, text), max_size=3).map(tuple),
    tool_call_id=text,
    echo=json_value,
    cost=st.none() | st.builds(Cost, amount, st.sampled_from(("CNY", "USD"))),
    asked_service=text,
    cached_at=st.none() | st.floats(0, 1e10),
)
options = st.builds(
    ChatOptions,
    model=text,
    sampling=st.builds(
        Sampling,
        n=st.none() | number,
        stop=st.lists(text, max_size=3).map(tuple),
        top_k=st.none() | number,
        min_p=st.none() | amount,
        frequency_penalty=st.none() | amount,
        presence_penalty=st.none() | amount,
        seed=st.none() | number,
        response_format=text,
        json_schema=json_object,
    ),
    image=st.builds(
        ImageOptions,
        size=text,
        count=number,
        seed=st.none() | number,
        negative_prompt=text,
        style=text,
    ),
    extra=json_object,
    extra_headers=st.dictionaries(text.map(lambda name: f"x-{name}"), text, max_size=3),
)


def picture(data: bytes, **changes: Any) -> Attachment:
    plain = Attachment(blob_key(data), "a.png", "image/png", len(data), AttachmentKind.IMAGE)
    return replace(plain, **changes)


def through_sql(columns: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a row is after SQLite has had it."""
    connection = apsw.Connection(":memory:")
    try:
        for migration in MIGRATIONS:
            migration.apply(connection)
        table = "messages" if "parent_id" in columns else "conversations"
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)
        found = connection.execute(f"SELECT {columns} FROM {table}").fetchone()
        assert found is not None
        return tuple(found)
    finally:
        connection.close()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(message)
def test_a_message_comes_back_as_it_was(saved: Message) -> None:
    row = through_sql(codec.MESSAGE_COLUMNS, codec.message_row(saved))
    assert codec.message_from(row) == saved


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(options, st.dictionaries(text, text, max_size=3))
def test_a_conversation_comes_back_as_it_was(
    saved: ChatOptions, remote_ids: dict[str, str]
) -> None:
    kept = conversation(options=saved, remote_ids=remote_ids)
    row = through_sql(codec.CONVERSATION_COLUMNS, codec.conversation_row(kept))
    assert codec.conversation_from(row) == kept


def test_a_header_that_proves_who_we_are_is_not_written() -> None:
    asked = ChatOptions(extra_headers={"X-Team": "a", "Authorization": "Bearer k", "api-key": "k"})
    row = codec.conversation_row(conversation(options=asked))
    assert codec.conversation_from(row).options.extra_headers == {"X-Team": "a"}
    further = {"X-Goog-Api-Key": "k1", "Ocp-Apim-Subscription-Key": "k2", "X-Auth-Token": "k3"}
    further |= {"X-Passing": "Bearer k4567890", "X-Other": "sk-k5678901"}
    asked = ChatOptions(extra_headers=further)
    row = codec.conversation_row(conversation(options=asked))
    assert codec.conversation_from(row).options.extra_headers == {}


def test_a_field_that_proves_who_we_are_is_not_written() -> None:
    schema = {"properties": {"password": {"type": "string"}}}
    asked: dict[str, Any] = {
        "api_key": "k1",
        "a": {"Client-Secret": "k2", "b": [{"token": "k3", "c": 1}]},
    }
    saved = ChatOptions(extra={**asked, "max_tokens": 5, "schema": schema})
    row = codec.conversation_row(conversation(options=saved))
    left = {"a": {"b": [{"c": 1}]}, "max_tokens": 5, "schema": schema}
    assert codec.conversation_from(row).options.extra == left


async def test_what_a_later_version_wrote_is_read(store: SqliteStore) -> None:
    await begin(store)
    await store.finish(answer("m2", "m1"))
    known = {"blob": "b", "name": "n", "kind": "text", "size": "large", "new": 1}
    for attachments, names in (
        ([known, {"kind": "hologram"}, {"kind": ["text"]}, 7], ["n"]),
        ({"kind": "text"}, []),
    ):
        values = (json.dumps(attachments), "[1, {}]", "{", 1.5)

        def write(db: apsw.Connection, values: tuple[Any, ...] = values) -> None:
            db.execute(
                "UPDATE messages SET attachments = ?, tool_calls = ?, echo = ?, cost = ?"
                " WHERE id = 'm2'",
                values,
            )

        await sql(store, write)
        found = await one(store, "m2")
        assert [item.name for item in found.attachments] == names
        assert found.tool_calls == (ToolCall("", "", ""),)
        assert (found.echo, found.cost) == (None, None)


async def test_the_same_bytes_are_kept_once(store: SqliteStore) -> None:
    assert await store.put_blob(b"x") == blob_key(b"x")
    await store.put_blob(b"x")
    await store.put_blob(b"")
    assert await count(store, "blobs") == 2
    assert await store.blob(blob_key(b"x")) == b"x"
    assert await store.blob(blob_key(b"")) == b""
    assert await store.blob("none") is None


async def age(store: SqliteStore, seconds: float) -> None:
    await sql(store, lambda db: db.execute("UPDATE blobs SET put_at = put_at - ?", (seconds,)))


async def test_what_nobody_names_goes_after_a_day(opened: Opened) -> None:
    store = opened()
    await begin(store)
    file = picture(b"named")
    await store.finish(answer("m2", "m1", attachments=(file,)))
    await store.finish(question("m3", "m2", attachments=(file, replace(file, blob=""))))
    for data in (b"named", b"unnamed"):
        await store.put_blob(data)
    await age(store, KEPT_SECONDS - 60)
    await store.recover()
    assert await count(store, "blobs") == 2, "younger than a day"
    await age(store, 120)
    await store.put_blob(b"brought again")
    await store.recover()
    assert await store.blob(blob_key(b"named")) == b"named"
    assert await store.blob(blob_key(b"unnamed")) is None
    assert await store.blob(blob_key(b"brought again")) is not None


async def test_what_is_brought_again_is_young_again(store: SqliteStore) -> None:
    await store.put_blob(b"x")
    await age(store, KEPT_SECONDS + 60)
    await store.put_blob(b"x")
    await store.recover()
    assert await store.blob(blob_key(b"x")) == b"x"


async def test_files_go_with_their_conversation(opened: Opened) -> None:
    first = opened()
    await begin(first)
    await first.put_blob(b"x")
    await first.finish(answer("m2", "m1", attachments=(picture(b"x"),)))
    await first.delete_conversation("c1")
    await age(first, KEPT_SECONDS + 60)
    assert await first.blob(blob_key(b"x")) == b"x"
    await first.aclose()
    later = opened()
    await later.recover()
    assert await count(later, "blobs") == 0


async def test_damage_in_one_message_keeps_no_file_and_loses_none(store: SqliteStore) -> None:
    await begin(store)
    await store.finish(answer("m2", "m1", attachments=(picture(b"x"),)))
    await store.put_blob(b"x")
    await store.put_blob(b"y")
    await age(store, KEPT_SECONDS + 60)
    await sql(store, lambda db: db.execute("UPDATE messages SET attachments='{' WHERE id='m1'"))
    await store.recover()
    assert await store.blob(blob_key(b"x")) == b"x"
    assert await store.blob(blob_key(b"y")) is None


@pytest.mark.parametrize(
    "odd", ['["x"]', '{"blob": "x"}', '"x"', "[1, null]", '[["x"]]', '[{"blob": 5}]', "{}", "[]"]
)
async def test_an_odd_list_of_files_does_not_keep_a_start_from_its_work(
    odd: str, opened: Opened
) -> None:
    first = opened()
    await begin(first)
    await first.append("m2", [("text", "half")])
    await first.put_blob(b"y")
    await age(first, KEPT_SECONDS + 60)
    await sql(
        first, lambda db: db.execute("UPDATE messages SET attachments=? WHERE id='m1'", (odd,))
    )
    await first.aclose()
    later = opened()
    assert await later.recover() == ["m2"]
    assert (await one(later, "m2")).text == "half"
    assert await later.blob(blob_key(b"y")) is None


async def test_a_picture_that_has_arrived_outlives_the_run(opened: Opened) -> None:
    first = opened()
    await begin(first)
    await first.put_blob(b"x")
    await first.attach("m2", (picture(b"x", generated=True),))
    assert (await one(first, "m2")).attachments == (picture(b"x", generated=True),)
    await first.aclose()
    later = opened()
    assert await later.recover() == ["m2"]
    found = await one(later, "m2")
    assert found.state is MessageState.INTERRUPTED
    assert found.attachments == (picture(b"x", generated=True),)


async def test_only_what_streams_is_given_files(store: SqliteStore) -> None:
    await begin(store)
    await store.finish(answer("m2", "m1", "done"))
    with pytest.raises(StoreError):
        await store.attach("m2", (picture(b"x"),))


async def test_cost_is_summed_by_currency_over_all_branches(store: SqliteStore) -> None:
    await begin(store)
    assert await store.cost("c1") == {}
    await store.finish(answer("m2", "m1", cost=Cost(0.5, "CNY")))
    await store.finish(answer("m3", "m1", cost=Cost(0.25, "CNY")))
    await store.finish(answer("m4", "m1", cost=Cost(2.0, "USD")))
    await store.finish(answer("m5", "m1"))
    await begin(store, "n", id="c2")
    await store.finish(answer("n2", "n1", conversation_id="c2", cost=Cost(9.0, "USD")))
    assert await store.cost("c1") == {"CNY": 0.75, "USD": 2.0}


async def test_nothing_is_read_past_the_texts(store: SqliteStore) -> None:
    """What is asked of thousands of messages is in an index."""
    statements: list[str] = []

    def trace(_cursor: object, statement: str, _bindings: object) -> bool:
        statements.append(statement)
        return True

    await sql(store, lambda db: db.set_exec_trace(trace))
    await store.heads("c1")
    await store.cost("c1")
    await store.recover()
    await sql(store, lambda db: db.set_exec_trace(None))
    for word, index in (
        ("chars FROM messages", "messages_heads"),
        ("sum(cost)", "messages_cost"),
        ("json_each(  CASE", "messages_files"),
    ):
        (statement,) = [item for item in statements if word in item]
        plan = await sql(store, lambda db, item=statement: plan_of(db, item))  # type: ignore[misc]
        assert any("messages USING COVERING INDEX " + index in step for step in plan), plan


def plan_of(db: apsw.Connection, statement: str) -> list[str]:
    values = tuple(0 for _ in range(statement.count("?")))
    return [str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + statement, values)]


def test_a_database_of_the_first_version_opens_unchanged(data: Path) -> None:
    path, backups = data / "conversations.db", data / "backups"
    data.mkdir()
    old = connect(path)
    old.execute("BEGIN")
    MIGRATIONS[0].apply(old)
    old.execute(
        "INSERT INTO conversations VALUES ('c1', 't', 1, 1.0, 2.0, 'a', '{\"model\": \"m\"}',"
        " NULL, NULL);"
        "INSERT INTO messages VALUES (1, 'a', 'c1', NULL, 'assistant', 'done', 3.0, 5, 'stop',"
        " NULL, '{\"input_tokens\": 7}', NULL, 's', 'S', 'm', '', 4, 'text', 'r')"
    )
    old.pragma("user_version", 1)
    old.pragma("application_id", 0x44434854)
    old.execute("COMMIT")
    old.close()

    async def read() -> tuple[Any, Message]:
        store = SqliteStore(data)
        try:
            await store.recover()
            return await store.conversation("c1"), await one(store, "a")
        finally:
            await store.aclose()

    kept, found = asyncio.run(read())
    assert kept == conversation(
        title="t", titled_by_user=True, leaf_id="a", options=ChatOptions(model="m")
    )
    assert (found.text, found.reasoning, found.usage) == ("text", "r", Usage(7))
    assert (found.attachments, found.tool_calls, found.echo) == ((), (), None)
    assert (found.cost, found.cached_at, found.asked_service) == (None, None, "")
    (backup,) = backups.iterdir()
    assert backup.name.endswith("-v1.db")
    with pytest.raises(StoreError) as caught:
        open_database(path, backups, MIGRATIONS[:1])
    assert caught.value.info.code == "newer", "the older program does not touch it"


def test_rows_without_their_conversation_do_not_keep_the_others_from_opening(data: Path) -> None:
    data.mkdir()
    old = connect(data / "conversations.db")
    old.execute("BEGIN")
    MIGRATIONS[0].apply(old)
    old.execute(
        "INSERT INTO conversations VALUES ('c1', 't', 1, 1.0, 2.0, 'a', '{', NULL, NULL);"
        "INSERT INTO messages VALUES (1, 'a', 'c1', NULL, 'odd', 'strange', 3.0, 5, 'why', '[',"
        " '7', 'x', 's', 'S', 'm', '', 4, 'text', 'r');"
        "INSERT INTO messages VALUES (2, 'b', 'gone', NULL, 'user', 'done', 3.0, 5, NULL, NULL,"
        " NULL, NULL, 's', 'S', 'm', '', 4, 'lost', '');"
        "INSERT INTO pieces VALUES (1, 'gone', 'text', 1, 'x')"
    )
    old.pragma("user_version", 1)
    old.pragma("application_id", 0x44434854)
    old.execute("COMMIT")
    old.close()

    async def read() -> Message:
        store = SqliteStore(data)
        try:
            await store.recover()
            await store.finish(answer("m9", "a", "new", conversation_id="c1"))
            return await one(store, "a")
        finally:
            await store.aclose()

    found = asyncio.run(read())
    assert (found.text, found.state) == ("text", MessageState.DONE)
