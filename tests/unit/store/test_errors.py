"""Which code an exception becomes."""

import errno
from pathlib import Path

import apsw
import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.store.connection import connect
from desktop_chat.store.errors import as_store_error


class Quota(apsw.VFS):
    """Files that may be written to until ``number`` says why not."""

    number = 0

    def __init__(self) -> None:
        super().__init__("quota", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "QuotaFile":
        return QuotaFile("", name, flags)

    def xGetLastError(self) -> tuple[int, str]:
        return Quota.number, "no"


class QuotaFile(apsw.VFSFile):
    """One of them."""

    def xWrite(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        if Quota.number:
            raise apsw.IOError("no")
        super().xWrite(data, offset)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EDQUOT, "full"), (errno.EROFS, "readonly"), (errno.EIO, "other")]
)
def test_the_number_of_the_system_tells_what_sqlite_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    files = Quota()
    path = tmp_path / "x.db"
    connection = apsw.Connection(str(path), vfs="quota")
    connection.execute("CREATE TABLE t (x)")
    monkeypatch.setattr(Quota, "number", number)
    with pytest.raises(apsw.IOError) as caught:
        connection.execute("INSERT INTO t VALUES (1)")
    assert as_store_error(caught.value, path, connection).info.code == code
    monkeypatch.setattr(Quota, "number", 0)
    connection.close()
    files.unregister()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (apsw.FullError("x"), "full"),
        (apsw.ReadOnlyError("x"), "readonly"),
        (apsw.BusyError("x"), "busy"),
        (apsw.LockedError("x"), "busy"),
        (apsw.CorruptError("x"), "corrupt"),
        (apsw.NotADBError("x"), "corrupt"),
        (apsw.ConstraintError("x"), "other"),
        (apsw.IOError("x"), "other"),
        (apsw.CantOpenError("x"), "other"),
        (OSError(errno.ENOSPC, "x"), "full"),
        (OSError(errno.EDQUOT, "x"), "full"),
        (OSError(errno.EROFS, "x"), "readonly"),
        (PermissionError(errno.EACCES, "x"), "readonly"),
        (OSError(errno.EIO, "x"), "other"),
    ],
)
def test_an_exception_becomes_a_code(
    tmp_path: Path, error: apsw.Error | OSError, code: str
) -> None:
    path = tmp_path / "x.db"
    connection = connect(path)
    for there in (None, connection):
        info = as_store_error(error, path, there).info
        assert (info.kind, info.code, info.values) == (
            ErrorKind.STORAGE,
            code,
            {"path": str(path)},
        )
        assert "x" in info.message
    connection.close()


def test_a_file_that_cannot_be_made_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_chat.store.errors._LEAST_FREE", 1 << 62)
    error = apsw.CantOpenError("x")
    assert as_store_error(error, tmp_path / "x.db", None).info.code == "full"
    assert as_store_error(error, tmp_path / "nowhere" / "x.db", None).info.code == "other"
