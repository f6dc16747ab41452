"""Every protocol against a server that others wrote, and what that server says it was asked."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from desktop_chat.core.access import Access
from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind, blob_key
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import (
    Done,
    Echo,
    FinishReason,
    ImagePart,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from desktop_chat.system.paths import find_resources
from tests.helpers.aimock import Aimock, aimock

KEY = "sk-third-party-0123456789"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c63f8cfc0f01f0005000180a5fd8d5a0000000049454e44ae426082"
)
WEATHER = ToolSpec(
    "get_weather",
    "Tells the weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


class Way(NamedTuple):
    """A way to reach the server."""

    protocol: str
    base: str
    path: str
    auth: str = "bearer"
    header: str = "x-api-key"
    thinks: bool = True


WAYS = {
    "chat": Way("openai-chat", "/v1", "/v1/chat/completions"),
    "ark": Way("openai-chat", "/api/v3", "/api/v3/chat/completions"),
    "responses": Way("openai-responses", "/v1", "/v1/responses"),
    "anthropic": Way("anthropic", "", "/v1/messages", "header"),
    "gemini": Way(
        "gemini", "/v1beta", "/v1beta/models/m:generateContent", "header", "x-goog-api-key"
    ),
    # It puts Ollama's thinking into a field that Ollama itself does not use.
    "ollama": Way("ollama", "", "/api/chat", "none", thinks=False),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Aimock]:
    with aimock() as running:
        yield running


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(
        redact=lambda text: text,
        demo_texts=find_resources() / "demo",
        retry=RetryPolicy(retries=0),
    )
    yield made
    await made.aclose()


def service(server: Aimock, way: Way, **changes: Any) -> Service:
    """Return the service at the server."""
    fields: dict[str, Any] = {
        "protocol": way.protocol,
        "base_url": server.url + way.base,
        "auth": way.auth,
        "auth_fields": {"header": way.header},
        "models": (Model("m", output_tokens=512, thinking=Thinking(ThinkingDialect.TYPE)),),
    }
    return Service("third", {"": "Third"}, **(fields | changes))


def question(text: str, *more: ChatMessage, **fields: Any) -> ChatRequest:
    """Return a request."""
    return ChatRequest("m", (ChatMessage(Role.USER, text), *more), **fields)


async def hear(
    providers: HttpProviders, asked: Service, request: ChatRequest
) -> tuple[list[StreamEvent], ProviderError | None]:
    """Ask; return the events, and the error that ended them."""
    keys = () if asked.auth == "none" else (Secret(KEY),)
    provider = providers.provider(Access(asked, keys))
    events: list[StreamEvent] = []
    try:
        async for event in provider.stream(request, StreamControl()):
            events.append(event)
    except ProviderError as error:
        return events, error
    return events, None


def text_of(events: list[StreamEvent]) -> str:
    """Return the answer in them."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


ways = pytest.mark.parametrize("name", WAYS)


@ways
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer(server: Aimock, providers: HttpProviders, name: str, stream: bool) -> None:
    way = WAYS[name]
    events, error = await hear(
        providers, service(server, way), question("hello", temperature=0.5, stream=stream)
    )
    assert error is None
    assert text_of(events) == "Hi there! 你好，世界。"
    assert events[-1] == Done(FinishReason.STOP)
    asked = server.asked()
    path = way.path
    if name == "gemini" and stream:
        path = path.replace(":generate", ":streamGenerate") + "?alt=sse"
    assert asked["path"] == path
    assert asked["body"]["model"] == "m"
    if name != "ollama":
        assert asked["body"]["temperature"] == 0.5
        assert asked["body"].get("stream", False) is stream
    sent = {key.lower(): value for key, value in asked["headers"].items()}
    proof = {"bearer": "authorization", "header": way.header}.get(way.auth)
    for header in ("authorization", "x-api-key", "x-goog-api-key"):
        # The server hides what it was sent, so only whether there was something is seen.
        assert (header in sent) == (header == proof)


@ways
async def test_thinking_comes_apart_from_the_answer(
    server: Aimock, providers: HttpProviders, name: str
) -> None:
    way = WAYS[name]
    if not way.thinks:
        events, _ = await hear(providers, service(server, way), question("think first"))
        assert text_of(events) == "Thought about it."
        return
    events, error = await hear(
        providers, service(server, way), question("think first", thinking=True)
    )
    assert error is None
    thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    assert (thought, text_of(events)) == ("Let me think.", "Thought about it.")


@ways
async def test_tokens_are_counted(server: Aimock, providers: HttpProviders, name: str) -> None:
    events, error = await hear(providers, service(server, WAYS[name]), question("count them"))
    assert error is None
    counted = [event for event in events if isinstance(event, Usage)]
    if name == "ollama":
        # It counts nothing there.
        assert text_of(events) == "Counted."
        return
    assert counted
    assert (counted[-1].input_tokens, counted[-1].output_tokens) == (11, 7)


@ways
async def test_a_tool_is_asked_for_and_its_result_sent_back(
    server: Aimock, providers: HttpProviders, name: str
) -> None:
    asked = service(server, WAYS[name])
    events, error = await hear(providers, asked, question("weather", tools=(WEATHER,)))
    assert error is None
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    call = ToolCall(
        next((piece.id for piece in pieces if piece.id), "call_0"),
        "".join(piece.name for piece in pieces),
        "".join(piece.arguments for piece in pieces),
    )
    assert call.name == "get_weather"
    assert '"北京"' in call.arguments.encode().decode()
    assert events[-1] == Done(FinishReason.TOOL_CALLS)
    echo = next((event.data for event in events if isinstance(event, Echo)), None)
    events, error = await hear(
        providers,
        asked,
        question(
            "weather",
            ChatMessage(Role.ASSISTANT, text_of(events), tool_calls=(call,), echo=echo),
            ChatMessage(Role.TOOL, '{"degrees": 21}', tool_call_id=call.id),
            tools=(WEATHER,),
        ),
    )
    assert error is None
    assert text_of(events) == "It is 21 degrees."
    assert "degrees" in str(server.asked()["body"])


@ways
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ErrorKind.AUTHENTICATION),
        (402, ErrorKind.BALANCE),
        (429, ErrorKind.RATE_LIMIT),
        (500, ErrorKind.SERVER),
    ],
)
async def test_a_refusal_keeps_the_words_of_the_service(
    server: Aimock, providers: HttpProviders, name: str, status: int, kind: ErrorKind
) -> None:
    events, error = await hear(providers, service(server, WAYS[name]), question(f"status {status}"))
    assert text_of(events) == ""
    assert error is not None
    assert (error.info.kind, error.info.status) == (kind, status)
    assert error.info.message
    assert KEY not in repr(error.info)


@ways
async def test_a_line_that_drops_keeps_what_came(
    server: Aimock, providers: HttpProviders, name: str
) -> None:
    events, error = await hear(providers, service(server, WAYS[name]), question("cut short"))
    text = text_of(events)
    assert text
    assert "This answer never comes to its end, because the line drops.".startswith(text)
    assert error is not None
    assert error.info.kind is ErrorKind.DROPPED


@ways
async def test_a_picture_is_sent(server: Aimock, providers: HttpProviders, name: str) -> None:
    size = len(PIXEL)
    file = Attachment(blob_key(PIXEL), "dot.png", "image/png", size, AttachmentKind.IMAGE, 1, 1)
    message = ChatMessage(Role.USER, "hello", attached=(Attached(file, PIXEL),))
    events, error = await hear(providers, service(server, WAYS[name]), ChatRequest("m", (message,)))
    assert error is None
    assert text_of(events) == "Hi there! 你好，世界。"


@pytest.mark.parametrize("name", ["chat", "ark"])
async def test_a_picture_is_made(server: Aimock, providers: HttpProviders, name: str) -> None:
    asked = replace(
        service(server, WAYS[name]), images="openai-images", models=(Model("m", makes="image"),)
    )
    events, error = await hear(providers, asked, question("a lighthouse"))
    assert error is None
    (picture,) = (event for event in events if isinstance(event, ImagePart))
    assert picture.media_type == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    assert server.asked()["path"] == f"{WAYS[name].base}/images/generations"


async def test_chaos_ends_in_an_answer_or_in_a_reason() -> None:
    """Requests that are dropped, garbled and cut at random, for each protocol."""
    options = ("--chaos-drop", "0.2", "--chaos-malformed", "0.2", "--chaos-disconnect", "0.2")
    ends = set()
    with aimock(*options) as server:
        made = HttpProviders(
            redact=lambda text: text,
            demo_texts=find_resources() / "demo",
            retry=RetryPolicy(retries=0),
        )
        try:
            for name in WAYS:
                for _ in range(12):
                    events, error = await hear(made, service(server, WAYS[name]), question("hello"))
                    if error is None:
                        assert text_of(events) == "Hi there! 你好，世界。"
                    ends.add(error.info.kind if error else None)
        finally:
            await made.aclose()
    assert None in ends
    assert ErrorKind.INTERNAL not in ends
    assert len(ends) > 2
