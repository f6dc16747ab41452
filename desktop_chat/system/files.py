"""Writing small files so that a crash, or a full disk, leaves either the old one or the new one."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone.

    A symbolic link stays one: what it points to is replaced.

    Args:
        path: the file; its folder exists.
        text: what it shall hold, written as UTF-8.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last; a system that cannot do it for folders goes without."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep_aside(path: Path) -> Path:
    """Copy a file that cannot be used to ``<name>.broken``, or ``<name>.broken.2`` and so on.

    A copy with the same content is not made twice, and an older copy is never overwritten.

    Returns:
        the copy.

    Raises:
        OSError: it could not be read or copied.
    """
    content = path.read_bytes()
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.broken" + (f".{number}" if number > 1 else ""))
        try:
            with open(aside, "xb", opener=_private) as file:
                file.write(content)
        except FileExistsError:
            if aside.read_bytes() == content:
                return aside
            number += 1
        else:
            return aside


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it, for its owner alone; one that exists stays as it is.

    Raises:
        OSError: it could not be created.
    """
    missing = [folder, *folder.parents]
    for part in reversed([part for part in missing if not part.exists()]):
        with contextlib.suppress(FileExistsError):
            part.mkdir(mode=0o700)
    if not folder.is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(folder))
