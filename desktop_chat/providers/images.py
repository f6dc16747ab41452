"""What every protocol for pictures does alike: ask, read the reply, fetch what it only names.

A protocol says where it asks and with which fields. A picture that the service only gives the
address of is fetched without a key, from public hosts and the service's own alone.
"""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from desktop_chat.core.attachments import Attached, AttachmentKind
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    Done,
    FinishReason,
    ImagePart,
    StreamControl,
    StreamEvent,
    Usage,
)
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role
from desktop_chat.core.pictures import picture_head
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.address import Address
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.exchange import Decoder, HttpProtocol, encoded
from desktop_chat.providers.http import HttpRequest, HttpTransport, Reply
from desktop_chat.providers.image_reply import (
    MAX_PICTURES,
    MAX_REPLY_BYTES,
    ImageReply,
    Picture,
    read_images,
)
from desktop_chat.providers.pictures import HttpPictures
from desktop_chat.providers.sse import FrameTooLargeError, SseDecoder

FETCHES: Final = 3
"""How often a picture is fetched that was made and paid for already."""
FETCH_PAUSE: Final = 0.5
"""Seconds before the second time; each later pause is twice as long."""

_MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
_PASSING: Final = frozenset(
    (
        ErrorKind.NETWORK,
        ErrorKind.DROPPED,
        ErrorKind.TIMEOUT,
        ErrorKind.SERVER,
        ErrorKind.OVERLOADED,
    )
)


class ImageProtocol(HttpProtocol):
    """A ``Provider`` for the pictures of one service; see ``HttpProtocol``."""

    def __init__(
        self,
        service: Service,
        address: Address,
        auth: httpx.Auth | None,
        transport: HttpTransport,
        errors: ErrorReader,
    ) -> None:
        super().__init__(service, address, auth, transport, errors)
        self._anywhere = HttpPictures(transport, redact=errors.redacted, network=service.network)
        self._at_home = HttpPictures(
            transport,
            redact=errors.redacted,
            network=service.network,
            home=address.origin,
        )

    @abstractmethod
    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the fields of a request. ``request.extra`` wins over everything."""

    def content(self, request: ChatRequest) -> tuple[str, bytes]:
        """Return the body as it is sent, and before it its media type."""
        return "application/json", encoded(self.body(request))

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> Decoder:
        """Not used: pictures are fetched between events."""
        raise NotImplementedError

    def question(self, request: ChatRequest) -> HttpRequest:
        """Return what is sent to ask, before anything signs it."""
        media_type, content = self.content(request)
        extra = {name.lower(): value for name, value in request.extra_headers.items()}
        headers = {"accept": "*/*", **self.headers(request), **extra, "content-type": media_type}
        return self.message("POST", self.url(request), headers, content)

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask, and yield each picture, then their count; see ``Provider.stream``."""
        # Megabytes of pictures may go along.
        question = await asyncio.to_thread(self.question, request)
        message = replace(question, trace=control.trace, total_timeout=self.service.total_timeout)
        tally = _Tally()
        async with self.transport.open(message, self.errors) as reply:
            if self.on_headers is not None:
                self.on_headers(reply.status, reply.headers)
            if reply.status >= 400:
                raise await self.refusal(reply)
            async with aclosing(self._replies(reply)) as replies:
                async for found in replies:
                    for payload in found.failures:
                        tally.fail(self.errors.from_payload(payload, reply.headers))
                    for picture in found.pictures[: MAX_PICTURES - tally.made]:
                        part = await self._part(picture, tally)
                        if part is not None:
                            tally.made += 1
                            yield part
                    tally.usage = found.usage or tally.usage
        if tally.made:
            yield tally.counted()
        yield Done(self._judge(tally))

    async def _replies(self, reply: Reply) -> AsyncGenerator[ImageReply, None]:
        """Read a whole reply, or one after another where the service streams them."""
        if not reply.headers.get("content-type", "").lower().startswith("text/event-stream"):
            content = await reply.read_all(self.service.idle_timeout, MAX_REPLY_BYTES)
            yield await self._found(content, reply)
            return
        decoder = SseDecoder(_MAX_EVENT_BYTES)
        try:
            while data := await reply.read(self.service.first_token_timeout, "idle"):
                for _name, event in decoder.feed(data):
                    if event.strip() == b"[DONE]":
                        return
                    yield await self._found(event, reply)
            for _name, event in decoder.close():
                yield await self._found(event, reply)
        except FrameTooLargeError:
            raise self.errors.error(ErrorKind.PROTOCOL, "too_large") from None

    async def _found(self, content: bytes, reply: Reply) -> ImageReply:
        found = await asyncio.to_thread(read_images, content)
        if found.is_json or not content.strip() or content.strip() == b"[DONE]":
            return found
        text = content[:4096].decode("utf-8", "replace")
        info = self.errors.from_text(text, reply.headers)
        if info.kind is ErrorKind.SERVER and "error" not in text.lower():
            raise self.errors.error(ErrorKind.PROTOCOL, "not_image", raw=text)
        raise ProviderError(info)

    async def _part(self, picture: Picture, tally: "_Tally") -> ImagePart | None:
        """Return a picture, fetched where it must be; None, and a failure, where it cannot be."""
        data = picture.data
        if not data:
            url = urljoin(self.address.origin + "/", picture.url)
            try:
                data = await self._fetch(url)
            except ProviderError as error:
                tally.fail(self._unfetched(url, error.info))
                return None
        head = picture_head(data)
        return ImagePart(data, head.mime, picture.prompt) if head else None

    async def _fetch(self, url: str) -> bytes:
        """Fetch, and try again: asking the model anew would make, and cost, another picture."""
        at_home = url.startswith(self.address.origin + "/")
        pictures = self._at_home if at_home else self._anywhere
        for turn in range(FETCHES - 1):
            try:
                return await pictures.fetch(url)
            except ProviderError as error:
                if error.info.kind not in _PASSING:
                    raise
            await asyncio.sleep(FETCH_PAUSE * 2**turn)
        return await pictures.fetch(url)

    def _unfetched(self, url: str, error: ErrorInfo) -> ErrorInfo:
        """Return the error for a picture that was made but is not here: its address is in ``raw``,
        and its kind is none that leads to another attempt at the whole.
        """
        host = ""
        with contextlib.suppress(ValueError):
            host = urlsplit(url).hostname or ""
        code = "private_address" if error.code == "private_address" else "picture"
        raw = "\n".join(part for part in (error.raw, url) if part)
        status = error.status
        return self.errors.error(ErrorKind.PROTOCOL, code, status=status, raw=raw, target=host).info

    def _judge(self, tally: "_Tally") -> FinishReason:
        """Return why the reply ended.

        Raises:
            ProviderError: a picture was not made; those that were have been told of.
        """
        if tally.failure is None:
            if tally.made:
                return FinishReason.STOP
            raise self.errors.error(ErrorKind.PROTOCOL, "no_picture")
        if tally.made and tally.failure.kind is ErrorKind.CONTENT_FILTER:
            return FinishReason.CONTENT_FILTER
        raise ProviderError(tally.failure)


class _Tally:
    """What a reply has brought so far."""

    def __init__(self) -> None:
        self.made = 0
        self.usage: Usage | None = None
        self.failure: ErrorInfo | None = None

    def fail(self, info: ErrorInfo) -> None:
        """Take note of the first failure."""
        self.failure = self.failure or info

    def counted(self) -> Usage:
        """Return the usage with the number of pictures."""
        told = self.usage or Usage()
        return Usage(
            told.input_tokens,
            told.output_tokens,
            told.cached_tokens,
            told.reasoning_tokens,
            told.cache_write_tokens,
            self.made,
        )


def image_prompt(messages: Sequence[ChatMessage], errors: ErrorReader) -> str:
    """Return what is to be painted: the last question, or the last answer where that is empty.

    Raises:
        ProviderError: BAD_REQUEST with ``no_prompt`` where nothing is said at all.
    """
    for role in (Role.USER, Role.ASSISTANT):
        last = next((message for message in reversed(messages) if message.role is role), None)
        if last is not None and last.text.strip():
            return last.text.strip()
    raise errors.error(ErrorKind.BAD_REQUEST, "no_prompt")


def input_pictures(messages: Sequence[ChatMessage]) -> list[Attached]:
    """Return the pictures of the last question."""
    last = next((message for message in reversed(messages) if message.role is Role.USER), None)
    if last is None:
        return []
    return [item for item in last.attached if item.file.kind is AttachmentKind.IMAGE]
