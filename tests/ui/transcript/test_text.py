import random

import pytest

from desktop_chat.markdown.blocks import Span, Style
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.text.layout_text import Counter, TextFlow
from desktop_chat.ui.transcript.text.plain import LONGEST, PlainStream
from desktop_chat.ui.transcript.text.runs import make_run

WORDS = [
    "令牌桶",
    "算法，",
    "rate",
    "limiting。",
    "(window)",
    "「滑动」",
    "a",
    "b",
    "supercalifragilistic",
    "时间差",
    "x=1",
    "12,000",
    "——",
    "\n",
]


def text_of(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(WORDS) + rng.choice(["", " "]) for _ in range(count))


def spans_of(text: str, rng: random.Random) -> tuple[Span, ...]:
    """The same spans for the same text, whatever its length: a style for each stretch."""
    spans = []
    for number, start in enumerate(range(0, len(text), 37)):
        style = (Style.NONE, Style.BOLD, Style.CODE, Style.NONE, Style.LINK)[number % 5]
        spans.append(Span(text[start : start + 37], style, "https://e.org" if style else ""))
    return tuple(spans)


def lines_of(flow: TextFlow, page: Page) -> list[int]:
    """Where each line starts."""
    starts = []
    for segment in flow._segments:
        layout = flow._ready(segment, page.look).layout
        for number in range(segment.lines):
            starts.append(segment.run_at(layout.lineAt(number).textStart()))
    return starts


@pytest.mark.parametrize("seed", range(12))
def test_text_that_grows_breaks_its_lines_as_text_at_once(seed: int, page: Page) -> None:
    rng = random.Random(seed)
    text = text_of(rng, 700)
    flow = TextFlow(Face.BODY, make_run(spans_of(text[:1], rng)), 760, page.look)
    at = 1
    while at < len(text):
        at = min(len(text), at + rng.randrange(1, 60))
        flow.set_run(make_run(spans_of(text[:at], rng)), page.look)
    whole = TextFlow(Face.BODY, make_run(spans_of(text, rng)), 760, page.look)
    assert flow.height == whole.height
    assert lines_of(flow, page) == lines_of(whole, page)


@pytest.mark.parametrize("seed", range(6))
def test_text_that_changes_in_the_middle_is_laid_out_from_there(seed: int, page: Page) -> None:
    rng = random.Random(seed)
    before, after = text_of(rng, 400), text_of(rng, 300)
    flow = TextFlow(Face.BODY, make_run((Span(before),)), 500, page.look)
    cut = rng.randrange(len(before))
    final = before[:cut] + after
    flow.set_run(make_run((Span(before + "x"),)), page.look)
    flow.set_run(
        make_run((Span(final[:cut], Style.NONE), Span(final[cut:], Style.BOLD))), page.look
    )
    expected = make_run((Span(final[:cut]), Span(final[cut:], Style.BOLD)))
    whole = TextFlow(Face.BODY, expected, 500, page.look)
    assert lines_of(flow, page) == lines_of(whole, page)


def test_growing_costs_the_tail_alone(page: Page) -> None:
    text = "A plain sentence that is repeated. " * 1000
    flow = TextFlow(Face.BODY, make_run((Span(text),)), 760, page.look)
    flow.set_run(make_run((Span(text + "a"),)), page.look)
    laid: list[int] = []
    original = TextFlow._layout

    def spy(self: TextFlow, start: int, end: int, look: object) -> object:
        laid.append(end - start)
        return original(self, start, end, look)  # type: ignore[arg-type]

    TextFlow._layout = spy  # type: ignore[method-assign,assignment]
    try:
        flow.set_run(make_run((Span(text + "ab"),)), page.look)
    finally:
        TextFlow._layout = original  # type: ignore[method-assign]
    assert len(laid) == 1
    assert laid[0] < 1000


def test_what_changed_starts_at_the_line_that_changed(page: Page) -> None:
    text = "word " * 200
    flow = TextFlow(Face.BODY, make_run((Span(text),)), 760, page.look)
    changed = flow.set_run(make_run((Span(text + "more"),)), page.look)
    assert changed >= flow.height - 2 * flow.leading
    assert flow.set_run(make_run((Span("new " + text),)), page.look) == 0


def test_dropped_layouts_come_back_with_the_same_lines(page: Page) -> None:
    text = text_of(random.Random(1), 2500)
    flow = TextFlow(Face.BODY, make_run((Span(text),)), 760, page.look)
    before = lines_of(flow, page)
    flow.drop()
    count = Counter.layouts
    assert flow.height == len(before) * 25
    assert Counter.layouts == count
    assert lines_of(flow, page) == before


def test_every_line_stands_on_the_fixed_leading_whatever_its_fonts(page: Page) -> None:
    text = "latin 中文 ไทย 😀 " * 30
    flow = TextFlow(Face.BODY, make_run((Span(text),)), 760, page.look)
    layout = flow._ready(flow._segments[0], page.look).layout
    style = page.look.styles[Face.BODY]
    for number in range(layout.lineCount()):
        line = layout.lineAt(number)
        assert line.y() + line.ascent() == pytest.approx(number * 25 + style.baseline)


def test_code_has_pads_that_are_never_copied() -> None:
    run = make_run((Span("用"), Span("x = 1", Style.CODE), Span("好，见 "), Span("y", Style.CODE)))
    assert run.plain() == "用x = 1好，见 y"
    assert len(run.text) > len(run.plain())
    for start, end in run.boxes:
        assert run.plain(start, end) in ("x = 1", "y")
        assert end - start == len(run.plain(start, end)) + 2


def test_a_line_feed_in_a_span_is_a_line_break(page: Page) -> None:
    run = make_run((Span("one\ntwo"),))
    assert TextFlow(Face.BODY, run, 760, page.look).height == 50
    assert run.plain() == "one\ntwo"


def test_links_are_found_by_position() -> None:
    run = make_run((Span("see "), Span("here", Style.LINK, "https://e.org/x"), Span(".")))
    assert run.link_at(3) == ""
    assert run.link_at(4) == run.link_at(7) == "https://e.org/x"
    assert run.link_at(8) == ""


def test_an_image_is_its_text_and_a_bounded_address() -> None:
    run = make_run((Span("a cat", Style.IMAGE, "data:image/png;base64," + "A" * 5000),))
    assert run.plain().startswith("a cat data:image/png")
    assert len(run.plain()) < 120


@pytest.mark.parametrize("blank_lines", [True, False])
def test_plain_text_in_pieces_equals_plain_text_at_once(blank_lines: bool) -> None:
    text = "a\n\nbc\r\nd\n" + "x" * (LONGEST + 500) + "\n\n\nend"
    whole = PlainStream(blank_lines=blank_lines)
    whole.feed(text.replace("\r\n", "\n"))
    for size in (1, 3, 1000):
        stream = PlainStream(blank_lines=blank_lines)
        for start in range(0, len(text), size):
            known = list(stream.blocks)
            first = stream.feed(text[start : start + size].replace("\r", ""))
            assert stream.blocks[:first] == known[:first]
        assert stream.blocks == whole.blocks


def test_plain_text_keeps_blank_lines_or_turns_them_into_gaps() -> None:
    kept = PlainStream(blank_lines=True)
    kept.feed("a\n\nb")
    assert [block.spans[0].text for block in kept.blocks] == ["a", "", "b"]
    gaps = PlainStream(blank_lines=False)
    gaps.feed("a\nb\n\nc")
    assert [block.spans[0].text for block in gaps.blocks] == ["a", "b", "c"]
    assert [int(block.gap) for block in gaps.blocks] == [0, 0, 2]
