"""Traces of answers: kept in memory for the newest, rebuilt for others, written line by line."""

import io
import json
from dataclasses import replace

import pytest

from desktop_chat.chat import traces
from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.snippets import asking_request
from desktop_chat.chat.trace_lines import WrittenTrace, record_fields, trace_lines
from desktop_chat.chat.trace_text import (
    MAX_SHOWN,
    Rows,
    body_text,
    exchanges,
    note_words,
    raw_line,
    reply_text,
    request_text,
    told_line,
)
from desktop_chat.chat.traces import Traces
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import Done, FinishReason, ImagePart, TextDelta
from desktop_chat.core.messages import MessageState
from desktop_chat.core.trace import (
    Trace,
    TraceBytes,
    TraceEvent,
    TraceNote,
    TraceReply,
    TraceRequest,
)
from desktop_chat.wiring import House
from tests.helpers.byte_server import ByteServer, json_reply
from tests.unit.chat.support import OPTIONS, answer, open_house

KEY = "sk-wire-0123456789abcdef"


async def session(house: House) -> ChatSession:
    made = house.sessions.session()
    await made.set_options(OPTIONS)
    return made


async def test_every_answer_has_its_trace_without_the_key() -> None:
    busy = json_reply(503, {"error": {"message": f"busy {KEY}"}}, "retry-after-ms: 1")
    async with (
        ByteServer([busy, answer("he", "llo")]) as server,
        open_house(
            server, auth="bearer", key_env=("LOCAL_KEY",), environ={"LOCAL_KEY": KEY}
        ) as house,
    ):
        chat = await session(house)
        row = await chat.send("hi")
        await chat.wait()
        trace = chat.trace(row.id)
        assert KEY in server.requests[1].headers["authorization"]
        assert trace is not None
        asked = asking_request(trace)
        assert asked is not None
        assert asked.body == server.requests[1].body
        assert [item.reply and item.reply.status for item in exchanges(trace)] == [503, 200]
        assert [record.what for record in trace.records if isinstance(record, TraceNote)] == [
            "retry",
            "end",
        ]
        said = [r.event for r in trace.records if isinstance(r, TraceEvent)]
        assert TextDelta("he") in said
        assert Done(FinishReason.STOP) in said
        for text in (*trace_lines(trace), *map(repr, trace.records)):
            assert KEY not in text
        assert chat.trace("unknown") is None


async def test_an_older_answer_shows_what_would_be_sent_now() -> None:
    async with ByteServer([answer("hello")]) as server:
        async with open_house(server) as house:
            chat = await session(house)
            row = await chat.send("hi")
            await chat.wait()
            chat_id = chat.conversation.id
        sent = server.requests[0]
        async with open_house(server) as house:
            again = house.sessions.session(chat_id)
            assert again.trace(row.id) is None
            rebuilt = await again.rebuilt_request(row.id)
        assert len(server.requests) == 1
    assert rebuilt.url == f"{server_url(sent.headers['host'])}/chat/completions"
    assert json.loads(rebuilt.body) == sent.json()


def server_url(host: str) -> str:
    return f"http://{host}/v1"


def test_they_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Traces()
    for number in range(traces.MAX_TRACES + 5):
        kept.begin(str(number))
    assert kept.get("4") is None
    assert kept.get("5") is not None
    monkeypatch.setattr(traces, "MAX_BYTES", 1000)
    large = kept.begin("large")
    large.add_bytes(b"x" * 2000)
    kept.begin("next")
    assert kept.get("large") is None
    assert kept.get("next") is not None
    first = kept.begin("same")
    assert kept.begin("same") is not first


def test_pictures_count_and_what_is_sent_again_is_kept_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traces, "MAX_BYTES", 10_000)
    kept = Traces()
    tried = kept.begin("tried")
    for _ in range(6):
        tried.add(TraceRequest(0.0, "s", "POST", "https://h/v1", (), bytes(bytearray(2000))))
    bodies = [record.body for record in tried.records if isinstance(record, TraceRequest)]
    assert len(bodies) == 6
    assert all(body is bodies[0] for body in bodies)
    painted = kept.begin("painted")
    assert kept.get("tried") is tried
    painted.add(TraceEvent(0.0, ImagePart(bytes(20_000), "image/png")))
    kept.begin("next")
    assert kept.get("painted") is None


ERROR = ErrorInfo(ErrorKind.OVERLOADED, 503, "busy", host="h")
PNG = b"\x89PNG\r\n\x1a\n"


def example() -> Trace:
    trace = Trace()
    trace.add(
        TraceRequest(0.0, "s", "POST", "https://h/v1", (("a", "b"),), b'{"q":"\xe4\xbd\xa0"}')
    )
    trace.add(TraceReply(0.1, 503, (("c", "d"),), "HTTP/2"))
    trace.add(TraceNote(0.2, "retry", ERROR, "0.5"))
    trace.add(TraceRequest(0.7, "s", "POST", "https://h/v1", (), b"{}"))
    trace.add(TraceReply(0.8, 200, (), "HTTP/2"))
    trace.add(TraceBytes(0.9, b"data: one\n\ndata: two\n\n", 22))
    trace.add(TraceEvent(0.9, TextDelta("one")))
    trace.add(TraceEvent(0.9, TextDelta("two")))
    trace.add(TraceBytes(1.0, PNG, 8))
    trace.add(TraceEvent(1.0, ImagePart(PNG, "image/png")))
    trace.add(TraceBytes(1.1, b"", 999))
    trace.add(TraceNote(1.2, "end", None, "stop"))
    return trace


def test_lines() -> None:
    lines = [json.loads(line) for line in trace_lines(example())]
    assert [line["record"] for line in lines] == [
        "request", "reply", "note", "request", "reply", "bytes", "event", "event", "bytes",
        "event", "bytes", "note",
    ]  # fmt: skip
    assert lines[0]["body"] == '{"q":"你"}'
    assert lines[1] == {"at": 0.1, "record": "reply", "status": 503, "http": "HTTP/2",
                        "headers": [["c", "d"]]}  # fmt: skip
    assert lines[2]["error"]["kind"] == "overloaded"
    assert lines[6]["text"] == "one"
    assert lines[8]["base64"] == "iVBORw0KGgo="
    assert lines[9]["data"] == 8
    assert (lines[10]["size"], lines[10]["data"]) == (999, "")


def test_a_trace_that_is_written_keeps_nothing_and_outlives_a_full_disk() -> None:
    file = io.StringIO()
    lost: list[OSError] = []
    trace = WrittenTrace(file, lost.append)
    for record in example().records:
        trace.add(record)
    trace.add_bytes(b"more")
    assert trace.records == []
    assert len(file.getvalue().splitlines()) == 13
    assert json.loads(file.getvalue().splitlines()[0]) == record_fields(example().records[0])

    class Full(io.StringIO):
        def write(self, _text: str, /) -> int:
            raise OSError(28, "No space")

    trace = WrittenTrace(Full(), lost.append)
    trace.add_bytes(b"a")
    trace.add_bytes(b"b")
    assert [error.strerror for error in lost] == ["No space"]


def test_rows_grow_with_the_trace() -> None:
    trace, rows = Trace(), Rows()
    assert rows.take(trace) == 0
    everything = example().records
    for record in everything:
        trace.add(record)
        first = rows.take(trace)
        assert first <= len(rows.rows)
    whole = Rows()
    whole.take(example())
    assert rows.rows == whole.rows
    assert [(raw_line(row), told_line(row)) for row in rows.rows] == [
        ("→ POST https://h/v1", ""),
        ("← HTTP/2 503", ""),
        ("", "Asks again in 0.5 s · the service is overloaded"),
        ("→ POST https://h/v1", ""),
        ("← HTTP/2 200", ""),
        ("data: one⏎⏎data: two", "TextDelta  one"),
        ("", "TextDelta  two"),
        ("�PNG⏎\x1a", "ImagePart  data=(8 B)  media_type=image/png"),
        ("(999 B)", ""),
        ("", "End: stop"),
    ]


def test_exchanges_and_their_texts() -> None:
    first, second = exchanges(example())
    assert request_text(first.request) == 'POST https://h/v1\na: b\n\n{\n  "q": "你"\n}\n'
    assert reply_text(first) == "HTTP/2 503\nc: d\n"
    assert second.missing == 999
    assert "999" in reply_text(second)
    assert reply_text(replace(first, reply=None)) == "There was no reply."


def test_long_texts_are_cut() -> None:
    picture = json.dumps({"url": "A" * 100_000, "q": "short"}).encode()
    assert len(body_text(picture)) < 1000
    assert "short" in body_text(picture)
    assert len(body_text(b"x" * 10 * MAX_SHOWN)) < MAX_SHOWN + 100
    assert len(body_text(b'"' + b"x" * 5_000_000 + b'"')) < MAX_SHOWN + 100
    assert body_text(b"[" * 100_000).startswith("[[[")


@pytest.mark.parametrize(
    "what", ["retry", "switch", "hedge", "queue", "cache", "refresh", "key", "error", "end"]
)
def test_every_note_is_told(what: str) -> None:
    note = TraceNote(0.0, what, None, "x")  # type: ignore[arg-type]
    assert note_words(note)
    assert "{" not in note_words(note)


async def test_an_answer_that_failed_has_its_trace() -> None:
    async with (
        ByteServer([json_reply(400, {"error": {"message": "no"}})]) as server,
        open_house(server) as house,
    ):
        chat = await session(house)
        row = await chat.send("hi")
        await chat.wait()
        trace = chat.trace(row.id)
        assert trace is not None
        assert b"no" in exchanges(trace)[0].body
        last = trace.records[-1]
        assert isinstance(last, TraceNote)
        assert (last.what, last.error is not None) == ("error", True)
        message = chat.branch()[-1]
        assert message.state is MessageState.FAILED
