"""JSON values as Python's own literals, laid out for reading."""

import json
from typing import Any, Final

_WIDTH: Final = 88
_STEP: Final = "    "


def literal(value: Any, depth: int = 0) -> str:
    """Return a value as Python writes it, over several lines where one has no room.

    Args:
        value: what ``json.loads`` returns.
        depth: how far the first line is set in, in steps.
    """
    if isinstance(value, dict | list) and value:
        flat = _flat(value)
        if len(flat) + len(_STEP) * depth <= _WIDTH - 20:
            return flat
        inside = _STEP * (depth + 1)
        if isinstance(value, dict):
            lines = [
                f"{inside}{_text(str(name))}: {literal(item, depth + 1)},"
                for name, item in value.items()
            ]
            return "\n".join(("{", *lines, _STEP * depth + "}"))
        lines = [f"{inside}{literal(item, depth + 1)}," for item in value]
        return "\n".join(("[", *lines, _STEP * depth + "]"))
    return _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(str(k))}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    if isinstance(value, float) and not abs(value) <= 1.7e308:
        return f'float("{value}")'
    return repr(value)


def _text(text: str) -> str:
    """Return a text in double quotes, as most people write them."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    if text.isascii():
        # What JSON writes for ASCII is Python, too.
        return json.dumps(text)
    return repr(text)
