"""Ways to prove who we are: each is a small ``httpx.Auth``, and signs a WebSocket's opening too."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable
from typing import Final

import httpx

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.providers.errors import ErrorReader


class ServiceAuth(httpx.Auth):
    """Proves who we are to one service."""

    requires_request_body = True

    @abstractmethod
    async def sign(self, request: httpx.Request) -> None:
        """Put what proves us into a request that is otherwise complete.

        Raises:
            ProviderError: there is nothing that could be sent.
        """

    async def refused(self, response: httpx.Response) -> bool:
        """Take note of a reply, unread; tell whether the request is worth sending once more."""
        del response
        return False

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign, send, and sign and send once more where that may help; see ``httpx.Auth``."""
        await self.sign(request)
        response = yield request
        if await self.refused(response):
            await self.sign(request)
            yield request


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
        value = self._key.reveal()
        if not value.isascii() or not value.isprintable() or " " in value:
            raise self._errors.error(ErrorKind.AUTHENTICATION, "malformed_key")
        request.headers["authorization"] = f"Bearer {value}"


AUTHS: Final[dict[str, Callable[[Service, Secret, ErrorReader], ServiceAuth]]] = {
    "bearer": lambda _service, key, errors: BearerAuth(key, errors),
}


def make_auth(service: Service, key: Secret | None, errors: ErrorReader) -> ServiceAuth | None:
    """Return what proves us to a service; None where nothing is to be sent."""
    make = AUTHS.get(service.auth)
    if make is None or not key:
        return None
    return make(service, key, errors)


def also_redacting(key: Secret | None, redact: Callable[[str], str]) -> Callable[[str], str]:
    """Take out the key of this very request too, whoever else knows of it."""
    if not key:
        return redact
    value = key.reveal()
    return lambda text: redact(text.replace(value, "***"))
