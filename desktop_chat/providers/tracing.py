"""What goes over the wire, taken down without its secrets.

A secret is known by where it stands: in a header or a query field that proves who we are, whether
its name says so or whoever signs requests has put it there; in a body's field of such a name. What
was found so is taken out of everything else in the same exchange, too.
"""

import asyncio
import contextvars
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import httpx

from desktop_chat.core.errors import ProviderError
from desktop_chat.core.events import Done, Notice, StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.core.trace import (
    Headers,
    Trace,
    TraceEvent,
    TraceNote,
    TraceReply,
    TraceRequest,
)

Redact: TypeAlias = Callable[[str], str]

MASK: Final = "***"
_SECRET_HEADERS: Final = re.compile(
    r"(proxy-)?authorization|(set-)?cookie|x-amz-security-token"
    r"|(.*[-_])?((api|access|auth|secret|subscription)[-_]?key|auth|token|secret|signature"
    r"|passwo?rd|credentials?)",
    re.IGNORECASE,
)
_SECRET_FIELDS: Final = (
    r"(?:api[-_]?key|access[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|auth[-_]?token"
    r"|client[-_]?secret|client[-_]?assertion|secret[-_]?key|secret|password|signature)"
)
_QUERY_FIELD: Final = re.compile(rf"key|token|sig|{_SECRET_FIELDS}", re.IGNORECASE)
_JSON_FIELD: Final = re.compile(
    rb'("' + _SECRET_FIELDS.encode() + rb'"\s*:\s*")((?:[^"\\]|\\.)+)', re.IGNORECASE
)
_FORM_FIELD: Final = re.compile(
    rb"((?:^|&)" + _SECRET_FIELDS.encode() + rb"=)([^&]+)", re.IGNORECASE
)
_UNSIGNED: Final = frozenset(
    ("host", "content-length", "content-type", "connection", "accept", "accept-encoding", "date",
     "user-agent", "transfer-encoding", "x-api-timestamp", "x-api-nonce", "x-date")
)  # fmt: skip
"""Headers that tell nothing, whoever has set them."""
_SCHEME: Final = re.compile(r"(?i)(bearer|basic|token|digest|hmac-sha256)\s+(?=\S)")
_ON_LOOP: Final = 16 * 1024
"""Bytes that are looked through without leaving the thread."""
_MIN_SECRET: Final = 6
_MAX_ERROR: Final = 64 * 1024

_recorder: contextvars.ContextVar["Recorder | None"] = contextvars.ContextVar(
    "recorder", default=None
)


class Recorder:
    """Takes down one request with all that is sent and received on its account.

    Args:
        trace: where to.
        service_id: who is asked.
        headers: of the request before it is signed; names in any case.
        url: of the request before it is signed.
        redact: takes known secrets out of short texts.
    """

    def __init__(
        self, trace: Trace, service_id: str, headers: Iterable[str], url: str, redact: Redact
    ) -> None:
        self._trace = trace
        self._service_id = service_id
        self._plain = {name.lower() for name in headers} | _UNSIGNED
        self._url = url
        self._redact = redact
        self._secrets: set[bytes] = set()
        self._status = 0
        self._refused: list[bytes] = []
        self._held = b""
        self._asked = 0

    def __enter__(self) -> None:
        self._token = _recorder.set(self)

    def __exit__(self, *_exception: object) -> None:
        _recorder.reset(self._token)

    async def request(self, request: httpx.Request) -> None:
        """Take down a request that is complete and signed."""
        if self._asked and self._status in (401, 403) and self._is_main(request.url):
            self.note("refresh")
        self._asked += 1
        headers = self._headers(_texts(request.headers), ours=True)
        url = self._masked_url(str(request.url))
        form = "form-urlencoded" in request.headers.get("content-type", "")
        body = await self._without_fields(request.content, form=form)
        if not self._is_main(request.url):
            # It asks for a token, and an id may be as good as a secret.
            body = self._without_known(body)
        self._trace.add(
            TraceRequest(self._trace.now(), self._service_id, request.method, url, headers, body)
        )

    def reply(self, response: httpx.Response) -> None:
        """Take down the beginning of a reply."""
        self._status = response.status_code
        headers = self._headers(_texts(response.headers), ours=False)
        version = response.http_version
        self._trace.add(TraceReply(self._trace.now(), self._status, headers, version))

    async def add_sent(self, data: bytes) -> None:
        """Take down a message that we send."""
        self._trace.add_bytes(await self._without_fields(data, form=False), sent=True)

    def add_bytes(self, data: bytes, *, whole: bool = False) -> None:
        """Take down what one read gave. A service may quote the key over two reads: what may be
        its beginning is kept until the next one or ``close``, and what a service says when it
        refuses altogether.

        Args:
            data: the bytes.
            whole: whether they stand for themselves, as a message does.
        """
        if self._status < 400:
            data = self._without(self._held + data)
            size = 0 if whole else self._begun(data)
            self._held = data[len(data) - size :]
            if data := data[: len(data) - size]:
                self._trace.add_bytes(data)
        elif sum(map(len, self._refused)) < _MAX_ERROR:
            self._refused.append(data)

    def note(self, what: Literal["refresh", "retry"], detail: str = "") -> None:
        """Take down what was decided: ``refresh`` or ``retry``."""
        self._trace.add(TraceNote(self._trace.now(), what, detail=detail))

    def close(self) -> None:
        """Take down what was kept."""
        if self._held:
            # Nothing but the beginning of a key, and no more of it came.
            self._trace.add_bytes(MASK.encode() if len(self._held) >= _MIN_SECRET else self._held)
            self._held = b""
        if self._refused:
            data = self._without_known(b"".join(self._refused))
            self._refused.clear()
            self._trace.add_bytes(data)

    def _is_main(self, url: httpx.URL) -> bool:
        asked, main = urlsplit(str(url)), urlsplit(self._url)
        return (asked.netloc, asked.path) == (main.netloc, main.path)

    def _headers(self, headers: Headers, *, ours: bool) -> Headers:
        """Mask what proves who we are; learn its values."""
        shown = []
        for name, value in headers:
            added = ours and name.lower() not in self._plain
            if added or _SECRET_HEADERS.fullmatch(name):
                shown.append((name, self._hide(value)))
            else:
                # With its name before it an id is known for one, and stays.
                start, colon, rest = self._redact(f"{name}: {value}").partition(": ")
                value = rest if colon and start == name else MASK
                shown.append((name, self._without(value.encode()).decode()))
        return tuple(shown)

    def _hide(self, value: str) -> str:
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme else 0
        self._learn(value[start:])
        # After a word of the service's own, as in "Entry KEY".
        self._learn(value.rpartition(" ")[2])
        return value[:start] + MASK

    def _learn(self, value: str) -> None:
        if len(value) >= _MIN_SECRET and value != MASK:
            self._secrets.add(value.encode("utf-8", "replace"))

    def _masked_url(self, url: str) -> str:
        before = _query_names(self._url) if self._is_main(httpx.URL(url)) else None
        return mask_url(url, self._redact, before, self._learn)

    async def _without_fields(self, body: bytes, *, form: bool) -> bytes:
        if len(body) > _ON_LOOP:
            return await asyncio.to_thread(self._body, body, form)
        return self._body(body, form)

    def _without_known(self, data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return self._without(self._redact(text).encode("utf-8", "surrogateescape"))

    def _begun(self, data: bytes) -> int:
        """Return the size of what at the end of some bytes may be the beginning of a secret."""
        return max(
            (
                size
                for secret in self._secrets
                for size in range(min(len(secret) - 1, len(data)), 0, -1)
                if data.endswith(secret[:size])
            ),
            default=0,
        )

    def _body(self, body: bytes, form: bool) -> bytes:
        field = _FORM_FIELD if form else _JSON_FIELD
        return self._without(field.sub(rb"\1" + MASK.encode(), body))

    def _without(self, data: bytes) -> bytes:
        for secret in sorted(self._secrets, key=len, reverse=True):
            data = data.replace(secret, MASK.encode())
        return data


async def on_request(request: httpx.Request) -> None:
    """Take down a request where someone wants it; an event hook of httpx."""
    if (recorder := _recorder.get()) is not None:
        await recorder.request(request)


async def on_reply(response: httpx.Response) -> None:
    """Take down a reply where someone wants it; an event hook of httpx."""
    if (recorder := _recorder.get()) is not None:
        recorder.reply(response)


def mask_url(
    url: str,
    redact: Redact,
    before: set[str] | None = None,
    learn: Callable[[str], None] | None = None,
) -> str:
    """Return an address without the secrets in its query.

    Args:
        url: whole.
        redact: takes known secrets out.
        before: names of the fields that were there before it was signed, or None.
        learn: called with each secret, as it stands and decoded.
    """
    parts = urlsplit(url)
    fields = []
    for pair in parts.query.split("&") if parts.query else ():
        name, equals, value = pair.partition("=")
        secret = _QUERY_FIELD.fullmatch(unquote_plus(name)) or (
            before is not None and name not in before
        )
        if value and (secret or redact(unquote_plus(value)) != unquote_plus(value)):
            if learn is not None:
                learn(value)
                learn(unquote_plus(value))
            value = MASK
        fields.append(name + equals + value)
    return redact(urlunsplit(parts._replace(query="&".join(fields))))


def _query_names(url: str) -> set[str]:
    query = urlsplit(url).query
    return {pair.partition("=")[0] for pair in query.split("&")} if query else set()


def _texts(headers: httpx.Headers) -> Headers:
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in headers.raw
    )


def preview(
    service_id: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    redact: Redact,
) -> TraceRequest:
    """Return a request that was never sent, as a trace would show it, but for its signature."""
    trace = Trace()
    recorder = Recorder(trace, service_id, headers, url, redact)
    shown = recorder._headers(tuple(headers.items()), ours=True)  # noqa: SLF001
    masked = recorder._body(body, form=False)  # noqa: SLF001
    method = "WEBSOCKET" if url.startswith("ws") else method
    return TraceRequest(0.0, service_id, method, mask_url(url, redact), shown, masked)


class Traced:
    """A ``Provider`` that adds to the trace what was decoded, and how it ended; it stands around
    all others.

    Args:
        inner: what is asked.
    """

    def __init__(self, inner: Provider) -> None:
        self._inner = inner

    def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        stream = self._inner.stream(request, control)
        return stream if control.trace is None else _traced(stream, control.trace)

    async def list_models(self) -> list[Model]:
        """Return the service's own list; see ``Provider.list_models``."""
        return await self._inner.list_models()


async def _traced(
    stream: AsyncGenerator[StreamEvent, None], trace: Trace
) -> AsyncGenerator[StreamEvent, None]:
    end = "stopped"
    try:
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Done):
                    end = str(event.reason)
                if not isinstance(event, Notice):
                    # Of waits and switches those tell who decide on them.
                    trace.add(TraceEvent(trace.now(), event))
                yield event
            end = "unknown" if end == "stopped" else end
    except ProviderError as error:
        end = ""
        trace.add(TraceNote(trace.now(), "error", error.info))
        raise
    finally:
        if end:
            trace.add(TraceNote(trace.now(), "end", detail=end))
