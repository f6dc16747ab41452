"""OpenAI's Responses protocol, which DeepSeek and Volcengine Ark speak too.

A service's ``options`` say what differs: ``store`` (false asks the service not to keep answers),
``include`` (a list: ``reasoning.encrypted_content`` lets the thinking go back where nothing is
kept) and ``reasoning_summary`` (``auto``, ``concise`` or ``detailed``: OpenAI shows no thinking
without, and asks organisations to prove who they are first). What the protocol has no word for
(``n``, ``stop``, ``top_k``, ``seed`` and their like) is not sent: OpenAI answers it with 400.
"""

from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Sampling
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.dialects import named_schema, thinking_fields
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.exchange import HttpProtocol
from desktop_chat.providers.openai_responses_decoder import ResponsesDecoder
from desktop_chat.providers.responses_input import (
    PROTOCOL,
    input_items,
    instructions,
    tool_fields,
)

_PATH: Final = "/responses"


class OpenAiResponses(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go; the base URL may be the whole address already."""
        del request
        return self.address.base.removesuffix(_PATH) + _PATH

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return responses_body(self.service, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> ResponsesDecoder:
        """Return what reads the reply."""
        echoes = EchoMaker(PROTOCOL, self.service.id, request.model)
        return ResponsesDecoder(self.errors, headers, echoes, keeps_thinking=bool(request.tools))


def responses_body(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "input": input_items(service, request),
        "stream": request.stream,
    }
    if said := instructions(request.messages):
        body["instructions"] = said
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    body |= _text_format(request.sampling)
    body |= tool_fields(request.tools, request.tool_choice)
    body |= _thinking(service, request)
    store, include = service.options.get("store"), service.options.get("include")
    if isinstance(store, bool):
        body["store"] = store
    if isinstance(include, list | tuple) and include:
        body["include"] = list(include)
    return body | dict(service.body) | dict(request.extra)


def _text_format(sampling: Sampling) -> dict[str, JsonValue]:
    if not sampling.response_format:
        return {}
    form: dict[str, JsonValue] = {"type": sampling.response_format}
    if sampling.response_format == "json_schema":
        form |= named_schema(sampling.json_schema)
    return {"text": {"format": form}}


def _thinking(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the fields that switch thinking: as for chat completions, with the effort in
    ``reasoning``.
    """
    thinking = service.model(request.model).thinking
    fields = thinking_fields(thinking, request.thinking, request.effort)
    reasoning: dict[str, JsonValue] = {}
    if isinstance(given := fields.pop("reasoning", None), Mapping):
        reasoning |= given
    if effort := fields.pop("reasoning_effort", None):
        reasoning["effort"] = effort
    summary = service.options.get("reasoning_summary")
    if isinstance(summary, str) and summary:
        reasoning["summary"] = summary
    return fields | ({"reasoning": reasoning} if reasoning else {})
