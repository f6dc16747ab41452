"""What is asked of a model, before any protocol gives it a shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a request.

    Attributes:
        role: who speaks.
        text: what is said.
        reasoning: the thinking of an assistant's message, for services that want it echoed.
    """

    role: Role
    text: str
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request.

    Attributes:
        model: the model's id.
        messages: system prompt first, then the branch, oldest first.
        temperature: or None for the service's default.
        top_p: or None for the service's default.
        max_tokens: or None for the service's default.
        thinking: on, off, or None for the service's default.
        effort: one of the model's efforts, or "".
        extra: further fields of the body, which win over everything else.
        stream: False asks for the whole answer at once; the events are the same.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    thinking: bool | None = None
    effort: str = ""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    stream: bool = True
