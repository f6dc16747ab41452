"""Anthropic's Messages API, which DeepSeek and others speak too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.core.trace import Trace
from desktop_chat.providers.anthropic_decoder import PROTOCOL, AnthropicDecoder
from desktop_chat.providers.anthropic_messages import system_text, tool_fields, turns
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.estimate import request_tokens
from desktop_chat.providers.exchange import HttpProtocol
from desktop_chat.providers.http import HttpRequest
from desktop_chat.providers.model_entries import model_entries, model_id
from desktop_chat.providers.reply_decoder import count_of, text_of

VERSION: Final = "2023-06-01"
DEFAULT_OUTPUT: Final = 8192
"""Tokens of an answer where neither the user nor the model's entry says how many; the service
wants to be told."""
MOST_OUTPUT: Final = 32_000
"""Tokens of an answer at most where the user says nothing, and as many again for its thinking:
some models would write for an hour."""
LEAST_BUDGET: Final = 1024
"""The least that a thought may be granted."""
BUDGETS: Final[Mapping[str, int]] = {
    "minimal": LEAST_BUDGET,
    "low": 4096,
    "medium": 12_288,
    "high": 24_576,
    "xhigh": 32_000,
    "max": 32_000,
}
"""Tokens that each effort grants to a thought."""
_MOST_PAGES: Final = 20
_PAGE: Final = 1000
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


class Anthropic(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go."""
        del request
        return self._path("messages")

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return messages_body(self.service, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> AnthropicDecoder:
        """Return what reads the reply."""
        echoes = EchoMaker(PROTOCOL, self.service.id, request.model)
        return AnthropicDecoder(self.errors, headers, echoes)

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
        """Return a request that names the version of the protocol, unless the service does."""
        named = any(name.lower() == "anthropic-version" for name in self.service.headers)
        version = {} if named else {"anthropic-version": VERSION}
        return super().message(
            method,
            url,
            version | dict(headers),
            content,
            first_byte_timeout=first_byte_timeout,
            trace=trace,
        )

    async def list_models(self) -> list[Model]:
        """Return the service's own list, however many pages it has; see ``Provider``."""
        if not self.service.models_path:
            raise self.errors.error(ErrorKind.NOT_FOUND, "no_list")
        found: dict[str, Model] = {}
        after = ""
        for _ in range(_MOST_PAGES):
            more = f"&after_id={quote(after, safe='')}" if after else ""
            payload, headers = await self.get_json(f"{self._path('models')}?limit={_PAGE}{more}")
            entries = model_entries(payload)
            if entries is None:
                raise ProviderError(self.errors.from_payload(payload, headers))
            for entry in entries:
                found.setdefault(model_id(entry), self.model(entry))
            last = text_of(payload.get("last_id")) if isinstance(payload, dict) else ""
            if not last or last == after or payload.get("has_more") is not True:
                break
            after = last
        return list(found.values())

    def model(self, entry: Mapping[str, Any]) -> Model:
        """Return what an entry of the list tells of a model, beside what we know."""
        known = super().model(entry)
        told = entry.get("capabilities")
        capabilities = told if isinstance(told, dict) else {}
        images, files = _supports(capabilities, "image_input"), _supports(capabilities, "pdf_input")
        thinking = known.thinking
        if thinking == self.service.thinking:
            thinking = _thinking(capabilities) or thinking
        return replace(
            known,
            name=known.name or text_of(entry.get("display_name"))[:200],
            context_tokens=known.context_tokens or count_of(entry.get("max_input_tokens")) or None,
            output_tokens=known.output_tokens or count_of(entry.get("max_tokens")) or None,
            images=images if known.images is None else known.images,
            files=files if known.files is None else known.files,
            thinking=thinking,
        )

    def _path(self, name: str) -> str:
        """Return an address below ``/v1``, wherever the base address ends."""
        base = self.address.base
        if base.endswith("/messages"):
            return f"{base.removesuffix('/messages')}/{name}"
        return f"{base}/{name}" if base.endswith("/v1") else f"{base}/v1/{name}"


def messages_body(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields.

    What the protocol has no word for (penalties, seeds, several answers) is not sent.
    """
    model = service.model(request.model)
    if request.messages and request.messages[-1].partial and model.thinking.can_disable:
        # An answer that is written on cannot be thought about first.
        request = replace(request, thinking=False)
    on = _thinks(model.thinking, request)
    limit = _limit(model, request, thinking=on)
    body: dict[str, JsonValue] = {
        "model": request.model,
        "messages": turns(request, model, service.id),
        "stream": request.stream,
        "max_tokens": limit,
    }
    if system := system_text(request.messages):
        body["system"] = system
    body |= _sampling(request, thinking=on)
    body |= _thinking_fields(model.thinking, request, limit, thinking=on)
    if output := _output_config(model.thinking, request):
        body["output_config"] = output
    body |= tool_fields(request.tools, request.tool_choice)
    return body | dict(service.body) | dict(request.extra)


def _thinks(thinking: Thinking, request: ChatRequest) -> bool:
    """Tell whether the model is going to think."""
    if thinking.dialect is ThinkingDialect.NONE:
        return False
    if not thinking.can_disable:
        return True
    if request.thinking is None:
        return thinking.default_on or request.effort in thinking.efforts
    return request.thinking


def _sampling(request: ChatRequest, *, thinking: bool) -> dict[str, JsonValue]:
    """Return the fields of sampling; a model that thinks refuses to have it changed."""
    fields: dict[str, JsonValue] = {}
    if request.temperature is not None and not thinking:
        fields["temperature"] = request.temperature
    if request.top_p is not None and not thinking:
        fields["top_p"] = request.top_p
    if request.sampling.top_k is not None and not thinking:
        fields["top_k"] = request.sampling.top_k
    if stop := [text for text in request.sampling.stop if text.strip()]:
        fields["stop_sequences"] = list(stop)
    return fields


def _limit(model: Model, request: ChatRequest, *, thinking: bool) -> int:
    """Return how many tokens the answer may have, its thinking included.

    Where the user says nothing it is what the model can write, within reason and within what the
    question leaves of the context.
    """
    budget = _budget(model.thinking, request) if thinking else 0
    if request.max_tokens is not None:
        # The least of a thought must fit in.
        return max(request.max_tokens, LEAST_BUDGET + 1) if budget else request.max_tokens
    parts = 2 if thinking else 1
    limit = min(model.output_tokens or DEFAULT_OUTPUT * parts, MOST_OUTPUT * parts)
    limit = max(limit, min(budget + DEFAULT_OUTPUT, model.output_tokens or MOST_OUTPUT * parts))
    if model.context_tokens:
        room = model.context_tokens - request_tokens(request)
        limit = min(limit, max(room, budget + 1, DEFAULT_OUTPUT))
    return limit


def _budget(thinking: Thinking, request: ChatRequest) -> int:
    """Return the tokens that a thought is granted; 0 where the service decides."""
    if thinking.dialect is not ThinkingDialect.BUDGET:
        return 0
    effort = request.effort if request.effort in thinking.efforts else thinking.default_effort
    return BUDGETS.get(effort, BUDGETS["medium"])


def _thinking_fields(
    offered: Thinking, request: ChatRequest, limit: int, *, thinking: bool
) -> dict[str, JsonValue]:
    """Return the switch. A service that is to decide for itself is told nothing, but that its
    thoughts are wanted: newer models send only their signatures otherwise.
    """
    if request.thinking is False and offered.can_disable:
        return {"thinking": {"type": "disabled"}} if offered.dialect in _SWITCHED else {}
    if not thinking:
        return {}
    match offered.dialect:
        case ThinkingDialect.BUDGET:
            # A thought must end before the answer may.
            budget = max(min(_budget(offered, request), limit * 4 // 5), LEAST_BUDGET)
            return {"thinking": {"type": "enabled", "budget_tokens": budget}}
        case ThinkingDialect.ADAPTIVE:
            return {"thinking": {"type": "adaptive", "display": "summarized"}}
        case ThinkingDialect.TYPE if request.thinking:
            return {"thinking": {"type": "enabled"}}
        case _:
            return {}


def _output_config(offered: Thinking, request: ChatRequest) -> dict[str, JsonValue]:
    """Return how hard the model tries, and the shape of its answer."""
    output: dict[str, JsonValue] = {}
    off = request.thinking is False and offered.can_disable
    if offered.dialect in _EFFORT_IN_OUTPUT and request.effort in offered.efforts and not off:
        output["effort"] = request.effort
    if request.sampling.response_format == "json_schema" and request.sampling.json_schema:
        schema = dict(request.sampling.json_schema)
        output["format"] = {"type": "json_schema", "schema": schema}
    return output


_SWITCHED: Final = (ThinkingDialect.BUDGET, ThinkingDialect.ADAPTIVE, ThinkingDialect.TYPE)
_EFFORT_IN_OUTPUT: Final = (ThinkingDialect.ADAPTIVE, ThinkingDialect.TYPE, ThinkingDialect.EFFORT)


def _thinking(capabilities: Mapping[str, Any]) -> Thinking | None:
    """Read how a model thinks; None where the list says nothing of it."""
    told = capabilities.get("thinking")
    if not isinstance(told, dict):
        return None
    if told.get("supported") is False:
        return Thinking()
    types = told.get("types")
    kinds = types if isinstance(types, dict) else {}
    can_disable = _supports(kinds, "disabled") is not False
    if not _supports(kinds, "adaptive"):
        if not _supports(kinds, "enabled"):
            return None
        efforts = ("low", "medium", "high")
        return Thinking(ThinkingDialect.BUDGET, efforts, not can_disable, "medium", can_disable)
    effort = capabilities.get("effort")
    levels = tuple(
        name for name in _EFFORTS if isinstance(effort, dict) and _supports(effort, name)
    )
    return Thinking(ThinkingDialect.ADAPTIVE, levels, not can_disable, "", can_disable)


def _supports(capabilities: Mapping[str, Any], name: str) -> bool | None:
    told = capabilities.get(name)
    supported = told.get("supported") if isinstance(told, dict) else None
    return supported if isinstance(supported, bool) else None
