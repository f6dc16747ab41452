"""An image that an answer names: from the press in the window to the picture, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desktop_chat.core.messages import ChatOptions
from desktop_chat.core.services import Model, Service
from desktop_chat.providers.pictures import HttpPictures
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.transcript.images.layout_image import ImagePiece
from desktop_chat.wiring import House
from tests.helpers.byte_server import HANG, ByteServer, delta, reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import answered, ask, open_desk
from tests.unit.providers.test_pictures import PNG

HOST = "pictures.test"


async def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


async def let_in(house: House) -> None:
    """Let one host on this computer pass for one of the internet."""
    providers = house.providers
    providers.pictures = HttpPictures(
        providers._transport,
        redact=house.redactor.clean,
        resolve=here,
        permits=lambda host, _address: host == HOST,
    )


@asynccontextmanager
async def answer_naming(pictures: ByteServer, host: str) -> AsyncIterator[ChatPage]:
    """A window with an answer that names an image."""
    text = f"![the harbour](http://{host}:{pictures.port}/a.png)"
    script = sse(delta(text), delta(finish="stop"))
    async with ByteServer([script]) as server, open_desk(before=let_in) as desk:
        service = Service(
            "local",
            {"": "Local"},
            base_url=server.url,
            auth="none",
            models=(Model("m"),),
            default_model="m",
        )
        desk.house.catalogue.save(service)
        page = desk.window.current_page()
        await page.session.set_options(ChatOptions(service_id="local", model="m"))
        await ask(page, "Show me the harbour.")
        await answered(page)
        await until(lambda: piece(page) is not None, "the image's card")
        yield page


def piece(page: ChatPage) -> ImagePiece | None:
    column = page.transcript.column
    body = column.answer(len(column.items) - 1) if column.items else None
    pieces = body.text.body.pieces if body is not None else []
    return next((one for one in pieces if isinstance(one, ImagePiece)), None)


def press(page: ChatPage, verb: str) -> None:
    overlay = page.transcript.overlay
    (key,) = [key for key in overlay.shown() if key[1].endswith(f":{verb}")]
    button = overlay.widget(key)
    assert button is not None
    button.click()


def words(page: ChatPage) -> str:
    found = piece(page)
    if found is None or found._card is None:
        return ""
    return " ".join(flow.run.text for flow in found._card._lines)


@on_qt_loop
async def test_an_image_is_fetched_when_it_is_pressed_for_and_not_before() -> None:
    async with (
        ByteServer([reply(200, PNG, content_type="image/png")]) as pictures,
        answer_naming(pictures, HOST) as page,
    ):
        assert not pictures.connections
        assert "Nothing is fetched" in words(page)
        press(page, "load")
        images = page.transcript.page.images
        await until(lambda: not words(page), "the picture")
        await until(lambda: not images.worker.busy, "its pixels")
        assert [request.path for request in pictures.requests] == ["/a.png"]


@on_qt_loop
async def test_what_leads_into_the_own_network_is_refused_in_words() -> None:
    async with (
        ByteServer([reply(200, PNG, content_type="image/png")]) as pictures,
        answer_naming(pictures, "127.0.0.1") as page,
    ):
        press(page, "load")
        await until(lambda: "so nothing was fetched" in words(page), "the reason")
        assert not pictures.connections


@on_qt_loop
async def test_a_failure_can_be_tried_again() -> None:
    scripts = [reply(404, b"", content_type="text/html"), reply(200, PNG, content_type="image/png")]
    async with ByteServer(scripts) as pictures, answer_naming(pictures, HOST) as page:
        press(page, "load")
        await until(lambda: "nothing at this address" in words(page), "the reason")
        press(page, "load")
        await until(lambda: not words(page), "the picture")
        images = page.transcript.page.images
        await until(lambda: not images.worker.busy, "its pixels")


@on_qt_loop
async def test_a_chat_that_closes_while_an_image_is_on_its_way() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 90\r\n\r\n"
    async with ByteServer([[head, HANG]]) as pictures, answer_naming(pictures, HOST) as page:
        press(page, "load")
        await until(lambda: pictures.requests, "the request")
        assert "Loading…" in words(page)
