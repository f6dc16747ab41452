"""The OpenAI-compatible chat completions protocol, as its many services really speak it."""

from collections.abc import Mapping
from typing import Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Sampling
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.address import Address
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.chat_messages import PROTOCOL, chat_messages, tool_fields, writes_on
from desktop_chat.providers.dialects import named_schema, thinking_fields
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.exchange import HttpProtocol

_OPENAI_HOST: Final = "api.openai.com"
_PREFIX_PATHS: Final = {"api.deepseek.com": "/beta"}
"""Where a host writes on an answer, in place of the path of its base address ("Chat Prefix
Completion" of DeepSeek); ``prefix_path`` of a service's options says it for other hosts."""


class OpenAiChat(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go."""
        if writes_on(self.service, request):
            path = self.service.options.get("prefix_path", _PREFIX_PATHS.get(self.address.host))
            if isinstance(path, str) and path.startswith("/"):
                origin = self.address.origin
                return Address(origin + path.rstrip("/"), origin, self.address.host).chat_url
        return self.address.chat_url

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return chat_body(self.service, self.address.host, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> ChatDecoder:
        """Return what reads the reply."""
        echoes = EchoMaker(PROTOCOL, self.service.id, request.model)
        return ChatDecoder(self.errors, headers, echoes, keeps_thinking=bool(request.tools))


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
        "messages": chat_messages(service, request),
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
    body |= _sampling(request.sampling)
    body |= tool_fields(service, request)
    body |= thinking_fields(thinking, request.thinking, request.effort)
    return body | dict(service.body) | dict(request.extra)


def _sampling(sampling: Sampling) -> dict[str, JsonValue]:
    """Return the parameters that were set; an unknown one is a 400 for many services."""
    fields: dict[str, JsonValue] = {
        "n": sampling.n,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "seed": sampling.seed,
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    if sampling.stop:
        fields["stop"] = list(sampling.stop)
    if sampling.response_format == "json_schema":
        fields["response_format"] = {
            "type": "json_schema",
            "json_schema": named_schema(sampling.json_schema),
        }
    elif sampling.response_format:
        fields["response_format"] = {"type": sampling.response_format}
    return fields
