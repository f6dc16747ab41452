"""Answers over a WebSocket: one JSON request, then pieces of the answer, each a message.

What companies put behind ``wss://…/v1/chat/stream`` takes ``messages`` as chat completions do, or a
bare ``prompt``; the pieces are chunks of chat completions or plainer than that.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.providers.clock import with_clock
from desktop_chat.providers.endpoint import endpoint
from desktop_chat.providers.exchange import AFTER_FINISH_TIMEOUT, HttpProtocol, encoded
from desktop_chat.providers.gateway import gateway_body, refuse_files, since_last_question
from desktop_chat.providers.gateway_decoder import GatewayDecoder
from desktop_chat.providers.http import HttpRequest
from desktop_chat.providers.openai_chat import chat_body
from desktop_chat.providers.websocket_faults import refusal
from desktop_chat.providers.websocket_link import Link, RefusedError, open_link

STREAM_PATH: Final = "/v1/chat/stream"


class WebSocketChat(HttpProtocol):
    """A ``Provider`` for one service.

    ``service.options`` may name: ``stream_path``, and ``request`` (``messages``, the usual, or
    ``prompt``).
    """

    def url(self, request: ChatRequest) -> str:
        """Return where a WebSocket is opened.

        The path of a base URL that begins with ``ws`` is taken as it is, unless it ends in
        ``/v1`` or the service has a path of its own.
        """
        del request
        given = urlsplit(self.service.base_url.strip())
        path = given.path.rstrip("/")
        whole = given.scheme.lower() in ("ws", "wss") and path and not path.endswith("/v1")
        if whole and not self.service.options.get("stream_path"):
            url = self.address.base
        else:
            url = endpoint(self.service, self.address, "stream_path", STREAM_PATH)
        return "ws" + url.removeprefix("http")

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the message that asks; a bare prompt raises as ``gateway.refuse_files``."""
        if self.service.options.get("request") == "prompt":
            refuse_files(request, self.errors)
            return gateway_body(self.service, request)
        if request.remote_id:
            rest = since_last_question(request.messages)
            body = chat_body(self.service, self.address.host, replace(request, messages=rest))
            return {"conversation_id": request.remote_id, **body}
        return chat_body(self.service, self.address.host, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> GatewayDecoder:
        """Return what reads the messages."""
        del request
        return GatewayDecoder(self.errors, headers)

    def question(self, request: ChatRequest) -> HttpRequest:
        """Return the opening; its content is the first message."""
        extra = {name.lower(): value for name, value in request.extra_headers.items()}
        headers = {**self.headers(request), **extra}
        content = encoded(self.body(request))
        return self.message("WEBSOCKET", self.url(request), headers, content)

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``. A connection that drops before the first token is opened
        once more.
        """
        question = replace(
            await self.built(request),
            trace=control.trace,
            total_timeout=self.service.total_timeout,
        )
        again = True
        while True:
            try:
                async with aclosing(self._ask(question, request)) as events:
                    async for event in events:
                        yield event
                return
            except _DroppedEarlyError as error:
                if not again:
                    raise error.failure from None
                again = False

    async def _ask(
        self, question: HttpRequest, request: ChatRequest
    ) -> AsyncGenerator[StreamEvent, None]:
        try:
            link = await open_link(self.transport, question, self.errors)
        except RefusedError as error:
            reply = error.reply
            if self.on_headers is not None:
                self.on_headers(reply.status, reply.headers)
            info = refusal(reply, self.errors, question.url)
            raise ProviderError(with_clock(info, self.service, reply.headers)) from None
        decoder = self.decoder(request, link.headers)
        try:
            if self.on_headers is not None:
                self.on_headers(101, link.headers)
            async with aclosing(self._talk(link, question, decoder)) as events:
                async for event in events:
                    yield event
        finally:
            await link.aclose()
        if decoder.failure is not None:
            failure = ProviderError(_without_reply(decoder.failure))
            if decoder.failure.kind is ErrorKind.DROPPED and not decoder.started:
                raise _DroppedEarlyError(failure)
            raise failure

    async def _talk(
        self, link: Link, question: HttpRequest, decoder: GatewayDecoder
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask, and give what comes; in the end ``decoder.failure`` tells how it ended."""
        broken: ProviderError | None = None
        try:
            await link.send((question.content or b"").decode())
            while (text := await self._next(link, decoder)) is not None:
                for event in decoder.feed_message(text):
                    yield event
                if decoder.failure is not None or decoder.ended:
                    break
            else:
                decoder.closed_well()
        except ProviderError as error:
            broken = error
        for event in decoder.close(broken.info if broken else None):
            yield event

    async def _next(self, link: Link, decoder: GatewayDecoder) -> str | None:
        idle = self.service.idle_timeout
        if decoder.finished:
            return await link.read(min(AFTER_FINISH_TIMEOUT, idle))
        if decoder.started:
            return await link.read(idle)
        return await link.read(self.service.first_token_timeout, "first_token")


class _DroppedEarlyError(Exception):
    """The connection dropped before anything of the answer came.

    Args:
        failure: what is told if it is not opened again.
    """

    def __init__(self, failure: ProviderError) -> None:
        self.failure = failure
        super().__init__("dropped before the first token")


def _without_reply(info: ErrorInfo) -> ErrorInfo:
    """Return what a message told of, without the status of a reply that there was none of."""
    return replace(info, status=None) if info.status == 200 else info
