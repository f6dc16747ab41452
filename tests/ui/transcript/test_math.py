"""Formulas: what is drawn, where it stands, and what is shown in place of it."""

import re
from collections.abc import Sequence
from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop, QPoint
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPixmap, QRegion

from desktop_chat.markdown.blocks import MathBlock, Span, Spans, Style
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Look, Page
from desktop_chat.ui.transcript.math.formula_source import LONGEST, close, prepare
from desktop_chat.ui.transcript.math.formulas import EM, Formula, Formulas, estimated_width
from desktop_chat.ui.transcript.math.layout_math import MathPiece
from desktop_chat.ui.transcript.pieces import PieceKeys, TextPiece
from desktop_chat.ui.transcript.places import Shade
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import make_run
from tests.helpers.theme import make_theme
from tests.ui.transcript.support import (
    answer,
    body,
    clipboard,
    heights,
    press,
    question,
    run,
    send,
    shown,
    streaming,
)

DRAWN = [
    r"x",
    r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}",
    r"e^{i\pi}+1=0 < 2 > 1 \& 3\%",
    r"\sum_{i=1}^{n} i^2, \quad \int_{-\infty}^{\infty} e^{-x^2}\,dx",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\left[\begin{array}{cc|c} 1 & 2 & 3 \\ \hline 4 & 5 & 6 \end{array}\right]",
    r"f(x)=\begin{cases} x^2, & x\ge 0 \\ -x, & \text{otherwise} \end{cases}",
    r"\begin{aligned} a &= b+c \\[4pt] &= d \end{aligned}",
    r"\begin{align} x &= 1 \nonumber \\ y &= 2 \label{eq:y} \end{align}",
    r"\begin{gather} a = b \\ c = d \end{gather}",
    r"\begin{equation} a = b \end{equation}",
    r"a &= b \\ c &= d",
    r"\text{速度} = \frac{\text{路程}}{\text{时间}}",
    r"面积 = 长 × 宽",
    r"\text{if $x>0$ then 100\%}",
    r"\operatorname{softmax}(z) \operatorname{arg\,min}_\theta \mathbb{E}[X] \mathcal{L}",
    r"\boxed{E = mc^2} \cancel{x} \vec{v} \hat{x} \overline{AB} \underbrace{a+b}_{2}",
    r"A \xrightarrow{r_2 - 2r_1} B \xrightarrow[b]{a} C",
    r"\lVert x \rVert_2 \bigl( y \bigr) \left. \frac{a}{b} \right|_{x=0}",
    r"\color{red}{x} + \textcolor{blue}{y}",
    r"\newline x \\ \\ y",
    r"\frac{a}{} + {} + \begin{pmatrix} & a \\ b & \end{pmatrix}",
    r"\mathop{\mathrm{argmax}}\limits_{x} f + \mathop{x+y} \mathbin{+} z",
    r"a \bmod b \equiv c \pmod{n} \not= d",
]
SOURCE = [
    r"\foo{x}",
    r"\ce{H2O}",
    r"\begin{tikzpicture} x \end{tikzpicture}",
    r"\begin{pmatrix} a",
    r"\frac{a}",
    r"\frac{a",
    r"a}{b",
    r"\newcommand{\a}{\a\a} \a",
    r"\def\a{\a\a}\a",
    r"\href{file:///etc/passwd}{x}",
    r"\includegraphics{a}",
    r"😀",
    r"x \u202e y".replace(r"\u202e", "\u202e"),
    "",
    "   ",
    "x" * (LONGEST + 1),
    "{" * 5000 + "}" * 5000,
    r"\sqrt" * 900 + "x",
    r"\left(" * 300 + "x" + r"\right)" * 300,
    r"\kern99999999em x",
    "x+" * 1999,
    "&" * 3000,
    "\\" * 3999,
]
TALL = r"\begin{pmatrix} a \\ b \\ c \\ d \end{pmatrix}"


def drawn(formulas: Formulas, latex: str, display: bool = True, growing: bool = False) -> Formula:
    """Have a formula drawn and wait for it."""
    formulas.want(latex, display, None, growing)
    wait(formulas)
    found = formulas.get(latex, display, growing)
    assert found is not None
    return found


def wait(formulas: Formulas) -> None:
    while formulas.busy:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def painted(theme: Theme, formula: Formula, pixels: int = 15, ratio: float = 1.0) -> QImage:
    """A formula on white, its origin at 20, 60."""
    pixmap = QPixmap(int(400 * ratio), int(120 * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor("white"))
    painter = QPainter(pixmap)
    ink = Ink(painter, theme.tokens, QRegion(0, 0, 400, 120))
    formula.paint(ink, 20, 60, pixels, QColor("black"), theme.font(pixels))
    painter.end()
    return pixmap.toImage()


def rows(image: QImage) -> list[int]:
    """How dark each row of an image is."""
    return [
        sum(255 - image.pixelColor(x, y).lightness() for x in range(image.width()))
        for y in range(image.height())
    ]


def dark(image: QImage) -> tuple[int, int]:
    """The first row with ink, and the row below the last."""
    found = [y for y, amount in enumerate(rows(image)) if amount > 60]
    return found[0], found[-1] + 1


@pytest.fixture
def formulas(qt_app: object) -> Formulas:
    del qt_app
    return Formulas()


@pytest.mark.parametrize("latex", DRAWN)
def test_a_usual_formula_is_drawn_within_its_box(
    latex: str, formulas: Formulas, theme: Theme
) -> None:
    formula = drawn(formulas, latex)
    assert formula.drawn
    image = painted(theme, formula)
    top, bottom = dark(image)
    assert 60 - formula.ascent * 15 - 2 <= top
    assert bottom <= 60 + formula.depth * 15 + 2
    columns = [
        x for x in range(400) if any(image.pixelColor(x, y).lightness() < 200 for y in range(120))
    ]
    assert columns[0] >= 18
    assert columns[-1] <= min(400, 20 + formula.width * 15 + 2)
    assert bottom - top >= (formula.ascent + formula.depth) * 15 * 0.6


@pytest.mark.parametrize("latex", SOURCE)
def test_what_cannot_be_drawn_is_its_source(latex: str, formulas: Formulas) -> None:
    assert not drawn(formulas, latex).drawn


def test_no_nesting_makes_more_work_than_it_shows(formulas: Formulas) -> None:
    """Each level of braces would double the library's work."""
    from desktop_chat.ui.transcript.math import formula_nodes

    made = 0
    original = formula_nodes._Font.findglyph

    def count(self: object, *args: object) -> object:
        nonlocal made
        made += 1
        return original(self, *args)  # type: ignore[arg-type]

    formula_nodes._Font.findglyph = count  # type: ignore[method-assign,assignment]
    try:
        assert drawn(formulas, r"\frac{1}{" * 18 + "x" + "}" * 18).drawn
    finally:
        formula_nodes._Font.findglyph = original  # type: ignore[method-assign]
    assert made < 3000


def test_the_baseline_is_that_of_the_text(formulas: Formulas, theme: Theme) -> None:
    """An x stands on the line, and is as high as the x of the text."""
    image = painted(theme, drawn(formulas, "x", display=False), 30)
    top, bottom = dark(image)
    assert abs(bottom - 60) <= 1
    assert abs((bottom - top) - QFontMetricsF(theme.font(30)).xHeight()) <= 2


def test_a_fraction_stands_on_the_axis(formulas: Formulas, theme: Theme) -> None:
    """Its bar is where the middle of a minus is."""
    bar = rows(painted(theme, drawn(formulas, r"\frac{x}{x}"), 40))
    minus = rows(painted(theme, drawn(formulas, r"-"), 40))
    middle = max(range(len(bar)), key=bar.__getitem__)
    assert abs(middle - max(range(len(minus)), key=minus.__getitem__)) <= 1
    assert middle < 60


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_it_is_as_sharp_as_the_screen(ratio: float, formulas: Formulas, theme: Theme) -> None:
    image = painted(theme, drawn(formulas, "E"), 30, ratio)
    top, bottom = dark(image)
    expected = 30 * ratio * EM * 0.66
    assert abs((bottom - top) - expected) <= 0.1 * expected


@pytest.mark.parametrize("latex", [r"\sqrt{xxxx}", r"\sqrt[3]{XXXX}"])
def test_overlapping_outlines_leave_no_holes(latex: str, formulas: Formulas, theme: Theme) -> None:
    """The rule of a root overlaps its hook."""
    image = painted(theme, drawn(formulas, latex), 40)
    top = dark(image)[0]
    row = [image.pixelColor(x, top + 1).lightness() < 128 for x in range(400)]
    first, last = row.index(True), len(row) - row[::-1].index(True)
    assert all(row[first:last])


def test_colours_of_the_text_and_of_its_own(formulas: Formulas) -> None:
    formula = drawn(formulas, r"x \color{red}{y}")
    light, night = make_theme(), make_theme("dark")
    assert painted(light, formula) == painted(night, formula)
    image = painted(light, formula, 40)
    colours = {image.pixelColor(x, y).name() for x in range(400) for y in range(120)}
    assert "#000000" in colours
    assert "#ff0000" in colours


def test_a_tag_is_not_part_of_the_picture(formulas: Formulas) -> None:
    tagged, star = drawn(formulas, r"a=b \tag{1.2}"), drawn(formulas, r"a=b \tag*{A}")
    assert tagged.tag == "(1.2)"
    assert star.tag == "A"
    assert tagged.width == drawn(formulas, "a=b").width


def test_the_rules_of_an_array_are_drawn(formulas: Formulas, theme: Theme) -> None:
    bare = painted(theme, drawn(formulas, r"\begin{array}{cc} a & b \\ c & d \end{array}"), 30)
    ruled = painted(
        theme, drawn(formulas, r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}"), 30
    )
    assert max(rows(ruled)) > 2 * max(rows(bare))


def test_a_long_arrow_is_as_long_as_its_label(formulas: Formulas, theme: Theme) -> None:
    def shaft(latex: str) -> int:
        return max(rows(painted(theme, drawn(formulas, latex), 20))[52:])

    assert shaft(r"\xrightarrow{a+b+c+d+e}") > 2 * shaft(r"\xrightarrow{a}")


def test_what_the_library_would_leave_out_is_refused() -> None:
    from desktop_chat.ui.transcript.math.formula_nodes import UndrawableError
    from desktop_chat.ui.transcript.math.formula_worker import _mend

    for text in ("<mo><mi>x</mi></mo>", "<mi>\\foo</mi>", "<mi>&amp;</mi>"):
        with pytest.raises(UndrawableError):
            _mend(fromstring(f"<math><mrow>{text}</mrow></math>"))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{a}{b", r"\frac{a}{b}"),
        (r"\left(x", r"\left(x\right."),
        (r"\begin{pmatrix} a & b \\ c", r"\begin{pmatrix} a & b \\ c\end{pmatrix}"),
        (r"x^", "x"),
        (r"x + \al", "x +"),
        (r"x \begin{al", "x"),
        (r"\{x", r"\{x"),
        (r"\left\{ \frac{a}{b} \right", r"\left\{ \frac{a}{b}\right."),
    ],
)
def test_what_is_open_is_closed(latex: str, expected: str) -> None:
    assert close(latex)[0] == expected


def test_a_growing_formula_is_drawn_at_most_of_its_points(formulas: Formulas) -> None:
    whole = r"f(x) = \frac{\partial u}{\partial x} + \begin{pmatrix} a & b \\ c & d \end{pmatrix}"
    made = [drawn(formulas, whole[:end], growing=True).drawn for end in range(1, len(whole) + 1)]
    assert sum(made) > 0.9 * len(made)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{a}{b}", r"\frac{a}{b}"),
        (r"\{ x \} y", r"\{ x \} y"),
        (r"50% of x", r"50\% of x"),
        (r"50\% of x", r"50\% of x"),
        (r"\text{a_{b}}", None),
        (r"\text{if $x$}", r"\text{if }{x}"),
        (r"\begin{aligned}[t] a \\[2pt] b \end{aligned}", r"\begin{align*} a \\ b \end{align*}"),
        (r"\begin{alignat}{2} a \end{alignat}", r"\begin{align*} a \end{align*}"),
        (r"\begin{cases} a \end{matrix}", None),
        (r"x \label{a} \nonumber", r"x  "),
        ("x\u200b + y", "x + y"),
    ],
)
def test_a_formula_is_written_as_the_converter_wants_it(latex: str, expected: str | None) -> None:
    made = prepare(latex)
    assert (None if made is None else made.latex) == expected


def test_the_estimate_is_near(formulas: Formulas) -> None:
    for latex in (r"a^2+b^2=c^2", r"O(n\log n)", r"\alpha+\beta", r"x", r"P(A|B)=0.5"):
        wide = drawn(formulas, latex, display=False).width
        assert 0.5 * wide <= estimated_width(latex) <= 2 * wide


def test_pieces_are_told_once_and_the_poll_ends(formulas: Formulas) -> None:
    told: list[set[object]] = []
    formulas.arrived.connect(told.append)
    for number in range(20):
        formulas.want(f"x+{number}", False, "first" if number % 2 else "second")
    formulas.want("x+1", False, "third")
    wait(formulas)
    assert set().union(*told) == {"first", "second", "third"}
    assert not formulas._poll.isActive()
    assert all(formulas.get(f"x+{number}", False) is not None for number in range(20))


def test_what_was_not_asked_for_longest_goes_first(
    formulas: Formulas, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(formulas, "x_0")
    monkeypatch.setattr("desktop_chat.ui.transcript.math.formulas._KEPT", 8)
    for number in range(1, 12):
        drawn(formulas, f"x_{number}")
        assert formulas.get("x_1", True)
    assert formulas.get("x_0", True) is None
    assert len(formulas._known) <= 8


# In a line


def inline(*parts: str) -> Spans:
    """Spans of texts and, where a part begins with a dollar sign, formulas."""
    return tuple(
        Span(part[1:], Style.MATH) if part.startswith("$") else Span(part) for part in parts
    )


def flowing(page: Page, spans: Spans, width: int = 700, face: Face = Face.BODY) -> TextFlow:
    """A text with its formulas drawn."""
    flow = TextFlow(face, make_run(spans), width, page.look, page.formulas)
    page.formulas.want_in_line(flow.pending, None)
    wait(page.formulas)
    flow.refresh(page.look)
    assert not flow.pending
    return flow


def test_a_formula_is_one_character_and_copied_as_latex(page: Page) -> None:
    made = make_run(inline("so ", r"$\alpha", " is"))
    assert made.text == "so \ufffc is"
    assert made.plain() == r"so $\alpha$ is"
    assert made.plain(3, 4) == r"$\alpha$"
    assert made.plain(4, 7) == " is"


def test_a_formula_takes_its_width_in_the_line(page: Page) -> None:
    flow = flowing(page, inline("a", "$x+y+z", "b"))
    formula = page.formulas.get("x+y+z", False)
    assert formula is not None
    left, right = flow.place_of(1, page.look).x(), flow.place_of(2, page.look).x()
    assert right - left == pytest.approx(formula.width * 15, abs=0.6)
    assert flow.hit(left + 2, 5, page.look) == 1
    assert flow.hit(right - 2, 5, page.look) == 2


def test_lines_keep_their_leading_unless_a_formula_is_high(page: Page) -> None:
    words = "word " * 40
    assert flowing(page, inline(words, "$x^2", words)).height % 25 == 0
    flow = flowing(page, inline(words, f"${TALL}", words))
    plain = flowing(page, inline(words, "$x", words))
    assert flow.lines == plain.lines
    assert flow.height > plain.height + 25
    tops = [flow._top_of(number) for number in range(flow.lines)] + [flow.height]
    high = [b - a for a, b in pairwise(tops)]
    assert sorted(high)[:-1] == [25] * (flow.lines - 1)
    number = high.index(max(high))
    assert flow.place_of(len(words), page.look).height() == max(high)
    assert flow.hit(5, tops[number] + 2, page.look) == flow.hit(5, tops[number + 1] - 2, page.look)
    assert flow.over(5, tops[number + 1] + 2, page.look) != flow.over(
        5, tops[number] + 9, page.look
    )


def test_text_beside_a_high_formula_stands_on_its_baseline(page: Page) -> None:
    flow = flowing(page, inline("text ", f"${TALL}", " text"))
    formula = page.formulas.get(TALL, False)
    assert formula is not None
    laid = flow._segments[0].laid
    assert laid is not None
    line = laid.layout.lineAt(0)
    baseline = line.y() + line.ascent()
    assert baseline >= formula.ascent * 15
    assert flow.height - baseline >= formula.depth * 15
    assert baseline == round(baseline)


def test_a_formula_that_cannot_be_drawn_is_its_source_in_the_line(page: Page) -> None:
    flow = flowing(page, inline("see ", r"$\foo{bar}", " there"))
    laid = flow._segments[0].laid
    assert laid is not None
    assert laid.layout.text() == r"see \foo{bar} there"
    assert flow.run.text == "see \ufffc there", "positions stay"
    end = flow.place_of(5, page.look).x()
    assert flow.hit(end + 1, 5, page.look) == 5
    assert flow.hit(flow.place_of(4, page.look).x() + 3, 5, page.look) == 4


def test_the_longest_source_in_a_line_breaks_over_lines(page: Page) -> None:
    long = r"\foo{" + "abc " * 900 + "}"
    flow = flowing(page, inline("before ", f"${long}", " after " * 300), 300)
    assert flow.lines > 100
    whole = len(flow.run.text)
    assert flow.place_of(whole, page.look).y() == pytest.approx(flow.height - 25)
    grown = TextFlow(Face.BODY, make_run(inline("before ")), 300, page.look, page.formulas)
    for end in range(1, 60):
        spans = inline("before ", f"${long}", (" after " * 300)[: end * 40])
        grown.set_run(make_run(spans), page.look)
    assert grown.height == flow.height


def test_a_formula_a_little_too_wide_is_made_smaller(page: Page) -> None:
    latex = "+".join(f"a_{{{number}}}" for number in range(12))
    formula = drawn(page.formulas, latex, display=False)
    wide = formula.width * 15
    fits = flowing(page, inline(f"${latex}"), int(wide * 0.8))
    assert fits.lines == 1
    assert fits.natural_width(page.look) <= int(wide * 0.8) + 1
    source = flowing(page, inline(f"${latex}"), int(wide * 0.5))
    laid = source._segments[0].laid
    assert laid is not None
    assert laid.layout.text() == latex


def test_a_blank_keeps_the_place_until_the_picture_is_there(page: Page) -> None:
    flow = TextFlow(Face.BODY, make_run(inline("a ", "$x+1", " b")), 700, page.look, page.formulas)
    assert flow.pending == [("x+1", False)]
    blank = flow.natural_width(page.look)
    page.formulas.want("x+1", False, None)
    flow.refresh(page.look)
    assert flow.pending == [("x+1", False)], "it is not there yet"
    wait(page.formulas)
    flow.refresh(page.look)
    assert not flow.pending
    assert flow.natural_width(page.look) != blank


def test_pictures_that_come_late_leave_the_lines_of_those_that_were_there(page: Page) -> None:
    parts: list[str] = []
    for number in range(60):
        parts += ["some words and 中文 before it ", f"$x_{{{number}}}+{'y' * (number % 7)}"]
    late = TextFlow(Face.BODY, make_run(inline(*parts)), 400, page.look, page.formulas)
    while late.pending:
        page.formulas.want_in_line(late.pending[:1], None)
        wait(page.formulas)
        late.refresh(page.look)
    once = TextFlow(Face.BODY, make_run(inline(*parts)), 400, page.look, page.formulas)
    assert late.height == once.height
    places = range(0, len(once.run.text), 9)
    for position in places:
        assert late.place_of(position, page.look) == once.place_of(position, page.look)


def test_a_formula_that_changes_is_laid_out_anew(page: Page) -> None:
    rest = " and so on" * 100
    drawn(page.formulas, "x+y+z+w", display=False)
    flow = flowing(page, inline("a ", "$x", rest))
    flow.set_run(make_run(inline("a ", "$x", rest + ".")), page.look)
    flow.set_run(make_run(inline("a ", "$x+y+z+w", rest + ".")), page.look)
    once = flowing(page, inline("a ", "$x+y+z+w", rest + "."))
    assert flow.place_of(3, page.look) == once.place_of(3, page.look)


def test_a_formula_is_painted_where_it_stands(page: Page, theme: Theme) -> None:
    flow = flowing(page, inline("", r"$\blacksquare"))
    pixmap = QPixmap(100, 40)
    pixmap.fill(QColor("white"))
    painter = QPainter(pixmap)
    flow.paint(Ink(painter, theme.tokens, QRegion(0, 0, 100, 40)), 0, 0, page.look)
    painter.end()
    image = pixmap.toImage()
    found = [
        QPoint(x, y)
        for x in range(100)
        for y in range(40)
        if image.pixelColor(x, y).lightness() < 90
    ]
    assert found
    baseline = page.look.styles[Face.BODY].baseline
    assert max(point.y() for point in found) <= baseline + 4
    assert {image.pixelColor(point).name() for point in found} >= {theme.tokens.text.name()}


# In the window


def pieces(view: object, kind: type) -> Sequence[object]:
    section = body(view, "a").text.body  # type: ignore[arg-type]
    return [piece for piece in section.pieces if isinstance(piece, kind)]


MATH = r"""
Let $x^2$ be $\frac{a}{b}$ and $\foo$:

$$
\frac{\partial u}{\partial t} = \alpha \nabla^2 u \tag{3}
$$

then $\begin{pmatrix} a \\ b \\ c \end{pmatrix}$ is it.

$$\ce{H2O}$$
"""


def test_streamed_formulas_stand_as_those_at_once(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", MATH, size=5, frame=1)
    view.finish_message(answer("a", MATH))
    run(view)
    whole = shown(theme, [question("q"), answer("a", MATH)])
    assert heights(view, "a") == heights(whole, "a")
    streamed, once = pieces(view, MathPiece), pieces(whole, MathPiece)
    assert [piece.drawn for piece in streamed] == [True, False]  # type: ignore[attr-defined]
    assert [piece.drawn for piece in once] == [True, False]  # type: ignore[attr-defined]


def test_an_open_formula_is_drawn_and_its_height_never_shrinks(page: Page) -> None:
    block = MathBlock("", True)
    piece = MathPiece(block, None, page)
    whole = r"\frac{a}{b} + \begin{pmatrix} a \\ b \\ c \end{pmatrix} = \foo x"
    heights_seen, seen = [], []
    for end in range(1, len(whole)):
        block.text = whole[:end]
        piece.renew(block, page)
        wait(page.formulas)
        piece.measure(page)
        heights_seen.append(piece.height)
        seen.append(piece.drawn)
    assert heights_seen == sorted(heights_seen)
    assert all(seen[seen.index(True) :]), "the last good picture stays"
    assert seen.index(True) < 10
    block.open = False
    piece.renew(block, page)
    assert piece.drawn, "until it is known that the whole cannot be drawn"
    wait(page.formulas)
    piece.measure(page)
    assert not piece.drawn


def test_one_version_at_a_time_is_asked_for(page: Page) -> None:
    block = MathBlock("", True)
    piece = MathPiece(block, None, page)
    for end in range(1, 30):
        block.text = "x" * end
        piece.renew(block, page)
    assert len(page.formulas._queue) + len(page.formulas._drawing) == 1
    wait(page.formulas)
    piece.measure(page)
    assert piece.drawn, "what has arrived is shown though the text has moved on"
    wait(page.formulas)
    assert page.formulas.get("x" * 29, True, growing=True), "then the newest"


def closed(page: Page, latex: str) -> MathPiece:
    piece = MathPiece(MathBlock(latex), None, page)
    piece.measure(page)
    wait(page.formulas)
    piece.measure(page)
    return piece


def test_a_displayed_formula_is_selected_and_copied_as_a_whole(page: Page) -> None:
    piece = closed(page, "\na + b\n")
    length = piece.length()
    assert piece.plain(0, length) == piece.plain(2, 3) == "$$\na + b\n$$"
    assert piece.plain(2, 2) == ""
    assert piece.crop(1, 2) is piece.block
    assert piece.hit(page, 0, 10) == 0
    assert piece.hit(page, 700, 10) == length
    assert piece.caret_at(page, 0).x() < piece.caret_at(page, length).x()


def test_of_a_source_parts_can_be_selected(page: Page) -> None:
    piece = closed(page, r"\foo{bar}")
    assert piece.plain(0, piece.length()) == "$$\n\\foo{bar}\n$$"
    assert piece.plain(5, 8) == "bar"
    place = piece.caret_at(page, 5)
    assert piece.hit(page, place.x() + 1, 5) == 5


def test_a_wide_formula_scrolls_and_one_a_little_wide_does_not(page: Page) -> None:
    narrow = page.narrowed(300)
    wide = closed(narrow, "+".join(f"a_{{{number}}}" for number in range(40)))
    span = wide.scroll_range(narrow)
    assert span > 300
    bar = wide.bar(narrow)
    assert bar is not None
    assert bar.bottom() < wide.height
    assert wide.scroll_to(100, narrow)
    assert wide.scrolled() == 100
    assert wide.scroll_to(10_000, narrow)
    assert wide.scrolled() == span
    moved = wide.bar(narrow)
    assert moved is not None
    assert moved.right() > bar.right()
    wide.resize()
    assert wide.scrolled() == 0
    latex = "a+b+c+d+e+f+g"
    width = int(drawn(page.formulas, latex).width * 15)
    assert (
        closed(page.narrowed(int(width * 0.9)), latex).scroll_range(page.narrowed(int(width * 0.9)))
        == 0
    )


def test_a_formula_stands_in_the_middle_and_beside_its_tag(page: Page, theme: Theme) -> None:
    for latex in (r"x=1", r"x=1 \tag{7}"):
        piece = closed(page, latex)
        left, right = piece.caret_at(page, 0).x(), piece.caret_at(page, piece.length()).x()
        assert left + right == pytest.approx(760, abs=1)
    wide = closed(page, "+".join(f"a_{{{number}}}" for number in range(19)) + r"\tag{12}")
    assert wide.caret_at(page, wide.length()).x() < 730


def test_a_button_copies_the_latex(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "$$\n\\frac{a}{b}\n$$\n")])
    press(view, "a", "piece:0:copy")
    assert clipboard() == r"\frac{a}{b}"


def test_an_open_formula_has_no_button(page: Page) -> None:
    piece = MathPiece(MathBlock("x", True), None, page)
    keys = PieceKeys("a", 0, 0, 0, (0, 600), active=True)
    assert not piece.controls(keys, page)


def test_a_formula_that_comes_late_measures_its_paragraph_anew(theme: Theme) -> None:
    text = "".join(
        f"Paragraph {number} with ${TALL[:-13]}{number}\\end{{pmatrix}}$.\n\n"
        for number in range(12)
    )
    view = shown(theme, [question("q"), answer("a", text)])
    found = pieces(view, TextPiece)
    laid = [piece for piece in found if piece.measured]  # type: ignore[attr-defined]
    assert laid
    assert all(piece.height > 60 for piece in laid)  # type: ignore[attr-defined]


def test_what_was_dropped_while_it_waited_is_measured_again(page: Page) -> None:
    from desktop_chat.markdown.blocks import TextBlock

    piece = TextPiece(TextBlock(inline("a ", f"${TALL}z", " b")), None, page)
    piece.measure(page)
    before = piece.height
    piece.drop()
    wait(page.formulas)
    assert not piece.measured
    piece.measure(page)
    assert piece.height > before


def test_what_is_selected_lies_behind_the_picture(page: Page, theme: Theme) -> None:
    piece = closed(page, "x")
    pixmap = QPixmap(760, 60)
    pixmap.fill(QColor("white"))
    painter = QPainter(pixmap)
    shade = Shade(selected=(0, 1))
    piece.paint(Ink(painter, theme.tokens, QRegion(0, 0, 760, 60)), page, 0, 0, shade)
    painter.end()
    image = pixmap.toImage()
    x = int(piece.caret_at(page, 0).x())
    assert image.pixelColor(x - 2, piece.height // 2) == theme.tokens.sel
    assert image.pixelColor(x - 30, piece.height // 2) == QColor("white")


def test_formulas_grow_with_the_text(theme: Theme) -> None:
    theme.choose(text_scale=2.0)
    double = closed(Page(Look(theme), 760), r"\frac{a}{b}")
    theme.choose(text_scale=1.0)
    normal = closed(Page(Look(theme), 760), r"\frac{a}{b}")
    assert re.sub(r"\s", "", double.latex) == normal.latex
    assert double.height >= 1.7 * normal.height


def test_formulas_stand_in_the_cells_of_a_table(theme: Theme) -> None:
    table = f"| a | b |\n|---|---|\n| $x^2$ | ${TALL}$ |\n| 1 | $\\foo{{x}}$ |\n"
    view = shown(theme, [question("q"), streaming("a")])
    send(view, "a", table, size=4, frame=1)
    view.finish_message(answer("a", table))
    run(view)
    whole = shown(theme, [question("q"), answer("a", table)])
    assert heights(view, "a") == heights(whole, "a")
    first, second = heights(view, "a")[1:3]
    assert first > second + 25


def test_a_marker_stands_beside_a_line_that_a_formula_lowers(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", f"- plain\n- with ${TALL}$\n")])
    plain, low = pieces(view, TextPiece)
    assert plain.rise(view.page) == 0  # type: ignore[attr-defined]
    assert low.rise(view.page) > 10  # type: ignore[attr-defined]


def test_an_integral_in_a_line_is_of_the_lines_size(formulas: Formulas) -> None:
    latex = r"\int_0^1 f(x)\,dx"
    small, large = drawn(formulas, latex, display=False), drawn(formulas, latex)
    assert small.ascent + small.depth < 0.75 * (large.ascent + large.depth)


def test_the_last_row_stays_though_its_last_cell_is_empty(formulas: Formulas) -> None:
    one = drawn(formulas, r"\begin{pmatrix} & a \end{pmatrix}")
    two = drawn(formulas, r"\begin{pmatrix} & a \\ b & \end{pmatrix}")
    assert two.ascent + two.depth > 1.5 * (one.ascent + one.depth)


def test_a_first_picture_lower_than_the_source_leaves_the_height(page: Page) -> None:
    block = MathBlock("\\foo\na\nb\nc\nd", True)
    piece = MathPiece(block, None, page)
    piece.measure(page)
    wait(page.formulas)
    piece.measure(page)
    high = piece.height
    assert high > 80, "the source"
    block.text = "x"
    piece.renew(block, page)
    wait(page.formulas)
    piece.measure(page)
    assert piece.drawn
    assert piece.height == high
    block.open = False
    piece.renew(block, page)
    wait(page.formulas)
    piece.measure(page)
    assert piece.height < high


def test_a_formula_that_grows_in_a_line_keeps_its_last_picture(page: Page) -> None:
    whole = r"\frac{a+b}{\sqrt{c}} = \left( d \right)"
    flow = TextFlow(Face.BODY, make_run(inline("so ")), 700, page.look, page.formulas)
    widths = []
    for end in range(1, len(whole) + 1):
        flow.set_run(make_run(inline("so ", f"${whole[:end]}")), page.look)
        if end > 12:
            laid = flow._segments[-1].laid
            assert laid is not None
            assert laid.placed, f"a blank or a source at {whole[:end]}"
        page.formulas.want_in_line(flow.pending, None)
        wait(page.formulas)
        flow.refresh(page.look)
        widths.append(flow.natural_width(page.look))
    flow.set_run(make_run(inline("so ", f"${whole}", " it goes on")), page.look)
    assert not flow.pending, "the picture of the whole is there"
    assert flow.place_of(4, page.look).x() == pytest.approx(widths[-1], abs=0.6)


def test_versions_that_nobody_waits_for_any_more_are_not_drawn(formulas: Formulas) -> None:
    formulas.want("first", False, "another")
    for end in range(1, 30):
        formulas.want_in_line([("x" * end, True)], "piece")
    formulas.want_in_line([("x" * 4, True)], "third")
    wait(formulas)
    known = [end for end in range(1, 30) if formulas.get("x" * end, False, True)]
    assert known == [4, 29]


def test_the_whole_of_a_growing_formula_is_known_when_it_is_closed(formulas: Formulas) -> None:
    assert drawn(formulas, r"\frac{a}{b}", growing=True) is formulas.get(r"\frac{a}{b}", True)
    assert drawn(formulas, r"\frac{a}{c", growing=True).drawn
    assert formulas.get(r"\frac{a}{c", True) is None


def test_a_source_that_was_shown_stays_until_the_picture_is_there(page: Page) -> None:
    block = MathBlock("x+y+w", True)
    piece = MathPiece(block, None, page)
    piece.measure(page)
    block.open = False
    piece.renew(block, page)
    assert piece.natural_width(page) > 0, "the source"
    wait(page.formulas)
    piece.measure(page)
    assert piece.drawn


@pytest.mark.parametrize(
    "latex",
    [
        "\\xrightarrow{" * 38 + "x" + "}" * 38,
        "\\xleftarrow[a]{" * 20 + "x" + "}" * 20,
        "\\mathop{\\mathrm" + " " * 3900 + "\\unknown",
    ],
)
def test_what_would_take_forever_is_given_up(latex: str) -> None:
    from desktop_chat.ui.transcript.math.formula_worker import draw

    assert draw(latex, True, False) is None
