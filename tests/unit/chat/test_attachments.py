"""Files of every kind, read from a real disk."""

import os
from pathlib import Path

import pytest

from desktop_chat.chat.attachments import (
    LONGEST_SIDE,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_IMAGE_BYTES,
    MAX_TEXT_BYTES,
    AttachmentReader,
    check_count,
    decoded,
    file_name,
    refusal,
    text_type,
)
from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.explain_files import FILE_CODES, explain_file
from desktop_chat.core.attachments import Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.services import Model
from tests.unit.chat.support import png

READER = AttachmentReader()


async def refused(name: str, data: bytes) -> ErrorInfo:
    with pytest.raises(ChatError) as caught:
        await READER.read_bytes(name, data)
    return caught.value.info


async def test_a_picture_is_known_by_its_bytes() -> None:
    data = png(30, 20)
    found = await READER.read_bytes("shot.txt", data)
    assert found.data == data
    assert found.file == Attachment(
        blob_key(data), "shot.png", "image/png", len(data), AttachmentKind.IMAGE, 30, 20
    )


async def test_a_pdf_is_known_by_its_bytes() -> None:
    found = await READER.read_bytes("a.doc", b"%PDF-1.7\n\x00\xff")
    assert (found.file.kind, found.file.media_type) == (AttachmentKind.PDF, "application/pdf")


@pytest.mark.parametrize(
    "data",
    [
        "def f(): ...  # 你好".encode(),
        "\ufeffdef f(): ...  # 你好".encode(),
        "\ufeffdef f(): ...  # 你好".encode("utf-16-le"),
        "\ufeffdef f(): ...  # 你好".encode("utf-16-be"),
        "def f(): ...  # 你好".encode("gb18030"),
    ],
)
async def test_text_becomes_utf_8_whatever_it_was(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "主程序.py"
    path.write_bytes(data)
    found = await READER.read_path(path)
    assert found.data == "def f(): ...  # 你好".encode()
    assert found.file.kind is AttachmentKind.TEXT
    assert (found.file.name, found.file.media_type) == ("主程序.py", "text/x-python")
    assert found.file.size == len(found.data)


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x00\x00", b"\x7fELF\x02\x01\x01\x00", b"\x80\x81\xff", b"\x01\x02abc" * 9]
)
async def test_what_is_neither_is_refused(data: bytes) -> None:
    info = await refused("a.bin", data)
    assert (info.kind, info.code) == (ErrorKind.BAD_REQUEST, "file_kind")
    assert info.values["name"] == "a.bin"


async def test_bounds() -> None:
    assert (await refused("a", b"")).code == "file_empty"
    assert (await refused("a", b"a" * (MAX_FILE_BYTES + 1))).code == "file_too_large"
    assert (await refused("a", b"a" * (MAX_TEXT_BYTES + 1))).code == "text_too_large"
    assert (await refused("a", png(LONGEST_SIDE + 1, 1))).code == "image_unscaled"
    assert (await refused("a", png(9, 9) + bytes(MAX_IMAGE_BYTES))).code == "image_unscaled"
    assert (await READER.read_bytes("a", b"a" * MAX_TEXT_BYTES)).file.size == MAX_TEXT_BYTES
    check_count(MAX_FILES)
    with pytest.raises(ChatError) as caught:
        check_count(MAX_FILES + 1)
    assert caught.value.info.code == "too_many_files"


async def path_code(path: Path) -> str:
    with pytest.raises(ChatError) as caught:
        await READER.read_path(path)
    return caught.value.info.code


async def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert await path_code(tmp_path / "none") == "file_missing"
    assert await path_code(tmp_path) == "file_folder"
    assert await path_code(tmp_path / ("x" * 999)) == "file_unreadable"
    assert await path_code(Path("nul\0")) == "file_unreadable"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert await path_code(pipe) == "file_kind", "nobody waits for its other end"
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert await path_code(large) == "file_too_large"


class Scaler:
    """Remembers what it was asked."""

    def __init__(self, result: bytes | ChatError) -> None:
        self.result = result
        self.asked: list[tuple[int, int]] = []

    def scale(self, data: bytes, longest: int, max_bytes: int) -> bytes:
        self.asked.append((longest, max_bytes))
        if isinstance(self.result, ChatError):
            raise self.result
        return self.result


async def test_pictures_are_scaled_when_they_are_chosen() -> None:
    scaler = Scaler(png(7, 5))
    found = await AttachmentReader(scaler).read_bytes("a.bmp", png(9000, 10))
    assert scaler.asked == [(LONGEST_SIDE, MAX_IMAGE_BYTES)]
    assert (found.file.width, found.file.height, found.file.name) == (7, 5, "a.png")
    assert found.file.blob == blob_key(png(7, 5))


async def test_what_cannot_be_scaled_has_its_name() -> None:
    scaler = Scaler(ChatError(ErrorInfo(ErrorKind.BAD_REQUEST, code="image_damaged")))
    with pytest.raises(ChatError) as caught:
        await AttachmentReader(scaler).read_bytes("a.png", png(9, 9))
    assert explain_file(caught.value.info) == "a.png is damaged."


def test_what_a_model_takes() -> None:
    image = Attachment("k", "a.png", "image/png", 1, AttachmentKind.IMAGE)
    pdf = Attachment("k", "a.pdf", "application/pdf", 1, AttachmentKind.PDF)
    text = Attachment("k", "a.txt", "text/plain", 1, AttachmentKind.TEXT)
    deaf = Model("m", images=False, files=False, name="Em")
    assert [refusal(Model("m"), file) for file in (image, pdf, text)] == [None, None, None]
    told = [refusal(deaf, file) for file in (image, pdf, text)]
    assert [info and explain_file(info) for info in told] == [
        "Em takes no pictures.",
        "Em takes no PDF files.",
        None,
    ]
    assert told[0] is not None
    assert explain_error(told[0]).title == "Em takes no pictures"


def test_every_refusal_has_a_sentence() -> None:
    for code in FILE_CODES:
        told = explain_file(ErrorInfo(ErrorKind.BAD_REQUEST, code=code, values={"name": "n"}))
        assert told.endswith(".")
        assert "{" not in told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\报告.pdf", "报告.pdf"),
        ("gnp\u202eexe.png", "gnpexe.png"),
        ("a\n\x1b[2Jb", "a[2Jb"),
        ("", "file"),
        ("\ud800", "?"),
    ],
)
def test_names_mislead_nobody(name: str, expected: str) -> None:
    assert file_name(name) == expected


def test_a_long_name_keeps_its_ending() -> None:
    short = file_name("x" * 500 + ".tar")
    assert len(short) == 120
    assert short.endswith("….tar")


def test_types_of_texts() -> None:
    assert text_type("a.MD") == "text/markdown"
    assert text_type("a.ts") == "text/plain"
    assert text_type("Makefile") == "text/plain"
    assert text_type("a.json") == "application/json"


def test_bytes_that_are_no_text() -> None:
    assert decoded(b"a\0b") is None
    assert decoded(b"\xff\xfea") is None
    assert decoded(b"\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"
