"""Which runs of this program live: each holds a lock on a file for as long as its process does.

The operating system lets go of the lock when a process ends, however it ends. A process id would
not do: it is used again.
"""

import os
import sys
from pathlib import Path
from typing import Final

_SUFFIX: Final = ".lock"


class RunLock:
    """The lock of this run, held until ``release`` or the end of the process.

    Args:
        directory: where every run of this home has its file; made when it is missing.
        run_id: names the file.

    Raises:
        OSError: the file could not be made.
    """

    def __init__(self, directory: Path, run_id: str) -> None:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        self._path = _path(directory, run_id)
        self._file = self._acquire()

    def _acquire(self) -> int:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            # Another run that cleans up may have taken the new file for a dead one's.
            if _lock(file) and _is_at(file, self._path):
                return file
            os.close(file)

    def release(self) -> None:
        """Let go, and take the file away."""
        _remove(self._path, self._file)


def is_alive(directory: Path, run_id: str) -> bool:
    """Tell whether a run's process still lives."""
    try:
        file = os.open(_path(directory, run_id), os.O_RDWR)
    except FileNotFoundError:
        return False
    except PermissionError:
        # It belongs to another user: what is not known to be dead is left alone.
        return True
    try:
        return not _lock(file)
    finally:
        os.close(file)


def remove_dead(directory: Path) -> None:
    """Take away the files of runs that ended without doing it themselves."""
    for path in directory.glob(f"*{_SUFFIX}"):
        try:
            file = os.open(path, os.O_RDWR)
        except (FileNotFoundError, PermissionError):
            continue
        if _lock(file):
            _remove(path, file)
        else:
            os.close(file)


def _path(directory: Path, run_id: str) -> Path:
    return directory / f"{run_id}{_SUFFIX}"


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _remove(path: Path, file: int) -> None:
        # An open file cannot be removed here, and one that another run has open at this very
        # moment stays until the next start.
        os.close(file)
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _remove(path: Path, file: int) -> None:
        try:
            path.unlink(missing_ok=True)
        finally:
            os.close(file)
