import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.messages import Role, Sampling, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Thinking, ThinkingDialect
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.auth import make_auth
from desktop_chat.providers.gemini import Gemini, gemini_body
from desktop_chat.providers.http import HttpTransport
from tests.helpers.byte_server import ByteServer, json_reply, raw_stream, reply
from tests.unit.providers.contract.recordings_gemini import TOOLS
from tests.unit.providers.support import hear, reader, request, service

USER, ASSISTANT, TOOL = Role.USER, Role.ASSISTANT, Role.TOOL
LEVELS = ("low", "medium", "high")
EFFORT = Thinking(ThinkingDialect.EFFORT, LEVELS, default_on=True, can_disable=False)
BUDGET = Thinking(ThinkingDialect.BUDGET, LEVELS, default_on=True)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(lambda _scheme, _host: "")
    yield made
    await made.aclose()


def provider(transport: HttpTransport, base_url: str, **changes: Any) -> Gemini:
    asked = service(base_url, **changes)
    errors = reader(parse_address(base_url).host)
    auth = make_auth(asked, Secret("sk-secret") if asked.auth != "none" else None, errors)
    return Gemini(asked, parse_address(base_url), auth, transport, errors)


def body(*messages: ChatMessage, model: Model | None = None, **changes: Any) -> Any:
    asked = service(models=(model or Model("m"),))
    return gemini_body(asked, ChatRequest("m", messages or (ChatMessage(USER, "Hi"),), **changes))


def said(*messages: ChatMessage, **changes: Any) -> Any:
    return body(*messages, **changes)["contents"]


def attached(name: str, media_type: str, kind: AttachmentKind, data: bytes) -> Attached:
    return Attached(Attachment(blob_key(data), name, media_type, len(data), kind), data)


async def test_what_is_sent(transport: HttpTransport) -> None:
    question = ChatRequest(
        "m",
        (ChatMessage(Role.SYSTEM, "be brief"), ChatMessage(USER, "a\u2028b \ud800")),
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        sampling=Sampling(
            n=2, stop=("END",), top_k=5, min_p=0.1, frequency_penalty=1, presence_penalty=-1, seed=7
        ),
    )
    way = {"auth": "header", "auth_fields": {"header": "x-goog-api-key"}}
    async with ByteServer([raw_stream(TOOLS)]) as server:
        base = server.url.removesuffix("/v1") + "/v1beta"
        await hear(provider(transport, base, **way), question)
        sent = server.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1beta/models/m:streamGenerateContent?alt=sse")
    assert sent.headers["x-goog-api-key"] == "sk-secret"
    assert "authorization" not in sent.headers
    assert sent.json() == {
        "contents": [{"role": "user", "parts": [{"text": "a\u2028b ?"}]}],
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 5,
            "maxOutputTokens": 100,
            "stopSequences": ["END"],
            "candidateCount": 2,
            "frequencyPenalty": 1,
            "presencePenalty": -1,
            "seed": 7,
        },
    }


@pytest.mark.parametrize(
    ("base", "model", "url"),
    [
        ("https://h.test", "m", "https://h.test/v1beta/models/m"),
        ("https://h.test/v1beta/", "m", "https://h.test/v1beta/models/m"),
        ("https://h.test/v1", "m", "https://h.test/v1/models/m"),
        ("https://h.test/v1beta/openai", "m", "https://h.test/v1beta/models/m"),
        ("https://h.test/google", "m", "https://h.test/google/v1beta/models/m"),
        ("https://h.test/v1beta/models/x:generateContent", "m", "https://h.test/v1beta/models/m"),
        ("https://h.test/v1beta", "models/m", "https://h.test/v1beta/models/m"),
        ("https://h.test/v1beta", "tunedModels/mine", "https://h.test/v1beta/tunedModels/mine"),
        ("https://h.test/v1beta", "../a?b", "https://h.test/v1beta/models/..%2Fa%3Fb"),
        ("https://h.test/v1beta", "", "https://h.test/v1beta/models/{model}"),
    ],
)
async def test_addresses(transport: HttpTransport, base: str, model: str, url: str) -> None:
    asked = provider(transport, base)
    assert asked.url(ChatRequest(model, ())) == f"{url}:streamGenerateContent?alt=sse"
    assert asked.url(ChatRequest(model, (), stream=False)) == f"{url}:generateContent"


def test_contents_of_one_side_are_one() -> None:
    assert said(
        ChatMessage(USER, "one"),
        ChatMessage(ASSISTANT, " "),
        ChatMessage(USER, "two"),
        ChatMessage(ASSISTANT, "three"),
    ) == [
        {"role": "user", "parts": [{"text": "one"}, {"text": "two"}]},
        {"role": "model", "parts": [{"text": "three"}]},
    ]


def test_files() -> None:
    picture = attached("a.png", "image/png", AttachmentKind.IMAGE, b"png")
    moving = attached("a.gif", "image/gif", AttachmentKind.IMAGE, b"gif")
    paper = attached("a.pdf", "application/x-pdf", AttachmentKind.PDF, b"pdf")
    code = attached("a.py", "text/x-python", AttachmentKind.TEXT, b"x = 1\n")
    (content,) = said(ChatMessage(USER, "look", attached=(picture, moving, paper, code)))
    data = base64.b64encode
    assert content["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": data(b"png").decode()}},
        {"text": "[a.gif]"},
        {"inlineData": {"mimeType": "application/pdf", "data": data(b"pdf").decode()}},
        {"text": "a.py:\n```py\nx = 1\n```"},
        {"text": "look"},
    ]
    blind = Model("m", images=False, files=False)
    (content,) = said(ChatMessage(USER, "look", attached=(picture, paper)), model=blind)
    assert content["parts"] == [{"text": "[a.png]"}, {"text": "[a.pdf]"}, {"text": "look"}]


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        ("", None),
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("f", {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_tools(choice: str, calling: Any) -> None:
    schema: Any = {"type": "object", "properties": {}}
    tools = (ToolSpec("f", "does f", schema), ToolSpec("g"))
    sent = body(tools=tools, tool_choice=choice)
    declared = [
        {"name": "f", "description": "does f", "parametersJsonSchema": schema},
        {"name": "g"},
    ]
    assert sent["tools"] == [{"functionDeclarations": declared}]
    assert sent.get("toolConfig") == (calling and {"functionCallingConfig": calling})
    assert "toolConfig" not in body(tool_choice=choice)


def test_calls_and_results() -> None:
    calls = (
        ToolCall("1", "f", '{"x": 1}'),
        ToolCall("2", "g", '{"cut'),
        ToolCall("3", "never", "{}"),
    )
    assert said(
        ChatMessage(USER, "go"),
        ChatMessage(ASSISTANT, "", tool_calls=calls),
        ChatMessage(TOOL, '{"ok": true}', tool_call_id="1"),
        ChatMessage(TOOL, "plain", tool_call_id="2"),
        ChatMessage(TOOL, "of nobody", tool_call_id="9"),
    )[1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}},
                {"functionCall": {"id": "2", "name": "g", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "1", "name": "f", "response": {"ok": True}}},
                {"functionResponse": {"id": "2", "name": "g", "response": {"result": "plain"}}},
            ],
        },
    ]


async def test_signatures_go_back_where_they_were(transport: HttpTransport) -> None:
    async with ByteServer([raw_stream(TOOLS)]) as server:
        heard = await hear(provider(transport, server.url), request())
    calls = tuple(
        ToolCall(call.id or f"made-{place}", call.name, call.arguments)
        for place, call in enumerate(heard.tools)
    )
    answer = ChatMessage(ASSISTANT, heard.text, tool_calls=calls, echo=heard.echo)
    results = [ChatMessage(TOOL, "{}", tool_call_id=call.id) for call in calls]
    asked = service()
    sent: Any = gemini_body(asked, ChatRequest("m", (answer, *results)))
    signed = {"id": "call_1", "name": "f", "args": {"x": 1}}
    assert sent["contents"][0]["parts"] == [
        {"text": "I look."},
        {"functionCall": signed, "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "made-1", "name": "g", "args": {}}},
    ]
    # The text was edited: the call is signed all the same. Another model knows no signature.
    edited = ChatMessage(ASSISTANT, "Wait.", tool_calls=calls, echo=heard.echo)
    sent = gemini_body(asked, ChatRequest("m", (edited, *results)))
    assert sent["contents"][0]["parts"][:2] == [
        {"text": "Wait."},
        {"functionCall": signed, "thoughtSignature": "c2ln"},
    ]
    sent = gemini_body(asked, ChatRequest("other", (answer, *results)))
    assert "thoughtSignature" not in json.dumps(sent)


def test_parts_of_an_answer_keep_their_places() -> None:
    parts = [
        {"type": "thought", "signature": "a"},
        {"type": "text", "length": 3},
        {"type": "text", "length": 4, "signature": "b"},
        {"type": "text", "length": 0, "signature": "c"},
        {"type": "text", "length": "odd"},
        "odd",
    ]
    echo: Any = {"protocol": "gemini", "service": "here", "model": "m", "parts": parts}
    (content,) = said(ChatMessage(ASSISTANT, "one two", echo=echo))
    assert content["parts"] == [
        {"text": "", "thought": True, "thoughtSignature": "a"},
        {"text": "one"},
        {"text": " two", "thoughtSignature": "b"},
        {"text": "", "thoughtSignature": "c"},
    ]
    # Signatures alone are no answer.
    assert said(ChatMessage(ASSISTANT, "", echo=echo)) == []


SHOWN = {"includeThoughts": True}


@pytest.mark.parametrize(
    ("thinking", "changes", "config"),
    [
        (Thinking(), {"thinking": True}, None),
        (EFFORT, {}, SHOWN),
        (EFFORT, {"thinking": False}, SHOWN),
        (EFFORT, {"effort": "low"}, SHOWN | {"thinkingLevel": "low"}),
        (EFFORT, {"effort": "unheard of"}, SHOWN),
        (BUDGET, {}, SHOWN),
        (BUDGET, {"thinking": False}, {"thinkingBudget": 0}),
        (BUDGET, {"effort": "high"}, SHOWN | {"thinkingBudget": 24_576}),
        (Thinking(ThinkingDialect.BUDGET, LEVELS), {}, None),
        (
            Thinking(ThinkingDialect.BUDGET, LEVELS),
            {"thinking": True},
            SHOWN | {"thinkingBudget": -1},
        ),
        (Thinking(ThinkingDialect.TYPE), {"thinking": True}, SHOWN),
        (Thinking(ThinkingDialect.TYPE), {"thinking": False}, None),
    ],
)
def test_thinking(thinking: Thinking, changes: Any, config: Any) -> None:
    sent = body(model=Model("m", thinking=thinking), **changes)
    assert sent.get("generationConfig", {}).get("thinkingConfig") == config


def test_the_shape_of_the_answer() -> None:
    schema: Any = {"type": "object"}
    for given in (schema, {"name": "thing", "schema": schema}):
        sampling = Sampling(response_format="json_schema", json_schema=given)
        assert body(sampling=sampling)["generationConfig"] == {
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
        }
    config = body(sampling=Sampling(response_format="json_object"))["generationConfig"]
    assert config == {"responseMimeType": "application/json"}
    assert "generationConfig" not in body(sampling=Sampling(response_format="text"))


def test_further_fields_win() -> None:
    asked = service(body={"generationConfig": {"topP": 0.1, "topK": 1}, "labels": {"a": "b"}})
    extra: Any = {"generationConfig": {"topK": 2}, "safetySettings": []}
    sent = gemini_body(asked, request(temperature=1.0, extra=extra))
    assert sent["generationConfig"] == {"temperature": 1.0, "topP": 0.1, "topK": 2}
    assert (sent["labels"], sent["safetySettings"]) == ({"a": "b"}, [])


def entry(name: str, *methods: str, **fields: Any) -> dict[str, Any]:
    methods = methods or ("generateContent", "countTokens")
    return {
        "name": f"models/{name}",
        "displayName": name.upper(),
        "supportedGenerationMethods": list(methods),
        **fields,
    }


async def test_the_list(transport: HttpTransport) -> None:
    pages = [
        {
            "models": [
                entry("gemini-9-flash", thinking=True, inputTokenLimit=100, outputTokenLimit=50),
                entry("gemini-2.5-pro", thinking=True),
                entry("embedder", "embedContent"),
            ],
            "nextPageToken": "b/&",
        },
        {"models": [entry("gemini-2.5-flash-lite", thinking=True), entry("known"), entry("plain")]},
    ]
    mine = Model("known", 5, 6, BUDGET, name="Mine")
    async with ByteServer([json_reply(200, page) for page in pages]) as server:
        asked = provider(transport, server.url, models=(mine,), thinking=EFFORT)
        nine, pro, lite, known, plain = await asked.list_models()
        paths = [sent.path for sent in server.requests]
    assert paths == ["/v1/models?pageSize=1000", "/v1/models?pageSize=1000&pageToken=b%2F%26"]
    levels = Thinking(ThinkingDialect.EFFORT, ("minimal", *LEVELS), True, "", False)
    assert nine == Model("gemini-9-flash", 100, 50, levels, name="GEMINI-9-FLASH")
    assert pro.thinking == Thinking(ThinkingDialect.BUDGET, LEVELS, True, "", False)
    assert lite.thinking == Thinking(ThinkingDialect.BUDGET, LEVELS, False, "", True)
    assert known == mine
    assert plain.thinking == Thinking()


async def test_a_list_without_end_has_one(transport: HttpTransport) -> None:
    page = {"models": [entry("a")], "nextPageToken": "again"}
    async with ByteServer([json_reply(200, page)]) as server:
        assert len(await provider(transport, server.url).list_models()) == 1
        assert len(server.requests) <= 20


async def test_lists_that_are_none(transport: HttpTransport) -> None:
    error = [{"error": {"code": 400, "message": "API key not valid.", "status": "NO"}}]
    replies = [json_reply(400, error), reply(200, b"<html></html>"), json_reply(200, {"a": 1})]
    async with ByteServer(replies) as server:
        asked = provider(transport, server.url)
        kinds = []
        for _ in replies:
            with pytest.raises(ProviderError) as caught:
                await asked.list_models()
            kinds.append(caught.value.info.kind)
        with pytest.raises(ProviderError) as caught:
            await provider(transport, server.url, models_path="").list_models()
        kinds.append(caught.value.info.kind)
    assert kinds[0] is ErrorKind.AUTHENTICATION
    assert kinds[1] is ErrorKind.PROTOCOL
    assert kinds[3] is ErrorKind.NOT_FOUND
