"""Files of drafts: named by their rows, kept as long as these name them."""

import pytest

from desktop_chat.core.attachments import AttachmentKind, blob_key
from desktop_chat.core.messages import Draft
from desktop_chat.store import SqliteStore
from desktop_chat.store.blobs import KEPT_SECONDS
from tests.unit.store.samples import begin, count, sql
from tests.unit.store.test_files import Opened, age, picture

FILES = (
    picture(b"x", name="图.png", width=3, height=2),
    picture(b"y", name="b.txt", media_type="text/plain", kind=AttachmentKind.TEXT),
)


async def test_a_draft_comes_back_with_its_files(opened: Opened) -> None:
    store = opened()
    await store.save_draft("c1", "half a thought", FILES)
    await store.save_draft("c2", "", FILES[:1])
    await store.save_draft("c3", "no files")
    await store.aclose()
    later = opened()
    assert await later.draft("c1") == Draft("half a thought", FILES)
    assert await later.drafts() == {
        "c1": Draft("half a thought", FILES),
        "c2": Draft("", FILES[:1]),
        "c3": Draft("no files"),
    }
    await later.save_draft("c1", "half a thought", FILES[1:])
    assert await later.draft("c1") == Draft("half a thought", FILES[1:])
    await later.save_draft("c1", "half a thought")
    assert await later.draft("c1") == Draft("half a thought")
    await later.save_draft("c2", "")
    assert await later.draft("c2") == Draft()
    assert sorted(await later.drafts()) == ["c1", "c3"]


async def test_files_are_kept_as_long_as_a_draft_names_them(store: SqliteStore) -> None:
    await begin(store)
    for data in (b"x", b"y", b"unnamed"):
        await store.put_blob(data)
    await store.save_draft("c1", "", FILES)
    await age(store, KEPT_SECONDS + 60)
    await store.recover()
    assert await store.blob(blob_key(b"x")) == b"x"
    assert await store.blob(blob_key(b"y")) == b"y"
    assert await store.blob(blob_key(b"unnamed")) is None
    await store.save_draft("c1", "", FILES[1:])
    await store.recover()
    assert await store.blob(blob_key(b"x")) is None
    await store.save_draft("c1", "")
    await store.recover()
    assert await count(store, "blobs") == 0


@pytest.mark.parametrize("odd", ["{", '["x"]', '"x"', "[1, null]", '[{"blob": 5}]', "{}", ""])
async def test_an_odd_list_of_files_costs_no_text_and_no_other_file(
    odd: str, store: SqliteStore
) -> None:
    for data in (b"x", b"y"):
        await store.put_blob(data)
    await store.save_draft("c1", "typed", FILES[:1])
    await store.save_draft("c2", "odd", FILES[1:])
    await age(store, KEPT_SECONDS + 60)
    await sql(
        store,
        lambda db: db.execute(
            "UPDATE drafts SET attachments = ? WHERE conversation_id = 'c2'", (odd,)
        ),
    )
    await store.recover()
    assert await store.drafts() == {"c1": Draft("typed", FILES[:1]), "c2": Draft("odd")}
    assert await store.blob(blob_key(b"x")) == b"x"
    assert await store.blob(blob_key(b"y")) is None
