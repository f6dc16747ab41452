"""Pictures as files in a folder."""

import sys
from pathlib import Path

import pytest

from desktop_chat.chat.picture_files import PictureFiles
from tests.unit.chat.support import png


def test_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    files = PictureFiles(tmp_path / "new" / "folder")
    first, second, odd = (files.save(data) for data in (png(), png(2), b"?"))
    assert (first.name, second.name, odd.name) == (
        "picture-1.png",
        "picture-2.png",
        "picture-1.bin",
    )
    assert (first.read_bytes(), second.read_bytes()) == (png(), png(2))


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_half_a_picture_is_not_left_behind(tmp_path: Path) -> None:
    import resource

    files = PictureFiles(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="large"):
            files.save(png() + bytes(50_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert files.save(png()).name == "picture-1.png"
