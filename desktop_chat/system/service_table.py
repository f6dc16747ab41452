"""One table of ``services.toml`` and the ``Service`` that it describes, both ways.

Reading never raises for what a person wrote: a field that cannot be used is left out and told.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.redaction import is_opaque, looks_like_key

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What the id of a service looks like. It has no ``@``, which parts it from the origin of a key."""
DEMO_PROTOCOL: Final = "demo"
"""The one protocol that needs no address and no setting up."""
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


class SecretRefusedError(ValueError):
    """A service was to be kept with a field that carries a key. ``str()`` is for the reader.

    Args:
        place: the field, such as ``headers.Authorization``.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(
            tr("{field} holds a key, and keys belong in the system keyring").format(field=place)
        )


class _UnusableError(Exception):
    """A field has a value that cannot be used."""


@dataclass(slots=True)
class Findings:
    """What was wrong with a table: kinds and places, such as ``(FIELD, "deepseek.base_url")``."""

    items: list[tuple[ProblemKind, str]] = field(default_factory=list)

    def add(self, kind: ProblemKind, place: str) -> None:
        """Note one."""
        self.items.append((kind, place))


def known_field(name: str) -> bool:
    """Tell whether a table of a service has a field of this name."""
    return name in _READERS or name in ("models", "hidden_models")


def names_secret(name: str) -> bool:
    """Tell whether a field of this name would carry a key."""
    return _SECRET_NAME.fullmatch(_letters(name)) is not None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def read_service(
    service_id: str, table: Mapping[str, Any], below: Service | None, findings: Findings
) -> Service | None:
    """Return what a table describes, laid over what is already known of the service.

    Args:
        service_id: the name of the table.
        table: plain values, as ``tomllib`` gives them.
        below: the service that ships under this id, or None.
        findings: takes what was wrong.

    Returns:
        the service, or None when there is too little to make one.
    """
    service = below or Service(service_id, {"": service_id})
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in ("models", "hidden_models"):
            continue
        place = f"{service_id}.{name}"
        if name not in _READERS:
            secret = names_secret(name)
            findings.add(ProblemKind.SECRET if secret else ProblemKind.FIELD, place)
            continue
        try:
            values[name] = _READERS[name](value, findings, place)
        except _UnusableError:
            findings.add(ProblemKind.FIELD, place)
    service = replace(service, **values)
    if not service.base_url and service.protocol != DEMO_PROTOCOL:
        findings.add(ProblemKind.ENTRY, service_id)
        return None
    models = _read_models(service, below, table, findings)
    default = service.default_model
    if not any(model.id == default for model in models):
        if values.get("default_model"):
            models = (*models, Model(default, thinking=service.thinking))
        else:
            default = models[0].id if models else ""
    return replace(service, models=models, default_model=default)


def write_service(service: Service, below: Service | None) -> dict[str, Any]:
    """Return the plain table that makes ``service`` when it is read over ``below``.

    Only what differs is in it, so that what ships later under the other fields still arrives.

    Raises:
        SecretRefusedError: a field carries a key.
        ValueError: a field cannot be kept in a file, or the service lacks an address; ``str()``
            is for the reader.
    """
    base = below or Service(service.id, {})
    table: dict[str, Any] = {}
    for name in _READERS:
        value = getattr(service, name)
        if value != getattr(base, name) and name != "default_model":
            table[name] = _plain(name, value)
    table.update(_write_models(service, below))
    default = service.default_model
    listed = any(model.id == default for model in service.models)
    if listed and default != _default_without(service, base):
        table["default_model"] = default
    findings = Findings()
    read_service(service.id, table, below, findings)
    _refuse(service.id, findings)
    # A table of its own is what makes a service set up, and an empty one looks like a mistake.
    return table or {"enabled": service.enabled}


def _refuse(service_id: str, findings: Findings) -> None:
    """Raise for the worst of what was found, a key before all else."""
    found = sorted(findings.items, key=lambda item: item[0] is not ProblemKind.SECRET)
    for kind, place in found:
        field_name = place.removeprefix(f"{service_id}.")
        if kind is ProblemKind.SECRET:
            raise SecretRefusedError(field_name)
        if kind is ProblemKind.ENTRY:
            raise ValueError(tr("the base URL is missing"))
        raise ValueError(tr("{field} has a value that cannot be used").format(field=field_name))


def _default_without(service: Service, base: Service) -> str:
    ids = [model.id for model in service.models]
    return base.default_model if base.default_model in ids else (ids[0] if ids else "")


def _plain(name: str, value: Any) -> Any:
    if name in ("name", "note"):
        return value.get("", "") if set(value) <= {""} else dict(value)
    if name == "thinking":
        return _write_thinking(value)
    return _plain_json(value)


def _plain_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    return value


# Models


def _read_models(
    service: Service, below: Service | None, table: Mapping[str, Any], findings: Findings
) -> tuple[Model, ...]:
    """Return the models that ship and are neither hidden nor listed, then those listed."""
    shipped = {model.id: model for model in below.models} if below else {}
    if below is not None:
        shipped = {
            key: replace(model, thinking=service.thinking)
            if model.thinking == below.thinking
            else model
            for key, model in shipped.items()
        }
    listed: dict[str, Model] = {}
    for number, entry in enumerate(_list_of(table, "models", service.id, findings)):
        place = f"{service.id}.models[{number}]"
        try:
            model = _read_model(entry, shipped, service.thinking, findings, place)
        except _UnusableError:
            findings.add(ProblemKind.FIELD, place)
        else:
            listed[model.id] = model
    hidden = set()
    for entry in _list_of(table, "hidden_models", service.id, findings):
        if isinstance(entry, str):
            hidden.add(entry)
    first = [model for key, model in shipped.items() if key not in hidden and key not in listed]
    return (*first, *listed.values())


def _write_models(service: Service, below: Service | None) -> dict[str, Any]:
    shipped = list(below.models) if below else []
    thinking = below.thinking if below else Thinking()
    known = {
        model.id: replace(model, thinking=service.thinking) if model.thinking == thinking else model
        for model in shipped
    }
    order = [model.id for model in shipped]
    untouched, last = 0, -1
    for model in service.models:
        if known.get(model.id) != model or order.index(model.id) <= last:
            break
        last = order.index(model.id)
        untouched += 1
    table: dict[str, Any] = {}
    listed = [
        _write_model(model, known.get(model.id), service.thinking)
        for model in service.models[untouched:]
    ]
    if listed:
        table["models"] = listed
    mine = {model.id for model in service.models}
    if hidden := [key for key in order if key not in mine]:
        table["hidden_models"] = hidden
    return table


def _list_of(table: Mapping[str, Any], name: str, service_id: str, findings: Findings) -> list[Any]:
    value = table.get(name, [])
    if isinstance(value, list):
        return value
    findings.add(ProblemKind.FIELD, f"{service_id}.{name}")
    return []


def _read_model(
    entry: object, shipped: Mapping[str, Model], default: Thinking, findings: Findings, place: str
) -> Model:
    table: Mapping[str, Any]
    if isinstance(entry, str):
        table = {"id": entry}
    elif isinstance(entry, Mapping):
        table = entry
    else:
        raise _UnusableError
    name = _text(table.get("id"))
    if not name or len(name) > 300 or looks_like_key(name):
        raise _UnusableError
    model = shipped.get(name, Model(name, thinking=default))
    for key, value in table.items():
        inner = f"{place}.{key}"
        try:
            if key == "context_tokens":
                model = replace(model, context_tokens=_count(value))
            elif key == "output_tokens":
                model = replace(model, output_tokens=_count(value))
            elif key == "thinking":
                model = replace(model, thinking=_read_thinking(value, findings, inner))
            elif key != "id":
                raise _UnusableError
        except _UnusableError:
            kind = ProblemKind.SECRET if names_secret(key) else ProblemKind.FIELD
            findings.add(kind, inner)
    return model


def _write_model(model: Model, known: Model | None, default: Thinking) -> str | dict[str, Any]:
    base = known or Model(model.id, thinking=default)
    table: dict[str, Any] = {"id": model.id}
    for name in ("context_tokens", "output_tokens"):
        value = getattr(model, name)
        if value != getattr(base, name):
            table[name] = value or 0
    if model.thinking != base.thinking:
        table["thinking"] = _write_thinking(model.thinking)
    return table if len(table) > 1 else model.id


def _count(value: object) -> int | None:
    """Return a number of tokens; 0 in a file says that it is not known."""
    if type(value) is not int or value < 0:
        raise _UnusableError
    return value or None


# Fields


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _UnusableError
    return value.strip()


def _read_text(value: object, findings: Findings, place: str) -> str:
    text = _text(value)
    if looks_like_key(text):
        findings.add(ProblemKind.SECRET, place)
        raise _UnusableError
    return text


def _read_required(value: object, findings: Findings, place: str) -> str:
    if not (text := _read_text(value, findings, place)):
        raise _UnusableError
    return text


def _read_name(value: object, findings: Findings, place: str) -> dict[str, str]:
    if not (texts := _read_texts(value, findings, place)) or not all(texts.values()):
        raise _UnusableError
    return texts


def _read_texts(value: object, findings: Findings, place: str) -> dict[str, str]:
    """Return a text by language; an empty one is none."""
    if isinstance(value, str):
        value = {"": value} if value.strip() else {}
    if not isinstance(value, Mapping):
        raise _UnusableError
    return {str(key): _read_text(item, findings, place) for key, item in value.items()}


def _read_auth(value: object, findings: Findings, place: str) -> str:
    if value not in _AUTHS:
        raise _UnusableError
    return str(value)


def _read_env(value: object, findings: Findings, place: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _UnusableError
    names = [_text(item) for item in value]
    if any(is_opaque(name) or looks_like_key(name) for name in names):
        findings.add(ProblemKind.SECRET, place)
        raise _UnusableError
    if not all(_ENV_NAME.fullmatch(name) for name in names):
        raise _UnusableError
    return tuple(names)


def _read_colour(value: object, findings: Findings, place: str) -> str:
    if not _COLOUR.fullmatch(text := _text(value)):
        raise _UnusableError
    return text


def _read_monogram(value: object, findings: Findings, place: str) -> str:
    if not 1 <= len(text := _text(value)) <= 4:
        raise _UnusableError
    return text


def _read_flag(value: object, findings: Findings, place: str) -> bool:
    if not isinstance(value, bool):
        raise _UnusableError
    return value


def _read_seconds(value: object, findings: Findings, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnusableError
    if not math.isfinite(value) or not 0 < value <= 86_400:
        raise _UnusableError
    return float(value)


def _read_headers(value: object, findings: Findings, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _UnusableError
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
        raise _UnusableError
    body: dict[str, JsonValue] = {}
    for name, item in value.items():
        inner = f"{place}.{name}"
        if names_secret(str(name)):
            findings.add(ProblemKind.SECRET, inner)
            continue
        try:
            body[str(name)] = _json(item, findings, inner)
        except _UnusableError:
            findings.add(ProblemKind.FIELD, inner)
    return body


def _json(value: object, findings: Findings, place: str) -> JsonValue:
    if isinstance(value, str):
        if looks_like_key(value):
            findings.add(ProblemKind.SECRET, place)
            raise _UnusableError
        return value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return _read_body(value, findings, place)
    if isinstance(value, list | tuple):
        return [_json(item, findings, place) for item in value]
    raise _UnusableError


def _read_thinking(value: object, findings: Findings, place: str) -> Thinking:
    if not isinstance(value, Mapping):
        raise _UnusableError
    known = {item.name for item in fields(Thinking)}
    for name in value:
        if name not in known:
            findings.add(ProblemKind.FIELD, f"{place}.{name}")
    try:
        dialect = ThinkingDialect(value.get("dialect", "none"))
    except ValueError:
        raise _UnusableError from None
    efforts = value.get("efforts", [])
    if not isinstance(efforts, list):
        raise _UnusableError
    return Thinking(
        dialect=dialect,
        efforts=tuple(_text(item) for item in efforts),
        default_on=_read_flag(value.get("default_on", False), findings, place),
        default_effort=_text(value.get("default_effort", "")),
        can_disable=_read_flag(value.get("can_disable", True), findings, place),
    )


def _write_thinking(thinking: Thinking) -> dict[str, Any]:
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


_READERS: Final[Mapping[str, Callable[[object, Findings, str], Any]]] = {
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
    "thinking": _read_thinking,
    "usage_in_stream": _read_flag,
    "first_token_timeout": _read_seconds,
    "idle_timeout": _read_seconds,
    "connect_timeout": _read_seconds,
    "enabled": _read_flag,
}
