"""What the services' own lists tell of their models, kept apart from what the user says of them.

Each list is a file of its own in the cache folder: it can be fetched anew, and a list of several
hundred models in the user's file of services would make every change of that file slow. What is
not as it was written is taken for absent.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from desktop_chat.core.services import Model, Thinking
from desktop_chat.system.files import make_private_folder, write_atomically
from desktop_chat.system.service_models import read_model, write_model
from desktop_chat.system.service_values import Findings, UnusableError

_VERSION: Final = 1
_log = logging.getLogger(__name__)


class ListedModels:
    """The lists by service.

    Args:
        folder: where they are kept, or None to keep them in memory alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._entries: dict[str, list[Any]] = {}
        self._read: dict[str, tuple[Thinking, tuple[Model, ...]]] = {}

    def of(self, service_id: str, default: Thinking) -> tuple[Model, ...]:
        """Return what a service's list told of its models; nothing where none is known.

        Args:
            service_id: of the service.
            default: the thinking of models of which the list says nothing else.
        """
        if service_id not in self._entries:
            self._entries[service_id] = self._load(service_id)
        held = self._read.get(service_id)
        if held is None or held[0] != default:
            held = (default, _models(self._entries[service_id], default))
            self._read[service_id] = held
        return held[1]

    def keep(self, service_id: str, models: Sequence[Model], default: Thinking) -> None:
        """Put a list in place of the one before. ``write`` makes it last.

        Args:
            service_id: of the service.
            models: as the list tells of them.
            default: the thinking that the list's models were read with.
        """
        self._entries[service_id] = [write_model(model, None, default) for model in models]
        self._read.pop(service_id, None)

    def drop(self, service_id: str, ids: Sequence[str] | None = None) -> None:
        """Forget models of a list, or all of it. ``write`` makes it last."""
        kept = []
        if ids is not None:
            gone = set(ids)
            kept = [item for item in self._entries.get(service_id, []) if _id(item) not in gone]
        self._entries[service_id] = kept
        self._read.pop(service_id, None)

    def write(self, service_id: str) -> None:
        """Write a list as it is now. It takes its time; call it on a thread.

        It raises nothing: what cannot be written is fetched again after the next start.
        """
        path = self._path(service_id)
        if path is None:
            return
        entries = self._entries.get(service_id, [])
        try:
            if not entries:
                path.unlink(missing_ok=True)
                return
            make_private_folder(path.parent)
            text = json.dumps({"version": _VERSION, "models": entries}, ensure_ascii=False)
            write_atomically(path, text.encode("utf-8", "replace").decode())
        except (OSError, ValueError) as error:
            _log.warning("the list of %s cannot be kept: %s", service_id, type(error).__name__)

    def _load(self, service_id: str) -> list[Any]:
        path = self._path(service_id)
        try:
            content = json.loads(path.read_bytes()) if path is not None else None
        except (OSError, ValueError, RecursionError):
            return []
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            return []
        entries = content.get("models")
        return entries if isinstance(entries, list) else []

    def _path(self, service_id: str) -> Path | None:
        return self._folder / f"{service_id}.json" if self._folder is not None else None


def _models(entries: Sequence[Any], default: Thinking) -> tuple[Model, ...]:
    found: dict[str, Model] = {}
    for entry in entries:
        try:
            model = read_model(entry, {}, default, Findings(), "")
        except UnusableError:
            continue
        found.setdefault(model.id, model)
    return tuple(found.values())


def _id(entry: Any) -> object:
    return entry.get("id") if isinstance(entry, dict) else entry
