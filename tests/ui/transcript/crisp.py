"""Looks at the page on a display of another scale; run with ``QT_SCALE_FACTOR`` set.

Prints JSON: the scale; ``noise``, the largest difference of a channel between what scrolling left
on the screen and a fresh painting; ``hairlines``, the widths of lines in device pixels; and
``glyphs``, in how many ways one line of text was painted at different places.
"""

import json
import sys

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import application, settle
from tests.helpers.theme import make_theme
from tests.ui.transcript.corpus import CODE, EN, LIST, QUOTE, TABLE, ZH
from tests.ui.transcript.support import answer, one, point_of, press, question, run

STEPS = (1, 3, 4, 7, 12, 96, -5, -48, 333, 8, -96, 592, 11, -3, -640, 4, 4, 9, -2)
PLACE = (21, 43)
"""Of the view in its window: at no whole device pixel on some displays."""


def page(theme: Theme) -> tuple[QWidget, TranscriptView]:
    window = QWidget()
    # So large that the view is whole on a picture of it, which is as many device pixels wide.
    window.resize(1400, 1000)
    view = TranscriptView(theme, window)
    view.setGeometry(*PLACE, 640, 440)
    thoughts = "\n\n".join(f"thought {number}" for number in range(6))
    named = {"model": "m", "service_name": "DeepSeek"}
    branch = [
        question("q"),
        answer("a", TABLE[:400] + "\n" + ZH + EN, reasoning=thoughts, **named),
        question("q2", "Second"),
        answer("b", TABLE + CODE + QUOTE + LIST, **named),
    ]
    view.set_service_tiles(lambda _service: ("DS", "#4060D0"))
    view.set_branch(branch, one)
    window.show()
    view.scroll_to(0)
    run(view)
    press(view, "a", "thinking")
    while view.lexers.get("python") is None:
        settle()
    run(view)
    return window, view


def screen(window: QWidget) -> QImage:
    """What is on the screen, in device pixels: the upper left part of the window."""
    picture = window.screen().grabWindow(window.winId()).toImage()
    picture.setDevicePixelRatio(1.0)
    return picture.convertToFormat(QImage.Format.Format_RGB32)


def rows(image: QImage) -> list[bytes]:
    data, size = bytes(image.constBits()), image.bytesPerLine()
    return [data[at : at + size] for at in range(0, len(data), size)]


def noise(window: QWidget, view: TranscriptView) -> int:
    """The largest difference between the screen after scrolling and painted anew."""
    worst = 0
    for step in STEPS:
        view.scroll_by(step)
        run(view)
        seen = rows(screen(window))
        window.update()
        view.viewport().update()
        run(view)
        for left, right in zip(seen, rows(screen(window)), strict=True):
            if left != right:
                worst = max(worst, *(abs(a - b) for a, b in zip(left, right, strict=True)))
    return worst


def hairlines(window: QWidget, view: TranscriptView) -> list[int]:
    """How high the lines between rows of a table are."""
    found = set()
    colour = view.theme.tokens.line.rgb()
    for step in (0, 3, 4, 5):
        view.scroll_by(step)
        run(view)
        picture = screen(window)
        x = int((PLACE[0] + view.left + 200) * view.devicePixelRatioF())
        high = 0
        for y in range(picture.height()):
            if picture.pixel(x, y) == colour:
                high += 1
            elif high:
                found.add(high)
                high = 0
    return sorted(found)


def glyphs(window: QWidget, view: TranscriptView) -> int:
    """In how many ways a paragraph's line is painted while the page moves by single pixels."""
    ways = set()
    number = next(
        index
        for index, piece in enumerate(view.column.answer(1).text.body.pieces)  # type: ignore[union-attr]
        if "Final words" in piece.plain(0, 40)
    )
    view.scroll_to_message("q2")
    view.scroll_by(-300)
    run(view)
    for _ in range(8):
        view.scroll_by(1)
        run(view)
        picture = screen(window)
        ratio = view.devicePixelRatioF()
        top = point_of(view, "a", number, 0, 0) + view.pos()
        area = QRect(
            int(top.x() * ratio), int((top.y() - 4) * ratio), int(300 * ratio), int(33 * ratio)
        )
        lines = rows(picture.copy(area).convertToFormat(QImage.Format.Format_RGB32))
        blank = lines[0]
        inked = [line for line in lines if line != blank]
        ways.add(b"".join(inked))
    return len(ways)


def main() -> None:
    application()
    window, view = page(make_theme("light"))
    result = {
        "ratio": view.devicePixelRatioF(),
        "noise": noise(window, view),
        "hairlines": hairlines(window, view),
        "glyphs": glyphs(window, view),
    }
    window.hide()
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
