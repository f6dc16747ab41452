"""Draws formulas with ziamath, on a thread beside the UI thread; nothing else imports it.

ziamath sets MathML in a font with a MATH table and gives SVG. What it would print wrongly is
refused here (commands that nobody knows, glyphs that the font has not), and what it leaves out is
added: characters of CJK as text of the window's font, rules of arrays.
"""

import html
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from latex2mathml import commands
from latex2mathml.converter import Converter
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker, QTransform
from ziafont.fonttypes import BBox
from ziafont.glyph import SimpleGlyph
from ziamath import drawable, zmath
from ziamath.config import config
from ziamath.mathfont import MathFont
from ziamath.nodes.mnode import Mnode
from ziamath.nodes.moperator import Moperator
from ziamath.nodes.mrow import Mrow
from ziamath.nodes.mtable import Mtable
from ziamath.nodes.munderover import Mover, Munderover

from desktop_chat.ui.transcript.formula_source import Prepared, close, prepare

_SIZE: Final = 16.0
"""Every formula is drawn at this size and scaled."""
_WORK: Final = 12_000
"""A formula that is nested so that more nodes would be made is not drawn."""
_ROW: Final = 600
"""A row of more parts would be too wide, and the library's work grows with the square."""
_LARGEST: Final = 60 * _SIZE, 400 * _SIZE
"""The height and width of the largest picture."""
_LABEL: Final = 1.3
"""An arrow is wider than its label by this factor."""
_FONT: Final = "desktop-chat"
_WIDE: Final = (
    (0x1100, 0x115F),
    (0x2E80, 0x303E),
    (0x3041, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x20000, 0x3FFFD),
)
"""What every CJK font sets in a square."""
_BLACK: Final = "black"


class UndrawableError(Exception):
    """A formula whose source has to be shown."""


@dataclass(frozen=True, slots=True)
class Word:
    """A character that the formula's font does not have.

    Attributes:
        text: one character.
        x: its left edge.
        y: its baseline, downwards.
        size: of the font.
        colour: as in ``Drawing``.
    """

    text: str
    x: float
    y: float
    size: float
    colour: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A formula as outlines. Lengths are in ems; the origin is on the baseline, y downwards.

    Attributes:
        width: to the next character.
        ascent: of the picture above the baseline.
        depth: below it.
        shapes: what is filled, each with its colour: "" for that of the text.
        words: what is set in the window's font.
        tag: what stands at the right edge of the column, or "".
    """

    width: float
    ascent: float
    depth: float
    shapes: tuple[tuple[QPainterPath, str], ...]
    words: tuple[Word, ...]
    tag: str = ""


class _Square(SimpleGlyph):
    """A CJK character: a square that is filled later."""

    def __init__(self, character: str, font: MathFont) -> None:
        em = font.info.layout.unitsperem
        box = BBox(0.04 * em, 0.96 * em, -0.12 * em, 0.86 * em)
        super().__init__(font.glyphindex(" "), [], box, font)
        self.character = character
        self._em = em

    def advance(self, nextchr: SimpleGlyph | None = None) -> int:
        """Return one em."""
        del nextchr
        return int(self._em)

    def place(self, x: float, y: float, point_size: float) -> Element:
        """Return where it stands."""
        word = Element("text", {"x": str(x), "y": str(y), "size": str(point_size)})
        word.text = self.character
        return word


class _Font(MathFont):
    """The formulas' font, which refuses what it has not."""

    def findglyph(self, char: str, variant: Any) -> SimpleGlyph:
        """Return the glyph of a character in a variant."""
        glyph = super().findglyph(char, variant)
        if glyph.index:
            return glyph
        code = ord(char)
        if any(low <= code <= high for low, high in _WIDE):
            return _Square(char, self)
        if self.glyphindex(char):
            return self.glyph(char)
        raise UndrawableError


class _Converter(Converter):
    """LaTeX to MathML, with the rules of arrays where they stand."""

    def _convert_matrix(
        self, nodes: Any, parent: Element, command: str, alignment: str | None = None
    ) -> None:
        kept = []
        row = 0
        rules: list[int] = []
        for node in nodes:
            if node.token in (commands.HLINE, commands.HDASHLINE):
                rules.append(row)
                continue
            row += node.token in (commands.DOUBLEBACKSLASH, commands.CARRIAGERETURN)
            kept.append(node)
        super()._convert_matrix(iter(kept), parent, command, alignment)
        if rules:
            parent.set("rules", " ".join(map(str, rules)))

    @staticmethod
    def _get_alignment_and_column_lines(
        alignment: str | None = None,
    ) -> tuple[str | None, str | None]:
        if alignment is None or "|" not in alignment:
            return alignment, None
        lines = []
        column = 0
        for character in alignment:
            if character == "|":
                lines.append(str(column))
            else:
                column += 1
        return alignment.replace("|", ""), " ".join(lines)


class _Operator(Moperator, tag="mo"):
    """An operator, which an arrow under a label makes as wide as that."""

    def __init__(self, element: Element, parent: Any, **kwargs: Any) -> None:
        width = element.get("reach")
        if width is not None:
            kwargs["width"] = float(width)
        super().__init__(element, parent, **kwargs)


def _reach(element: Element, parent: Any, **kwargs: Any) -> None:
    """Make an arrow as wide as its labels, which the library does not."""
    base, *labels = element
    if base.tag == "mo" and all(label.tag == "mpadded" for label in labels):
        made = [Mnode.fromelement(deepcopy(label), parent=parent, **kwargs) for label in labels]
        scale = _LABEL * max(node.bbox.xmax - node.bbox.xmin for node in made)
        base.set("reach", str(scale))


class _Over(Mover, tag="mover"):
    def __init__(self, element: Element, parent: Any, **kwargs: Any) -> None:
        _reach(element, parent, **kwargs)
        super().__init__(element, parent, **kwargs)


class _UnderOver(Munderover, tag="munderover"):
    def __init__(self, element: Element, parent: Any, **kwargs: Any) -> None:
        _reach(element, parent, **kwargs)
        super().__init__(element, parent, **kwargs)


class _Table(Mtable, tag="mtable"):
    """A table with its rules, which the library leaves out."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        rows = {int(row) for row in self.element.get("rules", "").split()}
        columns = {int(column) for column in self.element.get("columnlines", "").split()}
        if not rows and not columns:
            return
        cells = list(zip(self.nodes, self.nodexy, strict=True))
        lines = [len(row) for row in self.element]
        thin = self.units_to_points(self.font.math.consts.fractionRuleThickness)
        left, right, low, high = self.bbox
        edges = self._edges(cells, lines)
        if {0, len(edges) - 1} & columns:
            left, right = edges[0], edges[-1]
        heights = self._heights(cells, lines)
        low = min([low, *(-heights[row] for row in rows)])
        high = max([high, *(-heights[row] for row in rows)])
        for row in rows:
            self.nodes.append(drawable.HLine(right - left, thin, style=self.style, **kwargs))
            self.nodexy.append((left, heights[row]))
        for column in columns:
            self.nodes.append(drawable.VLine(high - low, thin, style=self.style, **kwargs))
            self.nodexy.append((edges[column], -high))
        self.bbox = BBox(min(left, 0), max(right, self.bbox.xmax), low, high)

    def _heights(self, cells: Any, lines: list[int]) -> list[float]:
        """Return where the rule above each row and below the last one stands, downwards."""
        space = self.size_px("0.2em")
        tops, ends = [], []
        at = 0
        for count in lines:
            row = cells[at : at + count]
            tops.append(min(y - node.bbox.ymax for node, (_x, y) in row))
            ends.append(max(y - node.bbox.ymin for node, (_x, y) in row))
            at += count
        between = [(end + top) / 2 for end, top in zip(ends, tops[1:], strict=False)]
        return [tops[0] - space, *between, ends[-1] + space]

    def _edges(self, cells: Any, lines: list[int]) -> list[float]:
        """Return the middle of each gap between two columns, the outer edges included."""
        lefts = [float("inf")] * max(lines)
        rights = [0.0] * max(lines)
        at = 0
        for count in lines:
            for column in range(count):
                node, (x, _y) = cells[at + column]
                lefts[column] = min(lefts[column], x + node.bbox.xmin)
                rights[column] = max(rights[column], x + node.bbox.xmax)
            at += count
        space = self.size_px("0.6em")
        between = [(r + x) / 2 for r, x in zip(rights, lefts[1:], strict=False)]
        return [min(lefts) - space / 2, *between, max(rights) + space / 2]


def _single_line(row: Any, line: list[Element], **kwargs: Any) -> None:
    """Set a line, measuring it at most once for its fences.

    The library measures each row twice at each level, so that its work doubles with every brace.
    Inside a measurement the fences do not count, and the second time would tell nothing.
    """
    if not kwargs.get("nostretch"):
        _measured_line(row, line, **kwargs)
        return
    x = 0.0
    low, high, right = 9999.0, -9999.0, 0.0
    for child in line:
        if child.tag == "mo" and not (child.text or "").strip():
            continue
        node = row.fromelement(child, parent=row, **kwargs)
        row.nodes.append(node)
        row.nodexy.append((x, 0))
        right = max(right, x + node.bbox.xmax)
        low, high = min(low, node.bbox.ymin), max(high, node.bbox.ymax)
        x += node.xadvance()
    row.bbox = BBox(0.0, right, low, high)
    row._xadvance = x  # noqa: SLF001  it is the row's own method that is replaced


_measured_line = Mrow._setup_single_line  # noqa: SLF001
Mrow._setup_single_line = _single_line  # type: ignore[method-assign,assignment]  # noqa: SLF001
config.svg2 = False
zmath.loadedfonts[_FONT] = _Font(zmath.fontname, _SIZE)


def draw(latex: str, display: bool, growing: bool) -> Drawing | None:
    """Draw a formula.

    Args:
        latex: without delimiters.
        display: whether it stands alone.
        growing: whether more of it may follow; then what is open is closed.

    Returns:
        The drawing, or None where the source has to be shown.
    """
    attempts = [latex, *(close(latex) if growing else ())]
    for attempt in dict.fromkeys(attempts):
        prepared = prepare(attempt)
        if prepared is None:
            continue
        try:
            return _draw(prepared, display)
        except Exception:  # the libraries raise whatever a formula makes them raise
            continue
    return None


def _draw(prepared: Prepared, display: bool) -> Drawing:
    converter = _Converter(display="block" if display else "inline")
    mathml = converter.convert_to_element(prepared.latex)
    # What is written and read again would be in a namespace that ziamath does not look for.
    del mathml.attrib["xmlns"]
    _mend(mathml)
    made = zmath.Math(mathml, size=_SIZE, font=_FONT, margin=0)
    box = made.node.bbox
    if not (-box.ymin + box.ymax < _LARGEST[0] and box.xmax - box.xmin < _LARGEST[1]):
        raise UndrawableError
    left = min(0.0, box.xmin)
    sheet = _Sheet(-left)
    for element in made.svgxml():
        sheet.put(element)
    shrink = QTransform.fromScale(1 / _SIZE, 1 / _SIZE)
    width = max(box.xmax, made.node.xadvance()) - left
    return Drawing(
        width / _SIZE,
        max(0.0, box.ymax) / _SIZE,
        max(0.0, -box.ymin) / _SIZE,
        tuple((shrink.map(path), colour) for colour, path in sheet.shapes.items()),
        tuple(sheet.words),
        prepared.tag,
    )


def _mend(mathml: Element) -> None:
    """Refuse what is not known, and put right what the two libraries see differently."""
    work = 0
    stack = [(mathml, 0)]
    while stack:
        element, depth = stack.pop()
        work += depth + 1
        text = element.text or ""
        if "\\" in text or text == "&" or work > _WORK or len(element) > _ROW:
            raise UndrawableError
        if text:
            _mend_text(element, text)
        if element.tag == "mtable":
            spacing = element.get("columnspacing", "0.75em")
            element.set("columnspacing", spacing.replace("2em", "0.3em"))
            element.set("rowspacing", element.get("rowspacing", "").replace("3pt", "6pt"))
        if element.tag in _ROWS:
            _space_names(element)
        depth += element.tag in ("mrow", "mtd", "mpadded", "mstyle")
        stack.extend((child, depth) for child in element)


_ROWS: Final = ("math", "mrow", "mtd", "mstyle")


def _space_names(row: Element) -> None:
    """Set a thin space around the names of operators (max, det), but none before a bracket.

    A minus behind an equals sign is a sign and has none.
    """
    children = list(row)
    for index in range(len(children) - 1, -1, -1):
        before = children[index - 1] if index else None
        if before is not None and _signs(before, children[index]):
            children[index].set("form", "prefix")
        if not _is_name(children[index]):
            continue
        after = children[index + 1] if index + 1 < len(children) else None
        if after is not None and after.tag not in ("mo", "mspace", "mrow") and not _is_name(after):
            row.insert(index + 1, Element("mspace", width="thinmathspace"))
        loose = before is None or before.tag in ("mo", "mspace")
        if before is not None and (not loose or _is_name(before)):
            row.insert(index, Element("mspace", width="thinmathspace"))


def _signs(before: Element, element: Element) -> bool:
    """Tell whether a plus or minus is a sign: it stands behind another operator."""
    if element.tag != "mo" or html.unescape(element.text or "") not in _SIGNS:
        return False
    return before.tag == "mo" and html.unescape(before.text or "") not in _ENDS


def _is_name(element: Element) -> bool:
    while element.tag in ("munder", "mover", "munderover", "msub", "msup", "msubsup") and len(
        element
    ):
        element = element[0]
    text = html.unescape(element.text or "")
    return element.tag == "mo" and len(text) > 1 and text[0].isalpha()


_SIGNS: Final = ("-", "+", "\u2212", "\u00b1", "\u2213")
_ENDS: Final = (")", "]", "}", "|", "\u2016", "!", "\u27e9", "\u230b", "\u2309", "")
_STILL: Final = {"&#x02191;", "&#x02193;", "&#x027E8;", "&#x027E9;"}
"""Arrows and brackets that stretch in MathML, but not in LaTeX."""
_BINARY: Final = frozenset("∪∩∧∨∖⊕⊗⊙∘⋅")
"""Operators that want the space of a plus sign and have none in the library."""
_ACCENTS: Final = {"&#x0005E;": "\u0302", "&#x0007E;": "\u0303"}
"""A hat and a tilde that stretch."""


def _mend_text(element: Element, text: str) -> None:
    if text in _STILL:
        element.set("stretchy", "false")
    if element.tag == "mo" and text in _ACCENTS and element.get("stretchy") != "false":
        text = _ACCENTS[text]
    element.text = html.unescape(text)
    if element.tag == "mo" and element.text in _BINARY:
        element.attrib.setdefault("lspace", "mediummathspace")
        element.attrib.setdefault("rspace", "mediummathspace")


class _Sheet:
    """Turns the few kinds of SVG that the library makes into paths."""

    def __init__(self, shift: float) -> None:
        self.shapes: dict[str, QPainterPath] = {}
        self.words: list[Word] = []
        self._shift = shift

    def put(self, element: Element) -> None:
        """Take one element.

        Raises:
            UndrawableError: it is of another kind.
        """
        kind = element.tag
        if kind == "g":
            for part in element:
                part.set("fill", element.get("fill", _BLACK))
                self.put(part)
        elif kind == "path" and element.get("stroke") is None:
            _outline(self._shape(element.get("fill")), element.get("d", ""), self._shift)
        elif kind == "path" and element.get("marker-end") is None:
            line = QPainterPath()
            _outline(line, element.get("d", ""), self._shift)
            self._stroke(line, element)
        elif kind == "rect" and element.get("stroke") is None:
            # Turned as the outlines of letters are, so that what overlaps stays filled.
            x, y, width, height = self._numbers(element, "x", "y", "width", "height")
            path = self._shape(element.get("fill"))
            path.moveTo(x, y)
            for point in ((x, y + height), (x + width, y + height), (x + width, y)):
                path.lineTo(*point)
            path.closeSubpath()
        elif kind == "rect" and element.get("fill") == "none":
            box = QPainterPath()
            box.addRect(QRectF(*self._numbers(element, "x", "y", "width", "height")))
            self._stroke(box, element)
        elif kind == "text":
            x, y, size = self._numbers(element, "x", "y", "size")
            colour = _colour(element.get("fill"))
            self.words.append(Word(element.text or "", x / _SIZE, y / _SIZE, size / _SIZE, colour))
        else:
            raise UndrawableError

    def _shape(self, colour: str | None) -> QPainterPath:
        name = _colour(colour)
        found = self.shapes.get(name)
        if found is None:
            found = self.shapes[name] = QPainterPath()
            found.setFillRule(Qt.FillRule.WindingFill)
        return found

    def _numbers(self, element: Element, *names: str) -> list[float]:
        numbers = [float(element.get(name, "0")) for name in names]
        numbers[0] += self._shift
        return numbers

    def _stroke(self, path: QPainterPath, element: Element) -> None:
        pen = QPainterPathStroker()
        pen.setWidth(float(element.get("stroke-width", "1")))
        self._shape(element.get("stroke")).addPath(pen.createStroke(path))


def _colour(name: str | None) -> str:
    return "" if name is None or name == _BLACK else name


def _outline(path: QPainterPath, data: str, shift: float) -> None:
    """Add an outline: absolute M, L, Q, C and Z, with spaces between all."""
    parts = data.split()
    at = 0

    def point() -> QPointF:
        nonlocal at
        at += 2
        return QPointF(float(parts[at - 2]) + shift, float(parts[at - 1]))

    while at < len(parts):
        step = parts[at]
        at += 1
        if step == "M":
            path.moveTo(point())
        elif step == "L":
            path.lineTo(point())
        elif step == "Q":
            path.quadTo(point(), point())
        elif step == "C":
            path.cubicTo(point(), point(), point())
        elif step == "Z":
            path.closeSubpath()
        else:
            raise UndrawableError
