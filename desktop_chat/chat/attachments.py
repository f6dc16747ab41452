"""Files that go with a question: read, judged by their content, and made small enough.

What a file is called is not trusted: its first bytes say what it is. Text is kept as UTF-8,
whatever it was in, so that every protocol can put it into a question as it is. Pictures are scaled
once, when they are chosen: what is shown, stored and sent is the same.

Nothing here happens on the loop's thread but the waiting. A refusal is a ``ChatError`` of the kind
BAD_REQUEST whose code is one of ``FILE_CODES``; ``explain_files`` has its sentence.
"""

import asyncio
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.pictures import SUFFIXES, PictureHead, picture_head
from desktop_chat.core.ports import ImageScaler
from desktop_chat.core.services import Model

MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_FILES: Final = 12
MAX_TEXT_BYTES: Final = 1024 * 1024
"""Of UTF-8: about 300,000 tokens of English, more than nearly every model reads."""
LONGEST_SIDE: Final = 2048
"""Pixels; services scale down what is larger, and count tokens by it."""
MAX_IMAGE_BYTES: Final = 4 * 1024 * 1024

_NAME_CHARS: Final = 120
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_STRANGE: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Characters that texts do not have; the escape of coloured logs is none of them."""
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_TEXT_TYPES: Final = {
    "css": "text/css",
    "csv": "text/csv",
    "htm": "text/html",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "py": "text/x-python",
    "xml": "text/xml",
}
"""Not the system's table: that differs from one to the next, and calls ``.ts`` a film."""


class AttachmentReader:
    """Reads files that the user chooses.

    Args:
        scaler: makes pictures fit; without one a picture that does not fit is refused.
    """

    def __init__(self, scaler: ImageScaler | None = None) -> None:
        self._scaler = scaler

    async def read_path(self, path: Path) -> Attached:
        """Read a file of the disk.

        Raises:
            ChatError: it cannot be read, or not be sent.
        """
        return await asyncio.to_thread(self._path, path)

    async def read_bytes(self, name: str, data: bytes) -> Attached:
        """Take what was pasted or dropped.

        Args:
            name: as it is to be called; a folder before it is cut off.
            data: its bytes.

        Raises:
            ChatError: it cannot be sent.
        """
        return await asyncio.to_thread(self._bytes, name, data)

    def _path(self, path: Path) -> Attached:
        try:
            # A pipe or a device would be read without end, and opening one may wait for ever.
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                raise _refused("file_folder", path.name)
            if not stat.S_ISREG(mode):
                raise _refused("file_kind", path.name)
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError as error:
            raise _refused("file_missing", path.name) from error
        except (OSError, ValueError) as error:
            reason = error.strerror or "" if isinstance(error, OSError) else ""
            raise _refused("file_unreadable", path.name, reason=reason) from error
        return self._bytes(path.name, data)

    def _bytes(self, name: str, data: bytes) -> Attached:
        name = file_name(name)
        if not data:
            raise _refused("file_empty", name)
        if len(data) > MAX_FILE_BYTES:
            raise _refused("file_too_large", name, limit=_megabytes(MAX_FILE_BYTES))
        head = picture_head(data)
        if head is not None:
            return self._picture(name, data, head)
        if data.startswith(b"%PDF-"):
            return _attached(name, data, "application/pdf", AttachmentKind.PDF)
        text = decoded(data)
        if text is None:
            raise _refused("file_kind", name)
        content = text.encode("utf-8")
        if len(content) > MAX_TEXT_BYTES:
            raise _refused("text_too_large", name, limit=_megabytes(MAX_TEXT_BYTES))
        return _attached(name, content, text_type(name), AttachmentKind.TEXT)

    def _picture(self, name: str, data: bytes, head: PictureHead) -> Attached:
        if self._scaler is not None:
            try:
                data = self._scaler.scale(data, LONGEST_SIDE, MAX_IMAGE_BYTES)
            except ChatError as error:
                values = {"name": name, "limit": _megabytes(MAX_FILE_BYTES)}
                code = error.info.code
                raise ChatError(
                    ErrorInfo(ErrorKind.BAD_REQUEST, code=code, values=values)
                ) from error
            head = picture_head(data) or head
        elif max(head.width, head.height) > LONGEST_SIDE or len(data) > MAX_IMAGE_BYTES:
            raise _refused(
                "image_unscaled", name, limit=_megabytes(MAX_IMAGE_BYTES), side=str(LONGEST_SIDE)
            )
        name = f"{name.rpartition('.')[0] or name}.{SUFFIXES[head.kind]}"
        return _attached(name, data, head.mime, AttachmentKind.IMAGE, head.width, head.height)


def check_count(count: int) -> None:
    """Raise ``ChatError`` for more files than one question may have."""
    if count > MAX_FILES:
        raise _refused("too_many_files", "", limit=str(MAX_FILES))


def refusal(model: Model, file: Attachment) -> ErrorInfo | None:
    """Return why a model cannot be sent a file, as far as that is known; else None.

    Where nothing is known of a model the service has the last word.
    """
    values = {"name": file.name, "model": model.name or model.id}
    code = ""
    if file.kind is AttachmentKind.IMAGE and model.images is False:
        code = "no_images"
    if file.kind is AttachmentKind.PDF and model.files is False:
        code = "no_files"
    return ErrorInfo(ErrorKind.BAD_REQUEST, code=code, values=values) if code else None


def first_refusal(model: Model, files: Sequence[Attachment]) -> ErrorInfo | None:
    """Return why a model cannot be sent some files, or None."""
    return next(filter(None, (refusal(model, file) for file in files)), None)


def decoded(data: bytes) -> str | None:
    """Return the text that bytes are, or None when they are none.

    UTF-16 is known by its mark alone; what is no UTF-8 may be GB18030, as on many Chinese
    computers.
    """
    codecs = [codec for mark, codec in _BOMS if data.startswith(mark)] or ["utf-8", "gb18030"]
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and len(_STRANGE.findall(text)) * 100 <= len(text):
            return text
    return None


def text_type(name: str) -> str:
    """Return the media type of a text by its name: ``text/x-python``, or ``text/plain``."""
    return _TEXT_TYPES.get(name.rpartition(".")[2].lower(), "text/plain")


def file_name(name: str) -> str:
    """Return a name without folders and without what could mislead its reader."""
    last = re.split(r"[\\/]", name)[-1]
    last = _CONTROLS.sub("", last).encode("utf-8", "replace").decode().strip()
    if len(last) > _NAME_CHARS:
        stem, dot, suffix = last.rpartition(".")
        suffix = dot + suffix if stem and len(suffix) <= 10 else ""
        last = last[: _NAME_CHARS - len(suffix) - 1] + "…" + suffix
    return last or "file"


def text_file(name: str, text: str, *, generated: bool = False) -> Attached:
    """Return a text as a file."""
    data = text.encode("utf-8", "replace")
    file = _attached(name, data, "text/plain", AttachmentKind.TEXT).file
    if generated:
        file = Attachment(
            file.blob, file.name, file.media_type, file.size, file.kind, generated=True
        )
    return Attached(file, data)


def _attached(
    name: str, data: bytes, media_type: str, kind: AttachmentKind, width: int = 0, height: int = 0
) -> Attached:
    file = Attachment(blob_key(data), name, media_type, len(data), kind, width, height)
    return Attached(file, data)


def _refused(code: str, name: str, **values: str) -> ChatError:
    said = {"name": file_name(name) if name else "", **values}
    return ChatError(ErrorInfo(ErrorKind.BAD_REQUEST, code=code, values=said))


def _megabytes(size: int) -> str:
    return str(size // (1024 * 1024))
