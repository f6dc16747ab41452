"""A local HTTP server that looks at each request before it answers.

async with AnsweringServer(answer=lambda request: json_reply(200, {"path": request.path})):
    ...
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.helpers.byte_server import ByteServer, Request, Script, json_reply

Answer: TypeAlias = Callable[[Request], bytes | Awaitable[bytes]]


def _nothing(_request: Request) -> bytes:
    return json_reply(404, {"error": {"message": "nothing is here"}})


@dataclass
class AnsweringServer(ByteServer):
    """The server; use it with ``async with``.

    Attributes:
        answer: returns the bytes of a whole reply, at once or later.
    """

    scripts: Sequence[Script] = (b"",)
    answer: Answer = field(default=_nothing)

    async def _play(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        del script, reader
        said = self.answer(self.requests[-1])
        writer.write(said if isinstance(said, bytes) else await said)
        await writer.drain()
        return True

    def asked_for(self, path: str) -> list[Request]:
        """Return the requests for a path, in order."""
        return [request for request in self.requests if request.path == path]
