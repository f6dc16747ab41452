"""Pictures that a model made, as files in a folder. No file is ever written over."""

from pathlib import Path
from typing import Final

from desktop_chat.core.pictures import SUFFIXES, picture_head

_MOST: Final = 10_000


class PictureFiles:
    """Writes pictures as ``picture-1.png``, ``picture-2.png`` and so on.

    Args:
        folder: where they go; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, data: bytes) -> Path:
        """Write a picture, and return where it is.

        Raises:
            OSError: it could not be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        head = picture_head(data)
        suffix = SUFFIXES[head.kind] if head is not None else "bin"
        for number in range(1, _MOST):
            path = self._folder / f"picture-{number}.{suffix}"
            try:
                file = path.open("xb")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(data)
            except OSError:
                # Half a picture is none, and its name would be taken.
                path.unlink(missing_ok=True)
                raise
            return path
        raise FileExistsError(str(self._folder))
