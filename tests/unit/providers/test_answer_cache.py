import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.events import (
    Answered,
    ChoiceDelta,
    Done,
    Echo,
    FinishReason,
    ImagePart,
    Notice,
    NoticeKind,
    ReasoningDelta,
    RemoteId,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Price, Service, Thinking, ThinkingDialect
from desktop_chat.core.trace import Trace, TraceNote
from desktop_chat.providers.answer_cache import AnswerCache, Cached, is_repeatable, request_key
from tests.unit.providers.scripted import Scripted
from tests.unit.providers.support import Heard, hear, request, service

DONE = Done(FinishReason.STOP)
ZERO = request(temperature=0.0)
HERE = service()


class Desk:
    """A cache with a clock, and what is asked when it has nothing."""

    def __init__(self, folder: Path, **sizes: int) -> None:
        self.now = 1000.0
        self.folder = folder / "answers"
        self.cache = AnswerCache(self.folder, now=lambda: self.now, **sizes)
        self.inner = Scripted([TextDelta("Hello"), Usage(1, 2), DONE])

    async def ask(
        self,
        asked: ChatRequest = ZERO,
        *,
        by: Service = HERE,
        fresh: bool = False,
        origin: str = "https://here.test",
    ) -> Heard:
        provider = Cached(self.inner, self.cache, by, origin)
        return await hear(provider, asked, StreamControl(fresh=fresh))

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_the_same_question_is_answered_from_the_cache(desk: Desk) -> None:
    first = await desk.ask()
    desk.now = 2000.0
    again = await desk.ask()
    assert desk.inner.asked == 1
    assert first.events == [TextDelta("Hello"), Usage(1, 2), DONE]
    assert again.events == [Answered("here", "Here", "m", 1000.0), TextDelta("Hello"), DONE]


async def test_every_kind_of_delta_comes_again_in_order(desk: Desk) -> None:
    half = "\ud83d"
    said: list[StreamEvent] = [
        ReasoningDelta("think"),
        ReasoningDelta("ing"),
        TextDelta("Hel"),
        TextDelta(f"lo\u2028{half}"),
        ChoiceDelta(1, "b", "c"),
        Echo({"protocol": "x", "blocks": [1, None]}),
        TextDelta("end"),
    ]
    desk.inner.events = [Notice(NoticeKind.CONNECTING), *said, DONE]
    await desk.ask()
    heard = await desk.ask()
    assert heard.events[1:] == [
        ReasoningDelta("thinking"),
        TextDelta(f"Hello\u2028{half}"),
        *said[4:],
        DONE,
    ]


async def test_a_long_answer_comes_in_pieces(desk: Desk) -> None:
    text = "字" * 9_999
    desk.inner.events = [TextDelta(text), DONE]
    await desk.ask()
    heard = await desk.ask()
    assert heard.text == text
    assert len(heard.events) == 2 + 5


async def test_fresh_asks_anew_and_replaces(desk: Desk) -> None:
    await desk.ask()
    desk.inner.events = [TextDelta("Other"), DONE]
    desk.now = 3000.0
    assert (await desk.ask(fresh=True)).text == "Other"
    heard = await desk.ask()
    assert heard.events[0] == Answered("here", "Here", "m", 3000.0)
    assert (heard.text, desk.inner.asked, len(desk.files)) == ("Other", 2, 1)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([TextDelta("a"), Done(FinishReason.LENGTH)], id="cut"),
        pytest.param([TextDelta("a"), Done(FinishReason.UNKNOWN)], id="no reason"),
        pytest.param([TextDelta("a"), Done(FinishReason.CONTENT_FILTER)], id="filtered"),
        pytest.param([TextDelta("a")], id="no end"),
        pytest.param([DONE], id="empty"),
        pytest.param([ToolCallDelta(0, "a", "f", "{}"), DONE], id="tool call"),
        pytest.param([ImagePart(b"x", "image/png"), DONE], id="picture"),
        pytest.param([RemoteId("r"), TextDelta("a"), DONE], id="kept by the service"),
        pytest.param([Answered("b", "B", "m"), TextDelta("a"), DONE], id="by a backup"),
    ],
)
async def test_what_is_not_kept(desk: Desk, events: list[StreamEvent]) -> None:
    desk.inner.events = events
    assert (await desk.ask()).events == events
    assert desk.files == []
    await desk.ask()
    assert desk.inner.asked == 2


async def test_a_failure_is_not_kept(desk: Desk) -> None:
    desk.inner.events, desk.inner.fails = [TextDelta("Hel")], True
    assert (await desk.ask()).kind is not None
    assert desk.files == []


@pytest.mark.parametrize(
    ("changes", "fields", "may"),
    [
        ({"temperature": 0.0}, {}, True),
        ({"temperature": 0}, {}, True),
        ({"temperature": None}, {}, False),
        ({"temperature": 0.1}, {}, False),
        ({"temperature": 0.0, "extra": {"temperature": 1}}, {}, False),
        ({"extra": {"temperature": 0}}, {}, True),
        ({"temperature": 0.0, "extra": {"temperature": False}}, {}, False),
        ({"temperature": 0.0, "extra": {"temperature": None}}, {}, False),
        ({"temperature": 0.0}, {"body": {"temperature": 0.5}}, False),
        ({"temperature": 0.0, "tools": (ToolSpec("f"),)}, {}, False),
        ({"temperature": 0.0, "extra": {"tools": []}}, {}, False),
        ({"temperature": 0.0, "remote_id": "r"}, {}, False),
    ],
)
async def test_which_questions(
    desk: Desk, changes: dict[str, Any], fields: dict[str, Any], may: bool
) -> None:
    asked, by = request(**changes), replace(HERE, **fields)
    assert is_repeatable(by, asked) is may
    await desk.ask(asked, by=by)
    await desk.ask(asked, by=by)
    assert desk.inner.asked == (1 if may else 2)


def attached(data: bytes) -> Attached:
    return Attached(
        Attachment(blob_key(data), "a.png", "image/png", len(data), AttachmentKind.IMAGE), data
    )


def asks(**changes: Any) -> ChatRequest:
    message = replace(ChatMessage(Role.USER, "Hello"), **changes)
    return replace(ZERO, messages=(message,))


@pytest.mark.parametrize(
    "asked",
    [
        replace(ZERO, model="n"),
        replace(ZERO, top_p=0.5),
        replace(ZERO, max_tokens=5),
        replace(ZERO, thinking=True),
        replace(ZERO, effort="high"),
        replace(ZERO, sampling=Sampling(seed=1)),
        replace(ZERO, sampling=Sampling(stop=("a",))),
        replace(ZERO, extra={"a": 1}),
        replace(ZERO, extra_headers={"a": "1"}),
        asks(text="hello"),
        asks(role=Role.SYSTEM),
        asks(reasoning="a"),
        asks(partial=True),
        asks(echo={"a": 1}),
        asks(tool_call_id="a"),
        asks(tool_calls=(ToolCall("a", "f", "{}"),)),
        asks(attached=(attached(b"a"),)),
        asks(attached=(attached(b"b"),)),
    ],
)
def test_everything_counts(asked: ChatRequest) -> None:
    assert request_key(HERE, "o", asked) != request_key(HERE, "o", ZERO)


def test_what_does_not_change_the_answer_does_not_count() -> None:
    key = request_key(HERE, "o", ZERO)
    assert request_key(HERE, "o", replace(ZERO, conversation_id="c", stream=False)) == key
    assert request_key(replace(HERE, idle_timeout=3), "o", ZERO) == key
    assert request_key(HERE, "p", ZERO) != key
    assert request_key(replace(HERE, body={"a": 1}), "o", ZERO) != key
    assert request_key(replace(HERE, headers={"a": "b"}), "o", ZERO) != key
    name = ZERO.model
    thinks = Thinking(ThinkingDialect.THINK)
    changed = replace(HERE, models=(Model(name, thinking=thinks),))
    assert request_key(changed, "o", ZERO) != key, "it is asked in another way now"
    priced = replace(HERE, models=(Model(name, price=Price("CNY", 1.0, 1.0), name="A name"),))
    assert request_key(priced, "o", ZERO) == key
    files = {request_key(HERE, "o", asks(attached=(attached(data),))) for data in (b"a", b"b")}
    assert len(files) == 2
    assert request_key(HERE, "o", asks(text="\ud83d")) != key


async def test_what_is_on_disk(desk: Desk) -> None:
    by = replace(HERE, headers={"x-secret": "sk-secret"})
    await desk.ask(replace(ZERO, extra_headers={"x-other": "sk-other"}), by=by)
    (path,) = desk.files
    assert path.stem.isalnum()
    assert len(path.stem) == 64
    assert json.loads(path.read_text()) == {
        "form": 1,
        "when": 1000.0,
        "events": [["text", "Hello"]],
    }
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(desk.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"form":1,"when":1000.0,"events":[["text","Hel',
        b"\xff\x00",
        b"[]",
        b"null",
        b'{"form":2,"when":1000.0,"events":[]}',
        b'{"form":1,"when":"then","events":[]}',
        b'{"form":1,"when":1000.0,"events":[["text",1]]}',
        b'{"form":1,"when":1000.0,"events":[["picture","a"]]}',
        b'{"form":1,"when":1000.0,"events":5}',
        b"[" * 100_000,
    ],
)
async def test_a_damaged_file_is_a_miss_and_is_replaced(desk: Desk, content: bytes) -> None:
    await desk.ask()
    desk.files[0].write_bytes(content)
    assert (await desk.ask()).events == [TextDelta("Hello"), Usage(1, 2), DONE]
    assert desk.inner.asked == 2
    assert isinstance((await desk.ask()).events[0], Answered)


async def test_the_oldest_unused_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_entries=3)
    questions = [request(str(number), temperature=0.0) for number in range(4)]
    for number, asked in enumerate(questions[:3]):
        await desk.ask(asked)
        path = desk.folder / f"{request_key(HERE, 'https://here.test', asked)}.answer"
        os.utime(path, (number, number))
    await desk.ask(questions[0])
    await desk.ask(questions[3])
    assert (desk.inner.asked, len(desk.files)) == (4, 3)
    await desk.ask(questions[0])
    assert desk.inner.asked == 4, "it was used"
    await desk.ask(questions[1])
    assert desk.inner.asked == 5, "it was the oldest"


async def test_all_together_have_a_size(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_bytes=8_000)
    desk.inner.events = [TextDelta("a" * 900), DONE]
    for number in range(20):
        await desk.ask(request(str(number), temperature=0.0))
    sizes = [path.stat().st_size for path in desk.files]
    assert 6_000 < sum(sizes) <= 8_000
    desk.inner.events = [TextDelta("a" * 1_100), DONE]
    await desk.ask(request("huge", temperature=0.0))
    assert sizes == [path.stat().st_size for path in desk.files], "one may not take it all"


async def test_clearing(desk: Desk) -> None:
    await desk.cache.clear()
    await desk.ask()
    (desk.folder / "not-ours.txt").write_text("x")
    await desk.cache.clear()
    assert [path.name for path in desk.files] == ["not-ours.txt"]
    await desk.ask()
    assert desk.inner.asked == 2


async def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file")
    desk = Desk(tmp_path)
    assert (await desk.ask()).text == "Hello"
    assert (await desk.ask()).text == "Hello"
    await desk.cache.clear()


async def test_closing_early_keeps_nothing(desk: Desk) -> None:
    stream = Cached(desk.inner, desk.cache, HERE, "o").stream(ZERO, StreamControl())
    async for _ in stream:
        break
    await stream.aclose()
    assert (desk.inner.closed, desk.files) == (1, [])


async def test_a_trace_tells_of_it(desk: Desk) -> None:
    await desk.ask()
    trace = Trace()
    provider = Cached(desk.inner, desk.cache, HERE, "https://here.test")
    await hear(provider, ZERO, StreamControl(trace))
    assert [note.what for note in trace.records if isinstance(note, TraceNote)] == ["cache"]
