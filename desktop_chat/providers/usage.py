"""Token counts, under all the names that services give them."""

from typing import Any

from desktop_chat.core.events import Usage


def read_usage(value: object) -> Usage | None:
    """Read a ``usage`` object; None when it counts nothing."""
    if not isinstance(value, dict):
        return None
    prompt = value.get("prompt_tokens_details") or value.get("input_tokens_details")
    completion = value.get("completion_tokens_details") or value.get("output_tokens_details")
    usage = Usage(
        input_tokens=_count(value, "prompt_tokens", "input_tokens"),
        output_tokens=_count(value, "completion_tokens", "output_tokens"),
        cached_tokens=_count(prompt, "cached_tokens")
        or _count(value, "prompt_cache_hit_tokens", "cached_tokens"),
        reasoning_tokens=_count(completion, "reasoning_tokens")
        or _count(value, "reasoning_tokens"),
    )
    return usage if usage != Usage() else None


def _count(values: Any, *names: str) -> int:
    if not isinstance(values, dict):
        return 0
    for name in names:
        value = values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return int(value)
    return 0
