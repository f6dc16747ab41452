"""Writing a file whole or not at all, and saying why it could not be written."""

import errno
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from desktop_chat.core.i18n import tr

_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM})
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.EIO})
_BAD_NAME: Final = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EISDIR, errno.EILSEQ})


class NoBrowserError(OSError):
    """No program took a page."""


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file beside its place and move it there, so that a full disk costs no earlier one.

    Args:
        path: the file.
        data: all of it.
        private: whether it is for its owner alone, whatever was there before.

    Raises:
        OSError: it could not be written; what was there before is untouched.
    """
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not os.access(path, os.W_OK):
        # Moving a file over it would need no leave to write it.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    beside = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with open(beside, "xb", opener=_private if private else None) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not private:
            shutil.copymode(path, beside)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def explain_write(name: str, error: OSError) -> tuple[str, str]:
    """Return what happened and what to do, when a file could not be written.

    Args:
        name: of the file.
        error: why.
    """
    if isinstance(error, NoBrowserError):
        return (
            tr("No browser opened the page"),
            tr("Save the code as a file and open it by hand."),
        )
    title = tr("{name} was not saved").format(name=name)
    code = error.errno
    if code in _FULL:
        return title, tr("The disk is full. Free some space, then save again.")
    if code == errno.EROFS:
        return title, tr("That place can only be read. Save it in another folder.")
    if code in _FORBIDDEN:
        return title, tr("You may not write there. Save it in another folder.")
    if code in _GONE:
        return title, tr("That folder is not there any more. Save it in another folder.")
    if code in _BAD_NAME:
        return title, tr("A file cannot be called that. Save it under another name.")
    reason = error.strerror or type(error).__name__
    return title, tr("The system says: {reason}. Save it in another folder.").format(reason=reason)
