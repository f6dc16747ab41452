"""How text is set: fonts, leadings, baselines and character formats of one theme.

Heights and widths depend on fonts alone, colours on the scheme alone: a change of the scheme
makes a new ``Look`` and keeps every measured height.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextCharFormat, QTextOption

from desktop_chat.markdown.blocks import Style
from desktop_chat.ui.theme import Theme, Tokens
from desktop_chat.ui.transcript.images.images import Images
from desktop_chat.ui.transcript.math.formulas import Formulas

PAD: Final = "\u00a0"
"""Stands at both ends of inline code; no line breaks beside it, and it is never copied."""
SEAM: Final = "\u2009"
"""Stands between a pad and a CJK character, where a line may break; never copied."""
BLANK: Final = "x"
"""The letter that stands for a formula in a layout: lines break beside it as beside a word."""
_PAD_PIXELS: Final = 10


class Face(StrEnum):
    """The ways in which text is set."""

    BODY = "body"
    BUBBLE = "bubble"
    THINKING = "thinking"
    CELL = "cell"
    HEAD_CELL = "head_cell"
    HEADING_1 = "heading_1"
    HEADING_2 = "heading_2"
    HEADING_3 = "heading_3"
    HEADING_4 = "heading_4"
    CODE = "code"
    CARD = "card"
    CARD_TITLE = "card_title"
    CAPTION = "caption"
    RAW = "raw"


_SIZES: Final[dict[Face, tuple[int, int, bool]]] = {
    Face.BODY: (15, 25, False),
    Face.BUBBLE: (15, 24, False),
    Face.THINKING: (13, 22, False),
    Face.CELL: (14, 20, False),
    Face.HEAD_CELL: (13, 20, True),
    Face.HEADING_1: (22, 32, True),
    Face.HEADING_2: (18, 28, True),
    Face.HEADING_3: (16, 26, True),
    Face.HEADING_4: (15, 25, True),
    Face.CODE: (13, 20, False),
    Face.CARD: (13, 22, False),
    Face.CARD_TITLE: (13, 22, True),
    Face.CAPTION: (12, 18, False),
    Face.RAW: (12, 22, False),
}
_MONO: Final = frozenset({Face.CODE, Face.RAW})
_UNSCALED: Final = frozenset({Face.CARD, Face.CARD_TITLE, Face.RAW})
"""What belongs to the window rather than to the text that is read."""
_MARK_SIZE: Final = 0.72


@dataclass(frozen=True, slots=True)
class TextStyle:
    """One way of face text, in logical pixels.

    Attributes:
        face: which one.
        font: of plain text.
        leading: from one baseline to the next, whatever fonts the characters come from.
        baseline: from a line's top to its baseline.
        em: the width of a CJK character.
        colour: of plain text.
    """

    face: Face
    font: QFont
    leading: int
    baseline: int
    em: int
    colour: QColor


def _plain(font: QFont) -> QFont:
    """Return a font without ligatures, which would hide what stands there: ``->`` as an arrow."""
    for tag in ("calt", "liga"):
        font.setFeature(QFont.Tag(tag), 0)
    return font


class Look:
    """Everything that is needed to lay out and paint text in one theme.

    Args:
        theme: read once; after ``theme.changed`` a new ``Look`` is made.
    """

    def __init__(self, theme: Theme) -> None:
        self.tokens: Tokens = theme.tokens
        self.scale = theme.text_scale
        """Of the text that is read, not of the window's own words."""
        self._theme = theme
        self._formats: dict[tuple[Face, int], QTextCharFormat] = {}
        self._syntax: dict[str, QTextCharFormat] = {}
        self._blanks: dict[int, QTextCharFormat] = {}
        self._dot = theme.font(1)
        self._dot_advance = QFontMetricsF(self._dot).horizontalAdvance(BLANK)
        self.styles = {face: self._style(face) for face in Face}
        self.meta = theme.font(12)
        self.numbers = theme.number_font(12)
        self.ui = theme.font(13)
        self.ui_bold = theme.font(13, bold=True)
        self.wrap = QTextOption()
        self.wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.code_option = QTextOption()
        self.code_option.setWrapMode(QTextOption.WrapMode.NoWrap)
        code = self.styles[Face.CODE].font
        metrics = QFontMetricsF(code)
        self.code_advance = metrics.horizontalAdvance("x" * 64) / 64
        self.code_wide_advance = metrics.horizontalAdvance("中" * 64) / 64
        self.code_option.setTabStopDistance(self.code_advance * 4)

    def _style(self, face: Face) -> TextStyle:
        pixels, leading, bold = _SIZES[face]
        if face not in _UNSCALED:
            pixels, leading = round(pixels * self.scale), round(leading * self.scale)
        font = _plain(self._theme.font(pixels, bold=bold, mono=face in _MONO))
        metrics = QFontMetricsF(font)
        height = metrics.ascent() + metrics.descent()
        baseline = round((leading - height) / 2 + metrics.ascent())
        t = self.tokens
        quiet = {
            Face.THINKING: t.text2,
            Face.CARD: t.text2,
            Face.RAW: t.text2,
            Face.CAPTION: t.text3,
        }
        return TextStyle(face, font, leading, baseline, pixels, quiet.get(face, t.text))

    def format(self, face: Face, style: Style) -> QTextCharFormat:
        """Return the character format of a span; made once."""
        key = (face, int(style))
        found = self._formats.get(key)
        if found is None:
            found = self._formats[key] = self._make(face, style)
        return found

    def _make(self, face: Face, style: Style) -> QTextCharFormat:
        made = QTextCharFormat()
        base = self.styles[face]
        if style & (Style.CODE | Style.MATH):
            pixels = min(base.em, round(13 * self.scale))
            made.setFont(_plain(self._theme.font(pixels, bold=bool(style & Style.BOLD), mono=True)))
        elif style & Style.BOLD:
            made.setFontWeight(QFont.Weight.DemiBold)
        if style & Style.ITALIC and not style & (Style.CODE | Style.MATH):
            made.setFontItalic(True)
        if style & Style.STRIKE:
            made.setFontStrikeOut(True)
        if style & Style.LINK:
            made.setForeground(self.tokens.accent)
            made.setFontUnderline(True)
            made.setUnderlineColor(self.tokens.softline)
        elif style & Style.FOOTNOTE:
            made.setForeground(self.tokens.accent)
            made.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
        elif style & Style.IMAGE:
            made.setForeground(self.tokens.text3)
        return made

    def blank(self, width: float) -> QTextCharFormat:
        """Return a format that makes one letter an invisible blank of a width."""
        key = ceil(width * 2)
        found = self._blanks.get(key)
        if found is None:
            found = QTextCharFormat()
            font = QFont(self._dot)
            spacing = key / 2 - self._dot_advance
            font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing)
            found.setFont(font)
            found.setForeground(Qt.GlobalColor.transparent)
            self._blanks[key] = found
        return found

    def mark_format(self, face: Face) -> QTextCharFormat:
        """Return the format of the mark that stands for hidden characters."""
        key = (face, -2)
        found = self._formats.get(key)
        if found is None:
            found = QTextCharFormat()
            pixels = max(8, round(self.styles[face].em * _MARK_SIZE))
            found.setFont(_plain(self._theme.font(pixels, mono=True)))
            found.setForeground(self.tokens.text3)
            self._formats[key] = found
        return found

    def pad_format(self) -> QTextCharFormat:
        """Return the format of ``PAD``: its font size makes the width of the padding."""
        key = (Face.CODE, -1)
        found = self._formats.get(key)
        if found is None:
            found = QTextCharFormat()
            pixels = round(_PAD_PIXELS * self.scale)
            found.setFont(_plain(self._theme.font(pixels, mono=True)))
            self._formats[key] = found
        return found

    def syntax(self, kind: str) -> QTextCharFormat:
        """Return the format of a kind of token: ``kw``, ``str``, ``num``, ``fn``, ``com`` and
        ``add``, ``del`` of diffs.
        """
        found = self._syntax.get(kind)
        if found is None:
            t = self.tokens
            colours = {
                "kw": t.syn_kw,
                "str": t.syn_str,
                "num": t.syn_num,
                "fn": t.syn_fn,
                "com": t.syn_com,
                "add": t.ok,
                "del": t.danger,
            }
            found = QTextCharFormat()
            found.setForeground(colours[kind])
            self._syntax[kind] = found
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """What a piece needs to be measured and painted.

    Attributes:
        look: fonts and colours.
        width: of the column, in logical pixels.
        backlog: code that is visible and waits for its colours; the view works it off.
        formulas: draws formulas beside the UI thread.
        images: decodes images beside the UI thread.
    """

    look: Look
    width: int
    backlog: dict[object, None] = field(default_factory=dict)
    formulas: Formulas = field(default_factory=Formulas)
    images: Images = field(default_factory=Images)

    def narrowed(self, width: int) -> "Page":
        """Return a page of another width that shares everything else."""
        return replace(self, width=max(1, width))
