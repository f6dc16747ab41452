"""How mixed text is set: line breaks of CJK, thin gaps, footnotes, sizes."""

import random

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTextLayout

from desktop_chat.markdown.blocks import Span, Spans, Style
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.look import PAD, Face, Look, Page
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import formats, make_run
from desktop_chat.ui.transcript.text.typeset import GAP, Edits, allowed_end

TEXTS = [
    "这是“引用”的测试，其中（包括括号）、「直角引号」、『双重』，以及《书名》【方括】！真的吗？是的："
    "没错；好的。Python 3.11 和 C++20 的“性能”如何……——破折号。使用 "
    "https://example.com/very/long/path/that/goes/on/and/on?query=1&more=2。然后价格是￥100，占比"
    "50%，温度20℃。‘单引号’也要“测试”。他说：“你好。”然后走了。（见图1）。",
    "在Python中使用asyncio实现HTTP服务器时，需要注意3个问题：第1个是GIL锁，第2个是event"
    " loop的阻塞，第3个是timeout设置为30秒。这里的cache会占用约512MB内存（见「附录」），"
    "supercalifragilisticexpialidocious_and_more_of_it_without_an_end。结束！",
    "模型输出：『好』。《论语》里说：“学而时习之，不亦说乎？”（出自《学而》）【注】：见 README.md；"
    "详情见「文档」、「手册」和「示例」……完。",
]
NO_START = "。，、；：！？」』）】》"
NO_END = "「『（【《"


def lines(flow: TextFlow, look: Look) -> list[str]:
    """The text of each line, as it is laid out."""
    found = []
    for segment in flow._segments:
        laid = flow._ready(segment, look)
        text = laid.layout.text()
        for number in range(segment.lines):
            line = laid.layout.lineAt(number)
            found.append(text[line.textStart() : line.textStart() + line.textLength()])
    return found


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("shift", [0, 1, 2, 5])
def test_no_line_starts_or_ends_with_what_must_not(text: str, shift: int, page: Page) -> None:
    run = make_run((Span("一二三四五"[:shift] + text * 2),))
    for width in range(100, 761, 11):
        found = lines(TextFlow(Face.BODY, run, width, page.look), page.look)
        assert "".join(found).replace(GAP, "") == run.text
        for line in found[1:]:
            assert line[0] not in NO_START, (width, line)
        for line in found[:-1]:
            assert line.rstrip()[-1] not in NO_END, (width, line)


def test_a_mark_that_an_endless_word_pushes_out_takes_a_letter_along(page: Page) -> None:
    word = "x" * 200
    width = next(
        width
        for width in range(100, 400)
        if any(line.startswith("。") for line in broken(word + "。后面", width, page.look))
    )
    found = lines(
        TextFlow(Face.BODY, make_run((Span(word + "。后面"),)), width, page.look), page.look
    )
    assert any(line.startswith("x。") for line in found)


def broken(text: str, width: int, look: Look) -> list[str]:
    """The lines as Qt alone breaks them."""
    layout = QTextLayout(text, look.styles[Face.BODY].font)
    layout.setTextOption(look.wrap)
    layout.beginLayout()
    found = []
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        found.append(text[line.textStart() : line.textStart() + line.textLength()])
    layout.endLayout()
    return found


def test_a_quote_that_begins_a_word_may_begin_a_line() -> None:
    assert allowed_end("say ’tis", 0, 4) == 4


def test_a_long_word_breaks_anywhere(page: Page) -> None:
    address = "https://example.org/" + "a1b2" * 100
    flow = TextFlow(Face.BODY, make_run((Span(address),)), 300, page.look)
    assert flow.lines > 5
    assert flow.natural_width(page.look) <= 300


def gaps(spans: Spans, page: Page) -> str:
    """The text with a bar for each thin gap."""
    flow = TextFlow(Face.BODY, make_run(spans), 760, page.look)
    return "".join(lines(flow, page.look)).replace(GAP, "|")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用Python写", "用|Python|写"),
        ("第3个", "第|3|个"),
        ("用 Python 写", "用 Python 写"),
        ("（Python）是，Go。", "（Python）是，Go。"),
        ("plain text only", "plain text only"),
        ("日本語abcかな", "日本語|abc|かな"),
        ("한국어abc", "한국어|abc"),
        ("公式é字", "公式|é|字"),
    ],
)
def test_a_thin_gap_stands_between_cjk_and_letters(text: str, expected: str, page: Page) -> None:
    assert gaps((Span(text),), page) == expected
    assert make_run((Span(text),)).plain() == text


def test_there_is_a_gap_beside_code_and_none_in_it(page: Page) -> None:
    spans = (
        Span("用"),
        Span("变量x1", Style.CODE),
        Span("和，"),
        Span("y1", Style.CODE),
        Span("。"),
    )
    assert gaps(spans, page).replace(PAD, "") == "用|变量x1|和，y1。"
    assert make_run(spans).plain() == "用变量x1和，y1。"


def test_scripts_without_italics_are_bold_and_upright(page: Page) -> None:
    run = make_run((Span("a"), Span("重x点", Style.ITALIC), Span("b")))
    found = [
        (one.start, one.length, one.format.fontItalic(), one.format.fontWeight())
        for one in formats(run, Face.BODY, page.look, 0, len(run.text))
    ]
    bold, plain = 600, 400
    assert found == [(1, 1, False, bold), (2, 1, True, plain), (3, 1, False, bold)]


def test_footnote_marks_side_by_side_do_not_read_as_one_number(page: Page) -> None:
    spans = (Span("字"), Span("1", Style.FOOTNOTE, "#1"), Span("2", Style.FOOTNOTE, "#2"))
    assert gaps(spans, page) == "字1,2"
    assert make_run(spans).plain() == "字12"
    assert [link[:2] for link in make_run(spans).links] == [(1, 2), (3, 4)]


def test_there_is_no_gap_before_the_mark_of_a_footnote(page: Page) -> None:
    spans = (Span("脚注"), Span("n", Style.FOOTNOTE, "#n"), Span("和"))
    assert gaps(spans, page) == "脚注n|和"


def test_a_gap_has_a_width_and_no_position(page: Page) -> None:
    flow = TextFlow(Face.BODY, make_run((Span("用P"),)), 760, page.look)
    bare = TextFlow(Face.BODY, make_run((Span("用"), Span("P"))), 760, page.look)
    em = page.look.styles[Face.BODY].em
    metrics = bare.natural_width(page.look)
    assert metrics == flow.natural_width(page.look)
    alone = TextFlow(Face.BODY, make_run((Span("用，P"),)), 760, page.look)
    comma = TextFlow(Face.BODY, make_run((Span("，"),)), 760, page.look)
    without = alone.natural_width(page.look) - comma.natural_width(page.look)
    assert em / 12 <= flow.natural_width(page.look) - without <= em / 4
    assert [flow.hit(x, 5, page.look) for x in (0, 14, 40)] == [0, 1, 2]


def test_positions_and_places_agree_across_gaps(page: Page) -> None:
    text = TEXTS[1] * 3
    flow = TextFlow(Face.BODY, make_run((Span(text),)), 400, page.look)
    for position in range(0, len(text), 7):
        place = flow.place_of(position, page.look)
        hit = flow.hit(place.x(), place.y() + 3, page.look)
        # The end of a line and the start of the next are one position.
        assert hit == position


@pytest.mark.parametrize("seed", range(8))
def test_text_with_gaps_and_styles_grows_as_at_once(seed: int, page: Page) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice(TEXTS)[rng.randrange(30) :] for _ in range(6))
    styles = [Style.NONE, Style.BOLD, Style.CODE, Style.LINK, Style.FOOTNOTE, Style.MATH]

    def spans(end: int) -> Spans:
        return tuple(
            Span(text[start : min(start + 41, end)], styles[start // 41 % 6], "#1")
            for start in range(0, end, 41)
        )

    flow = TextFlow(Face.BODY, make_run(spans(1)), 500, page.look)
    at = 1
    while at < len(text):
        at = min(len(text), at + rng.randrange(1, 50))
        flow.set_run(make_run(spans(at)), page.look)
    whole = TextFlow(Face.BODY, make_run(spans(len(text))), 500, page.look)
    assert lines(flow, page.look) == lines(whole, page.look)
    assert flow.height == whole.height


def test_edits_count_both_ways() -> None:
    edits = Edits("中ab中x", [1, 3], [(4, "[source]")])
    assert edits.text == f"中{GAP}ab{GAP}中[source]"
    assert [edits.to_layout(at) for at in range(6)] == [0, 1, 3, 4, 6, 14]
    assert [edits.to_layout(at, after=True) for at in range(6)] == [0, 2, 3, 5, 6, 14]
    assert [edits.to_run(at) for at in range(15)] == [0, 1, 1, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5]
    assert edits.splits(8)
    assert not edits.splits(6)
    assert not edits.splits(2)


def test_a_footnotes_mark_is_a_link_to_its_label(page: Page) -> None:
    run = make_run((Span("text"), Span("note", Style.FOOTNOTE, "#note"), Span(".")))
    assert run.link_at(5) == "#note"
    given = page.look.format(Face.BODY, Style.FOOTNOTE)
    assert given.verticalAlignment() == given.VerticalAlignment.AlignSuperScript
    assert given.foreground().color() == page.look.tokens.accent


def test_text_grows_with_its_scale_and_the_windows_words_do_not(theme: Theme) -> None:
    normal = Look(theme)
    theme.choose(text_scale=2.0)
    double = Look(theme)
    for face in Face:
        before, after = normal.styles[face], double.styles[face]
        scaled = face not in (Face.CARD, Face.CARD_TITLE, Face.RAW)
        assert after.leading == before.leading * (2 if scaled else 1)
        assert after.font.pixelSize() == before.font.pixelSize() * (2 if scaled else 1)
    inline = double.format(Face.BODY, Style.CODE).font()
    assert inline.pixelSize() == 2 * normal.format(Face.BODY, Style.CODE).font().pixelSize()


@pytest.mark.parametrize("scale", [0.9, 1.1, 1.25, 1.5])
def test_scaled_sizes_are_whole_pixels(theme: Theme, scale: float) -> None:
    theme.choose(text_scale=scale)
    style = Look(theme).styles[Face.BODY]
    assert style.font.pixelSize() == round(15 * scale)
    assert style.leading == round(25 * scale)


def test_a_blank_is_as_wide_as_it_should_be_and_cannot_be_seen(page: Page) -> None:
    layout = QTextLayout("x", page.look.styles[Face.BODY].font)
    made = QTextLayout.FormatRange()
    made.start, made.length = 0, 1
    made.format = page.look.blank(73.2)
    layout.setFormats([made])
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(1000)
    layout.endLayout()
    assert line.naturalTextWidth() == pytest.approx(73.5, abs=0.1)
    pixmap = QPixmap(100, 30)
    pixmap.fill(Qt.GlobalColor.white)
    empty = pixmap.toImage()
    painter = QPainter(pixmap)
    line.draw(painter, QPointF(5, 5))
    painter.end()
    assert pixmap.toImage() == empty
