"""How the files of a message are named where it is copied, spoken, or listed."""

import re
from collections.abc import Sequence
from typing import Final

from desktop_chat.chat.words import fill
from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.file_marks import size_words

_MARKS: Final = re.compile(r"([\\\[\]!`*_<])")


def shown_files(message: Message) -> Sequence[Attachment]:
    """Return the files that are shown with a message.

    The text that a picture is made of belongs to the answer above.
    """
    return [
        file
        for file in message.attachments
        if not (file.generated and file.kind is AttachmentKind.TEXT)
    ]


def with_mentions(message: Message, text: str) -> str:
    """Return a message's text with its files named as Markdown: ``![name](attachment)``."""
    lines = [_mention(file) for file in shown_files(message)]
    return "\n\n".join(part for part in (text, "\n".join(lines)) if part)


def _mention(file: Attachment) -> str:
    name = _MARKS.sub(r"\\\1", " ".join(file.name.split()))
    mark = "!" if file.kind is AttachmentKind.IMAGE else ""
    return f"{mark}[{name}](attachment)"


def spoken(file: Attachment) -> tuple[str, str]:
    """Return what a file is called for assistive technology, and what is to be known beside."""
    words = tr("Picture {name}") if file.kind is AttachmentKind.IMAGE else tr("File {name}")
    return fill(words, name=file.name), size_words(file.size)
