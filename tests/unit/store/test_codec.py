"""What is read may come from a later version."""

import json
from functools import partial

import apsw
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import ChatOptions, MessageState, Role, Timing
from desktop_chat.store import SqliteStore, codec
from tests.unit.store.samples import begin, one, sql


async def test_a_row_of_a_later_version_is_read(store: SqliteStore) -> None:
    await begin(store)
    await store.append("m2", [("text", "x")])

    error = {"kind": "quantum", "status": "x", "message": "m", "values": {"a": "b", "c": 1}, "z": 1}
    usage = {"input_tokens": 3, "output_tokens": None, "seen_tokens": 9}
    timing = {"first_token": 1, "total": "long"}
    await sql(
        store,
        lambda db: db.execute(
            "UPDATE messages SET role = 'oracle', state = 'paused', reason = 'bored',"
            " error = ?, usage = ?, timing = ? WHERE id = 'm2'",
            (json.dumps(error), json.dumps(usage), json.dumps(timing)),
        ),
    )
    found = await one(store, "m2")
    assert found.role is Role.ASSISTANT
    assert found.state is MessageState.DONE
    assert found.reason is FinishReason.UNKNOWN
    assert found.error == ErrorInfo(
        ErrorKind.SERVER, message="m", values={"a": "b", "kind": "quantum"}
    )
    assert found.usage == Usage(input_tokens=3)
    assert found.timing == Timing(first_token=1.0)
    assert found.head() == (await store.heads("c1"))[1]


def set_options(text: str, connection: apsw.Connection) -> None:
    connection.execute("UPDATE conversations SET options = ?", (text,))


async def test_options_of_a_later_version_are_read(store: SqliteStore) -> None:
    await begin(store)
    for text, options in (
        ('{"model": "m", "temperature": 1, "top_p": true, "rounds": 2.5, "new": 1}',
         ChatOptions(model="m", temperature=1.0)),
        ('{"thinking": 1, "effort": null, "max_tokens": 7}', ChatOptions(max_tokens=7)),
        ("[]", ChatOptions()),
        ("{", ChatOptions()),
    ):  # fmt: skip
        await sql(store, partial(set_options, text))
        kept = await store.conversation("c1")
        assert kept is not None
        assert kept.options == options


@given(st.text(st.characters(codec="utf-8")))
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    assert codec.clean(text) == text


@given(st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010)))
def test_any_text_becomes_one_that_can_be_saved(text: str) -> None:
    assert len(codec.clean(text).encode()) >= len(codec.clean(text))


def test_surrogates_are_joined_or_replaced() -> None:
    assert codec.clean("\ud83d\ude00 \ude00\ud83d") == "😀 \ufffd\ufffd"
