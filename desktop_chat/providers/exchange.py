"""What every protocol over HTTP does alike: ask, read, decode, and lose nothing on the way.

A protocol says what a request looks like and how the bytes of its reply become events; the order of
things in between, the time-outs and the errors are here, once.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, Protocol, TypeAlias

import httpx

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model, Service
from desktop_chat.core.trace import Trace, TraceRequest
from desktop_chat.providers.address import Address
from desktop_chat.providers.clock import with_clock
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpRequest, HttpTransport, Reply
from desktop_chat.providers.model_entries import (
    answers,
    list_queries,
    told_model,
)
from desktop_chat.providers.model_entries import model_entries as model_entries
from desktop_chat.providers.model_entries import model_id as model_id
from desktop_chat.providers.tracing import preview

AFTER_FINISH_TIMEOUT: Final = 5.0
"""Seconds to wait for usage and the end once a reason was given: the answer is complete."""
LIST_TIMEOUT: Final = 30.0
MAX_AT_ONCE: Final = 128 * 1024
"""Bytes of a question that are made into a request within a millisecond."""


HeadersListener: TypeAlias = Callable[[int, Mapping[str, str]], None]
"""Takes a status and headers, whose names are in lower case."""


class Decoder(Protocol):
    """Turns the bytes of one reply into events. It never raises for what a service sends, and
    never loses what arrived before an error: it returns that first, and sets ``failure``.
    """

    failure: ErrorInfo | None
    """Set when the reply turned out to be, or to end in, an error."""
    ended: bool
    """True when the service said that nothing more is to come."""
    started: bool
    """True once there was a delta of any kind."""

    @property
    def finished(self) -> bool:
        """True once a reason was given: what is still to come is figures."""
        ...

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take bytes and return the events they complete; look at ``failure``, ``ended`` next."""
        ...

    def close(self, broken: ErrorInfo | None = None) -> list[StreamEvent]:
        """Take the end of the body and return the last events; look at ``failure`` next.

        Without a failure the last event is ``Done``.

        Args:
            broken: why the body broke off, if it did. It becomes the failure unless the answer
                was complete by then or the service's own words tell more.
        """
        ...


class HttpProtocol(ABC):
    """A ``Provider`` for one service over HTTP.

    Args:
        service: what is asked.
        address: where it is.
        auth: proves who we are, or None.
        transport: sends the requests.
        errors: makes the errors of this host.

    Attributes:
        on_headers: is told the head of each reply to a question, or None.
    """

    def __init__(
        self,
        service: Service,
        address: Address,
        auth: httpx.Auth | None,
        transport: HttpTransport,
        errors: ErrorReader,
    ) -> None:
        self.service = service
        self.address = address
        self.auth = auth
        self.transport = transport
        self.errors = errors
        self.on_headers: HeadersListener | None = None

    @abstractmethod
    def url(self, request: ChatRequest) -> str:
        """Return where a request goes."""

    @abstractmethod
    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return what it says. ``request.extra`` wins over everything, then ``service.body``."""

    @abstractmethod
    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> Decoder:
        """Return what reads the reply.

        Args:
            request: what was asked.
            headers: of the reply; names in lower case.
        """

    def headers(self, request: ChatRequest) -> dict[str, str]:
        """Return further headers that the protocol wants; names in lower case."""
        del request
        return {}

    def question(self, request: ChatRequest) -> HttpRequest:
        """Return what is sent to ask, before anything signs it."""
        accept = "text/event-stream" if request.stream else "application/json"
        extra = {name.lower(): value for name, value in request.extra_headers.items()}
        headers = {"accept": accept, **self.headers(request), **extra}
        return self.message("POST", self.url(request), headers, encoded(self.body(request)))

    async def built(self, request: ChatRequest) -> HttpRequest:
        """Return ``question``, made in a thread where it takes longer than a moment: files may
        have hundreds of megabytes.
        """
        if size_of(request) <= MAX_AT_ONCE:
            return self.question(request)
        return await asyncio.to_thread(self.question, request)

    def preview(self, request: ChatRequest) -> TraceRequest:
        """Return what would be sent, as a trace shows it. Nothing is sent or signed."""
        asked = self.question(request)
        return preview(
            self.service.id,
            asked.method,
            asked.url,
            asked.headers,
            asked.content or b"",
            self.errors.redacted,
        )

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        question = await self.built(request)
        message = replace(question, trace=control.trace, total_timeout=self.service.total_timeout)
        async with self.transport.open(message, self.errors) as reply:
            if self.on_headers is not None:
                self.on_headers(reply.status, reply.headers)
            if reply.status >= 400:
                raise await self.refusal(reply)
            decoder = self.decoder(request, reply.headers)
            async with aclosing(self._decode(reply, decoder)) as events:
                async for event in events:
                    yield event

    async def _decode(self, reply: Reply, decoder: Decoder) -> AsyncGenerator[StreamEvent, None]:
        broken: ProviderError | None = None
        try:
            while data := await self._read(reply, decoder):
                for event in decoder.feed(data):
                    yield event
                if decoder.failure is not None or decoder.ended:
                    break
        except ProviderError as error:
            broken = error
        if decoder.ended:
            await reply.drain()
        for event in decoder.close(broken.info if broken else None):
            yield event
        if decoder.failure is not None:
            raise ProviderError(decoder.failure) from broken

    async def _read(self, reply: Reply, decoder: Decoder) -> bytes:
        if decoder.finished:
            return await reply.read(min(AFTER_FINISH_TIMEOUT, self.service.idle_timeout))
        if decoder.started:
            return await reply.read(self.service.idle_timeout)
        return await reply.read(self.service.first_token_timeout, "first_token")

    async def list_models(self) -> list[Model]:
        """Return the service's own list; see ``Provider.list_models``."""
        if not self.service.models_path:
            raise self.errors.error(ErrorKind.NOT_FOUND, "no_list")
        found: dict[str, Model] = {}
        for query, makes in list_queries(self.service):
            try:
                models = await self._listed(query)
            except ProviderError:
                if not found:
                    raise
                continue  # What came before is worth more than all or nothing.
            for model in models:
                known = any(item.id == model.id for item in self.service.models)
                told = replace(model, makes=makes) if makes and not known else model
                found.setdefault(model.id, told)
        return list(found.values())

    async def _listed(self, query: str) -> list[Model]:
        url = self.address.below(self.service.models_path)
        if query:
            url += ("&" if "?" in url else "?") + query
        payload, headers = await self.get_json(url)
        found = model_entries(payload)
        if found is None:
            raise ProviderError(self.errors.from_payload(payload, headers))
        return [self.model(entry) for entry in found if answers(entry)]

    def model(self, entry: Mapping[str, Any]) -> Model:
        """Return what an entry of the service's list tells of a model, beside what we know."""
        default = self.service.thinking
        return self.service.model(model_id(entry)).over(told_model(entry, default), default)

    async def get_json(self, url: str) -> tuple[Any, Mapping[str, str]]:
        """Fetch JSON and return it with the headers of its reply.

        Raises:
            ProviderError: as for ``Provider.stream``; PROTOCOL with ``not_a_list`` for what is no
                JSON.
        """
        message = self.message(
            "GET", url, {"accept": "application/json"}, first_byte_timeout=LIST_TIMEOUT
        )
        async with self.transport.open(message, self.errors) as reply:
            if reply.status >= 400:
                raise await self.refusal(reply)
            content = await reply.read_all(LIST_TIMEOUT)
        try:
            return json.loads(content), reply.headers
        except (ValueError, RecursionError):
            text = content[:4096].decode("utf-8", "replace")
            info = self.errors.from_text(text, reply.headers)
            raise self.errors.error(
                ErrorKind.PROTOCOL, "not_a_list", status=reply.status, raw=info.raw
            ) from None

    async def refusal(self, reply: Reply) -> ProviderError:
        """Return the error that a reply with a status of 400 or more tells of."""
        content = await reply.read_error()
        info = self.errors.from_reply(reply.status, reply.headers, content)
        return ProviderError(with_clock(info, self.service, reply.headers))

    def message(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        first_byte_timeout: float | None = None,
        trace: Trace | None = None,
    ) -> HttpRequest:
        """Return a request with the service's own headers, time-outs and proof.

        A compressed stream would come late and in lumps, so none is asked for.
        """
        all_headers = {name.lower(): value for name, value in self.service.headers.items()}
        all_headers |= {"content-type": "application/json", "accept-encoding": "identity"}
        all_headers |= headers
        return HttpRequest(
            method,
            url,
            all_headers,
            content,
            self.service.connect_timeout,
            first_byte_timeout or self.service.first_token_timeout,
            auth=self.auth,
            network=self.service.network,
            service_id=self.service.id,
            trace=trace,
        )


ProtocolFactory = Callable[
    [Service, Address, httpx.Auth | None, HttpTransport, ErrorReader], HttpProtocol
]


def size_of(request: ChatRequest) -> int:
    """Return about how many bytes a request has to say."""
    return sum(
        len(message.text)
        + len(message.reasoning)
        + sum(len(file.data) for file in message.attached)
        for message in request.messages
    )


def encoded(body: Mapping[str, JsonValue]) -> bytes:
    """Return a body as bytes; half a surrogate pair, which no JSON may hold, becomes ``?``."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
