"""Reading JSON that a later version may have written: what is not as expected is not there."""

import json
from collections.abc import Mapping
from typing import Any


def read_object(text: str) -> Mapping[str, Any]:
    """Return an object; an empty one for what is none."""
    data = read(text)
    return data if isinstance(data, dict) else {}


def read_list(text: str) -> list[Any]:
    """Return a list; an empty one for what is none."""
    data = read(text)
    return data if isinstance(data, list) else []


def read(text: str) -> Any:
    """Return what a text says; None for what is no JSON, or nested without end."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def object_of(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under a name, or an empty one."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def strings_of(data: object) -> dict[str, str]:
    """Return the texts of an object by their names."""
    if not isinstance(data, dict):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, str)}


def str_of(data: Mapping[str, Any], name: str) -> str:
    """Return the text under a name, or ""."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def int_of(data: Mapping[str, Any], name: str) -> int | None:
    """Return the whole number under a name, or None."""
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def float_of(data: Mapping[str, Any], name: str) -> float | None:
    """Return the number under a name, or None."""
    value = data.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
