"""A branch of messages as Anthropic's Messages API wants it: turns of user and assistant, each a
list of blocks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from desktop_chat.core.attachments import Attached, AttachmentKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.core.services import Model
from desktop_chat.providers.anthropic_decoder import PROTOCOL, THOUGHTS
from desktop_chat.providers.attached import base64_text, file_name, file_text, label, readable
from desktop_chat.providers.echoes import EchoMaker

_Block = dict[str, JsonValue]

_NO_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")
"""What an id of a call may not hold; those of other services do."""


def system_text(messages: Sequence[ChatMessage]) -> str:
    """Return what the system says, from wherever it says it."""
    return "\n\n".join(m.text for m in messages if m.role is Role.SYSTEM and m.text.strip())


def turns(request: ChatRequest, model: Model, service_id: str = "") -> list[JsonValue]:
    """Return the messages. What follows one another from one side becomes one turn; what is empty
    is left out, and so is a call that was never answered: the service refuses both.

    Args:
        request: what is asked.
        model: what is known of its model.
        service_id: the service that is asked: it takes back only what it gave.
    """
    echoes = EchoMaker(PROTOCOL, service_id, request.model)
    answered = {m.tool_call_id for m in request.messages if m.role is Role.TOOL}
    asked = {call.id for m in request.messages for call in m.tool_calls}
    found: list[tuple[str, list[_Block]]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        if message.role is Role.ASSISTANT:
            role, blocks = "assistant", _answer(message, echoes, answered)
        elif message.role is Role.TOOL:
            role, blocks = "user", _result(message) if message.tool_call_id in asked else []
        else:
            role, blocks = "user", _question(message, model)
        if not blocks:
            continue
        if found and found[-1][0] == role:
            found[-1][1].extend(blocks)
        else:
            found.append((role, blocks))
    _trim_end(found)
    return [{"role": role, "content": _content(blocks)} for role, blocks in found]


def tool_fields(tools: Sequence[ToolSpec], choice: str) -> dict[str, JsonValue]:
    """Return the fields that name the tools, and say whether one must be used."""
    if not tools:
        return {}
    listed: list[JsonValue] = []
    for tool in tools:
        schema: dict[str, JsonValue] = {"type": "object", **tool.parameters}
        entry: dict[str, JsonValue] = {"name": tool.name, "input_schema": schema}
        if tool.description:
            entry["description"] = tool.description
        listed.append(entry)
    fields: dict[str, JsonValue] = {"tools": listed}
    match choice:
        case "":
            pass
        case "auto" | "none":
            fields["tool_choice"] = {"type": choice}
        case "required":
            fields["tool_choice"] = {"type": "any"}
        case _:
            fields["tool_choice"] = {"type": "tool", "name": choice}
    return fields


def _question(message: ChatMessage, model: Model) -> list[_Block]:
    """Return pictures and documents first, as the service advises, then what is said."""
    return [*(_file(file, model) for file in message.attached), *_text(message.text)]


def _file(file: Attached, model: Model) -> _Block:
    if file.file.kind is AttachmentKind.TEXT:
        return {"type": "text", "text": file_text(file)}
    if not readable(file, model):
        return {"type": "text", "text": label(file)}
    source: _Block = {"type": "base64", "media_type": file.file.media_type}
    source["data"] = base64_text(file)
    if file.file.kind is AttachmentKind.PDF:
        source["media_type"] = "application/pdf"
        return {"type": "document", "source": source, "title": file_name(file)}
    return {"type": "image", "source": source}


def _result(message: ChatMessage) -> list[_Block]:
    result: _Block = {"type": "tool_result", "tool_use_id": _id(message.tool_call_id)}
    if message.text.strip():
        result["content"] = message.text
    return [result]


def _answer(message: ChatMessage, echoes: EchoMaker, answered: set[str]) -> list[_Block]:
    calls = {call.id: _call(call) for call in message.tool_calls if call.id in answered}
    # Without thinking, which writing on excludes, there is nothing to send back.
    given = () if message.partial else echoes.fields(message).get("blocks", ())
    echoed = [block for block in given if isinstance(block, Mapping)] if _is_list(given) else []
    if not echoed:
        return [*_text(message.text), *calls.values()]
    lengths = [block.get("length") for block in echoed if block.get("type") == "text"]
    in_place = sum(n for n in lengths if isinstance(n, int)) == len(message.text)
    blocks: list[_Block] = []
    at = 0
    for block in echoed:
        kind = block.get("type")
        if kind == "text":
            length = block.get("length")
            if in_place and isinstance(length, int):
                blocks += _text(message.text[at : at + length])
                at += length
        elif kind == "tool_use":
            if in_place and (call := calls.pop(str(block.get("id")), None)) is not None:
                blocks.append(call)
        elif kind in THOUGHTS:
            blocks.append(dict(block))
    if not in_place:
        blocks += _text(message.text)
    blocks += calls.values()
    # Thoughts alone are no answer.
    return blocks if any(b["type"] in ("text", "tool_use") for b in blocks) else []


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _text(text: str) -> list[_Block]:
    return [{"type": "text", "text": text}] if text.strip() else []


def _call(call: ToolCall) -> _Block:
    return {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": _input(call)}


def _input(call: ToolCall) -> dict[str, JsonValue]:
    """Return the arguments of a call; none where they were cut off."""
    try:
        value: Any = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _id(call_id: str) -> str:
    return _NO_ID.sub("_", call_id) or "_"


def _trim_end(found: list[tuple[str, list[_Block]]]) -> None:
    """Put results of tools before all else in their turns, and take white space from the end of
    an answer that is to be written on: the service wants both.
    """
    for role, blocks in found:
        if role == "user":
            blocks.sort(key=lambda block: block["type"] != "tool_result")
    if found and found[-1][0] == "assistant":
        last = found[-1][1][-1]
        if last["type"] == "text":
            last["text"] = str(last["text"]).rstrip()


def _content(blocks: list[_Block]) -> JsonValue:
    if len(blocks) == 1 and blocks[0]["type"] == "text":
        return blocks[0]["text"]
    listed: list[JsonValue] = list(blocks)
    return listed
