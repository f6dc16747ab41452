"""Draws formulas with ziamath, on a thread beside the UI thread; nothing else imports it.

ziamath sets MathML in a font with a MATH table and gives SVG. What it would print wrongly is
refused here: commands that nobody knows, glyphs that the font has not.
"""

import html
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import Element

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker, QTransform
from ziamath import zmath

from desktop_chat.ui.transcript.math.formula_nodes import (
    FONT,
    SIZE,
    LatexConverter,
    UndrawableError,
    begin,
    breathe,
)
from desktop_chat.ui.transcript.math.formula_source import Prepared, close, prepare

_WORK: Final = 12_000
"""A formula that is nested so that more nodes would be made is not drawn."""
_ROW: Final = 600
"""A row of more parts would be too wide, and the library's work grows with the square."""
_LARGEST: Final = 60 * SIZE, 400 * SIZE
"""The height and width of the largest picture."""
_BLACK: Final = "black"


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
        whole: whether nothing had to be closed.
    """

    width: float
    ascent: float
    depth: float
    shapes: tuple[tuple[QPainterPath, str], ...]
    words: tuple[Word, ...]
    tag: str = ""
    whole: bool = True


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
        begin()
        try:
            return replace(_draw(prepared, display), whole=attempt == latex)
        except Exception:  # the libraries raise whatever a formula makes them raise
            continue
    return None


def _draw(prepared: Prepared, display: bool) -> Drawing:
    converter = LatexConverter(display="block" if display else "inline")
    mathml = converter.convert_to_element(prepared.latex)
    # What is written and read again would be in a namespace that ziamath does not look for.
    del mathml.attrib["xmlns"]
    _mend(mathml)
    made = zmath.Math(mathml, size=SIZE, font=FONT, margin=0)
    box = made.node.bbox
    if not (-box.ymin + box.ymax < _LARGEST[0] and box.xmax - box.xmin < _LARGEST[1]):
        raise UndrawableError
    left = min(0.0, box.xmin)
    sheet = _Sheet(-left)
    for element in made.svgxml():
        sheet.put(element)
    shrink = QTransform.fromScale(1 / SIZE, 1 / SIZE)
    width = max(box.xmax, made.node.xadvance()) - left
    return Drawing(
        width / SIZE,
        max(0.0, box.ymax) / SIZE,
        max(0.0, -box.ymin) / SIZE,
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
        unknown = "\\" in text or text == "&"
        lost = len(element) > 0 and element.tag in _LEAVES
        if unknown or lost or work > _WORK or len(element) > _ROW:
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


_LEAVES: Final = ("mo", "mi", "mn", "mtext", "ms", "mspace")
"""What the library looks for no parts in."""
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
_LARGE: Final = frozenset("∏∐∑∫∬∭∮∯∰⋀⋁⋂⋃⨀⨁⨂⨄⨆")
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
    if element.tag == "mo" and element.text in _LARGE:
        # They have a size for lines and one for displays, and no other.
        element.set("stretchy", "false")
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
            breathe()
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
            for point in ((x + width, y), (x + width, y + height), (x, y + height)):
                path.lineTo(*point)
            path.closeSubpath()
        elif kind == "rect" and element.get("fill") == "none":
            box = QPainterPath()
            box.addRect(QRectF(*self._numbers(element, "x", "y", "width", "height")))
            self._stroke(box, element)
        elif kind == "text":
            x, y, size = self._numbers(element, "x", "y", "size")
            colour = _colour(element.get("fill"))
            self.words.append(Word(element.text or "", x / SIZE, y / SIZE, size / SIZE, colour))
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
