"""The OpenAI-compatible chat completions protocol, as its many services really speak it."""

from collections.abc import Mapping
from typing import Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.dialects import thinking_fields
from desktop_chat.providers.exchange import HttpProtocol

_OPENAI_HOST: Final = "api.openai.com"


class OpenAiChat(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go."""
        del request
        return self.address.chat_url

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return chat_body(self.service, self.address.host, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> ChatDecoder:
        """Return what reads the reply."""
        del request
        return ChatDecoder(self.errors, headers)


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
