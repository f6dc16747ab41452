"""Draws a page as a whole: every row of it is measured and painted, formulas and colours too."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QEventLoop, QRect
from PySide6.QtGui import QImage

from desktop_chat.core.messages import Message
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import Placed
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.images.layout_image import ImagePiece
from desktop_chat.ui.transcript.look import Look
from desktop_chat.ui.transcript.look import Page as Sheet
from desktop_chat.ui.transcript.math.layout_math import MathPiece
from desktop_chat.ui.transcript.pieces import Piece, TextPiece
from desktop_chat.ui.transcript.tables.layout_table import RowPiece
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.units import join_pairs
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.golden.pages import ANSWER, Page
from tests.ui.transcript.support import body, press, run

WIDTH: Final = 808
"""Of the view; its column is 760 wide then."""
HEIGHT: Final = 640
_TILES: Final = {"deepseek": ("D", "#4D6BFE")}
_COMPACT: Final = 96
_OTHER_FONTS: Final = re.compile("[\u0530-\u10ff\u1200-\u1dff\U0001f000-\U0001ffff]")
_BREAKS: Final = str.maketrans({"\u2028": "⏎", "\ufffc": "∎"})


def opened(theme: Theme, page: Page, branch: Sequence[Message] | None = None) -> TranscriptView:
    """Return a shown view of a page.

    Args:
        theme: colours and fonts.
        page: what is shown.
        branch: its messages, if not as they are at last.
    """
    view = TranscriptView(theme)
    view.set_service_tiles(lambda service: _TILES.get(service, ("?", "#56626A")))
    view.resize(WIDTH, HEIGHT)
    view.set_branch(
        page.branch() if branch is None else branch,
        lambda name: page.versions if name == ANSWER else (1, 1),
    )
    view.show()
    if page.notice is not None and branch is None:
        view.set_notice(ANSWER, page.notice)
    quiet(view)
    for name in page.presses if branch is None else ():
        press(view, ANSWER, name)
    quiet(view)
    return view


def quiet(view: TranscriptView) -> None:
    """Run the loop until no worker and no frame has anything left to do, then paint."""
    run(view)
    while busy(view):
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        run(view)


def busy(view: TranscriptView) -> bool:
    """Tell whether anything is still to come that changes what is seen."""
    page = view.page
    return bool(
        page.formulas.busy
        or page.images.worker.busy
        or page.backlog
        or view.lexers._asked
        or view._frame_timer.isActive()
    )


def whole(view: TranscriptView) -> None:
    """Make a view so high that all of the page is in sight, measured and painted."""
    before = -1
    while before != view.height():
        before = view.height()
        view.resize(view.width(), max(HEIGHT, view.column.height + 24))
        quiet(view)


def picture(view: TranscriptView) -> QImage:
    """Return all of a page that ``whole`` has put in sight, with what lies over it."""
    scale = view.devicePixelRatioF()
    height = view.column.height + 24
    image = view.viewport().grab(QRect(0, 0, view.viewport().width(), height)).toImage()
    image.setDevicePixelRatio(scale)
    return image


def unfold(view: TranscriptView) -> None:
    """Show all lines of every code card."""
    for number, piece in enumerate(body(view, ANSWER).text.body.pieces):
        if isinstance(piece, CodePiece) and piece.folded:
            view._press_piece(view.column.index_of(ANSWER) or 0, number, "more")
    quiet(view)


# What is written down


def geometry(view: TranscriptView) -> dict[str, Any]:
    """Return where everything of a page is, as data: pieces, lines, columns, controls."""
    result: dict[str, Any] = {"width": view.page.width}
    for index, item in enumerate(view.column.items):
        drawn = view.column.body(index)
        assert drawn is not None
        y = view.column.top_of(index)
        entry: dict[str, Any] = {"y": y}
        for place in drawn.placed(view.page):
            entry[place.part.name.lower()] = list(_pieces(place))
        if isinstance(drawn, AnswerBody) and drawn.card is not None:
            entry["card"] = _card(drawn.card, drawn.card_area(view.page), view.page)
        entry["controls"] = [
            [one.key[1], *one.rect.getRect(), _seconds(one.text or one.name)]  # type: ignore[misc]
            for one in drawn.controls(view.page, 0, 0, (0, 1 << 20), view.state_of(index))
        ]
        # Last, as ``_compare`` wants it.
        entry["height"] = view.column.height_of(index)
        result["question" if item.id != ANSWER else "answer"] = entry
    return {**result, "height": view.column.height}


def _pieces(place: Placed) -> Iterable[dict[str, Any]]:
    section = place.section
    for index, piece in enumerate(section.pieces):
        assert piece.measured, f"piece {index} is an estimate"
        entry: dict[str, Any] = {
            "kind": type(piece).__name__.removesuffix("Piece").lower(),
            "x": place.x + piece.indent,
            "y": place.y + section.heights.offset(index) + piece.top,
        }
        kind = _KINDS.get(type(piece))
        if kind is not None:
            entry |= kind(piece, place.page)
        entry["height"] = piece.height
        yield entry


def _text(piece: Piece, page: Sheet) -> dict[str, Any]:
    assert isinstance(piece, TextPiece)
    flow = piece.flow(page)
    entry: dict[str, Any] = {"face": str(piece.face)}
    objects = _objects(flow)
    if objects:
        entry["formulas"] = objects
    return {**entry, "lines": lines(flow, page.look)}


def _objects(flow: TextFlow) -> list[list[int]]:
    """Return width, ascent and depth of each inline formula, in whole pixels."""
    return [
        [
            round(size * one.pixels)
            for size in (one.formula.width, one.formula.ascent, one.formula.depth)
        ]
        for segment in flow._segments
        if segment.laid is not None
        for one in segment.laid.placed
    ]


def _row(piece: Piece, page: Sheet) -> dict[str, Any]:
    assert isinstance(piece, RowPiece)
    places = list(piece._places(page))
    entry: dict[str, Any] = {}
    if piece.block.index == 0:
        entry["columns"] = [width for _flow, _left, width in places]
        entry["aligns"] = [str(align) for align in piece.grid.aligns]
    cells = []
    for flow, left, _width in places:
        cell: dict[str, Any] = {"x": left, "lines": lines(flow, page.look)}
        if objects := _objects(flow):
            cell["formulas"] = objects
        cells.append(cell)
    return {**entry, "cells": cells}


def _code(piece: Piece, page: Sheet) -> dict[str, Any]:
    assert isinstance(piece, CodePiece)
    count = len(piece.block.lines)
    kinds = sorted({kind for index in range(count) for *_at, kind in piece.tokens(index)})
    return {
        "title": piece.title,
        "lines": count,
        "shown": piece.shown,
        "left": piece.left(page),
        "widest": round(piece.lines.widest(page.look)),
        "colours": " ".join(kinds),
    }


def _math(piece: Piece, page: Sheet) -> dict[str, Any]:
    assert isinstance(piece, MathPiece)
    if piece._formula is None:
        return {"source": lines(piece._source(page), page.look)}
    box = piece._box(page)
    at = [round(value) for value in box.getRect()]  # type: ignore[attr-defined]
    return {"picture": at, "latex": piece.latex}


def _image(piece: Piece, page: Sheet) -> dict[str, Any]:
    assert isinstance(piece, ImagePiece)
    _picture, card = piece._ready(page)
    if card is not None:
        flows = [card.title, *card._lines]
        return {"card": [line for flow in flows for line in lines(flow, page.look)]}
    caption = piece._caption
    return {"shown": list(piece._shown), "caption": lines(caption, page.look) if caption else []}


_KINDS: Final[dict[type[Piece], Callable[[Piece, Sheet], dict[str, Any]]]] = {
    TextPiece: _text,
    RowPiece: _row,
    CodePiece: _code,
    MathPiece: _math,
    ImagePiece: _image,
}


def _card(card: Card, area: tuple[int, int], page: Sheet) -> dict[str, Any]:
    place = card._ready(page)
    flows = [flow for flow in (place.title, place.cause, place.detail) if flow is not None]
    said = [[*line[:2], _seconds(line[2])] for flow in flows for line in lines(flow, page.look)]
    return {"y": area[0], "height": area[1] - area[0], "lines": said}


def _seconds(text: str) -> str:
    """Return a text without the number that counts down."""
    return re.sub(r"\d+(?= s\b)", "#", text)


def lines(flow: TextFlow, look: Look) -> list[list[Any]]:
    """Return the top, the width and the text of each line.

    The width is None where a letter is in none of the fonts that ``packaging/dev/setup`` installs.
    """
    found: list[list[Any]] = []
    for segment, _laid, line in flow._between(0, flow.height, look):
        top = segment.top + segment.top_of(line.lineNumber(), flow.leading)
        start = segment.run_at(line.textStart())
        end = segment.run_at(line.textStart() + line.textLength())
        text = join_pairs(flow.run.text[start:end]).translate(_BREAKS)
        width = None if _OTHER_FONTS.search(text) else round(line.naturalTextWidth())
        found.append([top, width, text])
    return found


# The form on disk


def written(value: Any) -> str:
    """Return a geometry as text: short values on one line each, so that a change is a short diff.

    What cannot be seen is escaped.
    """
    return f"{_written(value, 0)}\n"


def _written(value: Any, depth: int) -> str:
    flat = re.sub(r"[^\n -~]", _escaped, json.dumps(value, ensure_ascii=False))
    if not isinstance(value, dict | list) or len(flat) + depth <= _COMPACT or not value:
        return flat
    inner = " " * (depth + 1)
    if isinstance(value, list):
        rows = [_written(one, depth + 1) for one in value]
        return "[\n" + ",\n".join(f"{inner}{row}" for row in rows) + f"\n{' ' * depth}]"
    rows = [f"{json.dumps(key)}: {_written(one, depth + 1)}" for key, one in value.items()]
    return "{\n" + ",\n".join(f"{inner}{row}" for row in rows) + f"\n{' ' * depth}}}"


def _escaped(found: "re.Match[str]") -> str:
    character = found[0]
    if unicodedata.category(character)[0] in "LNPSM" and not unicodedata.combining(character):
        return character
    return json.dumps(character)[1:-1]


def differences(old: Any, new: Any) -> list[str]:
    """Return in what two geometries differ, a sentence each.

    A formula may be a pixel larger or smaller with another build of its font, and then so many
    formulas stand above a piece by so many pixels may it be elsewhere.
    """
    found: list[str] = []
    _compare(old, new, "", _Slack(), found)
    return found


class _Slack:
    """How many formulas have been passed."""

    def __init__(self) -> None:
        self.formulas = 0


def _compare(old: Any, new: Any, where: str, slack: _Slack, found: list[str]) -> None:
    if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
        slack.formulas += len(old.get("formulas", ())) + ("picture" in old)
        for key in old:
            _compare(old[key], new[key], f"{where}.{key}", slack, found)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            _compare(before, after, f"{where}[{index}]", slack, found)
    elif isinstance(old, int) and isinstance(new, int):
        if abs(old - new) > slack.formulas:
            found.append(f"{where}: {old} -> {new}")
    elif old != new:
        found.append(f"{where}: {_short(old)} -> {_short(new)}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 160 else f"{text[:160]}… ({len(text)} characters)"
