"""Files of a question, in the forms that several protocols share."""

import base64
import re
from typing import Final

from desktop_chat.core.attachments import Attached, AttachmentKind
from desktop_chat.core.requests import ChatMessage
from desktop_chat.core.services import Model

IMAGE_TYPES: Final = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
"""What models look at; other pictures are named only."""
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""Tried in this order; the second reads what Chinese programs of Windows write."""
_MAX_NAME: Final = 200
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#-]{1,16}")


def base64_text(attached: Attached) -> str:
    """Return the bytes of a file in base64, in one line."""
    return base64.b64encode(attached.data).decode("ascii")


def data_uri(attached: Attached) -> str:
    """Return a file as a ``data:`` address."""
    return f"data:{attached.file.media_type};base64,{base64_text(attached)}"


def file_name(attached: Attached) -> str:
    """Return the name of a file in one line, without what could be taken for markup."""
    name = "".join(char if char.isprintable() and char != "`" else " " for char in _raw(attached))
    return " ".join(name.split())[:_MAX_NAME] or "file"


def label(attached: Attached) -> str:
    """Return what stands for a file that a model cannot read."""
    return f"[{file_name(attached)}]"


def readable(attached: Attached, model: Model) -> bool:
    """Tell whether a model looks at a picture or a PDF file, as far as is known. An older part of
    a conversation may hold files that its present model does not take.
    """
    file = attached.file
    if file.kind is AttachmentKind.IMAGE:
        return file.media_type in IMAGE_TYPES and model.images is not False
    return file.kind is AttachmentKind.PDF and model.files is not False


def file_text(attached: Attached) -> str:
    """Return a text file as a piece of a question: its name, and its characters in a fence.

    The fence is longer than any run of its character in the text, so nothing in the file can end
    it.
    """
    text = decoded(attached.data)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    suffix = file_name(attached).rpartition(".")[2]
    language = suffix if suffix != file_name(attached) and _LANGUAGE.fullmatch(suffix) else ""
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{file_name(attached)}:\n{fence}{language}\n{text}{end}{fence}"


def question_text(message: ChatMessage) -> str:
    """Return what a message says with its text files before it: a question stands best after what
    it asks about.
    """
    pieces = [
        file_text(attached)
        for attached in message.attached
        if attached.file.kind is AttachmentKind.TEXT
    ]
    return "\n\n".join([*pieces, message.text] if message.text else pieces)


def decoded(data: bytes) -> str:
    """Return the characters of a text file, whatever wrote it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


def _raw(attached: Attached) -> str:
    return attached.file.name.encode("utf-8", "replace").decode()
