"""What can go wrong, in few kinds. A kind says what it means for the user, never how it is told.

Sentences are made from these by ``chat/explain.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ErrorKind(StrEnum):
    """The few kinds that every service's failures are mapped to."""

    NO_KEY = "no_key"
    """No key for this service and this origin (scheme, host, port)."""
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    BALANCE = "balance"
    RATE_LIMIT = "rate_limit"
    CONTEXT_LENGTH = "context_length"
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    SERVER = "server"
    """The service failed on its side (5xx)."""
    OVERLOADED = "overloaded"
    NETWORK = "network"
    """No connection could be made."""
    DROPPED = "dropped"
    """The connection ended before the answer did."""
    TIMEOUT = "timeout"
    CONTENT_FILTER = "content_filter"
    REDIRECT = "redirect"
    """The service sent us to another host; nothing was sent there."""
    PROTOCOL = "protocol"
    """The reply is not what this protocol says."""
    CANCELLED = "cancelled"
    STORAGE = "storage"
    """The database could not be written (for example: the disk is full)."""
    INTERNAL = "internal"
    """A defect of this program."""


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """A failure as data: everything the card, the log and the database need, free of secrets.

    Attributes:
        kind: what it means for the user.
        status: the HTTP status, or None when there was no reply.
        message: the service's own words, redacted, at most a few hundred characters.
        code: the service's own code as text, or "".
        request_id: the service's request or trace id, or "".
        host: the host that was asked, or "".
        retry_after: seconds the service asked us to wait, or None.
        raw: the reply for the folded detail, redacted and bounded; never an HTML page.
        values: further values for the sentence, such as ``{"seconds": "300"}``.
    """

    kind: ErrorKind
    status: int | None = None
    message: str = ""
    code: str = ""
    request_id: str = ""
    host: str = ""
    retry_after: float | None = None
    raw: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class ChatError(Exception):
    """Raised by ports for a failure that the user is told of.

    Args:
        info: the failure as data. ``str()`` gives kind, status and message only.
    """

    def __init__(self, info: ErrorInfo) -> None:
        self.info = info
        super().__init__(f"{info.kind} {info.status or ''} {info.message}".strip())


class ProviderError(ChatError):
    """A failure on the way to a service or in its reply."""


class StoreError(ChatError):
    """A failure of the database: ``kind`` is STORAGE and ``code`` is one of
    ``full``, ``readonly``, ``busy``, ``corrupt``, ``newer`` (made by a newer version), ``other``.
    """


class SecretStoreError(Exception):
    """The keyring did not do what was asked.

    Args:
        reason: one of ``missing`` (no keyring), ``locked``, ``timeout``, ``failed``.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
