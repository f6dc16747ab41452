"""Keys that the environment of a terminal gives."""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from desktop_chat.core.access import PAIR_WAYS
from desktop_chat.core.identity import KEY_ID_VARIABLE, KEY_SECRET_VARIABLE, KEY_VARIABLE
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service

_log = logging.getLogger(__name__)


Names: TypeAlias = tuple[str] | tuple[str, str]
"""The name of a variable with a key, or those of an id and its secret."""


class FoundKey(NamedTuple):
    """A key and where it was found.

    Attributes:
        secret: the key.
        source: the name of the variable, or both of a pair; from a file ``.env: NAME``.
        given: it stood under ``DESKTOP_CHAT_API_KEY``, or its like for pairs, for whatever service
            is asked; otherwise under a name of the service.
    """

    secret: Secret
    source: str
    given: bool


def find_key(
    service: Service,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    own_names: bool = True,
    given: bool = True,
) -> FoundKey | None:
    """Return the key that the environment holds for a service, or None.

    ``DESKTOP_CHAT_API_KEY`` comes before the service's own names, and the process's environment
    before a ``.env`` file. The file is read and not exported, so that no child process gets it.

    A service that wants an id with a secret has them in two variables of the same place:
    ``DESKTOP_CHAT_KEY_ID`` and ``DESKTOP_CHAT_KEY_SECRET``, or the first two of its own names.

    Args:
        service: whose key.
        environ: in place of the process's environment.
        folder: where ``.env`` is looked for, in place of the current folder.
        given: False leaves ``DESKTOP_CHAT_API_KEY`` and its like out. Use it for a service that the
            user did not ask for, as a backup is: such a key was given for the one that is meant.
        own_names: False leaves the service's own names out. Use it when the address is not the
            service's own: a key under such a name was given for the service's host.
    """
    general: Names
    if service.auth in PAIR_WAYS:
        general = (KEY_ID_VARIABLE, KEY_SECRET_VARIABLE)
    else:
        general = (KEY_VARIABLE,)
    names = [*([general] if given else ()), *(own_names_of(service) if own_names else ())]
    if found := key_in(os.environ if environ is None else environ, names):
        return FoundKey(found[0], " ".join(found[1]), found[1] == general)
    if found := key_in(read_env_file((folder or Path()) / ".env"), names):
        return FoundKey(found[0], f".env: {' '.join(found[1])}", found[1] == general)
    return None


def own_names_of(service: Service) -> list[Names]:
    """Return the names of its own under which a service's key is looked for: one each, or the two
    of an id and its secret.
    """
    if service.auth in PAIR_WAYS:
        return [(service.key_env[0], service.key_env[1])] if len(service.key_env) > 1 else []
    return [(name,) for name in service.key_env]


def key_in(values: Mapping[str, str], names: Iterable[Names]) -> tuple[Secret, Names] | None:
    """Return the first key whose names all have a value, with its names."""
    for group in names:
        parts = [values.get(name, "").strip() for name in group]
        if all(parts):
            return (Secret(parts[0]) if len(parts) == 1 else Secret.pair(*parts)), group
    return None


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a ``.env`` file; none when it is not there or cannot be read."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("%s cannot be read: %s", path, type(error).__name__)
        return {}
    return {name: value for name, value in values.items() if value is not None}
