"""A conversation is a tree of messages; what is on the screen is one branch of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from desktop_chat.core.attachments import Attached, Attachment
from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.json import JsonValue


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class MessageState(StrEnum):
    """How far a message came."""

    DONE = "done"
    STREAMING = "streaming"
    STOPPED = "stopped"
    """By the user."""
    INTERRUPTED = "interrupted"
    """The program that received it ended; the text is what had been saved."""
    FAILED = "failed"
    """``error`` tells why; text that had arrived is kept."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an answer took, in seconds; None where it never came to that.

    Attributes:
        first_token: from sending to the first delta of any kind.
        reasoning: from the first reasoning delta to the first text delta (or the end).
        total: from sending to the end.
    """

    first_token: float | None = None
    reasoning: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that an answer asked for.

    Attributes:
        id: the service's, or one of our own where it gave none.
        name: of the function.
        arguments: JSON as it arrived; it may be cut off.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer cost by the price list of its day.

    Attributes:
        amount: in units of the currency.
        currency: ``CNY`` or ``USD``.
    """

    amount: float
    currency: str


class MessageHead(NamedTuple):
    """What is known of a message before its text is loaded. Long conversations have thousands,
    and a tuple is made in less than half the time of a frozen dataclass.

    Attributes:
        id: see ``ids.new_id``.
        parent_id: the message before it on its branch, or None for a first one.
        role: who speaks.
        state: how far it came.
        created_at: seconds since the epoch.
        chars: length of text and reasoning together, in characters; an estimate while streaming.
    """

    id: str
    parent_id: str | None
    role: Role
    state: MessageState
    created_at: float
    chars: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message, whole.

    Attributes:
        id: see ``ids.new_id``.
        conversation_id: the tree it belongs to.
        parent_id: the message before it on its branch, or None for a first one.
        role: who speaks.
        text: Markdown as it arrived or was typed.
        reasoning: the thinking, as it arrived.
        state: how far it came.
        created_at: seconds since the epoch.
        reason: why the answer ended, or None.
        error: why it failed, or None.
        usage: tokens, or None when the service gave none.
        timing: how long it took, or None.
        service_id: the service that answered, or ""; of a question the one it is meant for, where
            that is not what the conversation asks (a picture of an answer).
        service_name: its name at that time, or "".
        model: the model's id, or "".
        run_id: the run of this program that streams it, or "" when none does.
        omitted: how many earlier messages of its branch the context policy left out.
        attachments: files: those of a question, and pictures that an answer made.
        tool_calls: what an answer asked for.
        tool_call_id: in a message of the role TOOL, the call that it answers.
        echo: what the protocol wants back with this answer (see ``events.Echo``), or None.
        cost: what it cost, or None where the price is not known.
        asked_service: the name of the service that was asked, where a backup answered; else "".
        cached_at: when the answer was first given, in seconds since the epoch, where it came from
            the cache; else None.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    text: str
    created_at: float
    state: MessageState = MessageState.DONE
    reasoning: str = ""
    reason: FinishReason | None = None
    error: ErrorInfo | None = None
    usage: Usage | None = None
    timing: Timing | None = None
    service_id: str = ""
    service_name: str = ""
    model: str = ""
    run_id: str = ""
    omitted: int = 0
    attachments: tuple[Attachment, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    echo: JsonValue = None
    cost: Cost | None = None
    asked_service: str = ""
    cached_at: float | None = None

    def head(self) -> MessageHead:
        """Return what ``ConversationStore.heads`` would give for it."""
        return MessageHead(
            self.id,
            self.parent_id,
            self.role,
            self.state,
            self.created_at,
            len(self.text) + len(self.reasoning),
        )


@dataclass(frozen=True, slots=True)
class Sampling:
    """Parameters of sampling that not every service knows. What is None or empty is not sent.

    Attributes:
        n: how many answers; the further ones become siblings of the first.
        stop: texts before which the answer ends.
        top_k: how many candidates for each token.
        min_p: the least probability of a candidate, against that of the likeliest.
        frequency_penalty: -2 to 2.
        presence_penalty: -2 to 2.
        seed: for the same answer again.
        response_format: ``text``, ``json_object`` or ``json_schema``; "" says nothing.
        json_schema: the schema for ``json_schema``.
    """

    n: int | None = None
    stop: tuple[str, ...] = ()
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    response_format: str = ""
    json_schema: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """What a picture is to be like. What is 0, None or "" is left to the service.

    Attributes:
        size: ``1024x1024``.
        count: how many pictures.
        seed: for the same picture again.
        negative_prompt: what is not to be seen.
        style: a word that the service knows.
    """

    size: str = ""
    count: int = 0
    seed: int | None = None
    negative_prompt: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What a conversation asks with. None or "" means: the default of service and model.

    Attributes:
        service_id: which service.
        model: which model.
        system: the system prompt.
        temperature: 0 to 2.
        top_p: 0 to 1.
        max_tokens: limit of the answer, in tokens.
        thinking: on, off, or None for the service's own default.
        effort: one of the efforts of the model's thinking dialect, or "".
        rounds: how many question-and-answer rounds of context are sent; None sends all.
        sampling: further parameters.
        image: what pictures are to be like.
        extra: further fields of the body, as the user typed them.
        extra_headers: further headers, as the user typed them.
    """

    service_id: str = ""
    model: str = ""
    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    thinking: bool | None = None
    effort: str = ""
    rounds: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    image: ImageOptions = field(default_factory=ImageOptions)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages.

    Attributes:
        id: see ``ids.new_id``.
        title: as shown; "" until the first exchange gives one.
        titled_by_user: True keeps it from being replaced.
        created_at: seconds since the epoch.
        updated_at: seconds since the epoch of the newest message.
        leaf_id: the end of the visible branch, or None when empty.
        options: what it asks with.
        remote_ids: the services' own ids of this conversation, by service id.
    """

    id: str
    title: str
    created_at: float
    updated_at: float
    leaf_id: str | None = None
    titled_by_user: bool = False
    options: ChatOptions = field(default_factory=ChatOptions)
    remote_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What was prepared for the next question and not sent.

    Attributes:
        text: what was typed.
        files: those that were chosen; their bytes are in the store.
    """

    text: str = ""
    files: tuple[Attachment, ...] = ()

    @classmethod
    def of(cls, text: str, files: Iterable[Attached | Attachment]) -> "Draft":
        """Return a draft of files, some of which may be here with their bytes."""
        named = (item.file if isinstance(item, Attached) else item for item in files)
        return cls(text, tuple(named))


class MessageTree:
    """The shape of one conversation: which message follows which. It holds heads, no texts.

    Args:
        heads: in any order.
    """

    def __init__(self, heads: Iterable[MessageHead] = ()) -> None:
        self._heads: dict[str, MessageHead] = {}
        self._children: dict[str | None, list[str]] = {}
        for head in sorted(heads):
            self.add(head)

    def add(self, head: MessageHead) -> None:
        """Add a message, or replace what is known of it."""
        if head.id not in self._heads:
            self._children.setdefault(head.parent_id, []).append(head.id)
        self._heads[head.id] = head

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._heads

    def __len__(self) -> int:
        return len(self._heads)

    def head(self, message_id: str) -> MessageHead:
        """Return what is known of a message.

        Raises:
            KeyError: it is not in this tree.
        """
        return self._heads[message_id]

    def branch(self, leaf_id: str | None) -> list[MessageHead]:
        """Return the messages from the first one to ``leaf_id``; none for an unknown id."""
        found: list[MessageHead] = []
        seen: set[str] = set()
        while leaf_id is not None and leaf_id in self._heads and leaf_id not in seen:
            seen.add(leaf_id)
            head = self._heads[leaf_id]
            found.append(head)
            leaf_id = head.parent_id
        found.reverse()
        return found

    def siblings(self, message_id: str) -> list[str]:
        """Return the ids of the message and of those it stands beside, oldest first."""
        return list(self._children[self._heads[message_id].parent_id])

    def newest_leaf(self, message_id: str) -> str:
        """Return the end of the branch that goes on from a message by its newest children."""
        while children := self._children.get(message_id):
            message_id = children[-1]
        return message_id


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A place where a search found something.

    Attributes:
        conversation_id: the conversation.
        title: its title.
        message_id: the message, or None when the title matched.
        snippet: the text around the match, one line.
        created_at: seconds since the epoch.
    """

    conversation_id: str
    title: str
    message_id: str | None
    snippet: str
    created_at: float
