"""Sessions over the real store and real HTTP."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import apsw
import pytest

from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import (
    BranchChanged,
    ConversationChanged,
    MessageAdded,
    MessageDelta,
    MessageFinished,
    MessageNotice,
    MessageReopened,
    MessagesLoaded,
    RunningChanged,
    SavingFailed,
    SavingRecovered,
)
from desktop_chat.core.errors import ChatError, ErrorKind
from desktop_chat.core.events import FinishReason, NoticeKind, TextDelta
from desktop_chat.core.messages import Message, MessageHead, MessageState
from desktop_chat.core.secret import Secret
from desktop_chat.wiring import House, build
from tests.helpers.byte_server import (
    ABORT,
    END,
    HANG,
    SSE_HEAD,
    ByteServer,
    chunk,
    delta,
    event,
    json_reply,
)
from tests.unit.chat.support import (
    OPTIONS,
    Watch,
    answer,
    ask,
    empty_disk,
    fill_disk,
    loaded,
    local_service,
    open_house,
    part,
    rest,
    texts,
)


async def new_session(house: House) -> ChatSession:
    session = house.sessions.session()
    await session.set_options(OPTIONS)
    return session


async def stored(house: House, message_id: str) -> Message:
    (message,) = await house.store.messages([message_id])
    return message


async def test_a_question_is_saved_before_it_is_sent_and_the_answer_streams() -> None:
    go = asyncio.Event()
    server = ByteServer([[part("Hel"), go, rest("lo", finish="stop")]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        row = await session.send("How are you?\nmore")
        question = await stored(house, row.parent_id or "")
        assert question.text == "How are you?\nmore"
        assert (await stored(house, row.id)).state is MessageState.STREAMING
        await watch.text("Hel")
        assert loaded(session, row.id).text == "Hel"
        assert session.running_id == row.id
        go.set()
        await session.wait()
        assert watch.of(RunningChanged)[-1] == RunningChanged(False)
        saved = await stored(house, row.id)
        assert (saved.text, saved.state, saved.reason) == (
            "Hello",
            MessageState.DONE,
            FinishReason.STOP,
        )
        assert saved == watch.finished()
        assert saved.timing is not None
        assert saved.timing.first_token is not None
        assert saved.timing.total is not None
        assert saved.timing.first_token <= saved.timing.total
        assert saved.run_id == ""
        conversation = await house.store.conversation(session.conversation.id)
        assert conversation is not None
        assert conversation.title == "How are you?"
        assert conversation.options == OPTIONS
        kinds = [type(item) for item in watch.events]
        assert kinds == [
            ConversationChanged,
            MessageAdded,
            MessageAdded,
            RunningChanged,
            MessageDelta,
            MessageDelta,
            MessageFinished,
            RunningChanged,
        ]


async def test_what_streams_is_in_the_database_within_a_second() -> None:
    server = ByteServer([[part("so far"), HANG]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        row = await session.send("q")
        async with asyncio.timeout(10):
            while (await stored(house, row.id)).text != "so far":
                continue
        assert (await stored(house, row.id)).state is MessageState.STREAMING
        await session.stop()


async def test_usage_thinking_and_the_request() -> None:
    events = SSE_HEAD + b"".join(
        chunk(event(item))
        for item in (
            delta(reasoning_content="hm"),
            delta("yes", finish="stop"),
            {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}},
            "[DONE]",
        )
    )
    server = ByteServer([events + END])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await session.set_options(
            replace(OPTIONS, system="Be kind.", temperature=0.5, max_tokens=9)
        )
        message = await ask(session, "q")
        assert message.reasoning == "hm"
        assert message.usage is not None
        assert (message.usage.input_tokens, message.usage.output_tokens) == (7, 5)
        assert message.timing is not None
        assert message.timing.reasoning is not None
        body = server.requests[0].json()
        assert body["messages"] == [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "q"},
        ]
        assert (body["temperature"], body["max_tokens"], body["model"]) == (0.5, 9, "m")
        assert (message.service_name, message.model) == ("Local", "m")


async def test_the_whole_branch_is_sent_and_a_limit_leaves_rounds_out() -> None:
    server = ByteServer([answer("a"), answer("b"), answer("c"), answer("d")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        for text in ("1", "2", "3"):
            await ask(session, text)
        sent = [item["content"] for item in server.requests[2].json()["messages"]]
        assert sent == ["1", "a", "2", "b", "3"]
        await session.set_options(replace(OPTIONS, rounds=1))
        last = await ask(session, "4")
        sent = [item["content"] for item in server.requests[3].json()["messages"]]
        assert sent == ["3", "c", "4"]
        assert last.omitted == 4
        assert (await stored(house, last.id)).omitted == 4


async def test_stop_keeps_what_came() -> None:
    server = ByteServer([[part("begun"), HANG]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        row = await session.send("q")
        await watch.text("begun")
        await session.stop()
        saved = await stored(house, row.id)
        assert (saved.text, saved.state, saved.reason) == (
            "begun",
            MessageState.STOPPED,
            FinishReason.STOPPED,
        )
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_stop_at_once_ends_a_turn_that_has_not_begun() -> None:
    server = ByteServer([[HANG]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        row = await session.send("q")
        await session.stop()
        assert (await stored(house, row.id)).state is MessageState.STOPPED
        await session.stop()


async def test_a_second_question_waits_its_turn() -> None:
    server = ByteServer([[part("x"), HANG]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await session.send("q")
        with pytest.raises(ChatError) as caught:
            await session.send("another")
        assert caught.value.info.code == "busy"
        assert len(texts(session.branch())) == 2
        await session.stop()


async def test_a_blank_question_is_none() -> None:
    async with open_house() as house:
        session = await new_session(house)
        with pytest.raises(ValueError, match="says something"):
            await session.send("  \n")
        assert session.branch() == ()


async def test_an_error_stands_in_the_place_of_the_answer() -> None:
    refused = json_reply(401, {"error": {"message": "bad key", "code": "invalid_api_key"}})
    server = ByteServer([refused])
    async with server, open_house(server) as house:
        session = await new_session(house)
        message = await ask(session, "q")
        assert message.state is MessageState.FAILED
        assert message.error is not None
        assert (message.error.kind, message.error.status) == (ErrorKind.AUTHENTICATION, 401)
        saved = await stored(house, message.id)
        assert saved.error == message.error


async def test_without_a_key_nothing_is_sent() -> None:
    server = ByteServer([answer("never")])
    async with server, open_house(server, auth="bearer") as house:
        session = await new_session(house)
        message = await ask(session, "q")
        assert message.error is not None
        assert message.error.kind is ErrorKind.NO_KEY
        assert message.error.host == server.origin
        assert server.requests == []


async def test_without_a_service_the_answer_says_so() -> None:
    async with open_house() as house:
        session = house.sessions.session()
        await session.set_options(replace(OPTIONS, service_id="gone"))
        message = await ask(session, "q")
        assert message.error is not None
        assert message.error.kind is ErrorKind.NOT_FOUND


async def test_a_drop_in_mid_answer_keeps_the_text_and_continue_goes_on_in_it() -> None:
    server = ByteServer(
        [[part("The first half of it, "), ABORT], answer("half of it, and", " the second")]
    )
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        dropped = await ask(session, "q")
        assert dropped.error is not None
        assert dropped.error.kind is ErrorKind.DROPPED
        assert dropped.text == "The first half of it, "
        await session.continue_answer(dropped.id)
        await session.wait()
        whole = loaded(session, dropped.id)
        assert whole.text == "The first half of it, and the second"
        assert (whole.state, whole.error, whole.reason) == (
            MessageState.DONE,
            None,
            FinishReason.STOP,
        )
        assert (await stored(house, dropped.id)).text == whole.text
        sent = server.requests[1].json()["messages"]
        assert [item["role"] for item in sent] == ["user", "assistant", "user"]
        assert sent[1]["content"] == "The first half of it, "
        reopened = watch.of(MessageReopened)[0].message
        assert (reopened.text, reopened.state) == (dropped.text, MessageState.STREAMING)
        assert session.siblings(dropped.id) == (1, 1)


async def test_a_continued_answer_adds_up_what_it_cost() -> None:
    server = ByteServer(
        [
            answer("one", finish="length", prompt_tokens=10, completion_tokens=3),
            answer(" two", prompt_tokens=15, completion_tokens=2),
        ]
    )
    async with server, open_house(server) as house:
        session = await new_session(house)
        first = await ask(session, "q")
        assert first.reason is FinishReason.LENGTH
        await session.continue_answer(first.id)
        await session.wait()
        whole = loaded(session, first.id)
        assert whole.usage is not None
        assert (whole.usage.input_tokens, whole.usage.output_tokens) == (25, 5)
        assert whole.timing is not None
        assert first.timing is not None
        assert (whole.timing.total or 0) > (first.timing.total or 0)
        assert whole.timing.first_token == first.timing.first_token


async def test_an_answer_of_thinking_alone_is_asked_again_when_it_shall_go_on() -> None:
    server = ByteServer([answer("", finish="length"), answer("at last")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        empty = await ask(session, "q")
        assert (empty.text, empty.reason) == ("", FinishReason.LENGTH)
        await session.continue_answer(empty.id)
        await session.wait()
        assert texts(session.branch()) == ["q", "at last"]


async def test_options_that_are_chosen_while_it_opens_stay() -> None:
    server = ByteServer([answer("a")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "q")
        house.sessions.release(session)
        again = house.sessions.session(session.conversation.id)
        chosen = replace(OPTIONS, model="another")
        await asyncio.gather(again.open(), again.set_options(chosen))
        assert again.conversation.options == chosen
        saved = await house.store.conversation(session.conversation.id)
        assert saved is not None
        assert saved.options == chosen


async def test_ids_that_nobody_knows_are_not_loaded() -> None:
    async with open_house() as house:
        session = await new_session(house)
        await session.load(["nobody"])


async def test_regenerate_keeps_the_older_answer_beside_the_new_one() -> None:
    server = ByteServer([answer("old"), answer("new"), answer("more")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        old = await ask(session, "q")
        await session.regenerate(old.id)
        await session.wait()
        assert texts(session.branch()) == ["q", "new"]
        new = session.branch()[-1]
        assert session.siblings(new.id) == (2, 2)
        assert watch.of(BranchChanged)
        await ask(session, "next")
        await session.show_sibling(new.id, -1)
        assert texts(session.branch()) == ["q", "old"]
        assert session.siblings(old.id) == (1, 2)
        await session.show_sibling(old.id, -1)
        assert texts(session.branch()) == ["q", "old"]
        await session.show_sibling(old.id, +1)
        assert texts(session.branch()) == ["q", "new", "next", "more"]
        saved = await house.store.conversation(session.conversation.id)
        assert saved is not None
        assert saved.leaf_id == session.branch()[-1].id


async def test_an_answer_that_failed_before_a_word_is_asked_again_in_its_place() -> None:
    server = ByteServer([json_reply(400, {"error": {"message": "no"}}), answer("yes")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        failed = await ask(session, "q")
        assert failed.state is MessageState.FAILED
        await session.regenerate(failed.id)
        await session.wait()
        good = loaded(session, failed.id)
        assert (good.text, good.error) == ("yes", None)
        assert session.siblings(failed.id) == (1, 1)
        assert (await stored(house, failed.id)).text == "yes"


async def test_edit_makes_a_sibling_of_the_question() -> None:
    server = ByteServer([answer("a"), answer("b"), answer("c")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "first")
        second = await ask(session, "second")
        await session.edit(second.parent_id or "", "second, better")
        await session.wait()
        assert texts(session.branch()) == ["first", "a", "second, better", "c"]
        sent = [item["content"] for item in server.requests[2].json()["messages"]]
        assert sent == ["first", "a", "second, better"]
        question = session.branch()[2].id
        assert session.siblings(question) == (2, 2)
        first = session.branch()[0].id
        await session.edit(first, "another first")
        await session.wait()
        assert texts(session.branch()) == ["another first", "c"]
        assert session.conversation.title == "first"


async def test_a_hidden_branch_streams_on_unheard() -> None:
    go = asyncio.Event()
    server = ByteServer([answer("old"), [part("ne"), go, rest("w")]])
    async with server, open_house(server) as house:
        session = await new_session(house)
        old = await ask(session, "q")
        watch = Watch(session)
        await session.regenerate(old.id)
        await watch.text("ne")
        new = session.running_id or ""
        await session.show_sibling(new, -1)
        go.set()
        await session.wait()
        assert watch.heard() == "ne"
        assert watch.of(MessageFinished) == []
        await session.show_sibling(old.id, 1)
        assert texts(session.branch()) == ["q", "new"]


async def test_a_retry_tells_and_is_hastened() -> None:
    server = ByteServer(
        [json_reply(429, {"error": {"message": "slow"}}, "Retry-After: 50"), answer("ok")]
    )
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        await session.send("q")
        told = await watch.kind(MessageNotice)
        assert told.notice is not None
        assert told.notice.kind is NoticeKind.RETRY
        assert 40 < told.notice.delay <= 60
        session.retry_now()
        await session.wait()
        assert watch.finished().text == "ok"
        assert watch.of(MessageNotice)[-1].notice is None


async def test_reopening_loads_the_newest_texts_and_the_rest_on_demand() -> None:
    server = ByteServer([answer("short")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        for number in range(4):
            await ask(session, f"{number} " + "long " * 4000)
        first = session.branch()[0].id
        house.sessions.release(session)
        again = house.sessions.session(session.conversation.id)
        assert again is not session
        watch = Watch(again)
        await again.open()
        branch = again.branch()
        assert len(branch) == 8
        assert isinstance(branch[0], MessageHead)
        assert isinstance(branch[-1], Message)
        end, whole = (told.branch for told in watch.of(BranchChanged))
        assert whole == branch
        assert end == branch[-len(end) :], "the end is shown before the rest is known"
        assert 0 < len(end) < len(branch)
        await again.load([first])
        assert watch.of(MessagesLoaded)[0].messages[0].id == first
        assert isinstance(again.branch()[0], Message)
        await ask(again, "and now")
        assert len(server.requests[-1].json()["messages"]) == 9


async def test_a_full_disk_does_not_stop_the_answer_and_nothing_is_lost() -> None:
    go = asyncio.Event()
    server = ByteServer([answer("before"), [part("on a full "), go, rest("disk")], answer("after")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "q")
        watch = Watch(session)
        await fill_disk(house.store)
        big = "b" * 100_000
        row = await session.send(big)
        failed = await watch.kind(SavingFailed)
        assert (failed.error.kind, failed.error.code) == (ErrorKind.STORAGE, "full")
        await watch.text("on a full ")
        go.set()
        await session.wait()
        assert loaded(session, row.id).text == "on a full disk"
        assert session.saving_error is not None
        house.sessions.release(session)
        assert house.sessions.session(session.conversation.id) is session
        await empty_disk(house.store)
        await session.retry_saving()
        assert watch.of(SavingRecovered)
        assert not session.unsaved
        assert (await stored(house, row.id)).text == "on a full disk"
        assert (await stored(house, row.parent_id or "")).text == big
        await ask(session, "again")


async def test_the_last_attempt_to_save_is_made_at_the_end() -> None:
    server = ByteServer([[part("x" * 200_000), HANG]])
    async with server:
        async with open_house(server) as house:
            session = await new_session(house)
            watch = Watch(session)
            row = await session.send("q")
            await watch.text("x" * 200_000)
            await fill_disk(house.store)
            await session.stop()
            assert session.saving_error is not None
            await empty_disk(house.store)
        async with open_house() as later:
            saved = await stored(later, row.id)
            assert (len(saved.text), saved.state) == (200_000, MessageState.STOPPED)


async def test_a_saved_key_sends_the_refused_question_again() -> None:
    server = ByteServer([answer("thanks")])
    async with server, open_house(server, auth="bearer") as house:
        session = await new_session(house)
        watch = Watch(session)
        refused = await ask(session, "q")
        service = house.catalogue.service("local")
        assert service is not None
        await house.setup.save_key(service, Secret("sk-test-123456"))
        await watch.until(
            lambda item: isinstance(item, MessageFinished) and item.message.text == "thanks"
        )
        assert loaded(session, refused.id).error is None
        assert server.requests[0].headers["authorization"] == "Bearer sk-test-123456"


async def test_a_conversation_of_an_earlier_run_is_not_sent_again_by_a_key() -> None:
    server = ByteServer([answer("never")])
    async with server, open_house(server, auth="bearer") as house:
        session = await new_session(house)
        await ask(session, "q")
        house.sessions.release(session)
        later = house.sessions.session(session.conversation.id)
        await later.open()
        service = house.catalogue.service("local")
        assert service is not None
        await house.setup.save_key(service, Secret("sk-test-123456"))
        assert later.waiting_for_key("local") is None
        assert not later.running
        assert server.requests == []


async def test_a_title_of_the_users_stays() -> None:
    server = ByteServer([answer("a")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await session.rename("  Mine  ")
        await ask(session, "a question")
        assert session.conversation.title == "Mine"
        assert session.conversation.titled_by_user
        await session.rename("")
        assert session.conversation.title == "a question"
        saved = await house.store.conversation(session.conversation.id)
        assert saved is not None
        assert (saved.title, saved.titled_by_user) == ("a question", False)


async def test_drafts_are_kept() -> None:
    async with open_house() as house:
        session = await new_session(house)
        session.keep_draft("half a thou")
        kept = await house.sessions.session(session.conversation.id).draft()
        assert kept.text == "half a thou"


async def test_a_listener_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    server = ByteServer([answer("a", "b")])
    async with server, open_house(server) as house:
        session = await new_session(house)

        def fail(_event: object) -> None:
            raise RuntimeError("a defect of a view")

        session.subscribe(fail)
        message = await ask(session, "q")
        assert (message.text, message.state) == ("ab", MessageState.DONE)
        assert "a listener failed" in caplog.text


async def test_an_unsubscribed_listener_hears_no_more() -> None:
    async with open_house() as house:
        session = await new_session(house)
        heard: list[object] = []
        unsubscribe = session.subscribe(heard.append)
        unsubscribe()
        await session.rename("x")
        assert heard == []


async def test_deltas_are_what_the_message_becomes() -> None:
    pieces = [f"字{number}" for number in range(500)]
    server = ByteServer([answer(*pieces)])
    async with server, open_house(server) as house:
        session = await new_session(house)
        watch = Watch(session)
        message = await ask(session, "q")
        assert message.text == "".join(pieces) == watch.heard()
        assert all(isinstance(item.delta, TextDelta) for item in watch.of(MessageDelta))


async def test_a_changed_address_gets_no_key() -> None:
    server = ByteServer([answer("never")])
    async with server, open_house(server, auth="bearer") as house:
        service = house.catalogue.service("local")
        assert service is not None
        await house.setup.save_key(service, Secret("sk-test-123456"))
        async with ByteServer([answer("never")]) as other:
            house.catalogue.save(local_service(other.url, auth="bearer"))
            session = await new_session(house)
            message = await ask(session, "q")
            assert message.error is not None
            assert message.error.kind is ErrorKind.NO_KEY
            assert other.requests == []


@contextmanager
def locked_database(house: House) -> Iterator[None]:
    """Another program holds the database for as long as it likes."""
    other = apsw.Connection(str(house.paths.data / "conversations.db"))
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close(True)


async def test_a_locked_database_does_not_hold_up_the_window() -> None:
    server = ByteServer([answer("a"), answer("b")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "q")
        watch = Watch(session)
        with locked_database(house):
            sending = asyncio.create_task(session.send("next"))
            await watch.kind(RunningChanged)
            assert texts(session.branch()) == ["q", "a", "next", ""]
            assert [type(item) for item in watch.events][-3:] == [
                MessageAdded,
                MessageAdded,
                RunningChanged,
            ]
            assert not sending.done()
            assert len(server.requests) == 1, "a question is saved before it is sent"
        row = await sending
        assert (await stored(house, row.parent_id or "")).text == "next"
        await session.wait()
        assert texts(session.branch()) == ["q", "a", "next", "b"]


async def test_a_question_that_waits_for_the_disk_can_be_stopped() -> None:
    server = ByteServer([answer("a"), answer("never")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "q")
        watch = Watch(session)
        with locked_database(house):
            sending = asyncio.create_task(session.send("next"))
            await watch.kind(RunningChanged)
            house.sessions.release(session)
            assert house.sessions.session(session.conversation.id) is session
            await session.stop()
            assert watch.finished().state is MessageState.STOPPED
        row = await sending
        await session.retry_saving()
        assert (await stored(house, row.parent_id or "")).text == "next"
        assert (await stored(house, row.id)).state is MessageState.STOPPED
        assert len(server.requests) == 1


async def test_an_open_one_is_held_while_it_is_let_go_of_too_early() -> None:
    server = ByteServer([answer("a"), answer("b")])
    async with server, open_house(server) as house:
        session = await new_session(house)
        await ask(session, "q")
        house.sessions.release(session)
        again = house.sessions.session(session.conversation.id)
        sending = asyncio.create_task(again.send("next"))
        await asyncio.sleep(0)
        assert not again.running, "it is still being read"
        house.sessions.release(again)
        assert house.sessions.session(session.conversation.id) is again
        await sending
        await again.wait()
        assert texts(again.branch()) == ["q", "a", "next", "b"]


async def test_a_locked_database_can_be_read_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_chat.store.connection.BUSY_SECONDS", 0.05)
    async with ByteServer([answer("a")]) as server:
        async with open_house(server) as house:
            await ask(await new_session(house), "q")
        later = build(dict(os.environ))
        try:
            with locked_database(house):
                trouble = await later.open()
            assert trouble is not None
            assert trouble.code == "busy"
            assert [item.title for item in later.history.entries()] == ["q"]
        finally:
            await later.aclose()
