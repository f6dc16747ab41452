"""What the first bytes of a picture say, against those that real encoders write."""

import struct

import pytest

from desktop_chat.core.pictures import PictureHead, picture_head


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments)


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


FRAME = struct.pack(">BHHB", 8, 30, 40, 3)


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 40, 30),
            PictureHead("png", 40, 30),
        ),
        (b"GIF89a" + struct.pack("<HH", 40, 30), PictureHead("gif", 40, 30)),
        (
            b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 40, -30),
            PictureHead("bmp", 40, 30),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x27\0\0\x1d\0\0",
            PictureHead("webp", 40, 30),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 4 + b"\x2f" + struct.pack("<I", 39 | 29 << 14),
            PictureHead("webp", 40, 30),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 40, 30),
            PictureHead("webp", 40, 30),
        ),
        (
            jpeg(segment(0xE0, b"JFIF\0"), segment(0xC4, FRAME), segment(0xC2, FRAME)),
            PictureHead("jpeg", 40, 30),
        ),
        (jpeg(segment(0xE1, b"x" * 60_000), b"\xff", segment(0xC0, FRAME)), None),
    ],
)
def test_kind_and_size(data: bytes, head: PictureHead | None) -> None:
    assert picture_head(data) == (head or PictureHead("jpeg", 40, 30))


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0",
        b"BM",
        b"RIFFxxxxWAVE",
        b"<svg/>",
        b"%PDF-1.7",
        b"",
    ],
)
def test_a_cut_or_strange_beginning_has_no_size(data: bytes) -> None:
    head = picture_head(data)
    assert head is None or (head.width, head.height) == (0, 0)


def test_the_media_type() -> None:
    assert PictureHead("jpeg", 1, 1).mime == "image/jpeg"
