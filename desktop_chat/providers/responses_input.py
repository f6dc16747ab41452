"""Messages as input items of the Responses API ("Create a model response" of OpenAI's reference;
DeepSeek and Volcengine Ark take the same).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Service
from desktop_chat.providers.attached import data_uri, file_name, label, question_text, readable
from desktop_chat.providers.echoes import EchoMaker, answered_calls, tool_turns

PROTOCOL: Final = "openai-responses"


def instructions(messages: Sequence[ChatMessage]) -> str:
    """Return what the system says before anyone else speaks."""
    return "\n\n".join(message.text for message in messages[: _first(messages)] if message.text)


def input_items(service: Service, request: ChatRequest) -> list[JsonValue]:
    """Return everything else, oldest first.

    What a model thought goes back with the answers of turns in which a tool was asked for: the
    items as they came, before the calls that they led to.
    """
    messages = request.messages[_first(request.messages) :]
    model = service.model(request.model)
    echoes = EchoMaker(PROTOCOL, service.id, request.model)
    answered = answered_calls(messages)
    with_tools = tool_turns(messages)
    items: list[JsonValue] = []
    for place, message in enumerate(messages):
        if message.role is Role.ASSISTANT:
            echoed = echoes.fields(message).get("items") if place in with_tools else None
            items.extend(_answer(message, echoed, answered, model))
        elif message.role is not Role.TOOL:
            items.append({"role": message.role.value, "content": _content(message, model)})
        elif message.tool_call_id in answered:
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": message.tool_call_id,
                    "output": message.text,
                }
            )
    return items


def tool_fields(tools: Sequence[ToolSpec], choice: str) -> dict[str, JsonValue]:
    """Return the fields that offer tools; none where there is no tool."""
    if not tools:
        return {}
    listed: list[JsonValue] = []
    for tool in tools:
        entry: dict[str, JsonValue] = {"type": "function", "name": tool.name}
        if tool.description:
            entry["description"] = tool.description
        entry["parameters"] = dict(tool.parameters) or {"type": "object", "properties": {}}
        # Strict is what OpenAI assumes here, and it takes few schemas.
        entry["strict"] = False
        listed.append(entry)
    fields: dict[str, JsonValue] = {"tools": listed}
    if choice in ("auto", "none", "required"):
        fields["tool_choice"] = choice
    elif choice:
        fields["tool_choice"] = {"type": "function", "name": choice}
    return fields


def _first(messages: Sequence[ChatMessage]) -> int:
    """Return the place of the first message that is not the system's."""
    places = (at for at, message in enumerate(messages) if message.role is not Role.SYSTEM)
    return next(places, len(messages))


def _content(message: ChatMessage, model: Model) -> JsonValue:
    parts: list[JsonValue] = []
    unread: list[str] = []
    for attached in message.attached if message.role is Role.USER else ():
        if attached.file.kind is AttachmentKind.TEXT:
            continue
        if not readable(attached, model):
            unread.append(label(attached))
        elif attached.file.kind is AttachmentKind.IMAGE:
            parts.append({"type": "input_image", "image_url": data_uri(attached)})
        else:
            parts.append(
                {
                    "type": "input_file",
                    "filename": file_name(attached),
                    "file_data": data_uri(attached),
                }
            )
    text = "\n\n".join(filter(None, [*unread, question_text(message)]))
    if not parts:
        return text
    return [*parts, {"type": "input_text", "text": text}] if text else parts


def _answer(
    message: ChatMessage, echoed: object, answered: set[str], model: Model
) -> Iterator[JsonValue]:
    """Give an answer as items: in the order in which they came where that was kept, else the text
    and then the calls. Thinking without what it led to is refused, so it goes with that.
    """
    calls = {call.id: call for call in message.tool_calls if call.id in answered}
    text = message.text
    thoughts: list[JsonValue] = []
    for item in echoed if isinstance(echoed, Sequence) else ():
        if not isinstance(item, Mapping):
            continue
        if item.get("type") == "reasoning":
            thoughts.append(dict(item))
            continue
        if item.get("type") == "message" and text:
            yield from thoughts
            yield {"role": "assistant", "content": text}
            text = ""
        elif (call := calls.pop(_text(item.get("call_id")), None)) is not None:
            yield from thoughts
            yield _call(call)
        thoughts.clear()
    if text:
        told: dict[str, JsonValue] = {"role": "assistant", "content": text}
        if message.partial and model.prefix:
            told["partial"] = True  # Ark's word for an answer that is to be written on
        yield told
    for call in calls.values():
        yield _call(call)


def _call(call: ToolCall) -> JsonValue:
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments or "{}",
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
