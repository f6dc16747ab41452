"""Whole pages: they come out as before, and streamed as at once.

``GOLDEN=renew pytest tests/ui/transcript/test_golden.py`` writes down how they come out now; look
at what ``packaging/dev/transcript_pictures.py`` draws, then commit both together.
"""

import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from desktop_chat.core.events import ReasoningDelta, TextDelta
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.view import TranscriptView
from tests.ui.transcript.golden.drawing import (
    differences,
    geometry,
    opened,
    picture,
    quiet,
    unfold,
    whole,
    written,
)
from tests.ui.transcript.golden.pages import ANSWER, PAGES, Page
from tests.ui.transcript.support import press, run

GOLDEN: Final = Path(__file__).parent / "golden"
RENEW: Final = os.environ.get("GOLDEN") == "renew"
FIXED: Final = [name for name, shown in PAGES.items() if shown.fixed]
STREAMED: Final = [name for name, shown in PAGES.items() if shown.streams]


@pytest.mark.parametrize("name", FIXED)
def test_a_page_is_laid_out_as_before(name: str, theme: Theme) -> None:
    view = opened(theme, PAGES[name])
    whole(view)
    found = geometry(view)
    file = GOLDEN / f"{name}.json"
    if RENEW:
        file.write_text(written(found), "utf-8")
    assert differences(json.loads(file.read_text("utf-8")), found) == []


def test_every_golden_page_is_drawn() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(FIXED)


def streamed(theme: Theme, shown: Page, rng: random.Random) -> TranscriptView:
    """Let a page come in pieces of random sizes, with frames between."""
    view = opened(theme, shown, shown.begun())
    for kind, text, largest in (
        (ReasoningDelta, shown.thinking, 12),
        (TextDelta, shown.text, max(24, len(shown.text) // 60)),
    ):
        at = 0
        while at < len(text):
            size = rng.randint(1, largest)
            view.apply_delta(ANSWER, kind(text[at : at + size]))
            at += size
            if rng.random() < 0.7:
                run(view)
    view.finish_message(shown.branch()[1])
    quiet(view)
    return view


@pytest.mark.parametrize("name", STREAMED)
def test_a_streamed_page_looks_as_at_once(name: str, theme: Theme) -> None:
    shown = PAGES[name]
    views = [
        streamed(theme, shown, random.Random(name)),
        # What a press has done is kept by the view that was open.
        opened(theme, replace(shown, presses=())),
    ]
    for view in views:
        for key in shown.presses:
            press(view, ANSWER, key)
        unfold(view)
        whole(view)
    places, expected = map(geometry, views)
    assert differences(expected, places) == []
    assert written(places) == written(expected)
    assert _same(*map(picture, views)), f"{name} looks different"


def _same(first: Any, second: Any) -> bool:
    return bool(first == second)
