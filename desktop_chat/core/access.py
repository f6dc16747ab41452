"""A service together with the secrets that open the way to it, and how its keys are doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service


@dataclass(frozen=True, slots=True)
class ProtocolKind:
    """What a service of a protocol is like as a rule, where nobody says otherwise.

    Attributes:
        example: an address of such a service.
        auth: see ``Service.auth``.
        auth_fields: see ``Service.auth_fields``.
        models_path: see ``Service.models_path``.
        images: see ``Service.images``.
    """

    example: str = "https://api.example.com/v1"
    auth: str = "bearer"
    auth_fields: Mapping[str, str] = field(default_factory=dict)
    models_path: str = "/models"
    images: str = ""


PROTOCOLS: Final[Mapping[str, ProtocolKind]] = {
    "openai-chat": ProtocolKind(),
    "openai-responses": ProtocolKind(),
    "anthropic": ProtocolKind(
        "https://api.example.com", "header", {"header": "x-api-key"}, "/v1/models"
    ),
    "gemini": ProtocolKind(
        "https://api.example.com/v1beta", "header", {"header": "x-goog-api-key"}
    ),
    "ollama": ProtocolKind("http://localhost:11434", "none", models_path="/api/tags"),
    "gateway": ProtocolKind(
        "https://gateway.example.com", "hmac", models_path="", images="gateway-images"
    ),
    "websocket": ProtocolKind("wss://api.example.com/v1/chat/stream", models_path=""),
}
"""The protocols by which a service can be asked: the values of ``Service.protocol``."""
AUTH_WAYS: Final = ("bearer", "header", "query", "oauth", "oauth-json", "hmac", "none")
"""The ways to prove who one is: the values of ``Service.auth``."""
OAUTH_WAYS: Final = frozenset(("oauth", "oauth-json"))
PAIR_WAYS: Final = OAUTH_WAYS | {"hmac"}
"""Those whose key is an id with a secret (see ``Secret.pair``)."""


@dataclass(frozen=True, slots=True)
class Access:
    """A service that can be asked.

    Attributes:
        service: what is asked.
        keys: its keys for its present origin, the first one first; empty where it wants none. One
            of ``hmac`` and of ``oauth`` is a pair (see ``Secret.pair``).
        proxy: user and password of its own proxy, a pair, or None.
    """

    service: Service
    keys: tuple[Secret, ...] = ()
    proxy: Secret | None = field(default=None, repr=False)


class KeyHealth(StrEnum):
    """How a key is doing, as far as this run knows."""

    UNTRIED = "untried"
    WORKS = "works"
    RESTING = "resting"
    """It was asked too often; another one is used until its time is over."""
    NO_BALANCE = "no_balance"
    """There is no money behind it; it is tried again after a while."""
    REFUSED = "refused"
    """The service does not know it; it is not tried again while there is another."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What is known of one key of a service.

    Attributes:
        health: how it is doing.
        until: when it is tried again, in seconds since the epoch, or None.
        error: what the service said of it last, or None.
    """

    health: KeyHealth = KeyHealth.UNTRIED
    until: float | None = None
    error: ErrorInfo | None = None
