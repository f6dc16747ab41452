"""The fields of a service's table: what each may hold, and what looks like a key and is refused."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Thinking, ThinkingDialect
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.redaction import is_opaque, looks_like_key

_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_AUTHS: Final = ("bearer", "none")
_SECRET_NAME: Final = re.compile(
    r"(.*(apikey|secret|secretkey|accesskey|privatekey|password|passwd|credentials?|authorization"
    r"|accesstoken|refreshtoken|authtoken|apitoken|sessiontoken|bearertoken|cookie))"
    r"|x?key|token|auth|bearer|signature|xauth|xauthtoken|xtoken|accesskeyid"
)
_SECRET_HEADER: Final = re.compile(r".*(key|token|signature)|.*auth(?!or).*")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x1f\x7f]*")


class UnusableError(Exception):
    """A field has a value that cannot be used. It never leaves this room."""


@dataclass(slots=True)
class Findings:
    """What was wrong with a table: kinds and places, such as ``(FIELD, "deepseek.base_url")``."""

    items: list[tuple[ProblemKind, str]] = field(default_factory=list)

    def add(self, kind: ProblemKind, place: str) -> None:
        """Note one."""
        self.items.append((kind, place))


def known_field(name: str) -> bool:
    """Tell whether a table of a service has a field of this name."""
    return name in READERS or name in ("models", "hidden_models")


def names_secret(name: str) -> bool:
    """Tell whether a field of this name would carry a key."""
    return _SECRET_NAME.fullmatch(_letters(name)) is not None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def read_line(value: object) -> str:
    """Return a text without the space around it.

    Raises:
        UnusableError: it is none.
    """
    if not isinstance(value, str):
        raise UnusableError
    return value.strip()


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
    if value not in _AUTHS:
        raise UnusableError
    return str(value)


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


def _read_headers(value: object, findings: Findings, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UnusableError
    headers: dict[str, str] = {}
    for name, text in value.items():
        inner = f"{place}.{name}"
        named = names_secret(name) or _SECRET_HEADER.fullmatch(_letters(name))
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
    "auth": _read_auth,
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
    "enabled": _read_flag,
}
"""Every field but the models: reads a plain value, notes what was wrong in it, or raises
``UnusableError``.
"""
