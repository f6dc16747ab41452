"""Files in the window: chosen, pasted, dropped, refused, sent; pictures in answers."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from desktop_chat.app import Desk
from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.messages import ChatOptions, Message, Role
from desktop_chat.core.services import Model, Price, Service
from desktop_chat.core.settings import DEFAULT_MODEL, DEFAULT_SERVICE
from desktop_chat.ui.attach_drop import DropOverlay
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.images.picture_viewer import PictureViewer
from desktop_chat.ui.transcript.question import QuestionBody
from desktop_chat.ui.transcript.words import origin
from desktop_chat.wiring import House
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import application, on_qt_loop, until
from tests.helpers.window import CTRL, answered, ask, open_desk, press, turns
from tests.unit.chat.support import png

SAID = sse(delta("A red square."), delta(finish="stop"))
PICTURE = png(60, 40)
DRAWN = json_reply(200, {"created": 1, "data": [{"b64_json": base64.b64encode(PICTURE).decode()}]})
MODELS = (
    Model("m", price=Price("CNY", input=2.0, output=8.0)),
    Model("blind", images=False, files=False),
    Model("painter", makes="image"),
)


def use(server: ByteServer) -> Callable[[House], Awaitable[None]]:
    """Return what sets the scripted server up before there is a window."""

    async def before(house: House) -> None:
        service = Service(
            "local",
            {"": "Local"},
            base_url=server.url,
            auth="none",
            images="openai-images",
            models=MODELS,
            default_model="m",
        )
        house.catalogue.save(service)
        house.settings.set(DEFAULT_SERVICE, "local")
        house.settings.set(DEFAULT_MODEL, "m")

    return before


@asynccontextmanager
async def chat(*scripts: bytes) -> AsyncIterator[tuple[ByteServer, Desk, ChatPage]]:
    """A window whose chat asks a scripted server."""
    async with ByteServer(scripts) as server, open_desk(before=use(server)) as desk:
        page = desk.window.current_page()
        await until(lambda: page.composer.isVisibleTo(page), "a box to write in")
        page.composer.focus_input()
        yield server, desk, page


def red_square() -> QImage:
    image = QImage(50, 50, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    return image


def dragged(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(target: QWidget, data: QMimeData) -> bool:
    """Drag something over a widget; tell whether it is wanted there or by what it lies in."""
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def drop(target: QWidget, data: QMimeData) -> None:
    """Drop something on a widget."""
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)


def names(page: ChatPage) -> list[str]:
    """Return what the chips say."""
    strip = page.composer.strip
    assert strip is not None
    return [chip.item.name for chip in strip.chips]


def notice(page: ChatPage) -> str:
    strip = page.composer.strip
    assert strip is not None
    return strip.notice


async def settled(page: ChatPage) -> None:
    """Wait until every file is read."""
    await until(lambda: not page.attaching.files.reading, "files that are read")


def send(page: ChatPage) -> None:
    QTest.keyClick(page.composer.edit, Qt.Key.Key_Return)


def pressed(page: ChatPage, ending: str) -> None:
    """Press a control over the transcript."""
    overlay = page.transcript.overlay
    key = next(key for key in reversed(overlay.shown()) if key[1].endswith(ending))
    button = overlay.widget(key)
    assert button is not None
    button.click()


def last_answer(page: ChatPage) -> AnswerBody:
    column = page.transcript.column
    body = column.answer(len(column.items) - 1)
    assert body is not None
    return body


async def again(page: ChatPage, control: str) -> Message:
    """Press what asks again, and return the new answer; it may be there at once."""
    before = page.session.branch()[-1].id
    pressed(page, control)
    await until(lambda: page.session.branch()[-1].id != before, "the question again")
    return await answered(page)


def overlay_of(page: ChatPage) -> DropOverlay:
    return page.attaching.zone.overlay


# Choosing


@on_qt_loop
async def test_a_pasted_picture_becomes_a_chip_and_goes_with_the_question() -> None:
    async with chat(SAID) as (server, desk, page):
        QGuiApplication.clipboard().setImage(red_square())
        press(desk.window, Qt.Key.Key_V, CTRL)
        await until(lambda: names(page), "a chip")
        await settled(page)
        assert names(page) == ["Pasted picture.png"]
        assert page.attaching.files.chosen[0].thumb is not None
        assert page.composer.text() == ""
        await ask(page, "What is this?")
        await answered(page)
        content = server.requests[0].json()["messages"][0]["content"]
        url = next(part["image_url"]["url"] for part in content if part["type"] == "image_url")
        assert url.startswith("data:image/png;base64,")
        sent = QImage.fromData(base64.b64decode(url.partition(",")[2]))
        assert sent.pixelColor(10, 10) == QColor("red")
        assert not names(page)


@on_qt_loop
async def test_words_with_a_picture_of_them_are_pasted_as_words() -> None:
    async with chat(SAID) as (_server, desk, page):
        data = QMimeData()
        data.setText("12.5")
        data.setImageData(red_square())
        QGuiApplication.clipboard().setMimeData(data)
        press(desk.window, Qt.Key.Key_V, CTRL)
        assert page.composer.text() == "12.5"
        assert not names(page)


@on_qt_loop
async def test_files_are_dropped_anywhere_on_the_chat(tmp_path: Path) -> None:
    code, folder = tmp_path / "main.py", tmp_path / "folder"
    code.write_text("print(1)\n")
    folder.mkdir()
    async with chat(SAID) as (_server, _desk, page):
        data = dragged(code, folder)
        for target in (page.composer.edit.viewport(), page.start, page):
            assert enter(target, data)
            assert overlay_of(page).isVisible()
            QApplication.sendEvent(page, QDragLeaveEvent())
            await until(lambda: not overlay_of(page).isVisible(), "no overlay")
        enter(page, data)
        assert enter(overlay_of(page), data)
        drop(overlay_of(page), data)
        assert not overlay_of(page).isVisible()
        await settled(page)
        assert names(page) == ["main.py", "folder"]
        assert notice(page) == "folder is a folder; choose the files in it."
        words = QMimeData()
        words.setText("words")
        assert not enter(page, words)
        assert not overlay_of(page).isVisible()


@on_qt_loop
async def test_picked_files_become_chips(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    async with chat(SAID) as (_server, _desk, page):
        page.composer.attach_button.click()
        dialog = page.findChild(QFileDialog)
        assert dialog is not None
        dialog.filesSelected.emit([str(tmp_path / "a.txt")])
        dialog.reject()
        await settled(page)
        assert names(page) == ["a.txt"]
        # The same file again is one file.
        page.attaching.files.add_paths([tmp_path / "a.txt"])
        await settled(page)
        assert names(page) == ["a.txt"]


@on_qt_loop
async def test_what_cannot_be_sent_is_said_and_keeps_the_question(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes(bytes(range(256)))
    (tmp_path / "a.png").write_bytes(PICTURE)
    async with chat(SAID) as (server, _desk, page):
        files = page.attaching.files
        files.add_paths([broken, tmp_path / "a.png"])
        page.composer.set_text("What is this?")
        await settled(page)
        assert notice(page) == "broken.bin is no picture, no text and no PDF."
        assert not page.composer.send_button.isEnabled()
        send(page)
        await turns()
        assert not page.session.running
        files.remove(files.chosen[0])
        assert not notice(page)
        assert page.composer.send_button.isEnabled()
        page._choose_model("local", "blind")
        assert notice(page) == "blind takes no pictures."
        assert not page.composer.send_button.isEnabled()
        page._choose_model("local", "m")
        assert not notice(page)
        send(page)
        await until(lambda: server.requests, "a request")
        await answered(page)


@on_qt_loop
async def test_too_many_files_are_left_out_with_a_word(tmp_path: Path) -> None:
    paths = []
    for number in range(13):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(str(number))
    async with chat(SAID) as (_server, _desk, page):
        page.attaching.files.add_paths(paths)
        await settled(page)
        assert len(names(page)) == 12
        assert notice(page) == "A question takes at most 12 files."
        assert page.composer.send_button.isEnabled()


@on_qt_loop
async def test_enter_while_a_file_is_read_sends_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the word is xylophone")
    async with chat(SAID) as (server, _desk, page):
        page.attaching.files.add_paths([tmp_path / "a.txt"])
        assert page.attaching.files.reading
        send(page)
        assert not page.session.running
        await until(lambda: server.requests, "a request")
        await answered(page)
        assert "xylophone" in server.requests[0].body.decode()
        question = page.session.branch()[0]
        assert isinstance(question, Message)
        assert question.text == ""
        assert [file.name for file in question.attachments] == ["a.txt"]
        body = page.transcript.column.body(0)
        assert isinstance(body, QuestionBody)
        assert body.height(page.transcript.page) < 80


@on_qt_loop
async def test_chips_are_reached_and_removed_by_keys(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)
    async with chat(SAID) as (_server, desk, page):
        page.attaching.files.add_paths([tmp_path / f"{name}.txt" for name in "abc"])
        await settled(page)
        press(desk.window, Qt.Key.Key_Backtab)
        strip = page.composer.strip
        assert strip is not None
        assert strip.chips[2].cross.hasFocus()
        assert strip.chips[2].cross.accessibleName() == "Remove c.txt"
        press(desk.window, Qt.Key.Key_Backtab)
        assert strip.chips[1].cross.hasFocus()
        press(desk.window, Qt.Key.Key_Delete)
        assert names(page) == ["a.txt", "c.txt"]
        assert strip.chips[1].cross.hasFocus()
        press(desk.window, Qt.Key.Key_Return)
        press(desk.window, Qt.Key.Key_Space)
        assert not names(page)
        assert page.composer.edit.hasFocus()
        assert strip.isHidden()


@on_qt_loop
async def test_an_edited_question_brings_its_files_back(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.txt").write_text("the other")
    async with chat(SAID) as (server, desk, page):
        page.attaching.files.add_paths([tmp_path / "a.png"])
        await settled(page)
        await ask(page, "What is this?")
        await answered(page)
        page.attaching.files.add_paths([tmp_path / "b.txt"])
        await settled(page)
        page.edit_last()
        await until(lambda: names(page) == ["a.png"], "the picture of the question")
        await until(lambda: page.attaching.files.chosen[0].thumb is not None, "its thumbnail")
        page.composer.set_text("Look again")
        send(page)
        await until(lambda: len(server.requests) == 2, "a second request")
        await page.session.wait()
        assert base64.b64encode(PICTURE).decode() in server.requests[1].body.decode()
        await until(lambda: names(page) == ["b.txt"], "what was set aside")
        page.edit_last()
        await until(lambda: names(page) == ["a.png"], "the picture again")
        press(desk.window, Qt.Key.Key_Escape)
        assert names(page) == ["b.txt"]


# In the transcript


@on_qt_loop
async def test_files_of_a_question_are_shown_and_zoomed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.txt").write_text("the other")
    async with chat(SAID) as (_server, _desk, page):
        page.attaching.files.add_paths([tmp_path / "a.png", tmp_path / "b.txt"])
        await settled(page)
        await ask(page, "What is this?")
        await answered(page)
        overlay = page.transcript.overlay
        await until(lambda: any(key[1] == "file:0:zoom" for key in overlay.shown()), "the picture")
        pressed(page, "file:0:zoom")
        viewer = page.window().findChild(PictureViewer)
        assert viewer is not None
        await until(lambda: viewer.canvas._levels, "the whole picture")
        assert viewer.canvas._levels[0].width() == 60
        viewer.reject()
        page.transcript.copy_message(page.session.branch()[0].id)
        text = QGuiApplication.clipboard().text()
        assert text == "What is this?\n\n![a.png](attachment)\n[b.txt](attachment)"


async def drawn(page: ChatPage) -> None:
    """Wait until the last answer shows its picture."""
    images = page.transcript.page.images
    await until(
        lambda: last_answer(page).tail.pictures and not images.worker.busy, "a picture in its place"
    )
    await until(lambda: _image(page) is not None, "a decoded picture")


def _image(page: ChatPage) -> QImage | None:
    found = last_answer(page).tail.pictures
    picture = found[0]._picture if found else None
    return None if picture is None else picture.image


@on_qt_loop
async def test_a_made_picture_appears_can_be_used_and_survives_reopening() -> None:
    async with chat(DRAWN) as (server, _desk, page):
        page._choose_model("local", "painter")
        await turns()
        assert page.composer.edit.placeholder() == "Describe a picture"
        await ask(page, "A harbour")
        answer = await answered(page)
        assert server.requests[0].path == "/v1/images/generations"
        await drawn(page)
        assert answer.attachments[0].kind is AttachmentKind.IMAGE
        page.transcript.pointer.hovered = len(page.transcript.column.items) - 1
        page.transcript.place_controls()
        pressed(page, "file:0:use")
        await until(lambda: names(page) == [answer.attachments[0].name], "a chip")
        page.transcript.copy_message(answer.id)
        assert QGuiApplication.clipboard().text() == f"![{answer.attachments[0].name}](attachment)"
        chat_id = page.session.conversation.id
        pressed(page, "file:0:copy")
        await until(lambda: QGuiApplication.clipboard().mimeData().hasImage(), "a copied picture")
    async with ByteServer([SAID]) as other, open_desk(before=use(other)) as again:
        again.window.open_conversation(chat_id)
        page = again.window.current_page()
        await until(lambda: page.session.branch(), "the conversation")
        await drawn(page)
        found = _image(page)
        assert found is not None
        assert found.width() == 60
        application().processEvents()
        images = page.transcript.page.images
        piece = last_answer(page).tail.pictures[0]
        picture = piece._picture
        assert picture is not None
        page.transcript.column.items[-1].body.drop(page.transcript.page)  # type: ignore[union-attr]
        assert piece not in picture.pieces
        assert id(picture) in images._kept


@on_qt_loop
async def test_a_picture_that_is_gone_says_so() -> None:
    async with chat(DRAWN) as (_server, _desk, page):
        page._choose_model("local", "painter")
        await ask(page, "A harbour")
        await answered(page)
        chat_id = page.session.conversation.id
        await drawn(page)

    async def gone(_key: str) -> None:
        return None

    async with ByteServer([SAID]) as other:

        async def before(house: House) -> None:
            await use(other)(house)
            house.store.blob = gone  # type: ignore[assignment,method-assign]

        await says_gone(before, chat_id)


async def says_gone(before: Callable[[House], Awaitable[None]], chat_id: str) -> None:
    async with open_desk(before=before) as again:
        again.window.open_conversation(chat_id)
        page = again.window.current_page()
        await until(lambda: page.session.branch(), "the conversation")
        await until(
            lambda: (
                last_answer(page).tail.pictures
                and last_answer(page).tail.pictures[0]._card is not None
            ),
            "a card",
        )
        card = last_answer(page).tail.pictures[0]._card
        assert card is not None
        assert card._lines[0].run.text == "The picture is no longer there."
        assert not card._buttons


@on_qt_loop
async def test_a_picture_is_made_of_an_answer() -> None:
    async with chat(SAID, DRAWN) as (server, _desk, page):
        await ask(page, "What is this?")
        first = await answered(page)
        await again(page, "do:picture")
        await drawn(page)
        assert server.requests[1].json()["prompt"].endswith("A red square.")
        assert server.requests[1].json()["model"] == "painter"
        branch = page.session.branch()
        assert [item.role for item in branch[2:]] == [Role.USER, Role.ASSISTANT]
        assert branch[1].id == first.id
        body = page.transcript.column.body(2)
        assert isinstance(body, QuestionBody)
        assert not body.files.files
        assert page.session.conversation.options == ChatOptions(service_id="local", model="m")


@on_qt_loop
async def test_a_call_of_a_tool_is_shown_and_nothing_is_run() -> None:
    call = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": "search_web", "arguments": '{"query": "tides", "limit": 5}'},
    }
    script = sse(delta("I look."), delta(tool_calls=[call]), delta(finish="tool_calls"))
    async with chat(script) as (server, _desk, page):
        await ask(page, "When is high water?")
        await answered(page)
        (card,) = last_answer(page).tail.calls
        assert card.explanation.title == "search_web"
        assert "does not run tools" in card.explanation.cause
        before = last_answer(page).height(page.transcript.page)
        pressed(page, "tool:0")
        assert card.detail_open
        assert last_answer(page).height(page.transcript.page) > before
        assert len(server.requests) == 1


@on_qt_loop
async def test_an_answer_from_the_cache_says_so_and_is_asked_anew() -> None:
    async with chat(SAID) as (server, desk, page):
        service = desk.house.catalogue.service("local")
        assert service is not None
        desk.house.catalogue.save(replace(service, cache=True))
        options = ChatOptions(service_id="local", model="m", temperature=0.0)
        await page.session.set_options(options)
        await ask(page, "What is this?")
        await answered(page)
        answer = await again(page, "do:regenerate")
        assert len(server.requests) == 1
        assert answer.cached_at is not None
        assert origin(last_answer(page).message) == "Local · from the cache, just now"
        for number, ending in enumerate(("do:fresh", "do:regenerate")):
            answer = await again(page, ending)
            assert len(server.requests) == 2
            assert (answer.cached_at is None) == (not number)
            assert ("do:fresh" in {key[1] for key in page.transcript.overlay.shown()}) == number
        # The same would be found again, which is not what the press is for.
        await again(page, "do:regenerate")
        assert len(server.requests) == 3


@on_qt_loop
async def test_what_answers_and_chats_cost_is_told() -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 500}
    script = sse(delta("A red square."), {"choices": [], "usage": usage}, delta(finish="stop"))
    async with chat(script) as (_server, desk, page):
        await ask(page, "What is this?")
        answer = await answered(page)
        assert answer.cost is not None
        assert "¥0.0060" in last_answer(page).tip(page.transcript.page, 700, _footer(page))
        bar = desk.window.tabs.bar
        await until(lambda: "¥0.0060" in bar.tabToolTip(bar.currentIndex()), "the chat's cost")


def _footer(page: ChatPage) -> int:
    return last_answer(page).height(page.transcript.page) - 10
