"""What every way to prove who we are has in common."""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import httpx

from desktop_chat.core.errors import ErrorKind
from desktop_chat.providers.errors import ErrorReader

_REFUSAL_BYTES: Final = 64 * 1024
_REFUSAL_SECONDS: Final = 1.0


class ServiceAuth(httpx.Auth):
    """Proves who we are to one service."""

    requires_request_body = True

    @abstractmethod
    async def sign(self, request: httpx.Request) -> None:
        """Put what proves us into a request that is otherwise complete.

        Call it for each attempt anew: what it puts in may hold for one attempt only.

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
            await _put_away(response)
            await self.sign(request)
            yield request


async def _put_away(response: httpx.Response) -> None:
    """Take what a refusal says off its connection, as far as it is short.

    httpx reads it to its end before it sends the next request, however long it is.
    """
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    chunks = aiter(stream)
    with contextlib.suppress(httpx.HTTPError, httpx.StreamError, OSError, TimeoutError):
        async with asyncio.timeout(_REFUSAL_SECONDS):
            await _skip(chunks)
    with contextlib.suppress(httpx.HTTPError, httpx.StreamError, OSError):
        await stream.aclose()
        # What was not read to its end is a chain of generators that would be closed at some later
        # time; reading on from what is closed ends them now.
        async for _ in chunks:
            pass
    response.headers.pop("content-encoding", None)
    response.stream = httpx.ByteStream(b"")


async def _skip(chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > _REFUSAL_BYTES:
            return


def sendable(value: str, errors: ErrorReader) -> str:
    """Return a value that may stand in a header.

    Raises:
        ProviderError: AUTHENTICATION with ``malformed_key``: it was copied with something that no
            key holds, or is empty.
    """
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise errors.error(ErrorKind.AUTHENTICATION, "malformed_key")
    return value
