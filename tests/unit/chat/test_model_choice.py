"""Favourites, models used last, and what a search finds."""

from pathlib import Path

import pytest

from desktop_chat.chat.model_choice import MOST_RECENT, ModelShelf, rank, rank_loosely
from desktop_chat.core.services import Model, Service
from desktop_chat.system.settings import FileSettings

SERVICE = Service("openrouter", {"en": "OpenRouter", "zh_CN": "聚合"})
MODELS = [
    Model("anthropic/claude-sonnet-4.5", name="Anthropic: Claude Sonnet"),
    Model("deepseek-v4-pro"),
    Model("deepseek-flash"),
    Model("openai/gpt-4o"),
    Model("openai/gpt-4o-mini"),
    Model("ep-20260101", name="通义千问"),
]


def found(query: str, *, loosely: bool = False) -> list[str]:
    ranked = [
        (points, model.id)
        for model in MODELS
        if (points := rank_loosely(query, model) if loosely else rank(query, SERVICE, model))
        is not None
    ]
    return [name for _points, name in sorted(ranked, reverse=True)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("deepseek-v4-pro", ["deepseek-v4-pro"]),
        ("gpt-4o", ["openai/gpt-4o", "openai/gpt-4o-mini"]),
        ("MINI open", ["openai/gpt-4o-mini"]),
        ("sonnet", ["anthropic/claude-sonnet-4.5"]),
        ("千问", ["ep-20260101"]),
        ("flash deep", ["deepseek-flash"]),
        ("聚合 flash", ["deepseek-flash"]),
        ("ds4p", []),
        ("nothing", []),
    ],
)
def test_words(query: str, names: list[str]) -> None:
    assert found(query) == names


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ds4p", "deepseek-v4-pro"),
        ("cs45", "anthropic/claude-sonnet-4.5"),
        ("gpt4om", "openai/gpt-4o-mini"),
        ("clausonn", "anthropic/claude-sonnet-4.5"),
    ],
)
def test_letters(query: str, first: str) -> None:
    assert found(query, loosely=True)[0] == first


@pytest.mark.parametrize("query", ["xyz", "x", "", "oooo", "prodeep"])
def test_letters_that_are_not_there(query: str) -> None:
    assert found(query, loosely=True) == []


def test_the_service_alone_finds_all_its_models() -> None:
    assert len(found("openrouter")) == len(MODELS)


def test_favourites_and_recent_models_last(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path / "settings.toml", delay=0.0)
    shelf = ModelShelf(settings)
    assert shelf.toggle("or", "a/b/c")
    assert shelf.toggle("or", "d")
    for number in range(MOST_RECENT + 3):
        shelf.note_used("or", f"vendor/m{number}")
    shelf.note_used("or", "vendor/m9")
    shelf.note_used("", "nothing")
    shelf.note_used("or", "")
    settings.close()
    again = FileSettings(tmp_path / "settings.toml", delay=0.0)
    shelf = ModelShelf(again)
    assert shelf.favourites() == [("or", "a/b/c"), ("or", "d")]
    recent = shelf.recent()
    assert recent[:3] == [("or", "vendor/m9"), ("or", "vendor/m10"), ("or", "vendor/m8")]
    assert len(recent) == MOST_RECENT
    assert not shelf.toggle("or", "a/b/c")
    assert shelf.favourites() == [("or", "d")]
    again.close()
