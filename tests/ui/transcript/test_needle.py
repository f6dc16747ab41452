"""What is looked for, and that no text which shows it is passed over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_chat.markdown.blocks import CodeBlock
from desktop_chat.markdown.stream import parse
from desktop_chat.ui.transcript.find.needle import Needle, level
from desktop_chat.ui.transcript.find.seekable import seekable
from desktop_chat.ui.transcript.text.units import join_pairs, split_pairs
from tests.ui.transcript.corpus import EN, ZH


def words(text: str, query: str, *, case: bool = False, whole: bool = False) -> list[str]:
    units = split_pairs(text)
    found = Needle(query, case=case, whole=whole).spans(units)
    return [join_pairs(units[start:end]) for start, end in found]


def test_capitals_count_only_when_asked_for() -> None:
    assert words("Token token TOKEN", "toKen") == ["Token", "token", "TOKEN"]
    assert words("Token token TOKEN", "token", case=True) == ["token"]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("İstanbul'da İ", "i", ["İ", "İ"]),
        ("Straße, STRASSE", "straße", ["Straße"]),
        ("ΟΔΟΣ οδός οδοσ", "οδοσ", ["ΟΔΟΣ", "οδοσ"]),
        ("一😀😀二😀", "😀", ["😀", "😀", "😀"]),
        ("İİ 😀 token", "token", ["token"]),
        ("ＡＰＩ 的 API", "api", ["ＡＰＩ", "API"]),
        ("aaaa", "aa", ["aa", "aa"]),
        ("a\u00a0b a b", "a b", ["a\u00a0b", "a b"]),
        ("nothing", "x", []),
    ],
)
def test_what_is_found_stands_where_it_is_said_to(text: str, query: str, found: list[str]) -> None:
    assert words(text, query) == found


def test_whole_words_end_where_letters_end() -> None:
    text = "token, tokens (token) my_token token2 token."
    assert len(words(text, "token", whole=True)) == 3
    assert len(words(text, "token")) == 6
    assert words("a (b) c", "(b)", whole=True) == ["(b)"]


def test_chinese_has_no_words_to_be_whole() -> None:
    assert words("每个令牌桶", "令牌", whole=True) == ["令牌"]
    assert words("用token计数", "token", whole=True) == ["token"]


def test_a_longer_query_finds_nothing_where_a_shorter_one_did_not() -> None:
    assert Needle("abc").within(Needle("ab"))
    assert Needle("ABC", case=True).within(Needle("ab"))
    assert not Needle("ac").within(Needle("ab"))
    assert not Needle("abc").within(Needle("ab", whole=True))
    assert not Needle("abc").within(Needle("ab", case=True))


TRICKY = (
    "fo**o ba**r and f*o*o\\_bar `x` ~~ol~~d",
    '[one](https://a.b/c) two [three](<u v> "t") four [f](x(y)z) five',
    "[a][ref] b [c](d\n'title') e\n\n[ref]: https://x.y 'z'",
    "a](b) c [x](https://u) d ](e",
    "fish &amp; chips &eacute;t&#65; `&amp;` &copy x",
    "see <https://a.b/%E4%BD%A0?q=1> now, <mailto:me@x.y> www.x.com/a",
    '![alt *text*](https://a.b/c.png "t") after ![x](y)z',
    "[x](javascript:alert(1)) y `[p](q) r` s",
    "a[](https://u.v 't')b ![](https://u.v 't')c",
    "one `a\nb` two **three\nfour** five\n> `q\n> r` s",
    "| a\\|b | `c` |\n|---|---|\n| **d**e [f](g) h | i<br>j |",
    "note[^1] here\n\n[^1]: the *note* itself",
    "price $5 and $6, math $a_b^c$ and \\(x+y\\) end",
    "zero\u200bwidth so\u00adft \ufeffbom",
    "# He*a*d #\n\n- [x] do **it**\n1. o\\*ne",
    "$$\na_1 + \\frac{b}{c}\n$$\n\n    code *not* bold\n\n```py\nx = [a](b)\n```",
    "**重点：**后面 **“引用”**，`代码`里",
    ZH,
    EN,
)


def texts_shown(source: str) -> list[str]:
    shown: list[str] = []
    for block in parse(source):
        if isinstance(block, CodeBlock):
            shown.extend(block.lines)
            continue
        text = seekable(block)
        if text is not None:
            shown.extend(line for cell in text.text.split("\t") for line in cell.split("\u2028"))
    return [join_pairs(text) for text in shown if text.strip()]


def check(source: str, data: st.DataObject) -> None:
    """Anything that is shown must not be passed over."""
    shown = texts_shown(source)
    if not shown:
        return
    text = data.draw(st.sampled_from(shown))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    query = text[start:end]
    for case in (True, False):
        assert Needle(query, case=case).in_markdown(source), (source, query)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(TRICKY), st.data())
def test_no_markdown_that_shows_it_is_passed_over(source: str, data: st.DataObject) -> None:
    check(source, data)


_BITS = st.sampled_from(
    [
        *"ab *_`~$[]()!<>\\|&;#.\n中é",
        *(
            "](",
            "](u)",
            "](u 't')",
            "][r]",
            "![",
            "&amp;",
            "**",
            "[a](u)",
            "<br>",
            "\n\n",
            "> ",
            "- ",
        ),
        *("https://x.y", "`a`", "\\(", "\\)", "[^1]", "&#65;"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_BITS, min_size=1, max_size=30).map("".join), st.data())
def test_no_markdown_however_odd_is_passed_over(source: str, data: st.DataObject) -> None:
    check(source, data)


def test_what_is_not_there_is_passed_over_without_parsing() -> None:
    """Else every message would be parsed for every letter that is typed."""
    needle = Needle("zebra")
    for source in (ZH, EN, "a [link](https://zeb.ra/c) b", "x &amp; y"):
        assert not needle.in_markdown(source)
    assert not needle.in_plain("no such animal")
    assert Needle("fo").in_plain("FOO")


def test_marks_of_footnotes_side_by_side_are_no_link() -> None:
    assert Needle("11A", case=True).in_markdown("[^1][^1]&#65;")


def test_leveling_keeps_every_position() -> None:
    text = "İ ß ſ K ﬁ Ａ１ 😀 Σς"
    assert len(level(text, case=False)) == len(text)
