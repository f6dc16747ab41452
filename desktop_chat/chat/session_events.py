"""What a session tells those who watch it. Events come on the loop's thread, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from desktop_chat.core.attachments import Attachment
from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.events import Notice, ReasoningDelta, TextDelta
from desktop_chat.core.messages import Conversation, Message, MessageHead


@dataclass(frozen=True, slots=True)
class BranchChanged:
    """Another branch is visible (opened, sibling chosen, question edited): show it anew.

    Attributes:
        branch: first to last; a ``MessageHead`` is one whose text is not loaded yet.
    """

    branch: tuple[Message | MessageHead, ...]


@dataclass(frozen=True, slots=True)
class MessagesLoaded:
    """Texts that ``ChatSession.load`` fetched."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message was added at the end of the visible branch."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageReopened:
    """A finished answer streams again (Continue): its text stays and grows."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """More of a streaming message."""

    message_id: str
    delta: TextDelta | ReasoningDelta


@dataclass(frozen=True, slots=True)
class MessageFiles:
    """Pictures have come for a streaming message.

    Attributes:
        message_id: the message.
        attachments: all that it has now.
        data: the bytes of those that are new, by key; ``ChatSession.blob`` has them later.
    """

    message_id: str
    attachments: tuple[Attachment, ...]
    data: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageAnswered:
    """Who really answers is known: a backup, or the cache. Service, model, ``asked_service`` and
    ``cached_at`` of the message tell.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class MessageNotice:
    """A notice for a streaming message; None takes it away."""

    message_id: str
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class MessageFinished:
    """The final form of a message: done, stopped, failed or interrupted."""

    message: Message


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """Title, options or time changed."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class RunningChanged:
    """A turn began or ended."""

    running: bool


@dataclass(frozen=True, slots=True)
class SavingFailed:
    """What arrives could not be written; it is kept in memory and tried again."""

    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class SavingRecovered:
    """Everything is written again."""


SessionEvent: TypeAlias = (
    BranchChanged
    | MessagesLoaded
    | MessageAdded
    | MessageReopened
    | MessageDelta
    | MessageFiles
    | MessageAnswered
    | MessageNotice
    | MessageFinished
    | ConversationChanged
    | RunningChanged
    | SavingFailed
    | SavingRecovered
)
