"""What the store promises when nothing goes wrong."""

import asyncio
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, StoreError
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import (
    ChatOptions,
    Draft,
    Message,
    MessageState,
    MessageTree,
    Role,
    Timing,
)
from desktop_chat.core.ports import ConversationStore
from desktop_chat.store import SqliteStore
from tests.unit.store.samples import answer, begin, conversation, count, one, question, sql

Opened = Callable[[], SqliteStore]


async def test_it_is_the_store_that_core_asks_for(store: SqliteStore) -> None:
    port: ConversationStore = store
    assert port.run_id
    assert await port.conversations() == []


async def test_a_conversation_comes_back_whole(opened: Opened) -> None:
    options = ChatOptions("deepseek", "m", "Be brief.", 0.5, 0.9, 100, False, "low", 3)
    kept = conversation(leaf_id="m1", titled_by_user=True, options=options)
    first = opened()
    await first.save_conversation(kept)
    await first.aclose()
    assert await opened().conversation("c1") == kept
    assert await opened().conversation("c2") is None


async def test_saving_again_keeps_the_messages(store: SqliteStore) -> None:
    await begin(store)
    changed = conversation(title="new", leaf_id="m2", updated_at=9.0)
    await store.save_conversation(changed)
    assert await store.conversation("c1") == changed
    assert len(await store.heads("c1")) == 2


async def test_the_list_has_those_with_messages_newest_first(store: SqliteStore) -> None:
    for number, updated_at in enumerate((5.0, 7.0, 6.0)):
        id_ = f"c{number}"
        await begin(store, id_, id=id_, updated_at=updated_at)
    await store.save_conversation(conversation("empty", updated_at=99.0))
    assert [found.id for found in await store.conversations()] == ["c1", "c2", "c0"]
    assert [found.id for found in await store.conversations(limit=2)] == ["c1", "c2"]


async def test_a_turn_begins_with_a_question_and_a_streaming_answer(store: SqliteStore) -> None:
    await store.begin_turn(conversation(leaf_id="elsewhere"), question("m1"), answer("m2", "m1"))
    kept = await store.conversation("c1")
    assert kept is not None
    assert kept.leaf_id == "m2"
    assert await store.messages(["m2", "nobody", "m1"]) == [
        answer("m2", "m1", state=MessageState.STREAMING, run_id=store.run_id),
        question("m1"),
    ]


async def test_a_turn_that_cannot_begin_leaves_nothing(store: SqliteStore) -> None:
    stray = answer("m2", "m1", conversation_id="nowhere")
    with pytest.raises(StoreError) as caught:
        await store.begin_turn(conversation(), question("m1"), stray)
    assert caught.value.info.code == "other"
    assert caught.value.info.kind is ErrorKind.STORAGE
    assert await store.conversation("c1") is None
    assert await count(store, "messages") == 0


async def test_what_is_appended_is_read_before_the_end(store: SqliteStore) -> None:
    message = await begin(store)
    await store.append(message.id, [("reasoning", "I "), ("reasoning", "think"), ("text", "Yes")])
    await store.append(message.id, [("text", ", "), ("text", "no"), ("reasoning", " more")])
    assert await one(store, "m2") == replace(message, text="Yes, no", reasoning="I think more")
    assert [head.chars for head in await store.heads("c1")] == [3, 19]
    assert await count(store, "pieces") == 4, "pieces of one channel in a row share a row"


async def test_the_end_replaces_what_was_appended(store: SqliteStore) -> None:
    message = await begin(store)
    await store.append(message.id, [("text", "draft")])
    final = replace(
        message,
        state=MessageState.FAILED,
        run_id="",
        text="the whole 天气",
        reasoning="because",
        reason=FinishReason.LENGTH,
        error=ErrorInfo(
            ErrorKind.RATE_LIMIT, 429, "slow", "x1", "req", "api.test", 1.5, "{}", {"seconds": "3"}
        ),
        usage=Usage(1, 2, 3, 4),
        timing=Timing(0.5, None, 2.0),
        service_id="s",
        service_name="服务",
        model="m",
        omitted=7,
    )
    await store.finish(final)
    assert await one(store, "m2") == final
    assert await count(store, "pieces") == 0
    assert (await store.heads("c1"))[1] == final.head()


async def test_an_end_without_a_beginning_is_saved(store: SqliteStore) -> None:
    await store.save_conversation(conversation())
    await store.finish(answer("m2", "never saved", "all of it"))
    assert (await one(store, "m2")).text == "all of it"
    with pytest.raises(StoreError):
        await store.finish(answer("m3", None, conversation_id="nowhere"))


async def test_a_beginning_can_be_saved_again_with_what_arrived(store: SqliteStore) -> None:
    message = await begin(store)
    await store.append(message.id, [("text", "half")])
    await store.begin_turn(conversation(), None, replace(message, text="half and more"))
    assert (await one(store, "m2")).text == "half and more"


async def test_an_answer_goes_on_where_it_ended(store: SqliteStore) -> None:
    message = await begin(store)
    error = ErrorInfo(ErrorKind.DROPPED)
    ended = replace(message, text="One, ", state=MessageState.FAILED, run_id="", error=error)
    await store.finish(ended)
    await store.reopen(ended)
    await store.append("m2", [("text", "two")])
    assert await one(store, "m2") == replace(message, text="One, two")
    assert [head.chars for head in await store.heads("c1")] == [3, 8]


async def test_only_a_streaming_message_takes_more(store: SqliteStore) -> None:
    message = await begin(store)
    await store.finish(replace(message, state=MessageState.DONE))
    for id_ in ("m2", "nobody"):
        with pytest.raises(StoreError, match="does not stream"):
            await store.append(id_, [("text", "late")])
    with pytest.raises(StoreError, match="cannot be continued"):
        await store.reopen(answer("nobody", None))
    assert await count(store, "pieces") == 0


async def test_another_run_cannot_continue_what_streams_here(opened: Opened) -> None:
    here, there = opened(), opened()
    message = await begin(here)
    with pytest.raises(StoreError):
        await there.reopen(message)
    assert (await one(there, "m2")).run_id == here.run_id


async def test_the_tree_keeps_its_branches(opened: Opened) -> None:
    first = opened()
    await begin(first, "a")
    for message in (
        answer("b2", "a1", "another answer"),
        question("c3", "b2", "and then"),
        answer("c4", "c3", "this"),
        question("d3", "b2", "or rather"),
    ):
        await first.finish(message)
    await first.aclose()
    second = opened()
    await second.recover()
    tree = MessageTree(await second.heads("c1"))
    assert [head.id for head in tree.branch("c4")] == ["a1", "b2", "c3", "c4"]
    assert tree.siblings("b2") == ["a2", "b2"]
    assert tree.siblings("d3") == ["c3", "d3"]
    assert tree.newest_leaf("a1") == "d3"
    assert tree.head("a2").state is MessageState.INTERRUPTED
    loaded = await second.messages([head.id for head in tree.branch("c4")])
    assert [message.head() for message in loaded] == tree.branch("c4")


async def test_drafts_need_no_conversation(opened: Opened) -> None:
    store = opened()
    assert (await store.draft("c1")).text == ""
    await store.save_draft("c1", "half a 想法")
    await store.save_draft("c1", "half a 想法 more")
    await store.save_draft("c2", "x")
    await store.save_draft("c2", "")
    await store.aclose()
    assert await opened().drafts() == {"c1": Draft("half a 想法 more")}
    assert (await opened().draft("c1")).text == "half a 想法 more"


async def test_what_is_deleted_can_be_restored(store: SqliteStore) -> None:
    await begin(store)
    await store.delete_conversation("c1")
    assert await store.conversations() == []
    assert await store.conversation("c1") is None
    await store.save_conversation(conversation(title="late"))
    assert await store.conversations() == [], "a turn that ends later does not bring it back"
    await store.restore_conversation("c1")
    assert [found.title for found in await store.conversations()] == ["late"]
    assert len(await store.heads("c1")) == 2


async def test_a_text_that_utf8_cannot_say_is_saved(store: SqliteStore) -> None:
    message = await begin(store)
    await store.append("m2", [("text", "a\ud83d"), ("text", "\ude00b\ud800")])
    assert (await one(store, "m2")).text == "a😀b\ufffd"
    await store.finish(replace(message, state=MessageState.DONE, text="\udc00\x00end"))
    assert (await one(store, "m2")).text == "\ufffd\x00end"
    await store.save_draft("c1", "\ud800")
    assert (await store.draft("c1")).text == "\ufffd"


def modes(folder: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()]


async def test_files_are_for_their_owner_alone(store: SqliteStore, data: Path) -> None:
    await begin(store)
    found = modes(data)
    assert len(found) >= 3
    assert set(found) == {0o600}


async def test_heads_of_a_long_conversation_read_no_text(opened: Opened) -> None:
    writer = opened()
    await writer.save_conversation(conversation())

    def fill(db: apsw.Connection) -> None:
        from desktop_chat.store import messages
        from desktop_chat.store.connection import transaction

        with transaction(db):
            for number in range(10_000):
                parent = f"{number - 1:06}" if number else None
                messages._put(db, question(f"{number:06}", parent, "字" * 700))

    await sql(writer, fill)
    await writer.aclose()
    store = opened()
    await sql(store, lambda db: db.status(apsw.SQLITE_DBSTATUS_CACHE_MISS, True))
    heads = await store.heads("c1")
    pages, _ = await sql(store, lambda db: db.status(apsw.SQLITE_DBSTATUS_CACHE_MISS))
    assert len(heads) == 10_000
    assert {head.chars for head in heads} == {700}
    assert len(MessageTree(heads).branch("009999")) == 10_000
    assert pages < 500, "the texts alone fill 5,000 pages"


async def test_the_end_of_a_branch_is_found_from_its_leaf(store: SqliteStore) -> None:
    await store.save_conversation(conversation())
    parent = None
    for number in range(9):
        await store.finish(question(f"m{number}", parent, "字" * 10))
        parent = f"m{number}"
    await store.finish(question("aside", "m6", "not on the branch"))

    async def end(leaf: str, count: int, chars: int) -> list[str]:
        return [item.id for item in await store.branch_end(leaf, count=count, chars=chars)]

    assert await end("m8", 3, 1000) == ["m6", "m7", "m8"]
    assert await end("m8", 9, 15) == ["m7", "m8"], "the one that is over the limit is whole"
    assert await end("aside", 2, 1000) == ["m6", "aside"]
    assert await end("m1", 5, 1000) == ["m0", "m1"]
    assert await end("nobody", 5, 1000) == []


async def test_appending_costs_the_same_early_and_late(store: SqliteStore) -> None:
    async def pages_written() -> int:
        await sql(store, lambda db: db.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE, True))
        await store.append("m2", [("text", "x" * 100)])
        written, _ = await sql(store, lambda db: db.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE))
        return written

    await begin(store)
    early = max([await pages_written() for _ in range(5)])
    await store.append("m2", [("text", "y" * 1_000_000)])
    late = min([await pages_written() for _ in range(5)])
    assert 0 < late <= early + 1


async def test_no_sql_runs_on_the_thread_of_the_loop(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    statements: list[str] = []

    def trace(_cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
        threads.add(threading.get_ident())
        statements.append(statement)
        return True

    monkeypatch.setattr(
        apsw, "connection_hooks", [lambda connection: connection.set_exec_trace(trace)]
    )
    store = SqliteStore(data)
    message = await begin(store)
    await store.append("m2", [("text", "x")])
    await store.finish(replace(message, state=MessageState.DONE))
    await store.reopen(message)
    await store.recover()
    await store.search("x")
    await store.save_draft("c1", "x")
    await store.drafts()
    await store.conversations()
    await store.heads("c1")
    await store.delete_conversation("c1")
    await store.restore_conversation("c1")
    await store.aclose()
    assert len(statements) > 30
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_several_loops_one_after_another(data: Path) -> None:
    store = SqliteStore(data)
    asyncio.run(begin_and_drop(store))
    assert asyncio.run(store.messages(["m1"]))[0].role is Role.USER
    asyncio.run(store.aclose())
    asyncio.run(store.aclose())


async def begin_and_drop(store: SqliteStore) -> Message:
    return await begin(store)
