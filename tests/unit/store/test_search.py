"""Finding titles and messages."""

import pytest

from desktop_chat.store import SqliteStore
from tests.unit.store.samples import answer, begin, conversation, question, sql


@pytest.fixture
async def filled(store: SqliteStore) -> SqliteStore:
    texts = {
        "p1": "今天天气怎么样？",
        "p2": "Sunny in BEIJING, 100% sure.\n\nNext line about snake_case and C:\\path",
        "p3": "Привет, Café au lait, STRASSE",
        "p4": "天 气 apart; weather",
    }
    await store.save_conversation(conversation(title="About 天气预报 and Weather", updated_at=50.0))
    for number, (id_, text) in enumerate(texts.items()):
        make = question if number % 2 == 0 else answer
        await store.finish(make(id_, None, text, created_at=10.0 + number))
    return store


async def ids(store: SqliteStore, query: str, **options: int) -> list[str | None]:
    return [hit.message_id for hit in await store.search(query, **options)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("天气", [None, "p1"]),
        ("气怎", ["p1"]),
        ("样", ["p1"]),
        ("气预", [None]),
        ("beijing", ["p2"]),
        ("EIJIN", ["p2"]),
        ("weather", [None, "p4"]),
        ("  weather\u3000天 ", [None, "p4"]),
        ("sunny weather", []),
        ("100%", ["p2"]),
        ("0%s", []),
        ("%", ["p2"]),
        ("_", ["p2"]),
        ("snake_case", ["p2"]),
        ("snakeXcase", []),
        ("C:\\PATH", ["p2"]),
        ("привет", ["p3"]),
        ("ПРИВЕТ", ["p3"]),
        ("приват", []),
        ("CAFÉ", ["p3"]),
        ("cafe", []),
        ("lait café", ["p3"]),
        ("", []),
        (" \n", []),
        ("'; DROP TABLE messages; --", []),
        ("x" * 100_000, []),
        ("nothing", []),
    ],
)
async def test_what_is_found(filled: SqliteStore, query: str, found: list[str | None]) -> None:
    assert await ids(filled, query) == found


async def test_a_long_word_is_compared_whole(filled: SqliteStore) -> None:
    await filled.finish(answer("p5", None, "é" + "x" * 200 + "end"))
    assert await ids(filled, "x" * 150 + "END") == ["p5"]
    assert await ids(filled, "x" * 150 + "other") == []
    assert await ids(filled, "É" + "x" * 200 + "e") == ["p5"]


async def test_the_newest_come_first_and_no_more_than_wanted(filled: SqliteStore) -> None:
    assert await ids(filled, "a") == [None, "p4", "p3", "p2"]
    assert await ids(filled, "a", limit=2) == [None, "p4"]
    assert await ids(filled, "a", limit=0) == []


async def test_what_is_deleted_or_empty_is_not_found(filled: SqliteStore) -> None:
    await filled.save_conversation(conversation("empty", title="weather"))
    assert len(await filled.search("weather")) == 2
    await filled.delete_conversation("c1")
    assert await filled.search("weather") == []


async def test_what_streams_is_found_when_it_ends(filled: SqliteStore) -> None:
    message = await begin(filled, id="s1", updated_at=1.0)
    await filled.append("m2", [("text", "unusual")])
    assert await ids(filled, "unusual") == []
    await filled.finish(answer(message.id, "m1", "unusual", conversation_id="s1"))
    assert await ids(filled, "unusual") == ["m2"]


async def test_a_hit_has_its_place_on_one_line(filled: SqliteStore) -> None:
    text = "first\n" + "字" * 300 + "\n\n\tthe  Needle\r\n" + "词" * 300
    await filled.finish(answer("p5", None, text, created_at=99.0))
    (hit,) = await filled.search("needle 字字")
    assert (hit.conversation_id, hit.title, hit.created_at) == (
        "c1",
        "About 天气预报 and Weather",
        99.0,
    )
    assert hit.snippet.startswith("first 字")
    (hit,) = await filled.search("needle")
    assert hit.snippet.startswith("…字")
    assert "字 the Needle 词" in hit.snippet
    assert hit.snippet.endswith("词…")
    assert len(hit.snippet) < 170
    (title,) = await filled.search("预报")
    assert (title.message_id, title.snippet, title.created_at) == (None, title.title, 50.0)


async def test_letters_that_grow_when_folded_do_no_harm(filled: SqliteStore) -> None:
    await filled.finish(answer("p5", None, "ß" * 500 + "needle"))
    assert await ids(filled, "needle") == ["p5"]


async def test_messages_are_read_by_age_and_no_further_than_needed(filled: SqliteStore) -> None:
    from desktop_chat.store import search

    statement = search._TEXTS.format(matches="m.text LIKE '%x%'")
    plan = await sql(filled, lambda db: db.execute("EXPLAIN QUERY PLAN " + statement).fetchall())
    steps = [str(step[-1]) for step in plan]
    assert steps[0] == "SCAN m USING INDEX messages_newest"
    assert not any("TEMP B-TREE" in step for step in steps)
