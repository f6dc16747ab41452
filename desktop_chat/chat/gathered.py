"""What an answer brings beside text and thinking: pictures, tool calls, further answers.

A service is not trusted: of everything there is only so much.
"""

import time
from dataclasses import dataclass, field, replace
from typing import Final

from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.core.events import ChoiceDelta, ImagePart, ToolCallDelta
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Message, ToolCall
from desktop_chat.core.pictures import SUFFIXES, picture_head

MAX_TOOL_CALLS: Final = 64
MAX_TOOL_CHARS: Final = 1_000_000
"""Characters of all arguments together; what comes after them is left out."""
MAX_CHOICES: Final = 127
MAX_PICTURES: Final = 16


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ToolCalls:
    """Joins the pieces of tool calls."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}
        self._chars = 0

    def add(self, piece: ToolCallDelta) -> None:
        """Take more of a call. Its id and name are what they were when they came first."""
        if piece.index not in self._calls and len(self._calls) >= MAX_TOOL_CALLS:
            return
        call = self._calls.setdefault(piece.index, _Call())
        call.id = call.id or piece.id
        call.name = call.name or piece.name
        room = MAX_TOOL_CHARS - self._chars
        if piece.arguments and room > 0:
            call.arguments.append(piece.arguments[:room])
            self._chars += len(call.arguments[-1])

    def all(self) -> tuple[ToolCall, ...]:
        """Return the calls in the order of their numbers."""
        known: set[str] = set()
        for _, call in sorted(self._calls.items()):
            # It is given one here, once, so that it is the same whenever it is asked for. Two with
            # one id would share one result.
            call.id = new_id() if not call.id or call.id in known else call.id
            known.add(call.id)
        return tuple(
            ToolCall(call.id, call.name, "".join(call.arguments))
            for _, call in sorted(self._calls.items())
        )


@dataclass(slots=True)
class _Choice:
    row: Message
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)


class Choices:
    """Joins the pieces of further answers, each of which is a message of its own."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}

    def add(self, piece: ChoiceDelta, answer: Message) -> tuple[Message, bool] | None:
        """Take more of one. Return its row and whether it has just begun; None where it says
        nothing, or is one too many.

        Args:
            piece: what came.
            answer: that it came along with.
        """
        if not piece.text and not piece.reasoning:
            return None
        choice = self._choices.get(piece.index)
        new = choice is None
        if choice is None:
            if len(self._choices) >= MAX_CHOICES:
                return None
            choice = self._choices[piece.index] = _Choice(sibling(answer))
        choice.text.append(piece.text)
        choice.reasoning.append(piece.reasoning)
        return choice.row, new

    def all(self, answer: Message) -> list[Message]:
        """Return them, in the order of their numbers.

        Args:
            answer: that they came along with, as it is now; they are as far.
        """
        return [
            replace(
                sibling(answer),
                id=choice.row.id,
                created_at=choice.row.created_at,
                text="".join(choice.text),
                reasoning="".join(choice.reasoning),
            )
            for _, choice in sorted(self._choices.items())
        ]


def picture_attachment(part: ImagePart, key: str, number: int) -> Attachment:
    """Return a picture that a model made as an attachment of its answer.

    Args:
        part: the picture.
        key: of its bytes.
        number: from 1, for its name.
    """
    head = picture_head(part.data)
    suffix = SUFFIXES[head.kind] if head is not None else "bin"
    return Attachment(
        blob=key,
        name=f"picture-{number}.{suffix}",
        media_type=head.mime if head is not None else part.media_type,
        size=len(part.data),
        kind=AttachmentKind.IMAGE,
        width=head.width if head is not None else 0,
        height=head.height if head is not None else 0,
        generated=True,
    )


def sibling(answer: Message) -> Message:
    """Return the row of a further answer that comes along with one, empty. What both cost stands
    in the first.
    """
    return Message(
        new_id(),
        answer.conversation_id,
        answer.parent_id,
        answer.role,
        "",
        time.time(),
        state=answer.state,
        reason=answer.reason,
        error=answer.error,
        service_id=answer.service_id,
        service_name=answer.service_name,
        model=answer.model,
        run_id=answer.run_id,
        omitted=answer.omitted,
        asked_service=answer.asked_service,
        cached_at=answer.cached_at,
    )
