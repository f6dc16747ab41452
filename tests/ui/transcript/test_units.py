"""Text with characters that Qt counts twice: emoji, and rare ideographs."""

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.markdown.blocks import Span, Style
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.code_lines import CodeLines, lay
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.take.clip_forms import Form
from desktop_chat.ui.transcript.take.wordcut import word_at
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import formats, make_run
from desktop_chat.ui.transcript.text.typeset import GAP
from desktop_chat.ui.transcript.text.units import join_pairs, split_pairs, to_characters, to_units
from tests.ui.transcript.support import answer, clipboard, point_of, question, run, shown

TEXT = "🚀🎉 done 👩‍👩‍👧 **bold** then 𠮷野家 and the end"
PLAIN = TEXT.replace("**", "")


@pytest.mark.parametrize("text", ["", "abc", "中文", "a🚀中🎉", "🚀", "𠮷𠮷"])
def test_positions_go_there_and_back(text: str) -> None:
    split = split_pairs(text)
    assert len(split) == len(text.encode("utf-16-le")) // 2
    assert join_pairs(split) == text
    for position in range(len(text) + 1):
        units = to_units(text, position)
        assert join_pairs(split[:units]) == text[:position]
        assert to_characters(text, units) == position


def test_half_a_character_is_no_error() -> None:
    assert join_pairs(split_pairs("a🚀")[:2]) == "a\ufffd"


@pytest.mark.parametrize("seed", range(4))
def test_no_text_is_lost_or_doubled_while_it_grows(seed: int, page: Page) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice(["🚀", "word ", "中文，", "👍🏽 ", "a"]) for _ in range(3000))
    flow = TextFlow(Face.BODY, make_run((Span(text[:1]),)), 400, page.look)
    at = 1
    while at < len(text):
        at = min(len(text), at + rng.randrange(1, 90))
        flow.set_run(make_run((Span(text[:at]),)), page.look)
    shown_text = ""
    for segment in flow._segments:
        layout = flow._ready(segment, page.look).layout
        units = split_pairs(layout.text())
        for number in range(segment.lines):
            line = layout.lineAt(number)
            shown_text += units[line.textStart() : line.textStart() + line.textLength()]
    assert join_pairs(shown_text).replace(GAP, "") == text


def test_a_style_lies_on_its_own_words(page: Page) -> None:
    made = make_run((Span("🚀🎉 "), Span("bold", Style.BOLD), Span(" plain")))
    (only,) = formats(made, Face.BODY, page.look, 0, len(made.text))
    units = split_pairs(join_pairs(made.text))
    assert units[only.start : only.start + only.length] == "bold"


def test_what_is_selected_is_what_is_copied(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", TEXT)])
    left, port = Qt.MouseButton.LeftButton, view.viewport()
    start, end = point_of(view, "a", 0, 0, 10), point_of(view, "a", 0, 740, 10)
    QTest.mousePress(port, left, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, left, pos=end)
    run(view)
    view.clips.copy(Form.PLAIN)
    assert clipboard() == PLAIN


@pytest.mark.parametrize("word", ["done", "bold", "𠮷野家", "end", "🚀"])
def test_a_word_among_emoji_is_whole(word: str) -> None:
    units = split_pairs(PLAIN)
    begin = units.index(split_pairs(word))
    for position in range(begin, begin + len(split_pairs(word))):
        start, end = word_at(units, position)
        assert join_pairs(units[start:end]) == word


def test_code_finds_its_columns_and_colours(page: Page) -> None:
    text = 'emoji = "🚀🎉" + other'
    lines = CodeLines([text])
    for column in (0, 9, 10, 11, len(text)):
        _row, x = lines.place(0, column, (), page.look)
        assert lines.column_at(0, 0, x, (), page.look) == column
    quote = text.index('"')
    layout = lay(text, ((quote, 4, "str"),), page.look)
    (colour,) = layout.formats()
    assert split_pairs(text)[colour.start : colour.start + colour.length] == split_pairs('"🚀🎉"')
