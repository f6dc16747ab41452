"""No question goes out without a model: it is chosen first, from a list that comes by itself."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.app import Desk
from desktop_chat.core.messages import ChatOptions, Message, MessageState
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.model_picker import ModelPicker
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import answered, open_desk

IDS = ["BAAI/bge-m3", *(f"org/model-{number}" for number in range(299))]
LIST = json_reply(200, {"data": [{"id": name} for name in IDS]})
ANSWER = sse(delta("Hello"), delta(finish="stop"))


async def begin(desk: Desk, server: ByteServer, *, auth: str = "none") -> ChatPage:
    """Set up a service of which no model is known."""
    desk.house.catalogue.save(
        Service("local", {"": "Local"}, base_url=server.url, auth=auth, site="https://example.org")
    )
    page = desk.window.current_page()
    await until(lambda: page.composer.isVisibleTo(desk.window), "the composer")
    return page


def picker_of(page: ChatPage) -> ModelPicker:
    picker = page.composer.model_picker
    assert picker is not None
    return picker


async def send(page: ChatPage) -> Message:
    """Press Enter, and return the whole answer."""
    QTest.keyClick(page.composer.edit, Qt.Key.Key_Return)
    await until(lambda: page.session.running, "a running answer")
    return await answered(page)


def words(picker: ModelPicker) -> list[str]:
    return [row.words for row in picker._models.rows if row.service.id == "local"]


@on_qt_loop
async def test_sending_without_a_model_asks_for_one_and_keeps_the_text() -> None:
    gate = asyncio.Event()
    async with ByteServer([[gate, LIST], ANSWER]) as server, open_desk() as desk:
        page = await begin(desk, server, auth="bearer")
        await desk.house.setup.save_key(page._near.setup.usable()[0], Secret("sk-0123456789ab"))
        composer = page.composer
        assert page.start.model_button.isVisible()
        assert not page.start.templates()
        assert composer.model_button.text() == "Choose a model"
        composer.focus_input()
        QTest.keyClicks(composer.edit, "Hi")
        QTest.keyClick(composer.edit, Qt.Key.Key_Return)
        picker = picker_of(page)
        assert words(picker) == ["Local", "Fetching the list of models"]
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        assert picker.isVisible(), "there is nothing to choose yet"
        low = picker.panel.height()
        gate.set()
        await until(lambda: len(words(picker)) == 301, "the list, while it is looked at")
        assert picker.panel.height() > low
        assert words(picker)[1::299] == ["org/model-0", "BAAI/bge-m3"], "what chats comes first"
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        assert picker.isVisible(), "none is chosen by chance"
        QTest.keyClick(picker.search, Qt.Key.Key_Down)
        assert picker.list.currentIndex().data() == "org/model-0"
        QTest.keyClicks(picker.search, "model-298")
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        assert composer.model_button.text() == "org/model-298"
        await until(lambda: not page.start.model_button.isVisible(), "the templates")
        await until(composer.edit.hasFocus, "the box")
        assert composer.text() == "Hi"
        assert len(server.requests) == 1, "nothing went out so far"
        assert (await send(page)).text == "Hello"
        assert server.requests[1].json()["model"] == "org/model-298"
        other = desk.window
        other.new_chat()
        assert desk.window.current_page().composer.model_button.text() == "org/model-298"


@on_qt_loop
async def test_a_model_is_typed_where_no_list_comes() -> None:
    async with ByteServer([json_reply(404, {}), ANSWER]) as server, open_desk() as desk:
        page = await begin(desk, server)
        page.start.model_button.click()
        picker = picker_of(page)
        await until(lambda: words(picker)[1:] == ["Model or address not found"], "the failure")
        QTest.keyClicks(picker.search, "ep-20260101")
        assert words(picker) == ["Use “ep-20260101”"]
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        await until(page.composer.edit.hasFocus, "the box")
        page.composer.set_text("Hi")
        await send(page)
        assert server.requests[1].json()["model"] == "ep-20260101"


@on_qt_loop
async def test_words_that_are_no_id_are_not_taken_for_one() -> None:
    async with ByteServer([json_reply(404, {})]) as server, open_desk() as desk:
        page = await begin(desk, server)
        page.composer.open_model_picker()
        picker = picker_of(page)
        for text in ("two words", "你好", "  "):
            picker.search.setText(text)
            assert not any(row.typed for row in picker._models.rows)
        desk.house.catalogue.save(
            Service("more", {"": "More"}, base_url=server.url, models=(Model("abc"), Model("abd")))
        )
        picker.search.setText("ab")
        typed = [row.service.id for row in picker._models.rows if row.typed]
        assert typed == ["local"], "a service whose models are known is searched, not guessed"
        picker.search.setText("xyz")
        typed = [row.service.id for row in picker._models.rows if row.typed]
        assert typed == ["local", "more"]
        picker.search.setText("abc")
        assert not any(row.typed for row in picker._models.rows)


@on_qt_loop
async def test_what_hinders_a_list_is_mended_from_the_picker() -> None:
    replies = [json_reply(500, {}), LIST]
    async with ByteServer(replies) as server, open_desk() as desk:
        page = await begin(desk, server)
        page.composer.open_model_picker()
        picker = picker_of(page)
        await until(lambda: picker._models.rows[1].mend == "Retry", "the failure")
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        await until(lambda: desk.house.catalogue.service("local").models, "the list")  # type: ignore[union-attr]
        assert picker.isVisible()


@on_qt_loop
async def test_a_lacking_key_leads_to_its_field() -> None:
    async with ByteServer([LIST]) as server, open_desk() as desk:
        page = await begin(desk, server, auth="bearer")
        page.composer.open_model_picker()
        picker = picker_of(page)
        await until(lambda: picker._models.rows[1].mend == "Update key", "the failure")
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
        settings = desk.window._settings_page
        assert settings is not None
        field = settings.services.detail.key_row.field
        await until(field.hasFocus, "the field, at the first opening too")
        assert not server.requests


@on_qt_loop
async def test_an_answer_is_not_asked_again_without_a_model() -> None:
    async with ByteServer([ANSWER]) as server, open_desk() as desk:
        page = await begin(desk, server)
        await page.session.set_options(ChatOptions(service_id="local", model="m"))
        page.composer.set_text("Hi")
        assert (await send(page)).state is MessageState.DONE
        await page.session.set_options(ChatOptions(service_id="local"))
        page.regenerate_last()
        await until(lambda: page.composer.model_picker, "the picker")
        chats = [request for request in server.requests if request.path.endswith("completions")]
        assert len(chats) == 1
        assert isinstance(page.session.branch()[-1], Message)


@on_qt_loop
async def test_coming_back_from_the_first_service_puts_the_caret_into_the_box() -> None:
    async with ByteServer([LIST]) as server, open_desk() as desk:
        page = desk.window.current_page()
        page.first_run.cards()[0].setFocus()
        page.first_run.cards()[0].click()
        settings = desk.window._settings_page
        assert settings is not None
        await until(settings.services.detail.key_row.field.hasFocus, "the field of the key")
        before = len(page.first_run.cards())
        desk.house.catalogue.save(Service("local", {"": "Local"}, base_url=server.url))
        await until(lambda: len(page.first_run.cards()) == before + 1, "cards made anew")
        QTest.keyClick(settings, Qt.Key.Key_Escape)
        await until(page.composer.edit.hasFocus, "the box")
