"""The lists of services and models that the terminal prints, as tables and as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from desktop_chat.chat.ask_output import harmless, json_line
from desktop_chat.chat.setup import KeyState
from desktop_chat.chat.title import columns
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.services import Model, Service


def services_table(services: Sequence[tuple[Service, KeyState]]) -> str:
    """Return services as a table for people."""
    rows = [(tr("Service"), tr("Name"), tr("Default model"), tr("Key"), tr("Address"))]
    for service, state in services:
        address = service.base_url
        rows.append(
            (
                service.id,
                service.title(language()),
                service.default_model or "-",
                _key_words(service, state),
                address or "-",
            )
        )
    return table(rows)


def services_json(services: Sequence[tuple[Service, KeyState]]) -> str:
    """Return services as one JSON object per line."""
    return "".join(
        json_line(
            {
                "id": service.id,
                "name": service.title(language()),
                "base_url": service.base_url,
                "default_model": service.default_model,
                "configured": service.configured,
                "key": state.place,
                "key_env": list(service.key_env),
            }
        )
        for service, state in services
    )


def models_table(models: Iterable[Model]) -> str:
    """Return models as a table for people."""
    rows = [(tr("Model"), tr("Context"), tr("Thinking"))]
    for model in models:
        tokens = f"{model.context_tokens:,}" if model.context_tokens else "-"
        rows.append((model.id, tokens, " ".join(model.thinking.efforts) or "-"))
    return table(rows)


def models_json(models: Iterable[Model]) -> str:
    """Return models as one JSON object per line."""
    lines: list[dict[str, Any]] = [
        {
            "id": model.id,
            "context_tokens": model.context_tokens,
            "output_tokens": model.output_tokens,
            "efforts": list(model.thinking.efforts),
        }
        for model in models
    ]
    return "".join(map(json_line, lines))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text in columns, where a Chinese character takes two. What cells hold may
    come from a service: it neither breaks a row nor commands the terminal.
    """
    rows = [[" ".join(harmless(cell).split()) for cell in row] for row in rows]
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )
    return "".join(line.rstrip() + "\n" for line in lines)


def _key_words(service: Service, state: KeyState) -> str:
    if service.auth == "none":
        return tr("not needed")
    if state.place is None:
        return (
            tr("none: {names}").format(names=" ".join(service.key_env))
            if (service.key_env)
            else tr("none")
        )
    return {
        KeyPlace.KEYRING: tr("keyring"),
        KeyPlace.MEMORY: tr("memory"),
        KeyPlace.ENVIRONMENT: tr("environment"),
    }[state.place]
