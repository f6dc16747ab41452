"""Closes connections on which more came than a reply.

What stands behind a reply that is shorter than it should be would be read as the reply to the next
question, perhaps one of another conversation. httpcore leaves it in its buffer and uses the
connection again; there is no public way to that buffer. Where it is not as expected nothing is
done, and a test tells.
"""

import contextlib
from typing import Any

import httpx


async def close_if_surplus(client: httpx.AsyncClient, response: httpx.Response) -> None:
    """Close the connection of a reply that was read to its end, if bytes are left on it.

    Args:
        client: that sent the request.
        response: read whole.
    """
    stream = response.extensions.get("network_stream")
    if stream is None or response.http_version == "HTTP/2":
        return
    transport: Any = client._transport
    with contextlib.suppress(AttributeError):
        for connection in transport._pool.connections:
            inner = connection
            while inner is not None and not hasattr(inner, "_h11_state"):
                # A connection of HTTP/2 has neither.
                inner = getattr(inner, "_connection", None)
            if inner is not None and inner._network_stream is stream:
                if inner._h11_state.trailing_data[0]:
                    await stream.aclose()
                return
