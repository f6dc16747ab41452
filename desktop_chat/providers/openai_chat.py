"""The OpenAI-compatible chat completions protocol, as its many services really speak it."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.providers.address import Address
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.dialects import thinking_fields
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.http import HttpRequest, HttpTransport, Reply

_AFTER_FINISH_TIMEOUT: Final = 5.0
"""Seconds to wait for usage and the end once a reason was given: the answer is complete."""
_MODELS_TIMEOUT: Final = 30.0
_OPENAI_HOST: Final = "api.openai.com"


class OpenAiChat:
    """A ``Provider`` for one service.

    Args:
        service: what is asked.
        address: where it is.
        key: sent as a bearer token if the service wants one; None sends nothing.
        transport: sends the requests.
        redact: takes secrets out of what errors quote.
    """

    def __init__(
        self,
        service: Service,
        address: Address,
        key: Secret | None,
        transport: HttpTransport,
        redact: Callable[[str], str],
    ) -> None:
        self._service = service
        self._address = address
        self._key = key if service.auth == "bearer" and key else None
        self._transport = transport
        self._errors = ErrorReader(address.host, _also_redacting(self._key, redact))

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        service = self._service
        body = chat_body(service, self._address.host, request)
        message = HttpRequest(
            "POST",
            self._address.chat_url,
            self._headers("text/event-stream" if request.stream else "application/json"),
            _encoded(body),
            service.connect_timeout,
            service.first_token_timeout,
        )
        async with self._transport.open(message, self._errors) as reply:
            if reply.status >= 400:
                content = await reply.read_error()
                raise ProviderError(self._errors.from_reply(reply.status, reply.headers, content))
            decoder = ChatDecoder(self._errors, reply.headers)
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

    async def list_models(self) -> list[Model]:
        """Return the service's own list; see ``Provider.list_models``."""
        if not self._service.models_path:
            raise self._errors.error(ErrorKind.NOT_FOUND, "no_list")
        message = HttpRequest(
            "GET",
            self._address.below(self._service.models_path),
            self._headers("application/json"),
            connect_timeout=self._service.connect_timeout,
            first_byte_timeout=_MODELS_TIMEOUT,
        )
        async with self._transport.open(message, self._errors) as reply:
            if reply.status >= 400:
                content = await reply.read_error()
                raise ProviderError(self._errors.from_reply(reply.status, reply.headers, content))
            content = await reply.read_all(_MODELS_TIMEOUT)
        try:
            payload = json.loads(content)
        except (ValueError, RecursionError):
            text = content[:4096].decode("utf-8", "replace")
            info = self._errors.from_text(text, reply.headers)
            raise self._errors.error(
                ErrorKind.PROTOCOL, "not_a_list", status=reply.status, raw=info.raw
            ) from None
        found = _model_entries(payload)
        if found is None:
            raise ProviderError(self._errors.from_payload(payload, reply.headers))
        return [self._model(entry) for entry in found]

    async def _read(self, reply: Reply, decoder: ChatDecoder) -> bytes:
        if decoder.finished:
            return await reply.read(min(_AFTER_FINISH_TIMEOUT, self._service.idle_timeout))
        if decoder.started:
            return await reply.read(self._service.idle_timeout)
        return await reply.read(self._service.first_token_timeout, "first_token")

    def _headers(self, accept: str) -> dict[str, str]:
        """Return the headers of a request; a compressed stream would come late and in lumps."""
        headers = {name.lower(): value for name, value in self._service.headers.items()}
        headers |= {"accept": accept, "content-type": "application/json"}
        headers["accept-encoding"] = "identity"
        if self._key is not None:
            value = self._key.reveal()
            if not value.isascii() or not value.isprintable() or " " in value:
                raise self._errors.error(ErrorKind.AUTHENTICATION, "malformed_key")
            headers["authorization"] = f"Bearer {value}"
        return headers

    def _model(self, entry: Mapping[str, Any]) -> Model:
        known = self._service.model(_model_id(entry))
        limits = [entry.get(name) for name in ("context_length", "max_model_len", "context_window")]
        context = next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)
        if known.context_tokens is not None or context is None:
            return known
        return Model(known.id, context, known.output_tokens, known.thinking)


def chat_body(service: Service, host: str, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields.

    Args:
        service: what is asked.
        host: where it is: OpenAI itself refuses ``max_tokens`` for its newer models.
        request: the question.
    """
    body: dict[str, JsonValue] = {
        "model": request.model,
        "messages": [{"role": m.role.value, "content": m.text} for m in request.messages],
        "stream": request.stream,
    }
    if request.stream and service.usage_in_stream:
        body["stream_options"] = {"include_usage": True}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.max_tokens is not None:
        name = "max_completion_tokens" if host == _OPENAI_HOST else "max_tokens"
        body[name] = request.max_tokens
    thinking = service.model(request.model).thinking
    body |= thinking_fields(thinking, request.thinking, request.effort)
    return body | dict(service.body) | dict(request.extra)


def _encoded(body: Mapping[str, JsonValue]) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _also_redacting(key: Secret | None, redact: Callable[[str], str]) -> Callable[[str], str]:
    """Take out the key of this very request too, whoever else knows of it."""
    if key is None:
        return redact
    value = key.reveal()
    return lambda text: redact(text.replace(value, "***"))


def _model_entries(payload: object) -> list[Mapping[str, Any]] | None:
    """Return the entries of a list of models; None when it is none."""
    if isinstance(payload, dict):
        payload = payload["data"] if "data" in payload else payload.get("models")
    if not isinstance(payload, list):
        return None
    entries = [{"id": item} if isinstance(item, str) else item for item in payload]
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        if isinstance(entry, dict) and _model_id(entry):
            found.setdefault(_model_id(entry), entry)
    return list(found.values())


def _model_id(entry: Mapping[str, Any]) -> str:
    value = entry.get("id") or entry.get("name") or entry.get("model")
    return value if isinstance(value, str) else ""
