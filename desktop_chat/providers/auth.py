"""The ways to prove who we are, by name; each is a small ``httpx.Auth``."""

from collections.abc import Callable
from typing import Final, TypeAlias

from desktop_chat.core.access import OAUTH_WAYS
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.providers.address import Address
from desktop_chat.providers.auth_base import ServiceAuth
from desktop_chat.providers.auth_hmac import HmacAuth
from desktop_chat.providers.auth_keys import (
    DEFAULT_FIELD,
    DEFAULT_HEADER,
    BearerAuth,
    HeaderAuth,
    QueryAuth,
)
from desktop_chat.providers.auth_oauth import OAuth, token_place
from desktop_chat.providers.auth_state import AuthState, hidden_values
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpTransport

__all__ = ["AUTHS", "ServiceAuth", "Tokens", "also_redacting", "make_auth"]

AuthFactory: TypeAlias = Callable[[Service, Secret, ErrorReader], ServiceAuth]

AUTHS: Final[dict[str, AuthFactory]] = {
    "bearer": lambda _service, key, errors: BearerAuth(key, errors),
    "header": lambda service, key, errors: HeaderAuth(
        key,
        errors,
        service.auth_fields.get("header") or DEFAULT_HEADER,
        service.auth_fields.get("prefix", ""),
    ),
    "query": lambda service, key, errors: QueryAuth(
        key, errors, service.auth_fields.get("query") or DEFAULT_FIELD
    ),
    "hmac": lambda service, key, errors: HmacAuth(key, errors, service.auth_fields),
}


class Tokens:
    """Gets tokens for one service, for those ways that need them.

    Args:
        address: where the service is.
        state: keeps them.
        transport: sends the requests for them.
        redact: takes secrets out of what errors quote.
    """

    def __init__(
        self,
        address: Address,
        state: AuthState,
        transport: HttpTransport,
        redact: Callable[[str], str],
    ) -> None:
        self._address = address
        self._state = state
        self._transport = transport
        self._redact = redact

    def auth(self, service: Service, key: Secret) -> ServiceAuth:
        """Return what proves us to the service with a token.

        Raises:
            ProviderError: BAD_REQUEST with ``token_url``.
        """
        place = token_place(service, self._address.origin)
        source = self._state.source(service.id, self._address.origin, key, place)
        errors = ErrorReader(place.host, self._redact)
        return OAuth(key, place, source, self._transport, errors)


def make_auth(
    service: Service, key: Secret | None, errors: ErrorReader, tokens: Tokens | None = None
) -> ServiceAuth | None:
    """Return what proves us to a service; None where nothing is to be sent.

    Raises:
        ProviderError: BAD_REQUEST with ``token_url``.
    """
    if not key:
        return None
    if service.auth in OAUTH_WAYS and tokens is not None:
        return tokens.auth(service, key)
    make = AUTHS.get(service.auth)
    return None if make is None else make(service, key, errors)


def also_redacting(key: Secret | None, redact: Callable[[str], str]) -> Callable[[str], str]:
    """Take out the key of this very request too, whoever else knows of it."""
    values = hidden_values((key,)) if key else []

    def clean(text: str) -> str:
        for value in values:
            text = text.replace(value, "***")
        return redact(text)

    return clean
