import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.chat.title import columns, shorten, title_of


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I exit vim?", "How do I exit vim?"),
        ("\n\n  ## **Why** is `x` slow?\nmore", "Why is x slow?"),
        ("1. first\n2. second", "first"),
        ("> quoted\nown", "quoted"),
        ("```python\nprint(1)\n```\n解释一下这段代码", "解释一下这段代码"),
        ("```\nSELECT 1\n```", "SELECT 1"),
        ("---\n***\n真正的问题", "真正的问题"),
        ("[the docs](https://example.com/x) say", "the docs say"),
        ("网关限流：令牌桶还是滑动窗口", "网关限流：令牌桶还是滑动窗口"),
        ("- [ ] todo", "[ ] todo"),
        ("snake_case_name 是什么", "snake_case_name 是什么"),
        ("   \n\t\n", ""),
        ("!!!", ""),
    ],
)
def test_the_first_line_that_says_something(question: str, title: str) -> None:
    assert title_of(question) == title


def test_a_long_line_is_cut_at_a_word() -> None:
    title = title_of("Please summarise the whole of RFC 9114 in ten short points")
    assert title == "Please summarise the whole of RFC 9114…"


def test_a_long_chinese_line_is_cut_by_columns_and_not_at_punctuation() -> None:
    title = title_of("请帮我把下面这段需求文档整理成表格，并且标出里面互相矛盾的地方以及遗漏")
    assert columns(title) <= 40
    assert title == "请帮我把下面这段需求文档整理成表格…"


def test_one_endless_word_is_cut_anyway() -> None:
    assert shorten("x" * 100) == "x" * 39 + "…"


@given(st.text())
def test_a_title_is_one_short_line(question: str) -> None:
    title = title_of(question)
    assert columns(title) <= 40
    assert len(title.splitlines()) <= 1
    assert title == title.strip()


@pytest.mark.parametrize("line", ["[" * 200_000, "> " * 500_000, "![](" * 200_000, "é" * 500_000])
def test_a_line_of_any_length_takes_no_time(line: str) -> None:
    """Were the whole of it looked at, the first would take minutes."""
    assert columns(title_of(f"{line}\nmore")) <= 40


def test_what_is_said_after_a_long_line_of_marks_is_found() -> None:
    assert title_of("[" * 200_000 + "\nthe question") == "the question"
