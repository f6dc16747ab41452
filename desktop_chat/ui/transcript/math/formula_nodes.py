"""What ziamath leaves out or does twice, added to its own classes; for the formulas' thread alone.

Characters of CJK become squares that are filled later, a glyph that the font has not is refused,
arrays get their rules and long arrows their length, and work no longer doubles with each brace.
Importing this changes the library for the whole process.
"""

import time
from copy import deepcopy
from typing import Any, Final
from xml.etree.ElementTree import Element

from latex2mathml import commands
from latex2mathml.converter import Converter
from latex2mathml.walker import Node
from ziafont.fonttypes import BBox
from ziafont.glyph import SimpleGlyph
from ziamath import drawable, zmath
from ziamath.config import config
from ziamath.mathfont import MathFont
from ziamath.nodes.mnode import Mnode
from ziamath.nodes.moperator import Moperator
from ziamath.nodes.mroot import Mroot, Msqrt
from ziamath.nodes.mrow import Mrow
from ziamath.nodes.mtable import Mtable
from ziamath.nodes.munderover import Mover, Munderover

SIZE: Final = 16.0
"""Every formula is drawn at this size and scaled."""
FONT: Final = "desktop-chat"
_LABEL: Final = 1.3
"""An arrow is wider than its label by this factor."""
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
_TURN: Final = 0.0015
"""Seconds of work after which the thread lets others run; the interpreter would take longer."""
_BREATH: Final = 0.0001
_LONGEST: Final = 2.0
"""Seconds of the thread's own time for one formula."""
_turn = time.perf_counter()
_end = float("inf")


def begin() -> None:
    """Take note that a formula is begun, which has so much time and no more."""
    global _end
    _end = time.thread_time() + _LONGEST


def breathe() -> None:
    """Let the UI thread run, every now and then.

    Raises:
        UndrawableError: the formula has taken too long; some cost twice as much for each level.
    """
    global _turn
    if time.perf_counter() - _turn > _TURN:
        if time.thread_time() > _end:
            raise UndrawableError
        time.sleep(_BREATH)
        _turn = time.perf_counter()


class UndrawableError(Exception):
    """A formula whose source has to be shown."""


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
        breathe()
        glyph = super().findglyph(char, variant)
        if glyph.index:
            return glyph
        code = ord(char)
        if any(low <= code <= high for low, high in _WIDE):
            return _Square(char, self)
        if self.glyphindex(char):
            return self.glyph(char)
        raise UndrawableError


class LatexConverter(Converter):
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
        if kept and kept[-1].token == "&":
            # The converter would drop the whole last row for its empty last cell.
            kept.append(Node(token=commands.BRACES, children=()))
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


def _join_rule(root: Any) -> None:
    """Let the rule of a root begin where its hook ends; the library leaves a gap."""
    hook, _base, rule = root.nodes[-3:]
    x, y = root.nodexy[-1]
    start = root.nodexy[-3][0] + hook.bbox.xmax - rule.lw
    if start < x:
        rule.length += x - start
        root.nodexy[-1] = (start, y)


class _Root(Mroot, tag="mroot"):
    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        _join_rule(self)


class _SquareRoot(Msqrt, tag="msqrt"):
    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        _join_rule(self)


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
        if not row.nodes:
            row.bbox = BBox(0.0, 0.0, 0.0, 0.0)
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
    row.bbox = BBox(0.0, right, low, high) if row.nodes else BBox(0.0, 0.0, 0.0, 0.0)
    row._xadvance = x  # noqa: SLF001  it is the row's own method that is replaced


_measured_line = Mrow._setup_single_line  # noqa: SLF001
Mrow._setup_single_line = _single_line  # type: ignore[method-assign,assignment]  # noqa: SLF001
config.svg2 = False
zmath.loadedfonts[FONT] = _Font(zmath.fontname, SIZE)
