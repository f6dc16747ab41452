"""A branch of messages as Google's Gemini API wants it: contents of user and model, each a list of
parts.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from desktop_chat.core.attachments import Attached, AttachmentKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model
from desktop_chat.providers.attached import base64_text, file_text, label, readable
from desktop_chat.providers.echoes import EchoMaker, answered_calls
from desktop_chat.providers.gemini_decoder import PROTOCOL

_Part = dict[str, JsonValue]

_UNSEEN: Final = frozenset(("image/gif",))
"""Pictures that other services look at, and this one refuses."""


def system_text(messages: Sequence[ChatMessage]) -> str:
    """Return what the system says, from wherever it says it."""
    return "\n\n".join(m.text for m in messages if m.role is Role.SYSTEM and m.text.strip())


def contents(request: ChatRequest, model: Model, service_id: str = "") -> list[JsonValue]:
    """Return the messages. What follows one another from one side becomes one content; what is
    empty is left out, and so is a call that was never answered.

    Args:
        request: what is asked.
        model: what is known of its model.
        service_id: the service that is asked: it takes back only what it gave.
    """
    echoes = EchoMaker(PROTOCOL, service_id, request.model)
    answered = answered_calls(request.messages)
    names = {call.id: call.name for m in request.messages for call in m.tool_calls}
    found: list[tuple[str, list[_Part]]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        if message.role is Role.ASSISTANT:
            role, parts = "model", _answer(message, echoes, answered)
        elif message.role is Role.TOOL:
            known = message.tool_call_id in answered
            role, parts = "user", [_result(message, names[message.tool_call_id])] if known else []
        else:
            role, parts = "user", _question(message, model)
        if not parts:
            continue
        if found and found[-1][0] == role:
            found[-1][1].extend(parts)
        else:
            found.append((role, parts))
    return [{"role": role, "parts": list(parts)} for role, parts in found]


def tool_fields(tools: Sequence[ToolSpec], choice: str) -> dict[str, JsonValue]:
    """Return the fields that name the tools, and say whether one must be used."""
    if not tools:
        return {}
    listed: list[JsonValue] = []
    for tool in tools:
        entry: dict[str, JsonValue] = {"name": tool.name}
        if tool.description:
            entry["description"] = tool.description
        if tool.parameters:
            entry["parametersJsonSchema"] = dict(tool.parameters)
        listed.append(entry)
    fields: dict[str, JsonValue] = {"tools": [{"functionDeclarations": listed}]}
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    if choice:
        calling: dict[str, JsonValue] = {"mode": modes.get(choice, "ANY")}
        if choice not in modes:
            calling["allowedFunctionNames"] = [choice]
        fields["toolConfig"] = {"functionCallingConfig": calling}
    return fields


def _question(message: ChatMessage, model: Model) -> list[_Part]:
    return [*(_file(file, model) for file in message.attached), *_text(message.text)]


def _file(file: Attached, model: Model) -> _Part:
    if file.file.kind is AttachmentKind.TEXT:
        return {"text": file_text(file)}
    if not readable(file, model) or file.file.media_type in _UNSEEN:
        return {"text": label(file)}
    pdf = file.file.kind is AttachmentKind.PDF
    media_type = "application/pdf" if pdf else file.file.media_type
    return {"inlineData": {"mimeType": media_type, "data": base64_text(file)}}


def _result(message: ChatMessage, name: str) -> _Part:
    """Return what a tool gave; the service wants an object."""
    value = _object(message.text)
    response: JsonValue = {"result": message.text} if value is None else value
    result: dict[str, JsonValue] = {"name": name, "response": response}
    return {"functionResponse": {"id": message.tool_call_id, **result}}


def _answer(message: ChatMessage, echoes: EchoMaker, answered: set[str]) -> list[_Part]:
    """Return the parts of an answer, each with the signature that it came with ("Thought
    signatures" of the API): without that of a call the next request is refused.
    """
    told = echoes.fields(message).get("parts", ())
    echoed = [part for part in told if isinstance(part, Mapping)] if _is_list(told) else []
    calls = [_call(call) if call.id in answered else None for call in message.tool_calls]
    lengths = [part.get("length") for part in echoed if part.get("type") == "text"]
    in_place = sum(n for n in lengths if isinstance(n, int)) == len(message.text)
    parts: list[_Part] = [] if in_place else _text(message.text)
    at = place = 0
    for part in echoed:
        kind, length = part.get("type"), part.get("length")
        if kind == "text" and in_place and isinstance(length, int):
            parts += _signed({"text": message.text[at : at + length]}, part)
            at += length
        elif kind == "thought" and in_place:
            parts += _signed({"text": "", "thought": True}, part)
        elif kind == "call":
            call = calls[place] if place < len(calls) else None
            parts += _signed(call, part) if call is not None else []
            place += 1
    parts += [call for call in calls[place:] if call is not None]
    return parts if any(part.get("text") or "functionCall" in part for part in parts) else []


def _signed(part: _Part, echoed: Mapping[str, Any]) -> list[_Part]:
    signature = echoed.get("signature")
    if isinstance(signature, str):
        return [part | {"thoughtSignature": signature}]
    return [part] if part.get("text") or "functionCall" in part else []


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _text(text: str) -> list[_Part]:
    return [{"text": text}] if text.strip() else []


def _call(call: ToolCall) -> _Part:
    """Return a call; without arguments where they were cut off."""
    return {
        "functionCall": {"id": call.id, "name": call.name, "args": _object(call.arguments) or {}}
    }


def _object(text: str) -> dict[str, JsonValue] | None:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
