"""Characters that cannot be seen."""

import pytest

from desktop_chat.markdown.blocks import Span, Style
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.marks import find_hidden, inert, split_hidden
from desktop_chat.ui.transcript.text.runs import make_run
from desktop_chat.ui.transcript.text.units import split_pairs

BIDI = [
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x200E,
    0x200F,
    0x61C,
]
OTHERS = [0x200B, 0x200C, 0x200D, 0x2060, 0x2064, 0xFEFF, 0xAD, 0xFE0F, 0xFE01, 0xE0041, 0xE0100]
NEEDED = [
    "👩\u200d👩\u200d👧 at work",
    "❤\ufe0f and 1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "می\u200cخواهم",
    "क\u094d\u200dष",
    "葛\U000e0100城",
    "\u2229\ufe00",
]


def shown(text: str) -> str:
    return "".join(part.text for part in split_hidden(text))


@pytest.mark.parametrize("code", BIDI + OTHERS)
def test_a_hidden_character_is_a_mark_with_its_number(code: int) -> None:
    run = make_run((Span(f"user{chr(code)}gnp.exe"),))
    assert chr(code) not in run.text
    assert f"U+{code:04X}" in run.text
    assert run.plain() == "usergnp.exe", "a copy leaves it out"
    (start, end) = run.tags[0]
    assert run.plain(start, end) == ""


@pytest.mark.parametrize("text", NEEDED)
def test_what_a_script_or_an_emoji_needs_stays(text: str) -> None:
    assert shown(text) == text
    assert make_run((Span(text),)).plain() == text
    assert inert(text) == text


def test_plain_text_is_left_alone() -> None:
    for text in ("", "plain", "中文，标点。", "tab\there\nand a line", "naïve café — “x”"):
        assert not find_hidden(text)
        assert make_run((Span(text),)).plain() == text


@pytest.mark.parametrize(("character", "picture"), [("\x1b", "␛"), ("\x00", "␀"), ("\x7f", "␡")])
def test_a_control_character_is_its_picture(character: str, picture: str) -> None:
    assert shown(f"a{character}[31mb") == f"a{picture}[31mb"
    assert inert(f"a{character}[31mb") == f"a{picture}[31mb"
    assert make_run((Span(f"a{character}[31mb"),)).plain() == "a[31mb"


def test_a_million_joiners_are_one_mark(page: Page) -> None:
    run = make_run((Span("a" + "\u200d" * 1_000_000 + "b"),))
    assert "U+200D×1000000" in run.text
    assert len(run.text) < 40
    assert TextFlow(Face.BODY, run, 760, page.look).lines == 1


def test_joiners_between_letters_end_after_a_hundred_marks() -> None:
    run = make_run((Span("a\u200d" * 100_000),))
    assert len(run.tags) == 100
    assert run.plain() == "a" * 100_000


def test_different_hidden_characters_in_a_row_are_one_mark() -> None:
    assert shown("a" + "\u200b\u2060" * 10 + "b") == "aU+200B…×20b"


def test_an_override_does_not_turn_what_follows(page: Page) -> None:
    plain = TextFlow(Face.BODY, make_run((Span("abc def"),)), 760, page.look)
    marked = TextFlow(Face.BODY, make_run((Span("\u202eabc def"),)), 760, page.look)
    at = len(marked.run.text) - len("abc def")
    for offset in range(7):
        expected = plain.place_of(offset, page.look).x() + marked.place_of(at, page.look).x()
        assert marked.place_of(at + offset, page.look).x() == pytest.approx(expected, abs=0.6)


def test_hidden_characters_in_inline_code_are_marked_too() -> None:
    run = make_run((Span("x\u202ey", Style.CODE),))
    assert "U+202E" in run.text
    assert run.plain() == "xy"


@pytest.mark.parametrize("text", ["x\u202ey", "a\x1bb\x9bc", "t\U000e0041g", "\u200d" * 20])
def test_code_keeps_its_columns(text: str) -> None:
    made = inert(text)
    assert len(split_pairs(made)) == len(split_pairs(text))
    assert not find_hidden(made)
