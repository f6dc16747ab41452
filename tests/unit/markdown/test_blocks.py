import re

import pytest

from desktop_chat.markdown.blocks import (
    Align,
    Block,
    CodeBlock,
    Footnote,
    Gap,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.stream import parse
from tests.unit.markdown.corpus import ANSWERS
from tests.unit.markdown.shape import spans_of, text, text_of


def outline(source: str) -> list[str]:
    """Return a line for each block: kind, containers, text."""
    lines = []
    for block in parse(source):
        path = ""
        for item in block.containers:
            if isinstance(item, Quote):
                path += f">{item.alert}"
            elif isinstance(item, ListItem):
                mark = f"{item.number}." if item.ordered else "-"
                task = {None: "", True: "[x]", False: "[ ]"}[item.task]
                path += f"{mark}{task}" if item.first else " "
            else:
                mark = f"^{item.label}" if isinstance(item, Footnote) else ":"
                path += mark if item.first else " "
        kind = {TextBlock: "", CodeBlock: "code", MathBlock: "math", RuleBlock: "rule"}
        kind |= {ImageBlock: "image"}
        name = kind.get(type(block), "row")
        if isinstance(block, TextBlock) and block.heading:
            name = f"h{block.heading}"
        elif isinstance(block, TextBlock) and block.term:
            name = "term"
        image = f"{block.alt} {block.href}" if isinstance(block, ImageBlock) else ""
        content = image or text_of(block).replace("\n", "/")
        lines.append(f"{name}|{path}|{content}")
    return lines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# a\n## b ##\n####### c\n#d\n#", ["h1||a", "h2||b", "||####### c", "||#d", "h1||"]),
        ("a\n===\nb\n---\n", ["h1||a", "h2||b"]),
        ("a\nb\n---\n", ["||a", "||b", "rule||"]),
        ("a\nb\n===\n", ["||a", "||b", "||==="]),
        ("***\n- - -\n_ _ _\n--\n", ["rule||", "rule||", "rule||", "||--"]),
        ("a\n\nb\nc", ["||a", "||b", "||c"]),
        ("a  \nb\\\nc\\", ["||a", "||b", "||c\\"]),
        ("- a\n- b\n\n  c\n- d", ["|-|a", "|-|b", "| |c", "|-|d"]),
        ("- a\n  - b\n    - c\n- d", ["|-|a", "| -|b", "|  -|c", "|-|d"]),
        ("3. a\n3. b\n7) c", ["|3.|a", "|4.|b", "|7.|c"]),
        ("- a\n+ b\n* c", ["|-|a", "|-|b", "|-|c"]),
        ("a\n2. b\n1. c", ["||a", "||2. b", "|1.|c"]),
        ("1. a\nlazy\n\nb", ["|1.|a", "| |lazy", "||b"]),
        ("- - a\n- 1. b", ["|--|a", "|-1.|b"]),
        ("-\n- a\n-\n\n  b", ["|-|", "|-|a", "|-|", "||b"]),
        (
            "- [x] a\n- [ ] b\n- [ ]\n- [y] c\n1. [X] d",
            ["|-[x]|a", "|-[ ]|b", "|-|[ ]", "|-|[y] c", "|1.[x]|d"],
        ),
        ("> a\nb\n> > c\n\nd", ["|>|a", "|>|b", "|>>|c", "||d"]),
        (">a\n\n>b", ["|>|a", "|>|b"]),
        ("> [!NOTE]\n> a\n>\n> b", ["|>note|a", "|>note|b"]),
        ("> [!Warning]  \n> - a", ["|>warning-|a"]),
        ("> [!TIP]\n\na", ["|>tip|", "||a"]),
        ("> [!NOTE] a\n> [!TIP]", ["|>|[!NOTE] a", "|>|[!TIP]"]),
        ("> a\n> [!NOTE]", ["|>|a", "|>|[!NOTE]"]),
        ("    a\n\n      b\n\nc\n    d", ["code||a//  b", "||c", "||d"]),
        ("```\na\n\n  b\n```\nc", ["code||a//  b", "||c"]),
        ("~~~\n```\n~~~~\na", ["code||```", "||a"]),
        ("````\n```\n````", ["code||```"]),
        ("```a`b\nc", ["||```a`b/c"]),
        ("- a\n  ```\n  b\n    c\n  ```\n- d", ["|-|a", "code| |b/  c", "|-|d"]),
        ("> ```\n> a\nb", ["code|>|a", "||b"]),
        ("  ```\n  a\n b\n   c\n  ```", ["code||a/b/ c"]),
        ("$$\nx\n$$\na", ["math||x", "||a"]),
        ("a\n$$x$$\nb", ["||a", "math||x", "||b"]),
        ("$$ x\n+ y $$。\nb", ["math||x/+ y", "||b"]),
        ("$$\nx\n\ny\n$$\nb", ["math||x/y", "||b"]),
        ("$$\nx\n$$ b\nc", ["math||x", "||b", "||c"]),
        ("\\[\nx\n\\]", ["math||x"]),
        ("\\[ x^2 \\]", ["math||x^2"]),
        ("- a\n  $$\n  x\n  $$", ["|-|a", "math| |x"]),
        ("```math\nx\n```\n", ["math||x"]),
        ("\\[note] a", ["||[note] a"]),
        ("$$5 and $$6 b", ["||$$5 and $$6 b"]),
        ("<div>\n*a*\n</div>", ["||<div>", "||a", "||</div>"]),
        ("a\r\nb\rc\n\r\nd", ["||a", "||b", "||c", "||d"]),
        ("`a\r", ["||`a"]),
        ("```\na\r\n```\r", ["code||a"]),
        ("-\ta\n\n\tb\n\n\t\tc", ["|-|a", "| |b", "code| |c"]),
        ("a\n[^1]: b\nlazy\n[^2]: c", ["||a", "|^1|b", "| |lazy", "|^2|c"]),
        ("[^1]: a\n\n    b\n\n    - c\n\nd", ["|^1|a", "| |b", "| -|c", "||d"]),
        ("[^1]:\n    ```\n    a\n      b\n    ```\nc", ["code|^1|a/  b", "||c"]),
        ("[^1]: - a\n      b\n\n      c", ["|^1-|a", "|  |b", "|  |c"]),
        ("> [^a]: b\n> c\n\n[^d]:", ["|>^a|b", "|> |c", "|^d|"]),
        ("[^a b]: c\n[^]: d", ["||[^a b]: c", "||[^]: d"]),
        ("    [^1]: a", ["code||[^1]: a"]),
        ("T\n: a\n: b\n\n  c\n\nd", ["term||T", "|:|a", "|:|b", "| |c", "||d"]),
        ("T\n\n: a\n\n: b\nU\n: c", ["term||T", "|:|a", "|:|b", "term||U", "|:|c"]),
        ("T\n:   a\n    b\n\n    - c", ["term||T", "|:|a", "| |b", "| -|c"]),
        ("**T**\n: - a\n  - b", ["term||T", "|:-|a", "| -|b"]),
        ("> T\n> : a\n- U\n  : b", ["term|>|T", "|>:|a", "term|-|U", "| :|b"]),
        ("a\nb\n: c", ["||a", "||b", "||: c"]),
        ("甲\n：乙\n\n甲\n\n：乙", ["||甲", "||：乙", "||甲", "||：乙"]),
        ("a\n:b\n\nc\n\n\n: d\n\n: e", ["||a", "||:b", "||c", "||: d", "||: e"]),
        ("# a\n: b\n\n```\n```\n: c", ["h1||a", "||: b", "code||", "||: c"]),
        (": a\n: b", ["||: a", "||: b"]),
        ("x" * 161 + "\n: a", ["||" + "x" * 161, "||: a"]),
        ("![a](https://x.y)", ["image||a https://x.y"]),
        ("![a](<https://x.y> 't')  \nb", ["image||a https://x.y", "||b"]),
        ("b\n![a](https://x.y)\nc", ["||b", "image||a https://x.y", "||c"]),
        ("1. b\n![a](https://x.y)\n2. c", ["|1.|b", "image| |a https://x.y", "|2.|c"]),
        ("- ![a](https://x.y)", ["image|-|a https://x.y"]),
        ("[![a](https://x.y/i.svg)](https://x.y)", ["image||a https://x.y/i.svg"]),
        ("![a](https://x.y) b", ["||a b"]),
        ("![a](b.png)", ["||a"]),
        ("![a](data:image/png;base64,QUI=)", ["image||a data:image/png;base64,QUI="]),
        ("![a](data:image/png;base64,QUI", ["image||a data:image/png;base64,QUI"]),
        ("![a](data:image/png;base64,QUI=) b", ["||a b"]),
        ("![a](data:text/html;base64,QUI=)", ["||a"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_structure(source: str, expected: list[str]) -> None:
    assert outline(source) == expected


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("Python", "python"),
        ("c++ title=x", "c++"),
        ("{.python .numbered}", "python"),
        ("c\\#", "c#"),
        ("c&#43;&#43;", "c++"),
        (".js", "js"),
        ("ts:src/a.ts", "ts"),
        ("python{1,3}", "python"),
        ("", ""),
        ("  objective-c", "objective-c"),
    ],
)
def test_language_of_a_fence(info: str, language: str) -> None:
    (block,) = parse(f"```{info}\nx\n```\n")
    assert isinstance(block, CodeBlock)
    assert block.language == language


def test_table() -> None:
    head, first, second, after = parse(
        "| a | **b** | c |\n|:--|:-:|--:|\n| `x | y` | 1 \\| 2<br/>3 |\nd | e | f | g\n\nh"
    )
    assert isinstance(head, TableRow)
    assert isinstance(first, TableRow)
    assert isinstance(second, TableRow)
    assert head.table is first.table is second.table
    assert head.table.aligns == (Align.LEFT, Align.CENTER, Align.RIGHT)
    assert not head.table.open
    assert (head.index, first.index, second.index) == (0, 1, 2)
    assert (head.gap, first.gap) == (Gap.PARAGRAPH, Gap.NONE)
    assert head.cells[1] == (Span("b", Style.BOLD),)
    assert first.cells == ((Span("x | y", Style.CODE),), (Span("1 | 2\n3"),), ())
    assert text_of(second) == "d | e | f | g"
    assert text_of(after) == "h"


@pytest.mark.parametrize(
    "source",
    ["| a | b |\n|---|\n", "| a |\nb\n", "a\n|---|\n", "a | b\n--- | -x-\n", "| a | b |\n"],
)
def test_no_table(source: str) -> None:
    assert not any(isinstance(block, TableRow) for block in parse(source))
    assert "a" in text(parse(source))


def test_a_table_may_follow_a_line_and_stand_in_containers() -> None:
    blocks = parse("intro\na | b\n-|-\n1 | 2\n> | q |\n> |---|\n")
    assert [type(block).__name__ for block in blocks] == ["TextBlock", *["TableRow"] * 3]
    assert blocks[3].containers == (Quote(start=blocks[3].start),)


def test_an_escaped_pipe_in_code_in_a_cell() -> None:
    _, row = parse("|a|\n|-|\n|`p \\| q`|\n")
    assert isinstance(row, TableRow)
    assert row.cells == ((Span("p | q", Style.CODE),),)


def test_gaps() -> None:
    source = "a\nb\n\nc\n- d\n- e\n  - f\n\n- g\n\n  h\n\n```\n```\n"
    gaps = [block.gap for block in parse(source)]
    paragraph, none, tight = Gap.PARAGRAPH, Gap.NONE, Gap.TIGHT
    assert gaps == [
        *(paragraph, none, paragraph, paragraph, tight, tight),
        *(paragraph, paragraph, paragraph),
    ]


def test_item_numbers_and_first_blocks() -> None:
    blocks = parse("5. a\n\n   b\n1. c")
    assert [block.containers for block in blocks] == [
        (ListItem(True, 5, first=True),),
        (ListItem(True, 5),),
        (ListItem(True, 6, first=True),),
    ]


@pytest.mark.parametrize("name", ANSWERS)
def test_offsets_cover_the_source(name: str) -> None:
    source = ANSWERS[name]
    blocks = parse(source)
    at = 0
    for block in blocks:
        assert at <= block.start <= block.end <= len(source)
        assert not source[at : block.start].strip()
        at = block.end
    assert not source[at:].strip(" \t\r\n>")


def test_an_offset_range_is_the_markdown_of_a_block() -> None:
    source = "# T\n\n1. a **b**\n   ```\n   c\n   ```\n\n> [!NOTE]\n> d\n"
    assert [source[block.start : block.end] for block in parse(source)] == [
        "# T",
        "1. a **b**",
        "   ```\n   c\n   ```",
        "> [!NOTE]\n> d",
    ]


def words_beside(block: Block) -> str:
    """Return what a block says beside its text: a footnote's label, an image's address."""
    labels = [item.label for item in block.containers if isinstance(item, Footnote)]
    image = f"{block.alt} {block.href}" if isinstance(block, ImageBlock) else ""
    return " ".join([image, *labels])


@pytest.mark.parametrize("name", ANSWERS)
def test_no_word_is_lost(name: str) -> None:
    source = ANSWERS[name]
    blocks = parse(source)
    hrefs = " ".join(span.href for block in blocks for span in spans_of(block))
    shown = text(blocks) + hrefs + " ".join(words_beside(block) for block in blocks)
    languages = {block.language for block in blocks if isinstance(block, CodeBlock)}
    known = {"math", "copy", "amp", "br", "NOTE", "WARNING", "TIP", "An", "essay", "alert"}
    known |= languages | {"numbered", "startFrom", "右边", "ci", "lt", "gt"}
    for word in re.findall(r"[a-zA-Z]{2,}|[\u4e00-\u9fff]+", source):
        assert word in shown or word in known, word


def test_two_quotes_in_a_row_are_two() -> None:
    first, second = parse("> [!NOTE]\n> a\n\n> [!NOTE]\n> b\n")
    assert first.containers != second.containers
    assert len({block.containers for block in parse("> a\n>\n> b\n> c\n")}) == 1
