"""What can be pressed on a code card: copy, wrap, fold, save, open in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics

from desktop_chat.core.i18n import ntr, tr
from desktop_chat.ui.transcript.code.code_files import file_name
from desktop_chat.ui.transcript.code.code_sizes import BORDER, FOLD_ROW, HEADER, PAD_X
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import PieceKeys

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.code.layout_code import CodePiece

PAGES: Final = frozenset({"html", "html5", "htm", "xhtml", "svg"})
"""Languages that a browser shows."""
_NARROW: Final = 400
"""A narrower card has icons only."""
_BUTTON: Final = 28
_ICON: Final = 24
_STEP: Final = 26
_EDGE: Final = 4
_AROUND_WORD: Final = 44
"""What a button has beside its word: icon, gap, margins, and the card's edge."""
_MOST_ICONS: Final = 4
_LEAST_TITLE: Final = 40
_FOLD_LEFT: Final = 6
"""A row that folds has its caret so far right of its edge."""


class _Tool(NamedTuple):
    verb: str
    icon: str
    name: str
    on: bool | None = None


def _width(piece: CodePiece, page: Page) -> int:
    return page.width - piece.indent


def _copy_room(width: int, page: Page) -> int:
    """Return how much of the header the button that copies takes, at its right edge."""
    if width < _NARROW:
        return _STEP + _EDGE
    return QFontMetrics(page.look.ui).horizontalAdvance(tr("Copy")) + _AROUND_WORD


def header_room(piece: CodePiece, page: Page) -> int:
    """Return how wide the name of the language may be, in logical pixels."""
    width = _width(piece, page)
    taken = _copy_room(width, page) + _MOST_ICONS * _STEP + PAD_X
    return max(_LEAST_TITLE, width - taken)


def _tools(piece: CodePiece, page: Page) -> list[_Tool]:
    """Return the quiet tools that do something on a card, from the left."""
    tools = []
    if piece.block.language in PAGES:
        tools.append(_Tool("browse", "arrow-square-out", tr("Open in browser")))
    if piece.wraps or piece.scroll_range(page):
        tools.append(_Tool("wrap", "arrow-u-down-left", tr("Wrap long lines"), piece.wraps))
    if piece.has_row:
        icon = "arrows-out-line-vertical" if piece.folded else "arrows-in-line-vertical"
        tools.append(_Tool("fold", icon, fold_words(piece)))
    tools.append(_Tool("save", "download-simple", tr("Save as…")))
    return tools


def fold_words(piece: CodePiece) -> str:
    """Return what folding or unfolding a card is called."""
    if not piece.folded:
        return tr("Show less")
    count = len(piece.block.lines)
    return ntr("Show all {count} line", "Show all {count} lines", count).format(count=count)


class CodeTools:
    """The controls of one card, made anew only when something about them has changed."""

    __slots__ = ("_key", "_made")

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._made: list[Control] = []

    def controls(self, piece: CodePiece, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed."""
        lines = len(piece.block.lines) if piece.has_row else 0
        key = (
            keys.message_id,
            keys.index,
            keys.x,
            keys.y,
            keys.active,
            page.width,
            piece.height,
            piece.wraps,
            piece.folded,
            piece.block.open,
            piece.wraps or piece.scroll_range(page) > 0,
            lines,
            tr("Copy"),
        )
        if key != self._key:
            self._key = key
            self._made = _make(piece, keys, page)
        return self._made


def _make(piece: CodePiece, keys: PieceKeys, page: Page) -> list[Control]:
    width = _width(piece, page)
    right = keys.x + width
    copy = Control(
        keys.key("copy"),
        Kind.COPY_CODE,
        QRect(right, keys.y + (HEADER - _BUTTON) // 2, 0, _BUTTON),
        keys.command("copy"),
        text=tr("Copy"),
        icon="copy",
        name=tr("Copy code"),
    )
    if width < _NARROW:
        left = right - _EDGE - _ICON
        copy = _icon(keys, _Tool("copy", "copy", tr("Copy code")), left)
    made = []
    if keys.active:
        tools = _tools(piece, page)
        left = right - _copy_room(width, page) - len(tools) * _STEP
        for number, tool in enumerate(tools):
            made.append(_icon(keys, tool, left + number * _STEP))
    made.append(copy)
    if piece.has_row:
        top = keys.y + piece.height - BORDER - FOLD_ROW
        words = fold_words(piece)
        made.append(
            Control(
                keys.key("more"),
                Kind.FOLD,
                QRect(keys.x + PAD_X - _FOLD_LEFT, top + (FOLD_ROW - _BUTTON) // 2 + 1, 0, _BUTTON),
                keys.command("more"),
                text=words,
                name=words,
                checked=not piece.folded,
            )
        )
    return made


def _icon(keys: PieceKeys, tool: _Tool, left: int) -> Control:
    return Control(
        keys.key(tool.verb),
        Kind.SMALL_ICON,
        QRect(left, keys.y + (HEADER - _ICON) // 2, _ICON, _ICON),
        keys.command(tool.verb),
        icon=tool.icon,
        name=tool.name,
        checked=bool(tool.on),
        switches=tool.on is not None,
    )


def press_tool(piece: CodePiece, verb: str, deeds: Deeds, page: Page) -> bool:
    """Do what a tool is for; tell whether the card may be of another height now."""
    del page
    block = piece.block
    if verb == "wrap":
        piece.toggle_wrap()
        return True
    if verb in ("fold", "more"):
        piece.toggle_fold()
        return True
    text = "\n".join(block.lines)
    if verb == "save":
        name = file_name(block.language, block.lines, piece.lexers.patterns(block.language))
        deeds.save(tr("Save code"), name, f"{text}\n".encode("utf-8", "replace"))
    elif verb == "browse":
        deeds.browse(text)
    else:
        deeds.copy(text)
    return False
