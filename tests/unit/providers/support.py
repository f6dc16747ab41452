"""What the tests of providers share: a service at an address, and a stream read to its end."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    ChoiceDelta,
    Done,
    Echo,
    FinishReason,
    ImagePart,
    Notice,
    ReasoningDelta,
    RemoteId,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.errors import ErrorReader

DEMO_TEXTS = Path(__file__).parents[3] / "resources" / "demo"


_KINDS: dict[type, str] = {
    ReasoningDelta: "thinking",
    TextDelta: "text",
    ToolCallDelta: "calls",
    Usage: "usage",
    Done: "done",
}


def service(base_url: str = "http://127.0.0.1:9/v1", **changes: Any) -> Service:
    """A service without a key, with time-outs that fit a test."""
    plain = Service(
        "here",
        {"": "Here"},
        base_url=base_url,
        auth="none",
        first_token_timeout=20.0,
        idle_timeout=20.0,
        connect_timeout=10.0,
    )
    return replace(plain, **changes)


def request(text: str = "Hello", **changes: Any) -> ChatRequest:
    """A request of one question."""
    return replace(ChatRequest("m", (ChatMessage(Role.USER, text),)), **changes)


def reader(host: str = "here.test") -> ErrorReader:
    """Reads errors and takes out the one secret that tests know."""
    return ErrorReader(host, lambda text: text.replace("sk-secret", "***"))


@dataclass
class Heard:
    """What came out of a stream."""

    events: list[StreamEvent] = field(default_factory=list)
    error: ErrorInfo | None = None

    def add(self, events: Sequence[StreamEvent]) -> None:
        self.events.extend(events)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def tools(self) -> list[ToolCallDelta]:
        """Calls with their pieces joined."""
        calls: dict[int, ToolCallDelta] = {}
        for event in self.events:
            if isinstance(event, ToolCallDelta):
                old = calls.get(event.index, ToolCallDelta(event.index, "", "", ""))
                calls[event.index] = ToolCallDelta(
                    event.index,
                    old.id + event.id,
                    old.name + event.name,
                    old.arguments + event.arguments,
                )
        return list(calls.values())

    @property
    def usage(self) -> Usage | None:
        """The last one."""
        found = [event for event in self.events if isinstance(event, Usage)]
        return found[-1] if found else None

    @property
    def images(self) -> tuple[bytes, ...]:
        return tuple(event.data for event in self.events if isinstance(event, ImagePart))

    @property
    def choices(self) -> dict[int, str]:
        """Texts of further answers, by number."""
        found: dict[int, str] = {}
        for event in self.events:
            if isinstance(event, ChoiceDelta):
                found[event.index] = found.get(event.index, "") + event.text
        return found

    @property
    def echo(self) -> JsonValue:
        """The last one, or None."""
        found = [event.data for event in self.events if isinstance(event, Echo)]
        return found[-1] if found else None

    @property
    def remote_id(self) -> str:
        """The last one, or ""."""
        found = [event.id for event in self.events if isinstance(event, RemoteId)]
        return found[-1] if found else ""

    @property
    def notices(self) -> list[Notice]:
        return [event for event in self.events if isinstance(event, Notice)]

    @property
    def reason(self) -> FinishReason | None:
        """The reason, which must be said last and once."""
        found = [event for event in self.events if isinstance(event, Done)]
        assert len(found) <= 1
        assert not found or self.events[-1] is found[0]
        return found[0].reason if found else None

    @property
    def order(self) -> tuple[str, ...]:
        """The kinds of what came, one after another."""
        kinds: list[str] = []
        for event in self.events:
            name = _KINDS.get(type(event), "")
            if name and (not kinds or kinds[-1] != name):
                kinds.append(name)
        return (*kinds, *(["error"] if self.error else []))

    @property
    def kind(self) -> ErrorKind | None:
        return self.error.kind if self.error else None


async def hear(
    provider: Provider, question: ChatRequest | None = None, control: StreamControl | None = None
) -> Heard:
    """Read a stream to its end or its error."""
    return await collect(provider.stream(question or request(), control or StreamControl()))


async def collect(stream: AsyncGenerator[StreamEvent, None]) -> Heard:
    """Read the rest of a stream."""
    heard = Heard()
    try:
        async for event in stream:
            heard.events.append(event)
    except ProviderError as error:
        heard.error = error.info
    return heard


async def first(stream: AsyncGenerator[StreamEvent, None], kind: type[Any]) -> Any:
    """Read until an event of a kind."""
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"no {kind.__name__} came")
