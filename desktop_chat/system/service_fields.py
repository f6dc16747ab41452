"""The fields of a service's table: what each may hold, and what looks like a key and is refused."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from desktop_chat.core.access import AUTH_WAYS
from desktop_chat.core.json import JsonValue
from desktop_chat.core.secret_names import names_secret, names_secret_header
from desktop_chat.core.services import Thinking, ThinkingDialect
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.redaction import is_opaque, looks_like_key
from desktop_chat.system.service_parts import read_backup, read_limits, read_network
from desktop_chat.system.service_values import (
    Findings,
    UnusableError,
    read_line,
)

_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_BALANCES: Final = ("", "deepseek", "siliconflow", "openrouter")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x1f\x7f]*")


def known_field(name: str) -> bool:
    """Tell whether a table of a service has a field of this name."""
    return name in READERS or name in ("models", "hidden_models")


def _read_text(value: object, findings: Findings, place: str) -> str:
    text = read_line(value)
    if looks_like_key(text):
        findings.add(ProblemKind.SECRET, place)
        raise UnusableError
    return text


def _read_required(value: object, findings: Findings, place: str) -> str:
    if not (text := _read_text(value, findings, place)):
        raise UnusableError
    return text


def _read_name(value: object, findings: Findings, place: str) -> dict[str, str]:
    if not (texts := _read_texts(value, findings, place)) or not all(texts.values()):
        raise UnusableError
    return texts


def _read_texts(value: object, findings: Findings, place: str) -> dict[str, str]:
    """Return a text by language; an empty one is none."""
    if isinstance(value, str):
        value = {"": value} if value.strip() else {}
    if not isinstance(value, Mapping):
        raise UnusableError
    return {str(key): _read_text(item, findings, place) for key, item in value.items()}


def _read_auth(value: object, findings: Findings, place: str) -> str:
    if value not in AUTH_WAYS:
        raise UnusableError
    return str(value)


def _read_balance(value: object, findings: Findings, place: str) -> str:
    if value not in _BALANCES:
        raise UnusableError
    return str(value)


def _read_fields(value: object, findings: Findings, place: str) -> dict[str, str]:
    """Return texts by name, none of which is a key."""
    if not isinstance(value, Mapping):
        raise UnusableError
    found = {}
    for name, text in value.items():
        inner = f"{place}.{name}"
        if names_secret(str(name)):
            findings.add(ProblemKind.SECRET, inner)
            continue
        try:
            found[str(name)] = _read_text(text, findings, inner)
        except UnusableError:
            findings.add(ProblemKind.FIELD, inner)
    return found


def _read_env(value: object, findings: Findings, place: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise UnusableError
    names = [read_line(item) for item in value]
    if any(is_opaque(name) or looks_like_key(name) for name in names):
        findings.add(ProblemKind.SECRET, place)
        raise UnusableError
    if not all(_ENV_NAME.fullmatch(name) for name in names):
        raise UnusableError
    return tuple(names)


def _read_colour(value: object, findings: Findings, place: str) -> str:
    if not _COLOUR.fullmatch(text := read_line(value)):
        raise UnusableError
    return text


def _read_monogram(value: object, findings: Findings, place: str) -> str:
    if not 1 <= len(text := read_line(value)) <= 4:
        raise UnusableError
    return text


def _read_flag(value: object, findings: Findings, place: str) -> bool:
    if not isinstance(value, bool):
        raise UnusableError
    return value


def _read_seconds(value: object, findings: Findings, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableError
    if not math.isfinite(value) or not 0 < value <= 86_400:
        raise UnusableError
    return float(value)


def _read_limit(value: object, findings: Findings, place: str) -> float | None:
    """Return seconds, or None for 0, which is no limit."""
    no_limit = value == 0 and not isinstance(value, bool)
    return None if no_limit else _read_seconds(value, findings, place)


def _read_headers(value: object, findings: Findings, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UnusableError
    headers: dict[str, str] = {}
    for name, text in value.items():
        inner = f"{place}.{name}"
        named = names_secret_header(name)
        if named or (isinstance(text, str) and looks_like_key(text)):
            findings.add(ProblemKind.SECRET, inner)
        elif (
            not isinstance(text, str)
            or not _HEADER_NAME.fullmatch(name)
            or not _HEADER_VALUE.fullmatch(text)
        ):
            findings.add(ProblemKind.FIELD, inner)
        else:
            headers[name] = text
    return headers


def _read_body(value: object, findings: Findings, place: str) -> dict[str, JsonValue]:
    if not isinstance(value, Mapping):
        raise UnusableError
    body: dict[str, JsonValue] = {}
    for name, item in value.items():
        inner = f"{place}.{name}"
        if names_secret(str(name)):
            findings.add(ProblemKind.SECRET, inner)
            continue
        try:
            body[str(name)] = _json(item, findings, inner)
        except UnusableError:
            findings.add(ProblemKind.FIELD, inner)
    return body


def _json(value: object, findings: Findings, place: str) -> JsonValue:
    if isinstance(value, str):
        if looks_like_key(value):
            findings.add(ProblemKind.SECRET, place)
            raise UnusableError
        return value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return _read_body(value, findings, place)
    if isinstance(value, list | tuple):
        return [_json(item, findings, place) for item in value]
    raise UnusableError


def read_thinking(value: object, findings: Findings, place: str) -> Thinking:
    """Return what a ``thinking`` table describes.

    Raises:
        UnusableError: it is none.
    """
    if not isinstance(value, Mapping):
        raise UnusableError
    known = {item.name for item in fields(Thinking)}
    for name in value:
        if name not in known:
            findings.add(ProblemKind.FIELD, f"{place}.{name}")
    try:
        dialect = ThinkingDialect(value.get("dialect", "none"))
    except ValueError:
        raise UnusableError from None
    efforts = value.get("efforts", [])
    if not isinstance(efforts, list):
        raise UnusableError
    return Thinking(
        dialect=dialect,
        efforts=tuple(read_line(item) for item in efforts),
        default_on=_read_flag(value.get("default_on", False), findings, place),
        default_effort=read_line(value.get("default_effort", "")),
        can_disable=_read_flag(value.get("can_disable", True), findings, place),
    )


READERS: Final[Mapping[str, Callable[[object, Findings, str], Any]]] = {
    "name": _read_name,
    "protocol": _read_required,
    "base_url": _read_text,
    "images": _read_text,
    "auth": _read_auth,
    "auth_fields": _read_fields,
    "key_env": _read_env,
    "default_model": _read_text,
    "models_path": _read_text,
    "monogram": _read_monogram,
    "colour": _read_colour,
    "site": _read_text,
    "note": _read_texts,
    "headers": _read_headers,
    "body": _read_body,
    "thinking": read_thinking,
    "usage_in_stream": _read_flag,
    "first_token_timeout": _read_seconds,
    "idle_timeout": _read_seconds,
    "connect_timeout": _read_seconds,
    "total_timeout": _read_limit,
    "network": read_network,
    "limits": read_limits,
    "backup": read_backup,
    "cache": _read_flag,
    "balance": _read_balance,
    "options": _read_body,
    "enabled": _read_flag,
}
"""Every field but the models: reads a plain value, notes what was wrong in it, or raises
``UnusableError``.
"""
