"""Files that belong to messages: their bytes are in the store, a message names them."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum


class AttachmentKind(StrEnum):
    """What a model can do with a file."""

    IMAGE = "image"
    TEXT = "text"
    """Text and code: its characters go into the question."""
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a message, without its bytes.

    Attributes:
        blob: the key of its bytes in the store: their SHA-256, in lower case hexadecimal.
        name: of the file, without folders.
        media_type: ``image/png``, ``text/x-python``, ``application/pdf``.
        size: in bytes.
        kind: what it is.
        width: of an image, in pixels; 0 where it is none or not known.
        height: likewise.
        generated: whether a model made it.
    """

    blob: str
    name: str
    media_type: str
    size: int
    kind: AttachmentKind
    width: int = 0
    height: int = 0
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A file with its bytes, as it goes into a request.

    Attributes:
        file: what it is.
        data: its bytes; never printed.
    """

    file: Attachment
    data: bytes = field(repr=False)


def blob_key(data: bytes) -> str:
    """Return the key under which bytes are stored."""
    return hashlib.sha256(data).hexdigest()
