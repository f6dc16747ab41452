"""What hostile or endless text costs, counted in calls and characters rather than in time."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeGuard

import pytest

from desktop_chat.markdown import leaf_parser, tail, writer
from desktop_chat.markdown.blocks import (
    Block,
    Bound,
    CodeBlock,
    ImageBlock,
    MathBlock,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.containers import MAX_DEPTH
from desktop_chat.markdown.inline import parse_inline
from desktop_chat.markdown.lines import MAX_PIECE
from desktop_chat.markdown.stream import MarkdownStream, parse
from tests.unit.markdown.shape import text

ZH = "这是一个**重点：**后面有 `code` 的句子，用来测试。"
CASES: dict[str, Callable[[int], str]] = {
    "list": lambda n: f"- item {n} {ZH}\n",
    "table": lambda n: f"| {n} | **x** | `c` |\n" if n else "| a | b | c |\n|---|---|---|\n",
    "quote": lambda n: f"> {n} {ZH}\n",
    "code": lambda n: f"    x = {n} + 1\n" if n else "```python\n",
    "formula": lambda n: f"x_{n} \\\\\n" if n % 100 else f"$$\n\n$$ {n}\n\n$$\n",
    "lines": lambda n: f"{n} {ZH}\n",
    "paragraph": lambda n: f"{ZH} and *then* number {n} follows. ",
    "answer": lambda n: f"## 标题 {n}\n\n{ZH}\n\n1. a\n   - b\n\n```py\nx = {n}\n```\n\n",
}


def grown(case: str, length: int) -> str:
    """Return the beginning of a case, about ``length`` characters of it."""
    pieces: list[str] = []
    size = 0
    while size < length:
        pieces.append(CASES[case](len(pieces)))
        size += len(pieces[-1])
    return "".join(pieces)


class Cost:
    """Counts calls of Python functions, and characters given to the inline parser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.characters = 0
        for module in (tail, writer):
            monkeypatch.setattr(module, "parse_inline", self._inline)

    def _inline(self, source: str, *args: Any, **kwargs: Any) -> Any:
        self.characters += len(source)
        return parse_inline(source, *args, **kwargs)

    def _count(self, frame: FrameType, event: str, arg: object) -> None:
        self.calls += event == "call"

    def of(self, stream: MarkdownStream, source: str, step: int) -> tuple[int, int]:
        """Feed a text and return what it cost."""
        self.calls = self.characters = 0
        sys.setprofile(self._count)
        try:
            for at in range(0, len(source), step):
                stream.feed(source[at : at + step])
        finally:
            sys.setprofile(None)
        return self.calls, self.characters


@pytest.mark.parametrize("case", CASES)
def test_the_last_token_costs_what_the_first_did(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = Cost(monkeypatch)
    whole = grown(case, 140_000)
    measured = []
    for length in (8_000, 128_000):
        stream = MarkdownStream()
        stream.feed(whole[:length])
        measured.append(cost.of(stream, whole[length : length + 8_000], 8))
    (calls, characters), (late_calls, late_characters) = measured
    assert late_calls <= 1.1 * calls
    assert late_characters <= 1.1 * characters + 100


def test_a_long_line_is_not_parsed_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = Cost(monkeypatch)
    stream = MarkdownStream()
    _, characters = cost.of(stream, grown("paragraph", 3_900), 8)
    assert characters < 1_000 * 3_900 / 8


HOSTILE = {
    "quotes": ">" * 10_000 + " end",
    "quote lines": (">" * 5_000 + " end\n") * 10,
    "nested list": "\n".join("  " * depth + "- x" for depth in range(1_000)),
    "bullets": "- " * 10_000 + "end",
    "brackets": "[" * 100_000,
    "images": "![" * 50_000,
    "links": "[a](" * 25_000,
    "nested links": "[" * 5_000 + "a" + "](b)" * 5_000,
    "asterisks": "*" * 100_000,
    "openers": "*a " * 30_000,
    "both": "a**" * 30_000,
    "mixed": "_a*" * 30_000,
    "backticks": "`a" * 50_000,
    "runs": "".join("`" * n + " " for n in range(400)),
    "dollars": "$a" * 50_000,
    "formulas": "\\(a" * 30_000,
    "tags": "<a " * 30_000,
    "comments": "<!-- " * 20_000,
    "tildes": "~~a" * 30_000,
    "pipes": "|a" * 50_000 + "\n" + "|-" * 50_000,
    "line of code": "```\n" + "x" * 200_000,
    "joiners": "\u200d" * 100_000,
    "spaces": " " * 100_000 + "end",
    "hashes": "#" * 100_000,
    "addresses": "https://" * 12_000,
    "unclosed formula": "$$\n" + "x\n" * 10_000,
    "definitions": "".join(f"[a{n}]: https://x.y/{n}\n" for n in range(3_000)),
    "open lines": "*a\n" * 3_000,
    "closing lines": "a* *b\n" * 3_000,
    "footnotes": "[^a] " * 20_000,
    "notes": "".join(f"[^a{n}]: x\n" for n in range(3_000)),
    "half notes": "[^" * 50_000,
    "meanings": "a\n: b\n" * 3_000,
    "terms": "a\n\n" * 3_000,
    "nested meanings": "a\n" + ": " * 5_000 + "b",
    "pictures": "![a](https://x.y/z.png)\n" * 3_000,
    "half pictures": "![a](https://x.y/" * 5_000,
    "data": "![a](data:image/png;base64," + "QUJD" * 50_000,
    "data and text": "![a](data:image/png;base64," + "QUJD" * 5_000 + ") b " * 3_000,
    "broken data": "![a](data:image/png;base64," + "QU JD" * 20_000,
    "many columns": "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n|b" * 100,
    "hosts": "a@b" + ".c-" * 20_000,
    "targets": "[a](" + "(" * 20_000,
    "bold in cjk": "这是**重点：**后面" * 8_000,
}


def marks_of(source: str) -> list[str]:
    return [char for char in source if not char.isspace()]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_linear_and_not_lost(name: str) -> None:
    source = HOSTILE[name]
    calls = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        blocks = parse(source)
    finally:
        sys.setprofile(None)
    assert calls < 100 * len(source) + 20_000
    kept = len(marks_of(text(blocks)))
    assert kept >= len(marks_of(source)) - _markup(source, blocks)


def is_image(block: Block) -> TypeGuard[ImageBlock]:
    return isinstance(block, ImageBlock)


def _markup(source: str, blocks: list[Block]) -> int:
    """Return how many characters the marks that were understood may have taken at most."""
    containers = sum(len(block.containers) * 2 for block in blocks)
    fences = 6 * sum(isinstance(block, CodeBlock) for block in blocks)
    images = sum(len(block.alt + block.href) + 5 for block in blocks if is_image(block))
    notes = 4 * source.count("[^") + 4 * source.count("](")
    closed = source.count("](b)") * 5 if "](b)" in source else 0
    return (
        containers
        + fences
        + images
        + notes
        + closed
        + 4 * source.count("**")
        + 4
        + source.count("\n> ")
        + 32 * source.count("\n")
        + source.count("\\")
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_no_piece_of_hostile_text_makes_a_long_step(name: str, monkeypatch: Any) -> None:
    source = HOSTILE[name][:12_000]
    cost = Cost(monkeypatch)
    stream = MarkdownStream()
    for at in range(0, len(source), 200):
        calls, characters = cost.of(stream, source[at : at + 200], 200)
        assert calls < 200_000
        assert characters < 8 * MAX_PIECE


def test_depth_is_bounded_and_deeper_marks_are_text() -> None:
    (block,) = parse("> " * 50 + "end")
    assert len(block.containers) == MAX_DEPTH
    assert text([block]) == "> " * (50 - MAX_DEPTH) + "end"


def test_a_long_line_is_cut_at_a_sentence() -> None:
    sentence = "一个句子结束了。"
    blocks = parse(sentence * 1_000 + "\n下一行")
    assert all(isinstance(block, TextBlock) for block in blocks)
    assert "".join(text([block]) for block in blocks) == sentence * 1_000 + "下一行"
    assert all(len(text([block])) <= MAX_PIECE for block in blocks)
    assert all(text([block]).endswith("。") for block in blocks[:-1])


def test_a_long_line_of_code_is_one_line() -> None:
    stream = MarkdownStream()
    stream.feed("```\n")
    for _ in range(100):
        stream.feed("x" * 999)
    (block,) = stream.blocks
    assert isinstance(block, CodeBlock)
    assert block.lines == ["x" * 99_900]
    stream.feed("\ny\n```\n")
    assert block.lines == ["x" * 99_900, "y"]


def test_a_line_with_too_many_marks_is_shown_as_it_is() -> None:
    assert text(parse("*a* " * 900)) == ("*a* " * 900).strip()
    assert text(parse("*a* " * 90)) == ("a " * 90).strip()


def bounds(blocks: list[Block]) -> list[Bound]:
    """Return the bounds of blocks of text."""
    return [block.bound for block in blocks if isinstance(block, TextBlock)]


def test_what_is_too_deep_says_so() -> None:
    blocks = parse("a\n\n" + "> " * 50 + "b\nc\n\nd\n")
    assert bounds(blocks) == [Bound.NONE, Bound.DEPTH, Bound.DEPTH, Bound.NONE]
    deep = "".join("  " * depth + f"- {depth}\n" for depth in range(34))
    assert bounds(parse(deep)) == [Bound.NONE] * 32 + [Bound.DEPTH] * 2
    assert text(parse(deep)).splitlines()[-1] == "- 33"


@pytest.mark.parametrize("source", ["*a* " * 900, "[a] " * 300, "# " + "`a` " * 900])
def test_what_has_too_many_marks_says_so_and_is_as_written(source: str) -> None:
    (block,) = parse(source)
    assert bounds([block]) == [Bound.MARKS]
    assert text([block]) == source.removeprefix("# ").strip()
    stream = MarkdownStream()
    for at in range(0, len(source), 20):
        stream.feed(source[at : at + 20])
    assert bounds(stream.blocks) == [Bound.MARKS]


def test_a_table_with_too_many_columns_says_so_and_is_as_written() -> None:
    lines = ["|a" * 129, "|-" * 129, "|b" * 129]
    blocks = parse("\n".join(lines))
    assert bounds(blocks) == [Bound.COLUMNS] * 3
    assert text(blocks).splitlines() == lines
    assert all(isinstance(row, TableRow) for row in parse("|a" * 128 + "\n" + "|-" * 128))


def test_a_formula_that_nobody_closes_ends_and_says_so() -> None:
    first, *rest = parse("$$\n" + "x\n" * 250 + "\nafter\n")
    assert isinstance(first, MathBlock)
    assert len(first.text.splitlines()) == 200
    assert bounds(rest) == [Bound.LENGTH] * 50 + [Bound.NONE]


def test_data_that_are_too_long_are_text_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaf_parser, "MAX_DATA", 20_000)
    source = "> ![a](data:image/png;base64," + "QUJD" * 6_000 + ") after"
    stream = MarkdownStream()
    for at in range(0, len(source), 300):
        stream.feed(source[at : at + 300])
    stream.finish()
    assert set(bounds(stream.blocks)) == {Bound.LENGTH}
    assert "".join(text([block]) for block in stream.blocks) == source[2:]
    ends = [block.end for block in stream.blocks]
    starts = [block.start for block in stream.blocks]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == len(source)


def test_data_cost_what_is_new() -> None:
    """The pieces of a long address are joined once, when it is whole."""
    stream = MarkdownStream()
    stream.feed("![a](data:image/png;base64," + "A" * 8_000)
    (image,) = stream.blocks
    assert isinstance(image, ImageBlock)
    before = image.href
    for _ in range(100):
        stream.feed("A" * 4_000)
        assert image.href is before
    stream.finish()
    assert len(image.href) == len("data:image/png;base64,") + 408_000
