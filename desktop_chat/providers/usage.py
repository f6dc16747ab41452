"""Token counts, under all the names that services give them.

The names are those of OpenAI (chat completions and Responses), DeepSeek, Volcengine Ark,
SiliconFlow, OpenRouter, Anthropic, Ollama and Gemini, each from its own reference.
"""

from typing import Any, Final

from desktop_chat.core.events import Usage

_INPUT: Final = ("prompt_tokens", "input_tokens", "prompt_eval_count")
_OUTPUT: Final = ("completion_tokens", "output_tokens", "eval_count")
_CACHED: Final = ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens")
_WRITTEN: Final = ("cache_creation_input_tokens", "cache_write_tokens")
_REASONING: Final = ("reasoning_tokens", "thinking_tokens")
_INPUT_DETAILS: Final = ("prompt_tokens_details", "input_tokens_details")
_OUTPUT_DETAILS: Final = ("completion_tokens_details", "output_tokens_details")
_IMAGES: Final = ("generated_images",)
_MOST: Final = 2**53
"""No count is near this; what is beyond is none."""


def read_usage(value: object) -> Usage | None:
    """Read a ``usage`` object; None when it counts nothing."""
    if not isinstance(value, dict):
        return None
    read = _details(value, _INPUT_DETAILS)
    written = _details(value, _OUTPUT_DETAILS)
    cached = _count(read, _CACHED) or _count(value, _CACHED)
    cache_write = _count(read, _WRITTEN) or _count(value, _WRITTEN)
    reasoning = _count(written, _REASONING) or _count(value, _REASONING)
    input_tokens = _count(value, _INPUT)
    if _is_anthropic(value):
        input_tokens += cached + cache_write
    output_tokens, reasoning = _with_hidden(
        _count(value, _OUTPUT), reasoning, _count(value, ("total_tokens",)) - input_tokens
    )
    usage = Usage(
        input_tokens, output_tokens, cached, reasoning, cache_write, _count(value, _IMAGES)
    )
    return usage if usage != Usage() else None


def _is_anthropic(value: dict[str, Any]) -> bool:
    """Tell whether what was cached is not part of the input's count: so it is where Anthropic's
    names stand without OpenAI's.
    """
    names = ("cache_read_input_tokens", "cache_creation_input_tokens")
    return "prompt_tokens" not in value and any(name in value for name in names)


def _with_hidden(output: int, reasoning: int, rest: int) -> tuple[int, int]:
    """Return output and thinking, where some services leave the thinking out of the output.

    Args:
        output: as counted.
        reasoning: as counted; 0 where it is not told.
        rest: what the total leaves for the output; not above 0 where there is no total.
    """
    hidden = rest - output
    if hidden > 0 and reasoning in (0, hidden):
        return rest, hidden  # Gemini tells it by the total alone, xAI by both
    if reasoning > output:
        return output + reasoning, reasoning
    return output, reasoning


def _details(value: dict[str, Any], names: tuple[str, ...]) -> object:
    return next((found for name in names if (found := value.get(name))), None)


def _count(values: object, names: tuple[str, ...]) -> int:
    if not isinstance(values, dict):
        return 0
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and len(value) < 16 and value.isdecimal():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MOST:
            return int(value)
    return 0
