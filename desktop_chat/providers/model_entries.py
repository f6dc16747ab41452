"""What the lists of services tell of their models.

There is no standard beyond ``id``; the names read here are those of OpenRouter ("List available
models"), vLLM, LM Studio, llama.cpp, Groq, Mistral, Moonshot and Gemini's OpenAI face. What an
entry does not tell stays unknown, and what it tells in a way that cannot be right does, too.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from desktop_chat.core.services import Model, Price, Service, Thinking, ThinkingDialect
from desktop_chat.providers.reply_decoder import count_of, text_of

MAX_MODELS: Final = 5000
"""Models of one list; the longest that are known have some hundred."""
_LONGEST_ID: Final = 300
_LONGEST_NAME: Final = 200
_GOOGLE: Final = "models/"
"""Gemini's list names a model ``models/gemini-…``; a request names it without."""
_CONTEXT: Final = (
    "loaded_context_length",
    "context_length",
    "max_model_len",
    "context_window",
    "max_context_length",
    "max_input_tokens",
)
_OUTPUT: Final = ("max_completion_tokens", "max_output_tokens")
_NO_ANSWER: Final = frozenset(("embedding", "embeddings", "rerank", "reranker", "moderation"))
"""Kinds of models (``type``) that answer no question."""
_DEAREST: Final = Decimal("0.01")
"""For one token, in dollars: what is above is no price of a token."""
_MILLION: Final = 1_000_000


def model_entries(payload: object) -> list[Mapping[str, Any]] | None:
    """Return the entries of a list of models, each id once; None when it is none."""
    if isinstance(payload, dict):
        payload = payload["data"] if "data" in payload else payload.get("models")
    if not isinstance(payload, list):
        return None
    entries = [{"id": item} if isinstance(item, str) else item for item in payload[:MAX_MODELS]]
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        if isinstance(entry, dict) and model_id(entry):
            found.setdefault(model_id(entry), entry)
    return list(found.values())


def model_id(entry: Mapping[str, Any]) -> str:
    """Return the id in an entry of a list of models, as a request wants it; or ""."""
    value = entry.get("id") or entry.get("name") or entry.get("model")
    if not isinstance(value, str) or len(value) > _LONGEST_ID:
        return ""
    if entry.get("owned_by") == "google" and value.startswith(_GOOGLE):
        return value.removeprefix(_GOOGLE)
    return value


def list_queries(service: Service) -> list[tuple[str, str]]:
    """Return with which queries a service's list is asked for, and what the models of each make.

    A list that does not tell what its models make may tell it by its query: ``models_query`` of
    ``Service.options``, such as ``{text = "sub_type=chat", image = "sub_type=text-to-image"}``.
    A value may be a list of queries.
    """
    told = service.options.get("models_query")
    found: list[tuple[str, str]] = []
    for makes in ("text", "image"):
        value = told.get(makes) if isinstance(told, Mapping) else None
        queries = value if isinstance(value, list | tuple) else [value]
        found += [(query, makes) for query in queries if isinstance(query, str) and query]
    return found or [("", "")]


def answers(entry: Mapping[str, Any]) -> bool:
    """Tell whether a model may answer with a text or a picture: False where its entry says no."""
    if text_of(entry.get("type")).lower() in _NO_ANSWER:
        return False
    out = _modalities(entry, "output")
    return out is None or bool({"text", "image"} & set(out))


def told_model(entry: Mapping[str, Any], default: Thinking) -> Model:
    """Return what an entry tells of a model.

    Args:
        entry: of a service's list, with an id.
        default: how the service's models think where nothing is told.
    """
    taken, out = _modalities(entry, "input"), _modalities(entry, "output")
    images = _able(entry, "vision", "multimodal", "supports_image_in", "image_input")
    if text_of(entry.get("type")) == "vlm":
        images = True
    if taken is not None:
        images = "image" in taken
    painter = out is not None and "image" in out and "text" not in out
    return Model(
        model_id(entry),
        context_tokens=_context(entry),
        output_tokens=_output(entry),
        thinking=_thinking(entry, default),
        makes="image" if painter else "text",
        images=images,
        files=None if taken is None else "file" in taken,
        tools=_tools(entry),
        price=_price(entry),
        name=_name(entry),
    )


def _name(entry: Mapping[str, Any]) -> str:
    name = text_of(entry.get("display_name")) or text_of(entry.get("name"))
    name = " ".join(name.split())[:_LONGEST_NAME]
    return "" if name in (model_id(entry), entry.get("id")) else name


def _context(entry: Mapping[str, Any]) -> int | None:
    told = next((size for name in _CONTEXT if (size := count_of(entry.get(name)))), 0)
    meta = entry.get("meta")
    if not told and isinstance(meta, Mapping):  # llama.cpp
        told = count_of(meta.get("n_ctx")) or count_of(meta.get("n_ctx_train"))
    return told or None


def _output(entry: Mapping[str, Any]) -> int | None:
    provider = entry.get("top_provider")
    places = [entry, *([provider] if isinstance(provider, Mapping) else [])]
    found = (count_of(place.get(name)) for place in places for name in _OUTPUT)
    return next((size for size in found if size), None)


def _modalities(entry: Mapping[str, Any], side: str) -> Sequence[str] | None:
    """Return what a model takes or makes, or None where it is not told."""
    architecture = entry.get("architecture")
    for place in (architecture, entry):
        told = place.get(f"{side}_modalities") if isinstance(place, Mapping) else None
        if isinstance(told, list) and told:
            return [item for item in told if isinstance(item, str)]
    return None


def _tools(entry: Mapping[str, Any]) -> bool | None:
    parameters = entry.get("supported_parameters")
    if isinstance(parameters, list) and parameters:
        return "tools" in parameters
    return _able(entry, "function_calling", "tool_use", "tools", "supports_tools")


def _able(entry: Mapping[str, Any], *names: str) -> bool | None:
    """Return what an entry says of an ability under one of its names, or None."""
    told = entry.get("capabilities")
    for name in names:
        if isinstance(told, Mapping) and isinstance(told.get(name), bool):
            return bool(told[name])
        if isinstance(told, list) and name in told:
            return True
        if isinstance(entry.get(name), bool):
            return bool(entry[name])
    return None


def _thinking(entry: Mapping[str, Any], default: Thinking) -> Thinking:
    """Return how a model thinks: its service has the words, and a list tells who knows them."""
    parameters = entry.get("supported_parameters")
    if not isinstance(parameters, list) or not parameters:
        return default
    if default.dialect is ThinkingDialect.REASONING and "reasoning" not in parameters:
        return Thinking()
    return default


def _price(entry: Mapping[str, Any]) -> Price | None:
    """Read OpenRouter's prices: dollars for one token, as texts; a negative one is not fixed.

    Its ``image`` is a picture that is read, not one that is made, and ``request`` is no price of
    tokens: a model that costs by the request is one of which the price is not known.
    """
    told = entry.get("pricing")
    if not isinstance(told, Mapping):
        return None
    paid, answer = _rate(told.get("prompt")), _rate(told.get("completion"))
    if paid is None or answer is None or _rate(told.get("request"), Decimal(0)) != 0:
        return None
    return Price(
        "USD",
        paid,
        answer,
        cached=_rate(told.get("input_cache_read")),
        cache_write=_rate(told.get("input_cache_write")),
        as_of=datetime.now(UTC).date().isoformat(),
    )


def _rate(value: object, absent: Decimal | None = None) -> float | None:
    """Return the price of a million tokens from that of one; None for what is none."""
    if value is None and absent is not None:
        return float(absent)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        one = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    if not one.is_finite() or not 0 <= one <= _DEAREST:
        return None
    return float(one * _MILLION)
