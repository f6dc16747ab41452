"""One model in a service's table, both ways."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from desktop_chat.core.secret_names import names_secret
from desktop_chat.core.services import Model, Thinking
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.redaction import looks_like_key
from desktop_chat.system.service_fields import read_thinking
from desktop_chat.system.service_parts import read_price, write_part
from desktop_chat.system.service_values import Findings, UnusableError, read_line

_MAKES: Final = ("text", "image")
_UNKNOWN: Final = "unknown"
"""What a file says where a model that ships is known to do something and the user is not sure."""
_LONGEST_ID: Final = 300


def read_model(
    entry: object, shipped: Mapping[str, Model], default: Thinking, findings: Findings, place: str
) -> Model:
    """Return the model that an entry describes, laid over the one that ships under its id.

    Args:
        entry: an id, or a table with one.
        shipped: models that ship, by id.
        default: the thinking of models that do not say otherwise.
        findings: takes what was wrong.
        place: of the entry.

    Raises:
        UnusableError: it is none.
    """
    table: Mapping[str, Any]
    if isinstance(entry, str):
        table = {"id": entry}
    elif isinstance(entry, Mapping):
        table = entry
    else:
        raise UnusableError
    name = read_line(table.get("id"))
    if not name or len(name) > _LONGEST_ID or looks_like_key(name):
        raise UnusableError
    model = shipped.get(name, Model(name, thinking=default))
    values: dict[str, Any] = {}
    for key, value in table.items():
        inner = f"{place}.{key}"
        if key == "id":
            continue
        try:
            values[key] = _read_field(key, value, findings, inner)
        except UnusableError:
            kind = ProblemKind.SECRET if names_secret(key) else ProblemKind.FIELD
            findings.add(kind, inner)
    return replace(model, **values)


def _read_field(key: str, value: object, findings: Findings, place: str) -> Any:
    match key:
        case "context_tokens" | "output_tokens":
            return _count(value)
        case "thinking":
            return read_thinking(value, findings, place)
        case "price":
            return read_price(value, findings, place)
        case "images" | "files" | "tools":
            if value == _UNKNOWN:
                return None
            return _flag(value)
        case "prefix" | "enabled":
            return _flag(value)
        case "makes" if value in _MAKES:
            return value
        case "name":
            return read_line(value)
    raise UnusableError


def write_model(model: Model, known: Model | None, default: Thinking) -> str | dict[str, Any]:
    """Return the entry that makes a model when it is read over the one that ships.

    Args:
        model: the model.
        known: the one that ships under its id, or None.
        default: the thinking of models that do not say otherwise.
    """
    base = known or Model(model.id, thinking=default)
    table: dict[str, Any] = {"id": model.id}
    for name in ("context_tokens", "output_tokens"):
        value = getattr(model, name)
        if value != getattr(base, name):
            table[name] = value or 0
    if model.thinking != base.thinking:
        table["thinking"] = write_thinking(model.thinking)
    for name in ("makes", "images", "files", "tools", "prefix", "name", "enabled"):
        value = getattr(model, name)
        if value != getattr(base, name):
            table[name] = _UNKNOWN if value is None else value
    if model.price != base.price:
        table["price"] = write_part(model.price)
    return table if len(table) > 1 else model.id


def write_thinking(thinking: Thinking) -> dict[str, Any]:
    """Return the plain table of what a model offers in the way of thinking."""
    table: dict[str, Any] = {"dialect": thinking.dialect.value}
    if thinking.efforts:
        table["efforts"] = list(thinking.efforts)
    if thinking.default_on:
        table["default_on"] = True
    if thinking.default_effort:
        table["default_effort"] = thinking.default_effort
    if not thinking.can_disable:
        table["can_disable"] = False
    return table


def _count(value: object) -> int | None:
    """Return a number of tokens; 0 in a file says that it is not known."""
    if type(value) is not int or value < 0:
        raise UnusableError
    return value or None


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnusableError
    return value
