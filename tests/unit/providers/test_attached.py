import base64

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage
from desktop_chat.providers.attached import data_uri, decoded, file_name, file_text, question_text


def file(name: str, data: bytes, kind: AttachmentKind = AttachmentKind.TEXT) -> Attached:
    media = {"image": "image/png", "pdf": "application/pdf"}.get(kind.value, "text/plain")
    return Attached(Attachment(blob_key(data), name, media, len(data), kind), data)


def test_a_text_file_is_named_and_fenced() -> None:
    assert file_text(file("a.py", b"x = 1\n")) == "a.py:\n```py\nx = 1\n```"
    assert file_text(file("Makefile", b"all:")) == "Makefile:\n```\nall:\n```"
    assert file_text(file("empty.txt", b"")) == "empty.txt:\n```txt\n```"


def test_nothing_in_a_file_ends_its_fence() -> None:
    told = file_text(file("a.md", b"```\ninner\n`````\n"))
    assert told == "a.md:\n``````md\n```\ninner\n`````\n``````"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\n```\nb.txt", "a b.txt"),
        ("\u202etxt.exe\x00", "txt.exe"),
        ("", "file"),
        ("\ud800.txt", "?.txt"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_one_plain_line(name: str, shown: str) -> None:
    assert file_name(file(name, b"")) == shown


@pytest.mark.parametrize(
    "data",
    [
        "你好".encode(),
        "你好".encode("utf-8-sig"),
        "你好".encode("gb18030"),
        "你好".encode("utf-16"),
    ],
)
def test_characters_of_any_program(data: bytes) -> None:
    assert decoded(data) == "你好"


def test_bytes_that_are_no_text() -> None:
    assert decoded(b"a\xff\xff\x80") == "a\ufffd\ufffd\ufffd"


def test_a_question_stands_after_its_files() -> None:
    message = ChatMessage(
        Role.USER,
        "why?",
        attached=(file("a.c", b"int x;"), file("p.png", b"png", AttachmentKind.IMAGE)),
    )
    assert question_text(message) == "a.c:\n```c\nint x;\n```\n\nwhy?"
    assert question_text(ChatMessage(Role.USER, "why?")) == "why?"


def test_a_data_uri() -> None:
    told = data_uri(file("p.png", b"\x00\xff", AttachmentKind.IMAGE))
    assert told == "data:image/png;base64," + base64.b64encode(b"\x00\xff").decode()
