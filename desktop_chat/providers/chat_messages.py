"""Messages as chat completions want them: files, pictures, calls of tools, and what is echoed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model, Service, ThinkingDialect
from desktop_chat.providers.attached import data_uri, file_name, label, question_text, readable
from desktop_chat.providers.echoes import EchoMaker, answered_calls, tool_turns

PROTOCOL: Final = "openai-chat"

_CONTENT_DIALECTS: Final = (ThinkingDialect.TYPE, ThinkingDialect.ENABLE)
"""Services with these switches call the thinking of an answer ``reasoning_content``."""
_REASONING_NAMES: Final = ("reasoning_content", "reasoning")


def old_functions(service: Service) -> bool:
    """Tell whether a service speaks of ``functions``, as all did before there were ``tools``."""
    return service.options.get("tools") == "functions"


def writes_on(service: Service, request: ChatRequest) -> bool:
    """Tell whether the service is asked to write on the beginning of an answer."""
    return bool(
        request.messages
        and request.messages[-1].role is Role.ASSISTANT
        and request.messages[-1].partial
        and service.model(request.model).prefix
    )


def chat_messages(service: Service, request: ChatRequest) -> list[JsonValue]:
    """Return the messages of a request.

    The thinking goes back with the answers of turns in which a tool was asked for, and with the
    beginning of an answer that is to be written on ("Chat Prefix Completion" of DeepSeek); never
    with others, which some services would refuse.
    """
    echoes = EchoMaker(PROTOCOL, service.id, request.model)
    answered = answered_calls(request.messages)
    with_tools = tool_turns(request.messages)
    model = service.model(request.model)
    content_dialect = model.thinking.dialect in _CONTENT_DIALECTS
    written_on = request.messages[-1] if writes_on(service, request) else None
    sent: list[dict[str, JsonValue]] = []
    for place, message in enumerate(request.messages):
        if message.role is not Role.ASSISTANT:
            if message.role is not Role.TOOL or message.tool_call_id in answered:
                sent.append(_plain(message, model))
            continue
        fields = echoes.fields(message)
        told = _answer(message, fields, answered)
        if not told["content"] and message.tool_calls and "tool_calls" not in told:
            continue  # it did nothing but ask for what was never done
        if place in with_tools or message is written_on:
            told |= _thinking(message, fields, content_dialect=content_dialect)
        if message is written_on:
            told["prefix"] = True
        sent.append(told)
    return list(_as_functions(sent) if old_functions(service) else sent)


def tool_fields(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the fields that offer tools; none where there is no tool."""
    if not request.tools:
        return {}
    functions: list[JsonValue] = [function_of(tool) for tool in request.tools]
    choice = request.tool_choice
    if old_functions(service):
        fields: dict[str, JsonValue] = {"functions": functions}
        if choice == "required":
            # The old dialect has no word for it; one function can be named.
            choice = request.tools[0].name if len(request.tools) == 1 else "auto"
        if choice:
            fields["function_call"] = choice if choice in ("auto", "none") else {"name": choice}
        return fields
    fields = {"tools": [{"type": "function", "function": tool} for tool in functions]}
    if choice in ("auto", "none", "required"):
        fields["tool_choice"] = choice
    elif choice:
        fields["tool_choice"] = {"type": "function", "function": {"name": choice}}
    return fields


def function_of(tool: ToolSpec) -> dict[str, JsonValue]:
    """Return a tool as the description of a function."""
    told: dict[str, JsonValue] = {"name": tool.name}
    if tool.description:
        told["description"] = tool.description
    told["parameters"] = dict(tool.parameters) or {"type": "object", "properties": {}}
    return told


def _plain(message: ChatMessage, model: Model) -> dict[str, JsonValue]:
    if message.role is Role.TOOL:
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    if message.role is Role.USER and message.attached:
        return {"role": "user", "content": _content(message, model)}
    return {"role": message.role.value, "content": message.text}


def _content(message: ChatMessage, model: Model) -> JsonValue:
    """Return a question with its files; as text where it can be, which every service takes."""
    parts: list[JsonValue] = []
    unread: list[str] = []
    for attached in message.attached:
        if attached.file.kind is AttachmentKind.TEXT:
            continue
        if not readable(attached, model):
            unread.append(label(attached))
        elif attached.file.kind is AttachmentKind.IMAGE:
            parts.append({"type": "image_url", "image_url": {"url": data_uri(attached)}})
        else:
            file = {"filename": file_name(attached), "file_data": data_uri(attached)}
            parts.append({"type": "file", "file": file})
    text = "\n\n".join(filter(None, [*unread, question_text(message)]))
    if not parts:
        return text
    return [*parts, {"type": "text", "text": text}] if text else parts


def _answer(
    message: ChatMessage, echo: Mapping[str, JsonValue], answered: set[str]
) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"role": "assistant", "content": message.text}
    if extra := echo.get("extra"):
        told["extra_content"] = extra
    if calls := list(_calls(message.tool_calls, echo.get("calls"), answered)):
        # Some services refuse an empty text beside calls.
        told["content"] = message.text or None
        told["tool_calls"] = calls
    return told


def _calls(
    calls: Iterable[ToolCall], signed: JsonValue, answered: set[str]
) -> Iterator[dict[str, JsonValue]]:
    """Give the calls that have results, each with the signature that came with it."""
    extras = signed if isinstance(signed, Sequence) and not isinstance(signed, str) else ()
    for place, call in enumerate(calls):
        if call.id not in answered:
            continue
        function: JsonValue = {"name": call.name, "arguments": call.arguments or "{}"}
        told: dict[str, JsonValue] = {"id": call.id, "type": "function", "function": function}
        if place < len(extras) and extras[place]:
            told["extra_content"] = extras[place]
        yield told


def _thinking(
    message: ChatMessage, echo: Mapping[str, JsonValue], *, content_dialect: bool
) -> dict[str, JsonValue]:
    """Return the thinking under the name by which it came, or the service's usual one."""
    if details := echo.get("details"):
        return {"reasoning_details": details}
    name = echo.get("reasoning") or ("reasoning_content" if content_dialect else "")
    if name not in _REASONING_NAMES or not message.reasoning:
        return {}
    return {str(name): message.reasoning}


def _as_functions(messages: Iterable[dict[str, JsonValue]]) -> Iterator[dict[str, JsonValue]]:
    """Say it in the old dialect: an answer asks for one function, whose result follows by name."""
    calls: dict[JsonValue, Mapping[str, JsonValue]] = {}
    said: JsonValue = None
    for message in messages:
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            function = calls.get(call_id, {"name": "", "arguments": "{}"})
            if call_id != said and call_id in calls:
                yield {"role": "assistant", "content": None, "function_call": function}
            said = call_id
            yield {"role": "function", "name": function["name"], "content": message["content"]}
            continue
        asked = message.pop("tool_calls", None)
        if isinstance(asked, list):
            calls = {call["id"]: call["function"] for call in asked}
            said = asked[0]["id"]
            message["function_call"] = calls[said]
        yield message
