"""Pictures made small enough, by real bytes."""

import random
import struct
import zlib

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter

from desktop_chat.core.errors import ChatError
from desktop_chat.core.pictures import picture_head
from desktop_chat.ui.image_scaler import QtImageScaler

MEGABYTE = 1024 * 1024


def written(image: QImage, form: str, quality: int = -1) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(form.encode()))
    writer.setQuality(quality)
    assert writer.write(image)
    return bytes(content.data())


def noise(width: int, height: int) -> QImage:
    data = random.Random(1).randbytes(width * height * 4)
    return QImage(data, width, height, QImage.Format.Format_RGB32).copy()


def plain(width: int, height: int, colour: QColor) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.fill(colour)
    return image


def turned(jpeg: bytes, orientation: int) -> bytes:
    """Return a JPEG that says how a camera was held."""
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def image_of(data: bytes) -> QImage:
    image = QImage()
    assert image.loadFromData(data)
    return image


def code_of(data: bytes) -> str:
    with pytest.raises(ChatError) as caught:
        QtImageScaler().scale(data, 2048, MEGABYTE)
    return caught.value.info.code


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_what_fits_stays_as_it_is(form: str) -> None:
    data = written(plain(60, 40, QColor("red")), form)
    assert QtImageScaler().scale(data, 60, MEGABYTE) == data


@pytest.mark.parametrize("form", ["png", "jpeg", "bmp"])
def test_a_large_one_is_scaled_and_keeps_its_shape(form: str) -> None:
    data = written(plain(800, 400, QColor(10, 200, 30)), form)
    head = picture_head(QtImageScaler().scale(data, 100, MEGABYTE))
    assert head is not None
    assert (head.kind, head.width, head.height) == ("png", 100, 50)


def test_a_bitmap_becomes_one_of_the_kinds_that_models_take() -> None:
    data = written(plain(20, 10, QColor("red")), "bmp")
    head = picture_head(QtImageScaler().scale(data, 2048, MEGABYTE))
    assert head is not None
    assert head.kind == "png"


def test_many_bytes_become_a_jpeg_and_then_fewer_pixels() -> None:
    data = written(noise(900, 600), "png")
    limit = 400_000
    scaled = QtImageScaler().scale(data, 2048, limit)
    head = picture_head(scaled)
    assert head is not None
    assert (head.kind, head.width) == ("jpeg", 900)
    assert len(scaled) <= limit
    small = QtImageScaler().scale(data, 2048, 50_000)
    assert len(small) <= 50_000
    assert image_of(small).width() < 900


def test_a_clear_place_stays_clear_or_becomes_white() -> None:
    data = written(plain(300, 300, QColor(0, 0, 0, 0)), "png")
    scaled = image_of(QtImageScaler().scale(data, 100, MEGABYTE))
    assert scaled.pixelColor(5, 5).alpha() == 0
    image = noise(300, 300).convertToFormat(QImage.Format.Format_ARGB32)
    for x in range(60):
        for y in range(60):
            image.setPixelColor(x, y, QColor(0, 0, 0, 0))
    flat = image_of(QtImageScaler().scale(written(image, "png"), 2048, 100_000))
    assert flat.pixelColor(10, 10).lightness() > 200


def test_a_camera_that_was_turned() -> None:
    image = plain(80, 40, QColor("white"))
    for x in range(40):
        for y in range(40):
            image.setPixelColor(x, y, QColor("black"))
    data = turned(written(image, "jpeg", 95), 6)
    scaled = image_of(QtImageScaler().scale(data, 2048, MEGABYTE))
    assert (scaled.width(), scaled.height()) == (40, 80)
    assert scaled.pixelColor(20, 10).lightness() < 60, "left is on top now"
    assert scaled.pixelColor(20, 70).lightness() > 200
    small = image_of(QtImageScaler().scale(data, 20, MEGABYTE))
    assert (small.width(), small.height()) == (10, 20)


def png_that_claims(width: int, height: int) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(b"IHDR" + body))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + body + check


def test_what_cannot_be_read() -> None:
    whole = written(noise(50, 50), "png")
    assert code_of(b"no picture") == "image_damaged"
    assert code_of(whole[:20]) == "image_damaged"
    assert code_of(png_that_claims(100_000, 100_000)) in ("image_damaged", "image_too_large")
    bomb = written(plain(3000, 3000, QColor("red")), "jpeg") + b"\xff\xda" * 65
    assert code_of(bomb) == "image_damaged"
