"""One chat: drafts, editing, cards, notices, and what survives when something fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.app import Desk
from desktop_chat.chat.explain import Action
from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.messages import ChatOptions, Draft, Message, MessageState
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.core.settings import DEFAULT_EFFORT, DEFAULT_MODEL, DEFAULT_SERVICE
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.settings.page import SettingsPage
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import (
    CTRL,
    answered,
    ask,
    exchange,
    open_desk,
    press,
    turn_wheel,
    turns,
    until_read,
    use_model,
)
from tests.unit.store.samples import sql

KEY = "sk-a-key-that-nobody-has-1234"


@asynccontextmanager
async def local_service(*scripts: bytes) -> AsyncIterator[tuple[ByteServer, Desk, ChatPage]]:
    """A window whose chat asks a scripted server, without a key so far."""
    async with ByteServer(scripts) as server, open_desk() as desk:
        service = Service(
            "local",
            {"": "Local"},
            base_url=server.url,
            models=(Model("m"),),
            default_model="m",
            site="https://example.org/keys",
        )
        desk.house.catalogue.save(service)
        yield server, desk, desk.window.current_page()


def notices(page: ChatPage) -> list[str]:
    """Return the titles of the notices over the composer."""
    return [bar.title() for bar in page.notice_area.bars()]


def press_notice(page: ChatPage, title: str, label: str) -> None:
    """Press a button of a notice."""
    bar = next(bar for bar in page.notice_area.bars() if title in bar.title())
    next(button for button in bar.buttons() if button.text() == label).click()


class _Opener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


@contextmanager
def opened_links() -> Iterator[list[str]]:
    """Catch what would open in a browser."""
    opener = _Opener()
    schemes = ("http", "https", "mailto", "file", "javascript")
    for scheme in schemes:
        # The stub says bytes; what runs wants the name as text.
        QDesktopServices.setUrlHandler(scheme, opener, "open")  # type: ignore[arg-type]
    try:
        yield opener.opened
    finally:
        for scheme in schemes:
            QDesktopServices.unsetUrlHandler(scheme)


@on_qt_loop
async def test_a_draft_is_saved_while_typing_and_forgotten_when_sent() -> None:
    async with open_desk(demo=True) as desk:
        page = desk.window.current_page()
        await use_model(page, "demo-length")
        store, chat = desk.house.store, page.session.conversation.id
        QTest.keyClicks(page.composer.edit, "an unfinished")
        await until_read(lambda: store.draft(chat), Draft("an unfinished"))
        await ask(page, " question")
        await answered(page)
        await until_read(lambda: store.draft(chat), Draft(""))
        assert page.session.branch()[0].text == "an unfinished question"  # type: ignore[union-attr]


@on_qt_loop
async def test_what_cannot_be_sent_stays_in_the_box() -> None:
    async with open_desk(demo=True) as desk:
        page = desk.window.current_page()
        await use_model(page, "demo-length")
        first = asyncio.ensure_future(page.session.send("came first"))
        await asyncio.sleep(0)
        page.composer.set_text("came second")
        page.composer.submitted.emit("came second")
        await until(lambda: notices(page), "a notice")
        await first
        await page.session.wait()
        assert page.composer.text() == "came second"
        page.composer.submitted.emit("came second")
        await until(lambda: len(page.session.branch()) == 4, "the second question")
        await answered(page)
        assert not notices(page)


@on_qt_loop
async def test_esc_stops_and_what_arrived_stays() -> None:
    async with open_desk(demo=True, speed=5.0) as desk:
        page = desk.window.current_page()
        await use_model(page, "demo-long")
        await ask(page, "Write 20000 tokens")
        assert page.composer.running
        stored = page.session
        await until(lambda: _text(stored.branch()[-1]), "some text")
        press(desk.window, Qt.Key.Key_Escape)
        answer = await answered(page)
        assert answer.state is MessageState.STOPPED
        assert answer.text
        assert not page.composer.running


def _text(item: object) -> str:
    return item.text if isinstance(item, Message) else ""


@on_qt_loop
async def test_up_edits_the_last_question_and_keeps_the_old_one() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = await exchange(window, "First wording", "demo-length")
        press(window, Qt.Key.Key_Up)
        await until(lambda: page.composer.text() == "First wording", "the question in the box")
        assert notices(page) == ["Editing a question"]
        page.composer.set_text("Second wording")
        press(window, Qt.Key.Key_Return)
        await until(lambda: page.session.running, "a running answer")
        await answered(page)
        assert _text(page.session.branch()[0]) == "Second wording"
        assert page.session.siblings(page.session.branch()[0].id) == (2, 2)
        assert not notices(page)
        page.transcript.sibling_requested.emit(page.session.branch()[0].id, -1)
        await until(lambda: _text(page.session.branch()[0]) == "First wording", "the first wording")


@on_qt_loop
async def test_editing_given_up_brings_back_the_draft() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = await exchange(window, "A question", "demo-length")
        page.composer.set_text("half a thought")
        page.transcript.action_requested.emit(page.session.branch()[0].id, "edit")
        await until(lambda: page.composer.text() == "A question", "the question in the box")
        press(window, Qt.Key.Key_Escape)
        assert page.composer.text() == "half a thought"
        assert not notices(page)
        page.transcript.action_requested.emit(page.session.branch()[0].id, "edit")
        await until(lambda: page.composer.text() == "A question", "the question in the box")
        press_notice(page, "Editing", "Cancel editing")
        assert page.composer.text() == "half a thought"


@on_qt_loop
async def test_regenerate_by_key_keeps_the_older_answer() -> None:
    async with open_desk(demo=True) as desk:
        page = await exchange(desk.window, "A question", "demo-length")
        first = page.session.branch()[-1].id
        press(desk.window, Qt.Key.Key_R, CTRL)
        await until(lambda: page.session.running, "a running answer")
        await answered(page)
        last = page.session.branch()[-1].id
        assert last != first
        assert page.session.siblings(last) == (2, 2)


@on_qt_loop
async def test_continue_and_raise_limit_go_on_in_the_same_answer() -> None:
    async with open_desk(demo=True) as desk:
        page = desk.window.current_page()
        await page.session.set_options(ChatOptions("demo", "demo-length", max_tokens=40))
        await ask(page, "A question")
        answer = await answered(page)
        page.transcript.action_requested.emit(answer.id, Action.CONTINUE)
        await until(lambda: page.session.running, "a running answer")
        longer = await answered(page)
        assert longer.id == answer.id
        assert longer.text.startswith(answer.text)
        page.transcript.action_requested.emit(answer.id, Action.RAISE_LIMIT)
        await until(lambda: page.session.running, "a running answer")
        await answered(page)
        assert page.session.conversation.options.max_tokens == 80


@on_qt_loop
async def test_a_refused_key_is_updated_and_the_question_sent_again() -> None:
    refused = json_reply(401, {"error": {"message": "bad key", "code": "invalid_api_key"}})
    good = sse(delta("All right."), delta(finish="stop"))
    async with local_service(refused, good) as (server, desk, page):
        house = desk.house
        service = house.catalogue.service("local")
        assert service is not None
        await house.setup.save_key(service, Secret("sk-old-key-0000000"))
        await until(page.composer.isVisible, "the composer")
        await ask(page, "Which one?")
        answer = await answered(page)
        assert answer.error is not None
        assert answer.error.kind is ErrorKind.AUTHENTICATION
        page.transcript.action_requested.emit(answer.id, Action.UPDATE_KEY)
        settings = desk.window.findChild(SettingsPage)
        assert settings is not None
        assert settings.isVisible()
        assert not page.isVisible()
        await house.setup.save_key(service, Secret(KEY))
        await until(page.isVisible, "the chat")
        await until(
            lambda: _text(page.session.branch()[-1]) == "All right." and not page.session.running,
            "the answer",
        )
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert len(page.session.branch()) == 2


@on_qt_loop
async def test_a_key_saved_later_brings_nobody_back() -> None:
    refused = json_reply(401, {"error": {"message": "bad key"}})
    async with local_service(refused) as (_server, desk, page):
        service = desk.house.catalogue.service("local")
        assert service is not None
        await desk.house.setup.save_key(service, Secret("sk-old-key-0000000"))
        await until(page.composer.isVisible, "the composer")
        await ask(page, "Which one?")
        answer = await answered(page)
        page.transcript.action_requested.emit(answer.id, Action.UPDATE_KEY)
        press(desk.window, Qt.Key.Key_Escape)
        assert page.isVisible()
        desk.window.open_settings()
        await desk.house.setup.save_key(service, Secret(KEY))
        await turns()
        assert not page.isVisible()
        await page.session.wait()


@on_qt_loop
async def test_the_missing_keyring_is_said_and_explained() -> None:
    async with local_service(sse(delta("Yes."), delta(finish="stop"))) as (_server, desk, page):
        service = desk.house.catalogue.service("local")
        assert service is not None
        await desk.house.setup.save_key(service, Secret(KEY))
        await until(lambda: notices(page), "the notice")
        assert notices(page) == ["No system keyring is available"]
        press_notice(page, "keyring", "How to enable")
        dialog = desk.window.findChild(Dialog)
        assert dialog is not None
        assert dialog.isVisible()
        dialog.close()
        desk.window.tabs.new_tab()
        assert notices(desk.window.current_page()) == ["No system keyring is available"]


@on_qt_loop
async def test_a_full_disk_is_said_and_saving_goes_on_when_there_is_room() -> None:
    async with open_desk(demo=True) as desk:
        store = desk.house.store
        page = await exchange(desk.window, "Before", "demo-rich")
        chat = page.session.conversation.id
        pages = await sql(store, lambda db: db.pragma("page_count"))
        await sql(store, lambda db: db.pragma("max_page_count", pages))
        await use_model(page, "demo-long")
        question = "Write 4000 tokens " + "please " * 900
        page.composer.set_text(question)
        page.composer.submitted.emit(question)
        await until(lambda: "The disk is full" in notices(page), "the notice")
        await until(lambda: page.session.running, "a running answer")
        await page.session.wait()
        whole = _text(page.session.branch()[-1])
        assert len(whole) > 4000
        press_notice(page, "disk", "Copy the answer")
        await until(lambda: whole[:200] in QGuiApplication.clipboard().text(), "the copy")
        await sql(store, lambda db: db.pragma("max_page_count", 1_000_000))
        press_notice(page, "disk", "Try again")
        await until(lambda: not notices(page), "nothing more to say")
        saved = await store.messages([page.session.branch()[-1].id])
        assert saved[0].text == whole
        await until_read(lambda: store.draft(chat), Draft(""))


@on_qt_loop
async def test_an_unexpected_fault_is_said_and_its_details_are_clean() -> None:
    async with open_desk(demo=True) as desk:
        desk.house.redactor.add(KEY)

        async def fail() -> None:
            raise ValueError(f"could not use {KEY}")

        task = desk.bridge.start(fail(), "something")
        await asyncio.wait([task])
        page = desk.window.current_page()
        await until(lambda: notices(page), "the notice")
        bar = page.notice_area.bars()[0]
        press_notice(page, bar.title(), "Copy details")
        details = QGuiApplication.clipboard().text()
        assert "ValueError" in details
        assert KEY not in details


@on_qt_loop
async def test_a_file_that_cannot_be_written_is_said() -> None:
    async with open_desk() as desk:
        page = desk.window.current_page()
        page.transcript.deeds._write(Path("/no/such/folder/code.py"), b"x")
        await until(lambda: notices(page), "the notice")
        assert notices(page) == ["code.py was not saved"]


@on_qt_loop
async def test_links_open_only_where_they_may() -> None:
    async with local_service(sse(delta("Yes."), delta(finish="stop"))) as (_server, _desk, page):
        with opened_links() as opened:
            for address in (
                "https://example.org/a",
                "mailto:someone@example.org",
                "file:///etc/passwd",
                "javascript:alert(1)",
            ):
                page.transcript.link_activated.emit(address)
            assert opened == ["https://example.org/a", "mailto:someone@example.org"]
            page.transcript.action_requested.emit("none", Action.OPEN_SITE)
            assert opened[-1] == "mailto:someone@example.org"
            await page.session.set_options(ChatOptions("local", "m"))
            page.transcript.action_requested.emit("none", Action.OPEN_SITE)
            assert opened[-1] == "https://example.org/keys"


@on_qt_loop
async def test_model_and_thinking_go_to_the_chat_and_to_new_ones() -> None:
    async with open_desk(demo=True) as desk:
        window, settings = desk.window, desk.house.settings
        page = window.current_page()
        page.composer.model_chosen.emit("demo", "demo-long")
        await until(lambda: page.session.conversation.options.model == "demo-long", "the model")
        page.composer.thinking_chosen.emit(False, "")
        await until(lambda: page.session.conversation.options.thinking is False, "no thinking")
        assert settings.get(DEFAULT_MODEL) == "demo-long"
        assert settings.get(DEFAULT_EFFORT) == ""
        window.tabs.new_tab()
        options = window.current_page().session.conversation.options
        assert (options.service_id, options.model, options.thinking) == ("demo", "demo-long", False)
        page.transcript.action_requested.emit("none", Action.CHANGE_MODEL)
        window.tabs.go_to(1)
        page.transcript.action_requested.emit("none", Action.CHANGE_MODEL)
        picker = QApplication.activePopupWidget()
        assert picker is not None
        picker.close()


@on_qt_loop
async def test_a_service_set_up_later_takes_over_from_the_demo_in_new_chats() -> None:
    async with local_service(sse(delta("Yes."), delta(finish="stop"))) as (_server, desk, page):
        await until(page.composer.isVisible, "the composer")
        assert page.start.isVisible()
        assert desk.house.settings.get(DEFAULT_SERVICE) == "local"
        desk.window.tabs.new_tab()
        assert desk.window.current_page().start.isVisible()


@on_qt_loop
async def test_a_page_behind_others_paints_nothing_and_catches_up() -> None:
    async with open_desk(demo=True) as desk:
        window = desk.window
        page = window.current_page()
        await use_model(page, "demo-long")
        await ask(page, "Write 500 tokens")
        window.tabs.new_tab()
        painted: list[int] = []
        page.transcript.painted.connect(lambda _message, count: painted.append(count))
        await page.session.wait()
        await turns()
        assert painted == []
        window.tabs.go_to(1)
        await until(lambda: painted, "what it missed")


@on_qt_loop
async def test_the_messages_scroll_by_keys_and_wheel_from_the_box() -> None:
    async with open_desk(demo=True, size=(900, 560)) as desk:
        page = await exchange(desk.window, "Say 600 tokens", "demo-long")
        view, edit = page.transcript, page.composer.edit
        edit.setFocus()
        await until(view.at_end, "the end")
        end = view.scroller.top
        press(desk.window, Qt.Key.Key_PageUp)
        above = view.scroller.top
        assert above < end
        press(desk.window, Qt.Key.Key_PageDown)
        assert view.at_end()
        press(desk.window, Qt.Key.Key_Home, CTRL)
        assert view.scroller.top == 0
        # What is written comes first: the caret goes before the messages do.
        QTest.keyClicks(edit, "two words")
        press(desk.window, Qt.Key.Key_Home, CTRL)
        press(desk.window, Qt.Key.Key_End, CTRL)
        assert view.scroller.top == 0
        press(desk.window, Qt.Key.Key_End, CTRL)
        assert view.at_end()
        assert edit.hasFocus()
        turn_wheel(page, 120)
        assert view.scroller.top < end


@on_qt_loop
async def test_a_stopped_answer_can_be_continued() -> None:
    async with open_desk(demo=True, speed=1.0) as desk:
        page = desk.window.current_page()
        await use_model(page, "demo-long")
        await ask(page, "Say 9000 tokens")
        running = str(page.session.running_id)
        column = page.transcript.column

        def arrived() -> bool:
            body = column.answer(1) if len(column.items) > 1 else None
            return body is not None and body.text.chars > 20

        await until(arrived, "some text")
        press(desk.window, Qt.Key.Key_Escape)
        stopped = await answered(page)
        assert stopped.state is MessageState.STOPPED
        page.transcript.action_requested.emit(running, Action.CONTINUE.value)
        await until(lambda: page.session.running, "the rest")
        await page.session.stop()
        last = page.session.branch()[-1]
        assert isinstance(last, Message)
        assert last.text.startswith(stopped.text)
        assert last.id == running
