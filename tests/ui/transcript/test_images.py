"""Images that answers carry: real pictures, real decoders, and bytes that mean harm."""

import base64
import struct
import zlib
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.images import images as images_module
from desktop_chat.ui.transcript.images import picture_decode
from desktop_chat.ui.transcript.images.layout_image import TALLEST, ImagePiece
from desktop_chat.ui.transcript.images.picture_decode import Trouble, data_bytes, decode
from desktop_chat.ui.transcript.images.picture_viewer import PictureViewer
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.theme import make_theme
from tests.helpers.window import press, turns
from tests.ui.transcript.support import (
    answer,
    body,
    button,
    point_of,
    run,
    send,
    shown,
    streaming,
)

ADDRESS = "https://pictures.test/harbour.png"


def picture(width: int, height: int, form: str = "png", colour: str = "#336699") -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    painter = QPainter(image)
    painter.fillRect(0, 0, width // 2, height // 2, QColor("#cc3311"))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # The stub says bytes; what runs wants text.
    assert image.save(buffer, form)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def uri(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A small file that claims a huge picture."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + part(b"IDAT", zlib.compress(b"\0" * 100_000))
        + part(b"IEND", b"")
    )


def piece(view: TranscriptView, number: int = 0, name: str = "a") -> ImagePiece:
    found = [one for one in body(view, name).text.body.pieces if isinstance(one, ImagePiece)]
    return found[number]


def number_of(view: TranscriptView, name: str = "a") -> int:
    pieces = body(view, name).text.body.pieces
    return next(index for index, one in enumerate(pieces) if isinstance(one, ImagePiece))


async def decoded(view: TranscriptView) -> None:
    """Wait until nothing is being decoded, and paint."""
    run(view)
    await until(lambda: not view.page.images.worker.busy, "the picture")
    run(view)


def keys(view: TranscriptView) -> list[str]:
    """What can be pressed on pieces; what keeps the focus out of sight is left out."""
    found = []
    for name, key in view.overlay.shown():
        widget = view.overlay.widget((name, key))
        if key.startswith("piece:") and widget is not None and widget.y() > -5_000:
            found.append(key)
    return sorted(found)


# Decoding


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "bmp"])
def test_each_kind_is_decoded_and_scaled(form: str) -> None:
    found = decode(uri(picture(400, 300, form), form), (100, 100))
    assert not found.trouble
    assert found.size == (400, 300)
    (image,) = found.images
    assert (image.width(), image.height()) == (100, 75)
    red = image.pixelColor(10, 10)
    assert (red.red() > 180, red.blue() < 60) == (True, True)


def test_the_first_frame_of_a_gif() -> None:
    gif = base64.b64decode("R0lGODlhAgABAIAAAP8AAAAA/yH5BAAKAAAALAAAAAACAAEAAAICRAoAOw==")
    found = decode(gif, (50, 50))
    assert found.images[0].pixelColor(0, 0) == QColor("#ff0000")


def test_a_picture_is_never_enlarged() -> None:
    assert decode(picture(40, 30), (400, 400)).images[0].width() == 40


def test_a_viewer_gets_the_whole_and_its_halves() -> None:
    found = decode(picture(3000, 1200), None)
    assert [image.width() for image in found.images] == [3000, 1500, 750]


def test_a_camera_that_was_turned() -> None:
    jpeg = picture(40, 20, "jpeg")
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    found = decode(turned, (10, 10))
    assert found.size == (20, 40)
    assert (found.images[0].width(), found.images[0].height()) == (5, 10)


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (bomb(30_000, 30_000), Trouble.LARGE),
        (bomb(2_000_000_000, 2_000_000_000), Trouble.LARGE),
        (bomb(100_000, 2), Trouble.LARGE),
        (picture, Trouble.DAMAGED),
        (b"", Trouble.KIND),
        (b"II*\0 a TIFF", Trouble.KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Trouble.SVG),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>", Trouble.SVG),
        (b"\n <!DOCTYPE svg><svg><script>alert(1)</script></svg>", Trouble.SVG),
    ],
)
def test_harmful_bytes_are_not_decoded(data: object, trouble: Trouble) -> None:
    raw = picture(50, 50)[:60] if callable(data) else data
    assert isinstance(raw, bytes)
    found = decode(raw, (100, 100))
    assert (found.trouble, found.images) == (trouble, ())


@pytest.mark.parametrize(
    "href",
    ["data:image/png;base64,????", "data:image/png;base64,iVBO=Rw", "data:image/png", "data:,"],
)
def test_broken_data_is_nothing(href: str) -> None:
    assert not data_bytes(href)


def test_data_may_be_folded_and_unpadded() -> None:
    text = base64.b64encode(b"some bytes").decode().rstrip("=")
    assert data_bytes(f"data:image/png;base64,{text[:6]}\n  {text[6:]}") == b"some bytes"
    assert data_bytes("data:image/png;BASE64,%2B%2B%2B%2B") == b"\xfb\xef\xbe"


def test_long_data_is_read_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 5
    text = base64.b64encode(data).decode()
    folded = "\n".join(text[at : at + 61] for at in range(0, len(text), 61))
    escaped = text.replace("+", "%2B").replace("/", "%2F")
    for size in (4, 7, 64, 100):
        monkeypatch.setattr(picture_decode, "_SLICE", size)
        for form in (text, text.rstrip("="), folded, escaped):
            assert data_bytes(f"data:image/png;base64,{form}") == data
        assert data_bytes(f"data:image/png;base64,{text[:40]}={text[41:]}") is None
        assert data_bytes(f"data:image/png;base64,{text[:40]}!{text[41:]}") is None
        part = data_bytes(f"data:image/png;base64,{text[:-4]}", first=True)
        assert part is not None
        assert data.startswith(part)


# Shown


@on_qt_loop
async def test_a_picture_has_its_height_before_it_is_decoded() -> None:
    view = shown(make_theme(), [answer("a", f"Before.\n\n![]({uri(picture(1520, 600))})\n\nEnd.")])
    found = piece(view)
    assert found.height == 300
    end = view.column.height
    await decoded(view)
    assert (found.height, view.column.height) == (300, end)
    at = point_of(view, "a", number_of(view), 40, 40)
    colour = view.viewport().grab().toImage().pixelColor(at)
    assert colour.red() > 180
    assert found._picture is not None
    assert found._picture.image is not None
    assert found._picture.image.width() == 760


@on_qt_loop
async def test_a_tall_picture_is_bounded_and_a_small_one_keeps_its_size() -> None:
    view = shown(make_theme(), [answer("a", f"![]({uri(picture(300, 3000))})")])
    assert piece(view).height == TALLEST
    view = shown(make_theme(), [answer("a", f"![]({uri(picture(60, 40))})")])
    assert piece(view).height == 40
    await decoded(view)


@on_qt_loop
async def test_a_growing_image_has_one_height() -> None:
    view = shown(make_theme(), [streaming("a")])
    text = f"![a chart]({uri(picture(900, 900, 'bmp'))})"
    seen = set()
    step = len(text) // 12
    for start in range(0, len(text) - 40, step):
        send(view, "a", text[start : min(start + step, len(text) - 40)], size=step)
        if start > step:
            seen.add(piece(view).height)
            assert piece(view).block.open
    assert seen == {56}
    send(view, "a", f"{text[-40:]}\n\nAfter.")
    assert not piece(view).block.open
    assert piece(view).height == TALLEST + 22
    await decoded(view)


def test_the_words_beside_an_image_can_be_selected_and_copied(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"![a chart]({uri(picture(300, 100))})")])
    found = piece(view)
    assert found.raw() == "a chart"
    assert found.plain(2, 7) == "chart"
    place = found.caret_at(view.page, 2)
    assert found.hit(view.page, place.left() + 0.5, place.center().y()) == 2
    assert found.over_text(view.page, 5, found.height - 5)
    assert not found.over_text(view.page, 5, 5)
    assert found.crop(0, 7) is found.block


@on_qt_loop
async def test_what_is_far_away_lets_its_pixels_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "_KEPT_BYTES", 2_000_000)
    pictures = "\n\n".join(
        f"![]({uri(picture(760, 480, colour=f'#3366{n:02x}'))})\n\n" + "Words.\n\n" * 20
        for n in range(12)
    )
    view = shown(make_theme(), [answer("a", pictures)])
    await decoded(view)
    for top in [*range(0, view.column.height, 500), 0]:
        view.scroll_to(top)
        await decoded(view)
    held = [one for one in body(view, "a").text.body.pieces if isinstance(one, ImagePiece)]
    alive = [one for one in held if one._picture is not None and one._picture.image is not None]
    assert 1 <= len(alive) <= 4
    first = held[0]._picture
    assert first is not None
    assert first.image is not None


@pytest.mark.parametrize("form", ["png", "webp"])
@on_qt_loop
async def test_pixels_that_prove_broken_become_a_card(form: str) -> None:
    good = picture(700, 400, form)
    href = uri(good[: len(good) // 2], form)
    view = shown(make_theme(), [answer("a", f"![]({href})\n\nAfter.")])
    await decoded(view)
    assert piece(view).height < 100
    assert keys(view) == [f"piece:{number_of(view)}:save"]


@on_qt_loop
async def test_what_there_is_of_a_cut_photo_is_shown() -> None:
    good = picture(700, 400, "jpeg")
    view = shown(make_theme(), [answer("a", f"![]({uri(good[:-100], 'jpeg')})\n\nAfter.")])
    await decoded(view)
    assert piece(view).height == 400


@pytest.mark.parametrize(
    ("href", "said"),
    [
        (uri(bomb(30_000, 30_000)), "The image has too many pixels to be shown."),
        (uri(b"<svg/>", "svg+xml"), "SVG images can hold more than a drawing"),
        (uri(b"no picture at all"), "This kind of image cannot be shown."),
    ],
)
def test_what_is_not_shown_says_why_and_can_be_saved(theme: Theme, href: str, said: str) -> None:
    view = shown(theme, [answer("a", f"Before.\n\n![chart]({href})\n\nAfter.")])
    found = piece(view)
    assert found._card is not None
    words = " ".join(flow.run.text for flow in found._card._lines)
    assert said in words
    assert found.raw() == "chart"
    assert button(view, "a", f"piece:{number_of(view)}:save").text() == "Save as"
    assert not view.page.images.worker.busy


@on_qt_loop
async def test_saving_gives_the_original_bytes(tmp_path: Path) -> None:
    data = picture(300, 100, "jpeg")
    view = shown(make_theme(), [answer("a", f"![A chart, 2026]({uri(data, 'jpeg')})")])
    await decoded(view)
    button(view, "a", f"piece:{number_of(view)}:save").click()
    await until(lambda: view.findChild(QFileDialog) is not None, "the dialog")
    dialog = view.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.selectedFiles()[0].endswith("A-chart-2026.jpg")
    target = tmp_path / "x.jpg"
    dialog.fileSelected.emit(str(target))
    dialog.reject()
    await until(lambda: not view.deeds.worker.busy, "the file")
    assert target.read_bytes() == data


@on_qt_loop
async def test_copying_gives_pixels_file_and_html() -> None:
    data = picture(1200, 400)
    view = shown(make_theme(), [answer("a", f"![a chart]({uri(data)})")])
    await decoded(view)
    QApplication.clipboard().clear()
    button(view, "a", f"piece:{number_of(view)}:copy").click()
    await decoded(view)
    found = QApplication.clipboard().mimeData()
    assert found.hasImage()
    assert QApplication.clipboard().image().width() == 1200
    assert found.data("image/png").data() == data
    assert 'alt="a chart"' in found.html()
    assert "data:image/png;base64," in found.html()


@on_qt_loop
async def test_the_picture_itself_is_pressed_to_be_seen_large() -> None:
    view = shown(make_theme(), [answer("a", f"![a chart]({uri(picture(2400, 1600))})")])
    await decoded(view)
    area = button(view, "a", f"piece:{number_of(view)}:zoom")
    assert area.accessibleName() == "Show larger: a chart"
    at = point_of(view, "a", number_of(view), 300, 100)
    assert area.geometry().contains(at)
    area.click()
    viewer = view.findChild(PictureViewer)
    assert viewer is not None
    assert viewer.accessibleName() == "a chart"
    await decoded(view)
    canvas = viewer.canvas
    assert canvas.fitted
    assert 0.05 < canvas.zoom < 1
    press(viewer, Qt.Key.Key_1)
    assert canvas.zoom == 1
    press(viewer, Qt.Key.Key_Plus)
    assert canvas.zoom == 1.25
    press(viewer, Qt.Key.Key_0)
    assert canvas.fitted
    press(viewer, Qt.Key.Key_Escape)
    await turns()
    assert view.findChild(PictureViewer) is None


@on_qt_loop
async def test_a_viewer_that_closed_early_hurts_no_one() -> None:
    view = shown(make_theme(), [answer("a", f"![]({uri(picture(2400, 1600))})")])
    await decoded(view)
    button(view, "a", f"piece:{number_of(view)}:zoom").click()
    viewer = view.findChild(PictureViewer)
    assert viewer is not None
    viewer.reject()
    await turns()
    await decoded(view)


@on_qt_loop
async def test_zooming_keeps_what_is_under_the_pointer() -> None:
    view = shown(make_theme(), [answer("a", f"![]({uri(picture(2000, 2000))})")])
    await decoded(view)
    button(view, "a", f"piece:{number_of(view)}:zoom").click()
    viewer = view.findChild(PictureViewer)
    assert viewer is not None
    await decoded(view)
    canvas = viewer.canvas
    canvas.zoom_to(1.0)
    point = QPointF(canvas.width() / 2 + 90, canvas.height() / 2 - 60)
    away = point - QPointF(canvas.rect().width() / 2, canvas.rect().height() / 2)
    before = canvas._middle + away / canvas._scale()
    canvas.zoom_to(2.0, point)
    after = canvas._middle + away / canvas._scale()
    assert abs(after.x() - before.x()) < 1.5
    assert abs(after.y() - before.y()) < 1.5
    viewer.reject()


# Elsewhere


def test_nothing_is_asked_for_before_the_press(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"![the harbour]({ADDRESS})")])
    wanted: list[str] = []
    view.page.images.wanted.connect(wanted.append)
    run(view)
    assert wanted == []
    found = piece(view)
    assert found._card is not None
    assert ADDRESS in " ".join(flow.run.text for flow in found._card._lines)
    load = button(view, "a", f"piece:{number_of(view)}:load")
    assert load.text() == "Load"
    QTest.mouseClick(load, Qt.MouseButton.LeftButton)
    run(view)
    assert wanted == [ADDRESS]
    # It keeps the focus, out of sight.
    assert not load.geometry().intersects(view.viewport().rect())
    assert "Loading…" in [flow.run.text for flow in found._card._lines]


@on_qt_loop
async def test_what_was_fetched_is_shown_wherever_it_is_named() -> None:
    view = shown(
        make_theme(),
        [answer("a", f"![one]({ADDRESS})"), answer("b", f"![two]({ADDRESS})\n\nAfter.")],
    )
    view.page.images.supply(ADDRESS, picture(500, 200))
    await decoded(view)
    assert [piece(view, name=name).height for name in "ab"] == [222, 222]
    assert all(piece(view, name=name)._card is None for name in "ab")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ErrorInfo(ErrorKind.NETWORK, host="pictures.test"), "No connection to pictures.test."),
        (ErrorInfo(ErrorKind.PERMISSION, code="private_address"), "so nothing was fetched"),
        (ErrorInfo(ErrorKind.NOT_FOUND, 404), "There is nothing at this address."),
        (ErrorInfo(ErrorKind.PROTOCOL, code="too_large"), "larger than 20 MB"),
        (
            ErrorInfo(ErrorKind.SERVER, 502, host="h.test"),
            "h.test did not give the image (HTTP 502)",
        ),
        (ErrorInfo(ErrorKind.REDIRECT, host="h.test"), "h.test leads on"),
        (ErrorInfo(ErrorKind.TIMEOUT, host="h.test"), "h.test took too long"),
        (ErrorInfo(ErrorKind.BAD_REQUEST, code="url"), "not an address that can be fetched"),
        (ErrorInfo(ErrorKind.PROTOCOL, code="not_image"), "not an image that can be shown"),
        (ErrorInfo(ErrorKind.INTERNAL), "The image could not be loaded."),
    ],
)
def test_a_failure_says_why_and_can_be_tried_again(
    theme: Theme, error: ErrorInfo, said: str
) -> None:
    view = shown(theme, [answer("a", f"![the harbour]({ADDRESS})")])
    view.page.images.fail(ADDRESS, error)
    run(view)
    found = piece(view)
    assert found._card is not None
    assert said in " ".join(flow.run.text for flow in found._card._lines)
    wanted: list[str] = []
    view.page.images.wanted.connect(wanted.append)
    again = button(view, "a", f"piece:{number_of(view)}:load")
    assert again.text() == "Try again"
    QTest.mouseClick(again, Qt.MouseButton.LeftButton)
    assert wanted == [ADDRESS]


def test_a_host_that_looks_like_another_shows_what_it_is(theme: Theme) -> None:
    view = shown(theme, [answer("a", "![logo](https://\u0430\u0440\u0440\u04cf\u0435.com/l.png)")])
    found = piece(view)
    assert found._card is not None
    assert "https://xn--80ak6aa92e.com/l.png" in [flow.run.text for flow in found._card._lines]


def test_the_address_can_be_copied(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"![the harbour]({ADDRESS})")])
    QTest.mouseClick(
        button(view, "a", f"piece:{number_of(view)}:copy-address"), Qt.MouseButton.LeftButton
    )
    assert QApplication.clipboard().text() == ADDRESS


def test_an_image_late_in_loading_does_not_move_the_reader(theme: Theme) -> None:
    text = f"![the harbour]({ADDRESS})\n\n" + "Some words.\n\n" * 80
    view = shown(theme, [answer("a", text)])
    view.scroll_to(0)
    run(view)
    view.scroll_to(120)
    run(view)
    number = number_of(view) + 6
    before = point_of(view, "a", number, 0, 0)
    view.page.images.supply(ADDRESS, picture(500, 400))
    run(view)
    assert point_of(view, "a", number, 0, 0) == before


def test_originals_that_no_one_looks_at_go(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "_KEPT_ORIGINALS", 60_000)
    view = shown(theme, [answer("a", f"![the harbour]({ADDRESS})")])
    images = view.page.images
    data = picture(100, 100, "bmp")
    for number in range(5):
        images.supply(f"https://h.test/{number}", data)
    images.supply(ADDRESS, data)
    assert images.picture(ADDRESS).data is not None
    assert images.picture("https://h.test/0").data is None


def test_selecting_across_an_image_marks_it(theme: Theme) -> None:
    view = shown(theme, [answer("a", f"Before.\n\n![chart]({uri(picture(300, 100))})\n\nAfter.")])
    view.pointer.select_message("a")
    index = view.column.index_of("a")
    assert index is not None
    marked = view.state_of(index).marked
    assert marked.shade(Part.BODY, number_of(view)).selected is not None


def test_the_limit_of_the_decoder_itself_stays() -> None:
    assert 0 < QImageReader.allocationLimit() <= 512


def test_a_jpeg_of_endless_scans_is_not_decoded() -> None:
    bomb = b"\xff\xd8\xff\xe0" + b"\xff\xda\x00\x08" * 100
    assert decode(bomb, None).trouble is Trouble.DAMAGED
