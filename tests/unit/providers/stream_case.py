"""What a body of a test is, and what must come out of it."""

from dataclasses import dataclass, field
from typing import Any

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from tests.helpers.byte_server import delta, event

STOP = event(delta(finish="stop"))
DONE = event("[DONE]")
HELLO = event(delta("Hello"))


@dataclass(frozen=True)
class Case:
    """A body and what it means.

    Attributes:
        body: as sent.
        text: the answer.
        reasoning: the thinking.
        reason: why it ended; of no account when there is an error.
        error: the kind of the error that ends it.
        says: a part of what the error says.
        usage: tokens.
        tools: id, name and arguments of each call.
        order: the kinds of what came, one after another; () for the usual: thinking, text, calls,
            usage, and the end.
    """

    body: bytes
    text: str = "Hello"
    reasoning: str = ""
    reason: FinishReason | None = FinishReason.STOP
    error: ErrorKind | None = None
    says: str = ""
    usage: Usage | None = None
    tools: list[tuple[str, str, str]] = field(default_factory=list)
    order: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The kinds of what must come, one after another."""
        if self.order:
            return self.order
        kinds = {
            "thinking": self.reasoning,
            "text": self.text,
            "calls": self.tools,
            "usage": self.usage,
        }
        end = "error" if self.error else "done"
        return (*(kind for kind, there in kinds.items() if there), end)


def events(*values: Any) -> bytes:
    return b"".join(event(value) for value in values)


def raw(**fields: Any) -> bytes:
    return event({"choices": [{"index": 0, **fields}]})
