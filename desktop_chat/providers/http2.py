"""Gives up streams of HTTP/2, which httpcore does not: it stops reading and tells the peer nothing,
so the service goes on writing an answer that nobody reads, at the user's cost.

There is no public way to its connections. What is reached into here is guarded: where it is not as
expected the whole connection is closed, and a test tells.
"""

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import httpx

CANCEL: Final = 8
"""What tells a peer that a stream is not wanted any more (RFC 9113, section 7)."""


class Stream:
    """One request of HTTP/2.

    Args:
        connection: httpcore's, or None where it was not found.
        request: httpcore's.
        number: of the stream.
    """

    def __init__(self, connection: Any, request: Any, number: int) -> None:
        self._connection = connection
        self._request = request
        self._number = number

    async def give_up(self, response: httpx.Response | None = None) -> None:
        """Tell the peer that no more is wanted, and let those who read find the end."""
        try:
            await self._reset()
        except Exception:
            if response is not None:
                with contextlib.suppress(Exception):
                    await response.extensions["network_stream"].aclose()

    async def _reset(self) -> None:
        from h2.events import StreamEnded
        from h2.exceptions import StreamClosedError

        connection = self._connection
        with contextlib.suppress(StreamClosedError):
            connection._h2_state.reset_stream(self._number, CANCEL)
            await connection._write_outgoing_data(self._request)
        # Else whoever reads on would wait for what never comes.
        waiting = connection._events.get(self._number)
        if waiting is not None:
            waiting.append(StreamEnded(stream_id=self._number))


def sent_stream(client: httpx.AsyncClient, info: Mapping[str, Any]) -> Stream | None:
    """Return the stream that httpcore tells of (its ``trace`` extension) after the headers of a
    request were sent; None for what is no HTTP/2.
    """
    request, number = info.get("request"), info.get("stream_id")
    if request is None or not isinstance(number, int):
        return None
    found = None
    with contextlib.suppress(AttributeError):
        transport: Any = client._transport
        inner: list[Any] = [
            getattr(item, "_connection", None) for item in transport._pool.connections
        ]
        matching = [
            item
            for item in inner
            if number in getattr(item, "_events", ()) and item._origin == request.url.origin
        ]
        if len(matching) == 1:
            found = matching[0]
    return Stream(found, request, number)
