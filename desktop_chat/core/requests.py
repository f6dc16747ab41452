"""What is asked of a model, before any protocol gives it a shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop_chat.core.attachments import Attached
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import ImageOptions, Role, Sampling, ToolCall


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that a model may ask for.

    Attributes:
        name: of the function.
        description: for the model.
        parameters: a JSON schema of its arguments.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a request.

    Attributes:
        role: who speaks.
        text: what is said.
        reasoning: the thinking of an assistant's message, for services that want it echoed.
        attached: files of a user's message, with their bytes.
        tool_calls: what an assistant's message asked for.
        tool_call_id: in a message of the role TOOL, the call that it answers.
        echo: what the protocol wanted back with an assistant's message (see ``events.Echo``).
        partial: whether it is the beginning of an answer that is to be written on.
    """

    role: Role
    text: str
    reasoning: str = ""
    attached: tuple[Attached, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    echo: JsonValue = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request.

    Attributes:
        model: the model's id.
        messages: system prompt first, then the branch, oldest first. A last message of the
            assistant with ``partial`` asks for its rest.
        temperature: or None for the service's default.
        top_p: or None for the service's default.
        max_tokens: or None for the service's default.
        thinking: on, off, or None for the service's default.
        effort: one of the model's efforts, or "".
        sampling: further parameters.
        tools: what the model may ask for.
        tool_choice: ``auto``, ``none``, ``required`` or the name of a tool; "" says nothing.
        image: what a picture is to be like, for models that make them.
        remote_id: the service's own id of this conversation, or "" (see ``events.RemoteId``).
            With one only the last message needs to be sent.
        conversation_id: our id of the conversation, for the fair sharing of limits; never sent.
        extra: further fields of the body, which win over everything else.
        extra_headers: further headers; never those that prove who we are.
        stream: False asks for the whole answer at once; the events are the same.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    thinking: bool | None = None
    effort: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = ""
    image: ImageOptions = field(default_factory=ImageOptions)
    remote_id: str = ""
    conversation_id: str = ""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    stream: bool = True
