"""What SQLite and the file system say, as ``StoreError``."""

import errno
import os
import shutil
from pathlib import Path
from typing import Final

import apsw

from desktop_chat.core.errors import ErrorInfo, ErrorKind, StoreError

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_LEAST_FREE: Final = 64 * 1024
"""Bytes. SQLite needs 32 KiB for the index of its log before it can read anything."""

_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (apsw.FullError, "full"),
    (apsw.ReadOnlyError, "readonly"),
    (apsw.PermissionsError, "readonly"),
    (apsw.BusyError, "busy"),
    (apsw.LockedError, "busy"),
    (apsw.CorruptError, "corrupt"),
    (apsw.NotADBError, "corrupt"),
)


def store_error(code: str, message: str, path: Path | None = None) -> StoreError:
    """Return a failure of the database.

    Args:
        code: one of those that ``StoreError`` names.
        message: SQLite's or our own words, in English, for the folded detail.
        path: the file it is about.
    """
    values = {} if path is None else {"path": str(path)}
    return StoreError(ErrorInfo(ErrorKind.STORAGE, message=message, code=code, values=values))


def as_store_error(
    error: apsw.Error | OSError, path: Path, connection: apsw.Connection | None
) -> StoreError:
    """Return what an exception means.

    Args:
        error: from SQLite or from the file system.
        path: the database.
        connection: where it happened; None while opening.
    """
    return store_error(_code(error, path, connection), str(error)[:300], path)


def _code(error: apsw.Error | OSError, path: Path, connection: apsw.Connection | None) -> str:
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    if isinstance(error, OSError):
        return _code_of_errno(error.errno)
    if isinstance(error, apsw.IOError) and connection is not None:
        code = _code_of_errno(connection.system_errno)
        if code != "other":
            return code
    if isinstance(error, apsw.IOError | apsw.CantOpenError):
        return _code_of_place(path)
    return "other"


def _code_of_errno(number: int | None) -> str:
    if number in _NO_SPACE:
        return "full"
    return "readonly" if number in _READ_ONLY else "other"


def _code_of_place(path: Path) -> str:
    """Guess from the place why SQLite could not create the files that it keeps beside it."""
    if not path.parent.is_dir():
        return "other"
    if not os.access(path.parent, os.W_OK):
        return "readonly"
    return "full" if shutil.disk_usage(path.parent).free < _LEAST_FREE else "other"
