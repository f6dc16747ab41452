"""Draws the pages of the transcript's golden test, to be looked at: light and dark, 1x and 2x.

``.venv/bin/python packaging/dev/transcript_pictures.py FOLDER [PAGE ...]`` makes one tall picture
of each page in each language, theme and scale, and sheets of many pages beside each other.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["TZ"] = "UTC"

from PySide6.QtCore import QPoint, QRect, Qt  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter  # noqa: E402

from desktop_chat.app import make_application  # noqa: E402
from desktop_chat.core import i18n  # noqa: E402
from tests.helpers.qt import close_windows  # noqa: E402
from tests.helpers.theme import make_theme  # noqa: E402
from tests.ui.transcript.golden.drawing import opened, picture, whole  # noqa: E402
from tests.ui.transcript.golden.pages import PAGES  # noqa: E402

LANGUAGES: Final = ("zh_CN", "en")
THEMES: Final = ("light", "dark")
SCALES: Final = (1, 2)
_SHEET_COLUMNS: Final = 3
_SHEET_HEIGHT: Final = 2400
_GAP: Final = 12
_TITLE: Final = 20


def draw(folder: Path, scale: int, names: Sequence[str]) -> None:
    """Draw pages in this process, whose scale is set already."""
    app = make_application()
    for language in LANGUAGES:
        i18n.install(language, ROOT / "resources" / "translations")
        for choice in THEMES:
            theme = make_theme(choice)
            done: list[tuple[str, QImage]] = []
            for name in names:
                view = opened(theme, PAGES[name])
                whole(view)
                image = picture(view)
                image.save(str(folder / f"{name}-{language[:2]}-{choice}-{scale}x.png"))
                done.append((name, image))
                close_windows()
            for number, sheet in enumerate(sheets(done, QColor("#888888")), 1):
                sheet.save(str(folder / f"sheet-{language[:2]}-{choice}-{scale}x-{number}.png"))
    app.shutdown()


def sheets(done: Sequence[tuple[str, QImage]], ground: QColor) -> Iterator[QImage]:
    """Yield pictures with many pages beside and below each other, each with its name."""
    columns: list[list[tuple[str, QImage]]] = [[]]
    used = 0
    for name, image in done:
        high = _TITLE + _height(image)
        if used and used + high > _SHEET_HEIGHT:
            columns.append([])
            used = 0
        columns[-1].append((name, image))
        used += high
    for start in range(0, len(columns), _SHEET_COLUMNS):
        yield _sheet(columns[start : start + _SHEET_COLUMNS], ground)


def _height(image: QImage) -> int:
    return round(image.height() / image.devicePixelRatio())


def _sheet(columns: Sequence[Sequence[tuple[str, QImage]]], ground: QColor) -> QImage:
    first = columns[0][0][1]
    scale = first.devicePixelRatio()
    wide = round(first.width() / scale) + _GAP
    high = max(sum(_TITLE + _height(image) for _name, image in column) for column in columns)
    sheet = QImage(
        int((wide * len(columns) + _GAP) * scale),
        int((high + _GAP) * scale),
        QImage.Format.Format_RGB32,
    )
    sheet.setDevicePixelRatio(scale)
    sheet.fill(ground)
    painter = QPainter(sheet)
    painter.setPen(QColor("white"))
    for number, column in enumerate(columns):
        x, y = _GAP + number * wide, 0
        for name, image in column:
            painter.drawText(QRect(x, y, wide, _TITLE), Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawImage(QPoint(x, y + _TITLE), image)
            y += _TITLE + _height(image)
    painter.end()
    return sheet


def main() -> None:
    """Draw every page, in a process for each scale: Qt reads it once."""
    parser = argparse.ArgumentParser(description="Draw the pages of the transcript.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", help="names of pages; all without any")
    parser.add_argument("--scale", type=int, choices=SCALES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.pages or list(PAGES)
    if unknown := set(names) - set(PAGES):
        parser.error(f"no such page: {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}")
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.scale is not None:
        draw(given.folder, given.scale, names)
        return
    for scale in SCALES:
        environ = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, __file__, "--scale", str(scale), str(given.folder), *names]
        subprocess.run(command, env=environ, check=True)
    kept = sorted(file.name for file in given.folder.glob("*.png"))
    print(json.dumps({"folder": str(given.folder), "pictures": len(kept)}))


if __name__ == "__main__":
    main()
