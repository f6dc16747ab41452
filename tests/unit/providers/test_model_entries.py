"""What the lists of services tell of their models."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.access import Access
from desktop_chat.core.services import Model, Price, Thinking, ThinkingDialect
from desktop_chat.providers.model_entries import (
    MAX_MODELS,
    answers,
    model_entries,
    model_id,
    told_model,
)
from desktop_chat.providers.registry import HttpProviders
from tests.helpers.byte_server import ByteServer, json_reply
from tests.unit.providers.support import DEMO_TEXTS, service

ROUTER = Thinking(ThinkingDialect.REASONING, ("low", "high"))
SONNET: dict[str, Any] = {
    "id": "anthropic/claude-sonnet",
    "canonical_slug": "anthropic/claude-sonnet-20260101",
    "name": "Anthropic: Claude Sonnet",
    "created": 1760000000,
    "description": "A model.",
    "context_length": 1000000,
    "architecture": {
        "modality": "text+image->text",
        "input_modalities": ["text", "image", "file"],
        "output_modalities": ["text"],
        "tokenizer": "Claude",
        "instruct_type": None,
    },
    "pricing": {
        "prompt": "0.000003",
        "completion": "0.000015",
        "request": "0",
        "image": "0.0048",
        "web_search": "0.01",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
    },
    "top_provider": {
        "context_length": 1000000,
        "max_completion_tokens": 64000,
        "is_moderated": True,
    },
    "per_request_limits": None,
    "supported_parameters": ["max_tokens", "reasoning", "temperature", "tools", "top_p"],
}


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(redact=lambda text: text, demo_texts=DEMO_TEXTS, demo_speed=math.inf)
    yield made
    await made.aclose()


def told(entry: dict[str, Any], default: Thinking = ROUTER) -> Model:
    return told_model(entry, default)


def test_openrouter_tells_all() -> None:
    model = told(SONNET)
    assert model.price is not None
    assert model.price.as_of
    price = Price("USD", 3.0, 15.0, cached=0.3, cache_write=3.75, as_of=model.price.as_of)
    assert model == Model(
        "anthropic/claude-sonnet",
        context_tokens=1_000_000,
        output_tokens=64_000,
        thinking=ROUTER,
        images=True,
        files=True,
        tools=True,
        price=price,
        name="Anthropic: Claude Sonnet",
    )


def test_what_openrouter_lacks_is_known_to_lack() -> None:
    plain = SONNET | {
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "supported_parameters": ["temperature"],
    }
    model = told(plain)
    assert (model.images, model.files, model.tools) == (False, False, False)
    assert model.thinking == Thinking()


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"prompt": "0", "completion": "0"}, (0.0, 0.0)),
        ({"prompt": "0.00000007", "completion": "0.00000028"}, (0.07, 0.28)),
        ({"prompt": 1e-6, "completion": 2e-6}, (1.0, 2.0)),
        ({"prompt": "-1", "completion": "-1"}, None),
        ({"prompt": "0.000001", "completion": "0.000001", "request": "0.005"}, None),
        ({"prompt": "0.000001"}, None),
        ({"prompt": "nan", "completion": "1"}, None),
        ({"prompt": "3.00", "completion": "15.00"}, None),
        ({"prompt": "one", "completion": "two"}, None),
        ({"prompt": True, "completion": True}, None),
        ("free", None),
    ],
)
def test_prices(pricing: Any, price: tuple[float, float] | None) -> None:
    found = told({"id": "m", "pricing": pricing}).price
    assert (None if found is None else (found.input, found.output)) == price


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        ({"id": "vllm", "max_model_len": 32768}, {"context_tokens": 32768}),
        (
            {"id": "lm", "type": "vlm", "max_context_length": 131072, "capabilities": ["tool_use"]},
            {"context_tokens": 131072, "images": True, "tools": True},
        ),
        (
            {"id": "lm", "max_context_length": 131072, "loaded_context_length": 4096},
            {"context_tokens": 4096},
        ),
        ({"id": "llama", "meta": {"n_ctx_train": 8192}}, {"context_tokens": 8192}),
        (
            {"id": "groq", "context_window": 131072, "max_completion_tokens": 8192},
            {"context_tokens": 131072, "output_tokens": 8192},
        ),
        (
            {
                "id": "mistral",
                "max_context_length": 32768,
                "capabilities": {"function_calling": True, "vision": False},
            },
            {"context_tokens": 32768, "tools": True, "images": False},
        ),
        ({"id": "kimi", "supports_image_in": True}, {"images": True}),
        (
            {"id": "paint", "architecture": {"output_modalities": ["image"]}},
            {"makes": "image"},
        ),
        ({"id": "both", "architecture": {"output_modalities": ["image", "text"]}}, {}),
        ({"id": "named", "display_name": "A\n name"}, {"name": "A name"}),
        ({"id": "odd", "context_length": "8k", "max_model_len": True, "capabilities": 3}, {}),
        ({"id": "odd", "context_length": -5, "pricing": [], "architecture": "x"}, {}),
        ({"id": "odd", "architecture": {"input_modalities": "text"}, "top_provider": 1}, {}),
    ],
)
def test_the_words_of_others(entry: dict[str, Any], fields: dict[str, Any]) -> None:
    assert told(entry, Thinking()) == Model(entry["id"], **fields)


def test_gemini_names_are_those_of_requests() -> None:
    entry = {"id": "models/gemini-3-flash", "object": "model", "owned_by": "google"}
    assert model_id(entry) == "gemini-3-flash"
    assert model_id({"id": "models/7B/model.gguf", "owned_by": "llamacpp"}).startswith("models/")


def test_what_answers_nothing_is_left_out() -> None:
    assert not answers({"id": "e", "type": "embeddings"})
    assert not answers({"id": "a", "architecture": {"output_modalities": ["audio"]}})
    assert answers({"id": "m", "type": "llm"})
    assert answers({"id": "m"})


def test_a_list_is_bounded() -> None:
    many = model_entries({"data": [f"m{number}" for number in range(MAX_MODELS + 7)]})
    assert many is not None
    assert len(many) == MAX_MODELS
    assert model_entries({"data": ["x" * 301, "ok", "ok", None, {"id": 3}]}) == [{"id": "ok"}]


async def test_siliconflow_tells_by_its_query(providers: HttpProviders) -> None:
    def rows(*ids: str) -> bytes:
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": ""} for name in ids]
        return json_reply(200, {"object": "list", "data": listed})

    queries = {"text": "sub_type=chat", "image": ["sub_type=text-to-image"]}
    async with ByteServer([rows("Qwen/Qwen3"), rows("Kolors", "Qwen/Qwen3")]) as server:
        asked = service(server.url, options={"models_query": queries}, models=(Model("mine"),))
        found = await providers.provider(Access(asked)).list_models()
        paths = [request.path for request in server.requests]
    assert paths == ["/v1/models?sub_type=chat", "/v1/models?sub_type=text-to-image"]
    assert [(model.id, model.makes) for model in found] == [
        ("Qwen/Qwen3", "text"),
        ("Kolors", "image"),
    ]


async def test_half_a_list_is_better_than_none(providers: HttpProviders) -> None:
    queries = {"text": "a=1", "image": "a=2"}
    answers_ = [json_reply(200, {"data": ["m"]}), json_reply(400, {"error": {"message": "no"}})]
    async with ByteServer(answers_) as server:
        asked = service(server.url, options={"models_query": queries})
        found = await providers.provider(Access(asked)).list_models()
    assert [model.id for model in found] == ["m"]


async def test_what_is_known_wins_over_what_is_listed(providers: HttpProviders) -> None:
    mine = Model("anthropic/claude-sonnet", context_tokens=5, tools=False, price=Price("CNY", 1, 2))
    async with ByteServer([json_reply(200, {"data": [SONNET]})]) as server:
        asked = service(server.url, models=(mine,))
        (model,) = await providers.provider(Access(asked)).list_models()
    assert (model.context_tokens, model.tools, model.price) == (5, False, Price("CNY", 1, 2))
    assert (model.output_tokens, model.images, model.name) == (64_000, True, SONNET["name"])
