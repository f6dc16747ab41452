"""Files, pictures, further answers, other services and costs in a conversation: the real house,
real HTTP, a real store.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from desktop_chat.chat.attachments import AttachmentReader
from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import (
    MessageAdded,
    MessageAnswered,
    MessageFiles,
    MessageFinished,
)
from desktop_chat.core.attachments import Attached, AttachmentKind, blob_key
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    Answered,
    ChoiceDelta,
    Done,
    Echo,
    FinishReason,
    ImagePart,
    RemoteId,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Cost, Message, MessageState, Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model, Price
from desktop_chat.wiring import House
from tests.helpers.byte_server import HANG, ByteServer, json_reply
from tests.unit.chat.support import (
    OPTIONS,
    SERVICE_ID,
    Watch,
    answer,
    ask,
    empty_disk,
    fill_disk,
    loaded,
    open_house,
    part,
    png,
    texts,
)

PICTURE = png(3, 2)
PRICE = Price("CNY", input=2.0, output=8.0)
MODELS = (
    Model("m", price=PRICE, prefix=True),
    Model("blind", images=False),
    Model("painter", makes="image", price=Price("CNY", 0.0, 0.0, image=0.25)),
)


@dataclass
class Scripted:
    """A provider that yields what it is told, and remembers what it was asked."""

    scripts: list[list[StreamEvent | asyncio.Event | Exception]]
    requests: list[ChatRequest] = field(default_factory=list)
    controls: list[StreamControl] = field(default_factory=list)

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        self.controls.append(control)
        for step in script:
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    async def list_models(self) -> list[Model]:
        return []

    def said(self, number: int = -1) -> tuple[ChatMessage, ...]:
        return self.requests[number].messages


def told(*events: StreamEvent, reason: FinishReason = FinishReason.STOP) -> list[Any]:
    return [*events, Done(reason)]


@asynccontextmanager
async def conversation(
    *scripts: list[Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[House, ChatSession, Scripted]]:
    """A session whose service answers by script: events that no one protocol has all of."""
    provider = Scripted(list(scripts))
    # The server is only an address; nothing is sent there.
    async with (
        ByteServer([HANG_SCRIPT]) as server,
        open_house(server, models=MODELS) as house,
    ):
        monkeypatch.setattr(house.providers, "provider", lambda *_args, **_kwargs: provider)
        session = house.sessions.session()
        await session.set_options(OPTIONS)
        yield house, session, provider


HANG_SCRIPT = [HANG]


async def stored(house: House, message_id: str) -> Message:
    (message,) = await house.store.messages([message_id])
    return message


async def file(name: str, data: bytes) -> Attached:
    return await AttachmentReader().read_bytes(name, data)


async def test_files_are_saved_with_their_question_and_sent_again_with_later_ones() -> None:
    server = ByteServer([answer("a")])
    async with server, open_house(server, models=MODELS) as house:
        session = house.sessions.session()
        await session.set_options(OPTIONS)
        watch = Watch(session)
        picture = await file("a.png", PICTURE)
        row = await session.send("what is it", [picture, await file("b.txt", b"text of b")])
        await session.wait()
        added = (await watch.kind(MessageAdded)).message
        assert [item.name for item in added.attachments] == ["a.png", "b.txt"]
        assert await stored(house, row.parent_id or "") == added
        assert await house.store.blob(picture.file.blob) == PICTURE
        assert await session.blob(picture.file.blob) == PICTURE
        uri = base64.b64encode(PICTURE).decode()
        assert uri in server.requests[0].body.decode()
        assert "text of b" in server.requests[0].body.decode()

        later = house.sessions.session()
        await session.stop()
        house.sessions.release(session)
        again = house.sessions.session(session.conversation.id)
        assert again is not session
        assert again is not later
        await again.open()
        await ask(again, "and now")
        body = server.requests[1].body.decode()
        assert uri in body
        assert "text of b" in body
        assert server.requests[1].json()["messages"][-1]["content"] == "and now"


async def test_files_alone_are_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async with conversation(told(TextDelta("a")), monkeypatch=monkeypatch) as (_, session, asked):
        await session.send("  ", [await file("plan.png", PICTURE)])
        await session.wait()
        assert session.conversation.title == "plan.png"
        (said,) = asked.said()
        assert [item.data for item in said.attached] == [PICTURE]
        await ask(session, "q2")
        assert [len(item.attached) for item in asked.said()] == [1, 0, 0]
        with pytest.raises(ValueError, match="says something"):
            await session.send(" ")
        with pytest.raises(ChatError) as caught:
            await session.send("q", [await file(f"{number}.txt", b"x") for number in range(13)])
        assert caught.value.info.code == "too_many_files"
        assert not session.running


async def test_an_edited_question_keeps_its_files_unless_it_is_given_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with conversation(told(TextDelta("a")), monkeypatch=monkeypatch) as (_, session, asked):
        row = await session.send("q", [await file("a.png", PICTURE)])
        await session.wait()
        first = loaded(session, row.parent_id or "")
        await session.edit(first.id, "q, again")
        await session.wait()
        question = session.branch()[0]
        assert isinstance(question, Message)
        assert question.attachments == first.attachments
        assert [item.data for item in asked.said()[0].attached] == [PICTURE]
        await session.edit(question.id, "", [*first.attachments, await file("b.txt", b"b")])
        await session.wait()
        assert [item.data for item in asked.said()[0].attached] == [PICTURE, b"b"]
        newest = session.branch()[0]
        await session.edit(newest.id, "none", [])
        await session.wait()
        assert asked.said()[0].attached == ()


async def test_a_full_disk_keeps_files_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()
    script = [ImagePart(PICTURE, "image/png"), go, Done(FinishReason.STOP)]
    async with conversation(script, monkeypatch=monkeypatch) as (house, session, _):
        watch = Watch(session)
        await house.store.drafts()
        await fill_disk(house.store)
        large = await file("a.txt", b"x" * 500_000)
        row = await session.send("q", [large])
        await watch.kind(MessageFiles)
        assert await session.blob(large.file.blob) == large.data
        assert await session.blob(blob_key(PICTURE)) == PICTURE
        go.set()
        await session.wait()
        assert session.unsaved
        await empty_disk(house.store)
        await session.retry_saving()
        assert await house.store.blob(large.file.blob) == large.data
        assert await house.store.blob(blob_key(PICTURE)) == PICTURE
        assert (await stored(house, row.id)).attachments[0].blob == blob_key(PICTURE)


async def test_a_picture_is_shown_at_once_and_stored_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = asyncio.Event()
    other = png(400, 300) + bytes(300_000)
    part_one, part_two = ImagePart(PICTURE, "image/png"), ImagePart(other, "image/jpeg")
    script = [part_one, part_one, part_two, go, Usage(images=2), Done(FinishReason.STOP)]
    async with conversation(script, monkeypatch=monkeypatch) as (house, session, _):
        watch = Watch(session)
        row = await session.send("a cat")
        await watch.until(
            lambda item: isinstance(item, MessageFiles) and blob_key(other) in item.data
        )
        first, second = watch.of(MessageFiles)
        assert first.message_id == row.id
        assert first.data == {blob_key(PICTURE): PICTURE}
        assert [item.name for item in second.attachments] == ["picture-1.png", "picture-2.png"]
        assert second.data == {blob_key(other): other}
        kinds = [(item.generated, item.width, item.media_type) for item in second.attachments]
        assert kinds == [(True, 3, "image/png"), (True, 400, "image/png")]
        async with asyncio.timeout(10):
            while len((await stored(house, row.id)).attachments) < 2:
                continue
        assert (await stored(house, row.id)).state is MessageState.STREAMING
        assert await house.store.blob(blob_key(other)) == other
        go.set()
        await session.wait()
        assert (await stored(house, row.id)).attachments == second.attachments


async def test_a_stopped_answer_with_a_picture_is_not_void(monkeypatch: pytest.MonkeyPatch) -> None:
    script = [ImagePart(PICTURE, "image/png"), asyncio.Event()]
    async with conversation(script, told(TextDelta("b")), monkeypatch=monkeypatch) as (
        _,
        session,
        _asked,
    ):
        watch = Watch(session)
        row = await session.send("a cat")
        await watch.kind(MessageFiles)
        await session.stop()
        await session.regenerate(row.id)
        await session.wait()
        assert session.siblings(session.branch()[-1].id) == (2, 2)


async def test_what_a_model_does_not_take_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with conversation(told(TextDelta("a")), monkeypatch=monkeypatch) as (_, session, asked):
        await session.send("q", [await file("a.png", PICTURE), await file("b.txt", b"b")])
        await session.wait()
        await session.set_options(replace(OPTIONS, model="blind"))
        await ask(session, "q2")
        first = asked.said()[0]
        assert [item.file.name for item in first.attached] == ["b.txt"]
        assert first.text == "q\n\n[a.png]"
        row = await session.send("q3", [await file("a.png", PICTURE)])
        await session.wait()
        failed = loaded(session, row.id)
        assert failed.error is not None
        assert (failed.error.kind, failed.error.code) == (ErrorKind.BAD_REQUEST, "no_images")
        assert len(asked.requests) == 2


async def test_further_answers_become_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    script = told(
        ChoiceDelta(2, "third"),
        TextDelta("first"),
        ChoiceDelta(1, "sec"),
        ChoiceDelta(1, "ond", reasoning="hm"),
        ChoiceDelta(3),
        Usage(1_000_000, 0),
    )
    async with conversation(script, monkeypatch=monkeypatch) as (house, session, _):
        watch = Watch(session)
        counts: list[tuple[int, int]] = []
        session.subscribe(
            lambda item: (
                counts.append(session.siblings(item.message.id))
                if isinstance(item, MessageFinished)
                else None
            )
        )
        row = await ask(session, "q")
        assert counts == [(1, 3)], "they are there when the end is told"
        await watch.kind(MessageFinished)
        assert texts(session.branch()) == ["q", "first"]
        await session.show_sibling(row.id, 1)
        assert texts(session.branch()) == ["q", "second"]
        found = session.branch()[-1]
        assert isinstance(found, Message)
        assert (found.reasoning, found.state, found.cost) == ("hm", MessageState.DONE, None)
        heads = await house.store.heads(session.conversation.id)
        saved = await house.store.messages([head.id for head in heads])
        assert sorted(item.text for item in saved) == ["first", "q", "second", "third"]
        assert await session.cost() == {"CNY": 2.0}


async def written(house: House, session: ChatSession, *wanted: str) -> list[Message]:
    """Wait until the store has these texts, and return the messages of the conversation."""
    async with asyncio.timeout(20):
        while True:
            heads = await house.store.heads(session.conversation.id)
            found = list(await house.store.messages([head.id for head in heads]))
            if {item.text for item in found} >= set(wanted):
                return found
            await asyncio.sleep(0.01)


async def test_what_further_answers_have_brought_outlives_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = asyncio.Event()
    script = [
        Answered("spare", "Spare", "m2"),
        TextDelta("first"),
        *(ChoiceDelta(number % 3 + 1, f"{number} ", "hm ") for number in range(9)),
        go,
        ChoiceDelta(1, "end"),
        Done(FinishReason.STOP),
    ]
    async with conversation(script, monkeypatch=monkeypatch) as (house, session, _):
        row = await session.send("q")
        found = await written(house, session, "first", "0 3 6 ", "1 4 7 ", "2 5 8 ")
        answers = [item for item in found if item.role is Role.ASSISTANT]
        assert len(answers) == 4
        for item in answers:
            assert (item.state, item.run_id) == (MessageState.STREAMING, house.store.run_id)
            assert (item.service_id, item.model) == ("spare", "m2"), "not who was asked"
            assert item.asked_service == "Local"
        go.set()
        await session.wait()
        saved = await written(house, session, "q", "first", "0 3 6 end", "1 4 7 ", "2 5 8 ")
        assert len(saved) == 5, "nothing is there twice"
        assert {item.state for item in saved} == {MessageState.DONE}
        assert session.siblings(row.id) == (1, 4)


async def test_further_answers_are_kept_when_the_task_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = [TextDelta("first"), ChoiceDelta(1, "second"), asyncio.Event()]
    async with conversation(script, monkeypatch=monkeypatch) as (house, session, _):
        watch = Watch(session)
        row = await session.send("q")
        await watch.text("first")
        for task in list(session._work):
            task.cancel()
        await session.wait()
        saved = await written(house, session, "first", "second")
        answers = [item for item in saved if item.role is Role.ASSISTANT]
        assert {item.state for item in answers} == {MessageState.STOPPED}
        assert session.siblings(row.id) == (1, 2)


async def test_who_really_answers_is_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()
    script = [Answered("spare", "Spare", "m2"), TextDelta("a"), go, Done(FinishReason.STOP)]
    cached = told(Answered(SERVICE_ID, "Local", "m", 77.0), TextDelta("b"), Usage(1_000_000, 0))
    async with conversation(script, cached, monkeypatch=monkeypatch) as (house, session, asked):
        watch = Watch(session)
        row = await session.send("q")
        now = (await watch.kind(MessageAnswered)).message
        assert (now.service_id, now.model, now.asked_service) == ("spare", "m2", "Local")
        go.set()
        await session.wait()
        saved = await stored(house, row.id)
        assert (saved.service_name, saved.model, saved.asked_service) == ("Spare", "m2", "Local")
        assert saved.cost is None, "nobody knows what the spare one costs"
        again = await ask(session, "q")
        assert (again.cached_at, again.asked_service, again.cost) == (77.0, "", Cost(0.0, "CNY"))
        assert [control.fresh for control in asked.controls] == [False, False]
        await session.regenerate(again.id, fresh=True)
        await session.wait()
        assert asked.controls[-1].fresh


async def test_tool_calls_and_echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    echo: JsonValue = {"protocol": "p", "data": [1]}
    script = told(
        ToolCallDelta(0, "c1", "look", '{"a"'),
        ToolCallDelta(1, "", "see", "{}"),
        ToolCallDelta(0, "other", "name", ":1}"),
        Echo({"protocol": "old"}),
        Echo(echo),
        reason=FinishReason.TOOL_CALLS,
    )
    said = told(TextDelta("b"), Echo(echo))
    async with conversation(script, said, monkeypatch=monkeypatch) as (house, session, asked):
        row = await ask(session, "q")
        saved = await stored(house, row.id)
        assert saved.tool_calls[0] == ToolCall("c1", "look", '{"a":1}')
        assert saved.tool_calls[1].id
        assert saved.echo == echo
        await ask(session, "q2")
        assert [item.role for item in asked.said()] == [Role.USER], "no call without its result"
        await ask(session, "q3")
        assert [item.echo for item in asked.said()] == [None, echo, None]


def with_remote(id_: str) -> list[Any]:
    return told(TextDelta("a"), RemoteId(id_))


async def test_the_services_own_conversation_goes_on_only_on_its_branch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = told(TextDelta("a"))
    failing = [TextDelta("a"), ProviderError(ErrorInfo(ErrorKind.DROPPED))]
    scripts = [
        with_remote("r1"),
        plain,
        with_remote("r2"),
        plain,
        with_remote("r3"),
        failing,
        plain,
    ]
    async with conversation(*scripts, monkeypatch=monkeypatch) as (house, session, asked):

        def sent() -> list[str]:
            return [request.remote_id for request in asked.requests]

        first = await ask(session, "q1")
        kept = await house.store.conversation(session.conversation.id)
        assert kept is not None
        assert kept.remote_ids == {SERVICE_ID: "r1"}
        await ask(session, "q2")
        assert sent() == ["", "r1"]
        await session.regenerate(first.id)
        await session.wait()
        assert sent()[-1] == "", "an earlier answer, anew"
        await ask(session, "q2")
        assert sent()[-1] == "r2"
        await session.edit(session.branch()[0].id, "other")
        await session.wait()
        assert sent()[-1] == ""
        assert session.conversation.remote_ids == {SERVICE_ID: "r3"}
        await ask(session, "fails")
        assert sent()[-1] == "r3"
        assert session.conversation.remote_ids == {}
        await ask(session, "next")
        assert sent()[-1] == ""


@pytest.mark.parametrize("change", ["sibling", "system", "service"])
async def test_what_ends_the_services_own_conversation(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with conversation(with_remote("r1"), with_remote("r2"), monkeypatch=monkeypatch) as (
        house,
        session,
        asked,
    ):
        first = await ask(session, "q1")
        await session.regenerate(first.id)
        await session.wait()
        if change == "sibling":
            await session.show_sibling(session.branch()[-1].id, -1)
        elif change == "system":
            await session.set_options(replace(OPTIONS, system="Be brief."))
        else:
            service = house.catalogue.service(SERVICE_ID)
            assert service is not None
            house.catalogue.save(replace(service, id="second"))
            await session.set_options(replace(OPTIONS, service_id="second"))
        await ask(session, "q2")
        assert asked.requests[-1].remote_id == ""


async def test_a_system_prompt_that_is_changed_during_an_answer_ends_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = asyncio.Event()
    script = [TextDelta("a"), go, RemoteId("r1"), Done(FinishReason.STOP)]
    async with conversation(script, with_remote("r2"), monkeypatch=monkeypatch) as (
        _house,
        session,
        asked,
    ):
        watch = Watch(session)
        await session.send("q1")
        await watch.text("a")
        await session.set_options(replace(OPTIONS, system="Be brief."))
        go.set()
        await session.wait()
        assert session.conversation.remote_ids == {}
        await ask(session, "q2")
        assert asked.requests[-1].remote_id == ""
        assert session.conversation.remote_ids == {SERVICE_ID: "r2"}


async def test_a_backups_answer_ends_the_services_own_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spare = [Answered("spare", "Spare", "m2"), TextDelta("b"), Done(FinishReason.STOP)]
    scripts = [with_remote("r1"), spare, with_remote("r2"), told(TextDelta("c"))]
    async with conversation(*scripts, monkeypatch=monkeypatch) as (house, session, asked):
        await ask(session, "q1")
        assert session.conversation.remote_ids == {SERVICE_ID: "r1"}
        await ask(session, "q2")
        kept = await house.store.conversation(session.conversation.id)
        assert kept is not None
        assert kept.remote_ids == session.conversation.remote_ids == {}
        await ask(session, "q3")
        await ask(session, "q4")
        assert [request.remote_id for request in asked.requests] == ["", "r1", "", "r2"]
        assert [item.text for item in asked.said(2)] == ["q1", "a", "q2", "b", "q3"]


async def test_an_answer_is_written_on_from_its_beginning_where_the_model_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = told(TextDelta("one two"), Usage(1_000_000, 0), reason=FinishReason.LENGTH)
    rest = told(TextDelta(" three"), Usage(2_000_000, 0))
    async with conversation(cut, rest, monkeypatch=monkeypatch) as (_, session, asked):
        row = await ask(session, "count")
        assert row.cost == Cost(2.0, "CNY")
        await session.continue_answer(row.id)
        await session.wait()
        whole = loaded(session, row.id)
        assert (whole.text, whole.usage) == ("one two three", Usage(3_000_000, 0))
        assert whole.cost == Cost(6.0, "CNY")
        assert asked.said()[-1] == ChatMessage(Role.ASSISTANT, "one two", partial=True)
        assert await session.cost() == {"CNY": 6.0}


async def test_what_a_dropped_part_cost_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = [TextDelta("one two"), ProviderError(ErrorInfo(ErrorKind.DROPPED))]
    rest = told(TextDelta(" three"), Usage(2_000_000, 0))
    async with conversation(cut, rest, monkeypatch=monkeypatch) as (_, session, _asked):
        row = await ask(session, "count")
        await session.continue_answer(row.id)
        await session.wait()
        assert loaded(session, row.id).cost is None


async def test_a_failure_before_the_first_word_costs_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = told(TextDelta("one two"), Usage(1_000_000, 0), reason=FinishReason.LENGTH)
    dead = [ProviderError(ErrorInfo(ErrorKind.NETWORK))]
    async with conversation(cut, dead, monkeypatch=monkeypatch) as (_, session, _asked):
        row = await ask(session, "count")
        await session.continue_answer(row.id)
        await session.wait()
        assert loaded(session, row.id).cost == Cost(2.0, "CNY")


async def test_a_request_says_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with conversation(told(TextDelta("a")), monkeypatch=monkeypatch) as (_, session, asked):
        await session.set_options(replace(OPTIONS, extra={"a": 1}, extra_headers={"x": "y"}))
        await ask(session, "q")
        request = asked.requests[0]
        assert request.conversation_id == session.conversation.id
        assert (request.extra, request.extra_headers) == ({"a": 1}, {"x": "y"})


async def test_a_picture_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = told(ImagePart(PICTURE, "image/png"), Usage(images=1))
    async with conversation(
        told(TextDelta("# A *cat*\n\non a **roof**")),
        painted,
        painted,
        painted,
        told(TextDelta("c")),
        monkeypatch=monkeypatch,
    ) as (house, session, asked):
        said = await ask(session, "tell me")
        await session.picture_of(said.id, SERVICE_ID, "painter")
        await session.wait()
        _, _, question, picture = session.branch()
        assert isinstance(question, Message)
        assert isinstance(picture, Message)
        assert question.text == "A picture of this answer"
        assert [(item.kind, item.generated) for item in question.attachments] == [
            (AttachmentKind.TEXT, True)
        ]
        prompt = "A cat\n\non a roof"
        assert asked.said() == (ChatMessage(Role.USER, prompt),)
        assert asked.requests[-1].model == "painter"
        assert await house.store.blob(question.attachments[0].blob) == prompt.encode()
        assert (picture.model, picture.cost) == ("painter", Cost(0.25, "CNY"))
        assert session.conversation.options.model == "m", "the conversation goes on as before"

        await session.regenerate(picture.id)
        await session.wait()
        assert asked.requests[-1].model == "painter"
        await session.edit(question.id, "As a woodcut:")
        await session.wait()
        assert asked.requests[-1].model == "painter"
        assert asked.said() == (ChatMessage(Role.USER, f"As a woodcut:\n\n{prompt}"),)
        await ask(session, "thanks")
        assert asked.requests[-1].model == "m"
        assert [item.text for item in asked.said()][-1] == "thanks"
        assert await session.cost() == {"CNY": 0.75}


async def test_files_do_not_burden_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    async with conversation(told(TextDelta("a")), monkeypatch=monkeypatch) as (house, session, _):
        await session.send("q", [await file("a.png", PICTURE)])
        await session.wait()
        house.sessions.release(session)
        statements: list[str] = []

        def trace(_cursor: object, statement: str, _bindings: object) -> bool:
            statements.append(statement)
            return True

        await house.store._read(lambda db: db.set_exec_trace(trace))
        await house.sessions.session(session.conversation.id).open()
        await house.store._read(lambda db: db.set_exec_trace(None))
        assert statements
        assert not [item for item in statements if "blobs" in item]


async def test_a_service_that_refuses_a_picture_is_quoted() -> None:
    no = json_reply(400, {"error": {"message": "no images here", "code": "bad_image"}})
    async with ByteServer([no, part("x")]) as server, open_house(server) as house:
        session = house.sessions.session()
        await session.set_options(OPTIONS)
        row = await session.send("q", [await file("a.png", PICTURE)])
        await session.wait()
        error = loaded(session, row.id).error
        assert error is not None
        assert (error.kind, error.message) == (ErrorKind.BAD_REQUEST, "no images here")
