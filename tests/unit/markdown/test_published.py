"""Examples that others publish, streamed and compared; see ``published.py`` for where from."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_chat.markdown.addresses import is_openable
from desktop_chat.markdown.blocks import Block, Style
from desktop_chat.markdown.stream import parse
from tests.unit.markdown.meaning import of_blocks, of_html
from tests.unit.markdown.published import Example, commonmark, everything, fixtures, gfm
from tests.unit.markdown.shape import spans_of
from tests.unit.markdown.test_streaming import check

SOURCES: dict[str, Callable[[Path], list[Example]]] = {
    "CommonMark": commonmark,
    "GFM": gfm,
    "markdown-it": fixtures,
}
COUNTS = {"CommonMark": 652, "GFM": 24, "markdown-it": 308}

BY_CHOICE = {
    "HTML is text": "21 31 148-156 158-191 308-309 344 475-477 491 524 613-617 623 625-631 642-643",
    "a definition is shown where it stands and serves what follows, and it is one line with an "
    "address that may be opened": (
        "23 33 192-196 198 200 202-208 210 214-218 317 527-545 549-550 553-571 573 576-577 582-589"
        " 591-593"
    ),
    "a bare address is a link, as in GFM": "602 608 611-612",
    "a heading that is underlined has one line": "81-82 95",
    "a link's target stands in one line": "510",
}
"""Why examples of CommonMark mean something else here, and which."""

GFM_BY_CHOICE = {
    "an address without a scheme is https": {"621", "622", "623", "624", "625", "626", "627"},
    "cells beyond the table's columns go into the last one": {"204"},
    "HTML is text": {"652"},
}

FIXTURES_BY_CHOICE = {
    "cells beyond the table's columns go into the last one": {"tables:442", "tables:843"},
    "a pipe in a code span ends no cell": {"tables:312"},
    "a list or a heading begins before a table": {"tables:145", "tables:393", "tables:417"},
    "a pipe before a cell may be escaped": {"tables:299"},
    "an alert without text has its title": {"alerts:147"},
}


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    found = request.config.cache
    assert found is not None
    return found.mkdir("published")


def numbers(text: str) -> set[str]:
    found: set[str] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found |= {str(number) for number in range(int(first), int(last or first) + 1)}
    return found


def differing(examples: list[Example]) -> set[str]:
    """Return the first words of the names of examples that mean something else to us."""
    return {
        example.name.split()[0]
        for example in examples
        if of_html(example.html) != of_blocks(parse(example.markdown))
    }


@pytest.mark.parametrize("source", SOURCES)
def test_streamed_equals_the_whole(source: str, cache: Path) -> None:
    examples = SOURCES[source](cache)
    assert len(examples) == COUNTS[source]
    for example in examples:
        text = example.markdown
        rng = random.Random(example.name)
        check(text, range(1, min(len(text), 400)))
        for _ in range(3):
            check(text, sorted(rng.choices(range(len(text) + 1), k=rng.randint(1, 12))))


def test_a_prefix_of_an_example_never_fails_and_never_opens_anything_else(cache: Path) -> None:
    for example in everything(cache):
        check_links(parse(example.markdown))
        check_links(parse(example.markdown[: len(example.markdown) // 2]))


def check_links(blocks: list[Block]) -> None:
    for block in blocks:
        for span in spans_of(block):
            assert not span.style & Style.LINK or is_openable(span.href), span
            assert span.href == "" or span.style & (Style.LINK | Style.IMAGE | Style.FOOTNOTE)


def test_commonmark_means_the_same_but_where_a_chat_differs(cache: Path) -> None:
    examples = commonmark(cache)
    expected = set().union(*map(numbers, BY_CHOICE.values()))
    assert differing(examples) == expected
    assert len(examples) - len(expected) == 499


def test_gfm_means_the_same_but_where_a_chat_differs(cache: Path) -> None:
    assert differing(gfm(cache)) == set().union(*GFM_BY_CHOICE.values())


def test_tables_tasks_alerts_and_strikethrough_mean_the_same(cache: Path) -> None:
    found = differing(fixtures(cache, "tables", "tasklists", "alerts", "strikethrough"))
    assert found == set().union(*FIXTURES_BY_CHOICE.values())


def test_what_would_harm_a_page_is_text(cache: Path) -> None:
    examples = fixtures(cache, "xss", "proto", "normalize")
    assert len(examples) == 26
    for example in examples:
        blocks = parse(example.markdown)
        check_links(blocks)
        for block in blocks:
            for span in spans_of(block):
                assert "javascript" not in span.href.lower() or not span.style & Style.LINK
