"""Google's Gemini API in its own protocol, which beside its OpenAI face shows the thinking, takes
PDF files and makes pictures in the middle of an answer.

``generateContent`` and ``streamGenerateContent`` of its reference; thinking as "Gemini thinking"
tells: newer models take a level, those of 2.5 a budget of tokens, and never both.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers.dialects import named_schema
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.endpoint import has_path
from desktop_chat.providers.exchange import HttpProtocol, model_entries, model_id
from desktop_chat.providers.gemini_decoder import PROTOCOL, GeminiDecoder
from desktop_chat.providers.gemini_messages import contents, system_text, tool_fields
from desktop_chat.providers.reply_decoder import count_of, text_of

BUDGETS: Final[Mapping[str, int]] = {"low": 1024, "medium": 8192, "high": 24_576}
"""Tokens that each effort grants to a thought of a model that wants them counted."""
AS_IT_LIKES: Final = -1
"""A budget that the model sets itself."""

_VERSION: Final = re.compile(r"/v\d+[a-z0-9]*$")
_MODELS: Final = re.compile(r"/models(/.*)?$")
_FAMILY: Final = re.compile(r"gemini-(\d+)")
_MOST_PAGES: Final = 20
_PAGE: Final = 1000


class Gemini(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where a question goes; the model is part of the address."""
        verb = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        return f"{self._base()}/{_resource(request.model)}:{verb}"

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return gemini_body(self.service, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> GeminiDecoder:
        """Return what reads the reply."""
        echoes = EchoMaker(PROTOCOL, self.service.id, request.model)
        return GeminiDecoder(self.errors, headers, echoes)

    async def list_models(self) -> list[Model]:
        """Return the models that answer questions; see ``Provider``."""
        if not self.service.models_path:
            raise self.errors.error(ErrorKind.NOT_FOUND, "no_list")
        found: dict[str, Model] = {}
        page = ""
        for _ in range(_MOST_PAGES):
            more = f"&pageToken={quote(page, safe='')}" if page else ""
            url = f"{self._base()}/models?pageSize={_PAGE}{more}"
            payload, headers = await self.get_json(url)
            entries = model_entries(payload)
            if entries is None:
                raise ProviderError(self.errors.from_payload(payload, headers))
            for entry in filter(_answers, entries):
                model = self.model(entry)
                found.setdefault(model.id, model)
            page = text_of(payload.get("nextPageToken")) if isinstance(payload, dict) else ""
            if not page:
                break
        return list(found.values())

    def model(self, entry: Mapping[str, Any]) -> Model:
        """Return what an entry of the list tells of a model, beside what we know."""
        name = model_id(entry).removeprefix("models/")
        known = super().model({**entry, "id": name, "name": entry.get("displayName")})
        thinking = known.thinking
        if thinking == self.service.thinking:
            thinking = _thinking(name) if entry.get("thinking") is True else Thinking()
        return replace(
            known,
            name=known.name or text_of(entry.get("displayName"))[:200],
            context_tokens=known.context_tokens or count_of(entry.get("inputTokenLimit")) or None,
            output_tokens=known.output_tokens or count_of(entry.get("outputTokenLimit")) or None,
            thinking=thinking,
        )

    def _base(self) -> str:
        """Return what comes before ``/models``, whichever address of the service was given."""
        if not has_path(self.service):
            return f"{self.address.origin}/v1beta"
        base = _MODELS.sub("", self.address.base).removesuffix("/openai")
        return base if _VERSION.search(base) else f"{base}/v1beta"


def gemini_body(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields; of ``generationConfig`` each field does by itself.
    """
    model = service.model(request.model)
    body: dict[str, JsonValue] = {"contents": contents(request, model, service.id)}
    if system := system_text(request.messages):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    body |= tool_fields(request.tools, request.tool_choice)
    config = _sampling(request) | _shape(request)
    if thinking := thinking_config(model.thinking, request):
        config["thinkingConfig"] = thinking
    for further in (service.body, request.extra):
        given = further.get("generationConfig")
        if isinstance(given, Mapping):
            config |= given
        body |= further
    return body | ({"generationConfig": config} if config else {})


def thinking_config(thinking: Thinking, request: ChatRequest) -> dict[str, JsonValue]:
    """Return how the model is told to think. A model that cannot refuses the field; one that
    thinks shows it only where that is asked for.
    """
    if thinking.dialect is ThinkingDialect.NONE:
        return {}
    budget = thinking.dialect is ThinkingDialect.BUDGET
    if request.thinking is False and thinking.can_disable:
        return {"thinkingBudget": 0} if budget else {}
    effort = request.effort if request.effort in thinking.efforts else ""
    if not effort and not thinking.default_on:
        if not request.thinking:
            return {}
        effort = thinking.default_effort
    shown: dict[str, JsonValue] = {"includeThoughts": True}
    if budget and (effort or not thinking.default_on):
        return shown | {"thinkingBudget": BUDGETS.get(effort, AS_IT_LIKES)}
    if effort and thinking.dialect is ThinkingDialect.EFFORT:
        return shown | {"thinkingLevel": effort}
    return shown


def _sampling(request: ChatRequest) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.sampling.top_k,
        "maxOutputTokens": request.max_tokens,
        "stopSequences": list(request.sampling.stop) or None,
        "candidateCount": request.sampling.n,
        "frequencyPenalty": request.sampling.frequency_penalty,
        "presencePenalty": request.sampling.presence_penalty,
        "seed": request.sampling.seed,
    }
    return {name: value for name, value in values.items() if value is not None}


def _shape(request: ChatRequest) -> dict[str, JsonValue]:
    """Return the fields for an answer in JSON."""
    sampling = request.sampling
    if sampling.response_format not in ("json_object", "json_schema"):
        return {}
    shape: dict[str, JsonValue] = {"responseMimeType": "application/json"}
    if sampling.response_format == "json_schema" and sampling.json_schema:
        shape["responseJsonSchema"] = named_schema(sampling.json_schema)["schema"]
    return shape


def _resource(model: str) -> str:
    """Return the name of a model in an address; one that was tuned brings its own."""
    if not model:
        return "models/{model}"
    kind = "tunedModels" if model.startswith("tunedModels/") else "models"
    return f"{kind}/{quote(model.removeprefix(f'{kind}/'), safe='')}"


def _answers(entry: Mapping[str, Any]) -> bool:
    """Tell whether a model of the list answers questions; others embed, or speak."""
    methods = entry.get("supportedGenerationMethods")
    return not isinstance(methods, list) or "generateContent" in methods


def _thinking(name: str) -> Thinking:
    """Return how a model thinks that the list says does: the way is told by its family."""
    family = _FAMILY.match(name)
    if family is not None and int(family[1]) < 3:
        return Thinking(
            ThinkingDialect.BUDGET,
            tuple(BUDGETS),
            default_on="lite" not in name,
            can_disable="pro" not in name,
        )
    levels = ("minimal", *BUDGETS) if "flash" in name else tuple(BUDGETS)
    return Thinking(ThinkingDialect.EFFORT, levels, default_on=True, can_disable=False)
