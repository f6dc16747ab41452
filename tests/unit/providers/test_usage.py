from typing import Any

import pytest

from desktop_chat.core.events import Usage
from desktop_chat.providers.usage import read_usage


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(100, 50, 64, 30),
            id="openai, ark, siliconflow",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(100, 50, 64, 30),
            id="deepseek",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "total_tokens": 150,
                "input_tokens_details": {"cached_tokens": 64},
                "output_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(100, 50, 64, 30),
            id="responses",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "cost": 0.1,
                "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 30, "image_tokens": 0},
            },
            Usage(100, 50, 64, 30, 20),
            id="openrouter",
        ),
        pytest.param(
            {
                "input_tokens": 16,
                "cache_read_input_tokens": 64,
                "cache_creation_input_tokens": 20,
                "output_tokens": 50,
            },
            Usage(100, 50, 64, 0, 20),
            id="anthropic counts what was cached apart",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "cache_read_input_tokens": 64,
                "cache_creation_input_tokens": 20,
            },
            Usage(100, 50, 64, 0, 20),
            id="a router counts it in",
        ),
        pytest.param(
            {"prompt_eval_count": 100, "eval_count": 50, "eval_duration": 9}, Usage(100, 50),
            id="ollama",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 150},
            Usage(100, 50, 0, 30),
            id="gemini leaves thinking to the total",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(100, 50, 0, 30),
            id="xai counts thinking apart",
        ),
        pytest.param({"reasoning_tokens": 30, "output_tokens": 2}, Usage(0, 32, 0, 30), id="odd"),
        pytest.param({"generated_images": 2}, Usage(images=2), id="pictures"),
    ],
)  # fmt: skip
def test_names(value: Any, usage: Usage) -> None:
    assert read_usage(value) == usage


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "9",
        {},
        {"prompt_tokens": None, "cost": 1},
        {"prompt_tokens": "nine", "completion_tokens": "-9", "cached_tokens": "9" * 5000},
        {"prompt_tokens": True},
        {"prompt_tokens": -1},
        {"prompt_tokens": float("inf"), "completion_tokens": float("nan")},
        {"prompt_tokens": 2**70},
        {"prompt_tokens_details": [1], "completion_tokens_details": "x"},
    ],
)
def test_what_counts_nothing(value: Any) -> None:
    assert read_usage(value) is None


def test_counts_as_text() -> None:
    assert read_usage({"prompt_tokens": "9", "completion_tokens": 2}) == Usage(9, 2)
