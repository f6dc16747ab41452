"""Keys that are sent as they are: in the usual header, in one of its own, or in the URL."""

import re
from typing import Final

import httpx

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.secret import Secret
from desktop_chat.providers.auth_base import ServiceAuth, sendable
from desktop_chat.providers.errors import ErrorReader

DEFAULT_HEADER: Final = "x-api-key"
DEFAULT_FIELD: Final = "key"

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
"""What may be the name of a header (RFC 9110, 5.1)."""


class BearerAuth(ServiceAuth):
    """``Authorization: Bearer KEY``.

    Args:
        key: the key.
        errors: makes the errors of this host.
    """

    def __init__(self, key: Secret, errors: ErrorReader) -> None:
        self._key = key
        self._errors = errors

    async def sign(self, request: httpx.Request) -> None:
        """Put the key into its header."""
        request.headers["authorization"] = f"Bearer {sendable(self._key.reveal(), self._errors)}"


class HeaderAuth(ServiceAuth):
    """``x-api-key: KEY``, or another header.

    Args:
        key: the key.
        errors: makes the errors of this host.
        header: its name.
        prefix: what stands before the key, as ``Token``; a space is put between.
    """

    def __init__(
        self, key: Secret, errors: ErrorReader, header: str = DEFAULT_HEADER, prefix: str = ""
    ) -> None:
        self._key = key
        self._errors = errors
        self._header = header.strip().lower()
        self._prefix = prefix.strip()

    async def sign(self, request: httpx.Request) -> None:
        """Put the key into its header."""
        name = header_name(self._header, self._errors)
        if not self._prefix.isascii() or not (self._prefix + "x").isprintable():
            raise self._errors.error(ErrorKind.BAD_REQUEST, "auth_header")
        value = sendable(self._key.reveal(), self._errors)
        request.headers[name] = f"{self._prefix} {value}" if self._prefix else value


class QueryAuth(ServiceAuth):
    """``?key=KEY``. The URL is changed in the request alone, so nothing else ever names it.

    Args:
        key: the key.
        errors: makes the errors of this host.
        field: the name of the field.
    """

    def __init__(self, key: Secret, errors: ErrorReader, field: str = DEFAULT_FIELD) -> None:
        self._key = key
        self._errors = errors
        self._field = field.strip()

    async def sign(self, request: httpx.Request) -> None:
        """Put the key into the URL."""
        value = sendable(self._key.reveal(), self._errors)
        request.url = request.url.copy_set_param(self._field, value)


def header_name(name: str, errors: ErrorReader) -> str:
    """Return a name that a header may have.

    Raises:
        ProviderError: BAD_REQUEST with ``auth_header``.
    """
    if not _TOKEN.fullmatch(name):
        raise errors.error(ErrorKind.BAD_REQUEST, "auth_header")
    return name
