"""One table of ``services.toml`` and the ``Service`` that it describes, both ways.

Reading never raises for what a person wrote: a field that cannot be used is left out and told.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from desktop_chat.core.i18n import tr
from desktop_chat.core.secret_names import names_secret
from desktop_chat.core.services import Model, Service, Thinking
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.service_fields import READERS
from desktop_chat.system.service_models import read_model, write_model, write_thinking
from desktop_chat.system.service_parts import write_part
from desktop_chat.system.service_values import Findings, UnusableError

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What the id of a service looks like. It has no ``@``, which parts it from the origin of a key."""
DEMO_PROTOCOL: Final = "demo"
"""The one protocol that needs no address and no setting up."""


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


Listed: TypeAlias = Callable[[str, Thinking], tuple[Model, ...]]
"""Returns what a service's own list tells, by the service's id and its default thinking."""


def _nothing_listed(_service_id: str, _default: Thinking) -> tuple[Model, ...]:
    return ()


def read_service(
    service_id: str,
    table: Mapping[str, Any],
    below: Service | None,
    findings: Findings,
    listed: Listed = _nothing_listed,
) -> Service | None:
    """Return what a table describes, laid over what is already known of the service.

    Args:
        service_id: the name of the table.
        table: plain values, as ``tomllib`` gives them.
        below: the service that ships under this id, or None.
        findings: takes what was wrong.
        listed: what the service's own list tells; what ships and what the table says win over it.

    Returns:
        the service, or None when there is too little to make one.
    """
    service = below or Service(service_id, {"": service_id})
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in ("models", "hidden_models"):
            continue
        place = f"{service_id}.{name}"
        if name not in READERS:
            secret = names_secret(name)
            findings.add(ProblemKind.SECRET if secret else ProblemKind.FIELD, place)
            continue
        try:
            values[name] = READERS[name](value, findings, place)
        except UnusableError:
            findings.add(ProblemKind.FIELD, place)
    service = replace(service, **values)
    if not service.base_url and service.protocol != DEMO_PROTOCOL:
        findings.add(ProblemKind.ENTRY, service_id)
        return None
    models = _read_models(service, below, table, findings, listed(service_id, service.thinking))
    default = service.default_model
    if not any(model.id == default for model in models):
        if values.get("default_model"):
            models = (*models, Model(default, thinking=service.thinking))
        else:
            default = _only(models)
    return replace(service, models=models, default_model=default)


def write_service(
    service: Service, below: Service | None, listed: Listed = _nothing_listed
) -> dict[str, Any]:
    """Return the plain table that makes ``service`` when it is read over ``below``.

    Only what differs is in it, so that what ships later under the other fields still arrives.

    Raises:
        SecretRefusedError: a field carries a key.
        ValueError: a field cannot be kept in a file, or the service lacks an address; ``str()``
            is for the reader.
    """
    base = below or Service(service.id, {})
    table: dict[str, Any] = {}
    for name in READERS:
        value = getattr(service, name)
        if value != getattr(base, name) and name != "default_model":
            # No file can say "none": 0 is no limit of time.
            table[name] = 0 if value is None else _plain(name, value)
    told = listed(service.id, service.thinking)
    table.update(_write_models(service, below, told))
    default = service.default_model
    known = any(model.id == default for model in service.models)
    if known and default != _default_without(service, base):
        table["default_model"] = default
    findings = Findings()
    read_service(service.id, table, below, findings, listed)
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
    if any(model.id == base.default_model for model in service.models):
        return base.default_model
    return _only(service.models)


def _only(models: Sequence[Model]) -> str:
    """Return the id of the one model that there is; among several the user chooses."""
    return models[0].id if len(models) == 1 else ""


def _plain(name: str, value: Any) -> Any:
    if name in ("name", "note"):
        return value.get("", "") if set(value) <= {""} else dict(value)
    if name == "thinking":
        return write_thinking(value)
    if name in ("network", "limits", "backup"):
        return write_part(value)
    return _plain_json(value)


def _plain_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    return value


# Models


def _shipped(service: Service, below: Service | None, told: Sequence[Model]) -> dict[str, Model]:
    """Return the models that ship, with the service's own thinking and what its list adds."""
    if below is None:
        return {}
    listed = {model.id: model for model in told}
    found: dict[str, Model] = {}
    for model in below.models:
        if model.thinking == below.thinking:
            model = replace(model, thinking=service.thinking)
        if model.id in listed:
            model = model.over(listed[model.id], service.thinking)
        found[model.id] = model
    return found


def _read_models(
    service: Service,
    below: Service | None,
    table: Mapping[str, Any],
    findings: Findings,
    told: Sequence[Model],
) -> tuple[Model, ...]:
    """Return the models that ship and are neither hidden nor listed, then those listed, then those
    that only the service's own list knows; what the table says of one of these holds in its place.
    """
    shipped = _shipped(service, below, told)
    others = {model.id: model for model in told if model.id not in shipped}
    listed: dict[str, Model] = {}
    for number, entry in enumerate(_list_of(table, "models", service.id, findings)):
        place = f"{service.id}.models[{number}]"
        try:
            model = read_model(entry, others | shipped, service.thinking, findings, place)
        except UnusableError:
            findings.add(ProblemKind.FIELD, place)
        else:
            if model.id in others:
                others[model.id] = model
            else:
                listed[model.id] = model
    hidden = set()
    for entry in _list_of(table, "hidden_models", service.id, findings):
        if isinstance(entry, str):
            hidden.add(entry)
    first = [model for key, model in shipped.items() if key not in hidden and key not in listed]
    return (*first, *listed.values(), *others.values())


def _write_models(service: Service, below: Service | None, told: Sequence[Model]) -> dict[str, Any]:
    known = _shipped(service, below, told)
    others = {model.id: model for model in told if model.id not in known}
    order = list(known)
    mine = [model for model in service.models if model.id not in others]
    untouched, last = 0, -1
    for model in mine:
        if known.get(model.id) != model or order.index(model.id) <= last:
            break
        last = order.index(model.id)
        untouched += 1
    table: dict[str, Any] = {}
    listed = [
        write_model(model, known.get(model.id), service.thinking) for model in mine[untouched:]
    ]
    listed += [
        write_model(model, others[model.id], service.thinking)
        for model in service.models
        if model.id in others and model != others[model.id]
    ]
    if listed:
        table["models"] = listed
    ids = {model.id for model in mine}
    if hidden := [key for key in order if key not in ids]:
        table["hidden_models"] = hidden
    return table


def _list_of(table: Mapping[str, Any], name: str, service_id: str, findings: Findings) -> list[Any]:
    value = table.get(name, [])
    if isinstance(value, list):
        return value
    findings.add(ProblemKind.FIELD, f"{service_id}.{name}")
    return []
