"""Keys that the environment of a terminal gives."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from desktop_chat.core.identity import KEY_VARIABLE
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service

_log = logging.getLogger(__name__)


class FoundKey(NamedTuple):
    """A key and where it was found.

    Attributes:
        secret: the key.
        source: the name of the variable; for one from a file ``.env: NAME``.
        given: it stood under ``DESKTOP_CHAT_API_KEY``, for whatever service is asked; otherwise
            under a name of the service.
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
) -> FoundKey | None:
    """Return the key that the environment holds for a service, or None.

    ``DESKTOP_CHAT_API_KEY`` comes before the service's own names, and the process's environment
    before a ``.env`` file. The file is read and not exported, so that no child process gets it.

    Args:
        service: whose key.
        environ: in place of the process's environment.
        folder: where ``.env`` is looked for, in place of the current folder.
        own_names: False leaves the service's own names out. Use it when the address is not the
            service's own: a key under such a name was given for the service's host.
    """
    environ = os.environ if environ is None else environ
    names = (KEY_VARIABLE, *(service.key_env if own_names else ()))
    for name in names:
        if value := environ.get(name, "").strip():
            return FoundKey(Secret(value), name, name == KEY_VARIABLE)
    values = read_env_file((folder or Path()) / ".env")
    for name in names:
        if value := values.get(name, "").strip():
            return FoundKey(Secret(value), f".env: {name}", name == KEY_VARIABLE)
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
