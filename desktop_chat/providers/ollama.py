"""Ollama's own protocol, which beside its OpenAI face can say how much context is wanted, when to
think, and how long the model stays in memory.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.providers.attached import base64_text, file_text, label, readable
from desktop_chat.providers.estimate import request_tokens
from desktop_chat.providers.exchange import LIST_TIMEOUT, HttpProtocol, encoded
from desktop_chat.providers.model_entries import model_entries, model_id
from desktop_chat.providers.ollama_decoder import OllamaDecoder
from desktop_chat.providers.reply_decoder import count_of, text_of

LEAST_CONTEXT: Final = 4096
"""Tokens; what Ollama itself begins with."""
MOST_CONTEXT: Final = 1 << 20
OUTPUT_ROOM: Final = 2048
"""Tokens kept for the answer where the user gives no limit; twice that for one who thinks."""
SHOW_TIMEOUT: Final = 10.0
"""Seconds that a model's details may take; the list comes without them then."""
_MOST_SHOWN: Final = 200
_SHOWN_AT_ONCE: Final = 4
_ENDINGS: Final = ("/api/chat", "/api", "/v1")


class Ollama(HttpProtocol):
    """A ``Provider`` for one service."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go."""
        del request
        return self._path("chat")

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question."""
        return ollama_body(self.service, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> OllamaDecoder:
        """Return what reads the reply."""
        del request
        return OllamaDecoder(self.errors, headers)

    def headers(self, request: ChatRequest) -> dict[str, str]:
        """Return what kind of reply is wanted."""
        return {"accept": "application/x-ndjson" if request.stream else "application/json"}

    async def list_models(self) -> list[Model]:
        """Return the models that are there, with what each is able to do; see ``Provider``."""
        if not self.service.models_path:
            raise self.errors.error(ErrorKind.NOT_FOUND, "no_list")
        payload, headers = await self.get_json(self._path("tags"))
        entries = model_entries(payload)
        if entries is None:
            raise ProviderError(self.errors.from_payload(payload, headers))
        names = [model_id(entry) for entry in entries]
        details = await self._show_all(names[:_MOST_SHOWN])
        found = [self._described(name, details.get(name)) for name in names]
        return [model for model in found if model is not None]

    async def _show_all(self, names: list[str]) -> dict[str, Mapping[str, Any]]:
        """Ask for the details of models; those that do not come in time are left out."""
        details: dict[str, Mapping[str, Any]] = {}
        waiting = list(reversed(names))

        async def work() -> None:
            while waiting:
                name = waiting.pop()
                try:
                    details[name] = await self._show(name)
                except ProviderError:
                    continue

        try:
            async with asyncio.timeout(SHOW_TIMEOUT), asyncio.TaskGroup() as group:
                for _ in range(min(_SHOWN_AT_ONCE, len(names))):
                    group.create_task(work())
        except TimeoutError:
            pass
        return details

    async def _show(self, name: str) -> Mapping[str, Any]:
        message = self.message(
            "POST",
            self._path("show"),
            {"accept": "application/json"},
            encoded({"model": name}),
            first_byte_timeout=LIST_TIMEOUT,
        )
        async with self.transport.open(message, self.errors) as reply:
            if reply.status >= 400:
                raise await self.refusal(reply)
            content = await reply.read_all(LIST_TIMEOUT)
        try:
            # It may carry a licence and a template of some hundred kilobytes.
            value = await asyncio.to_thread(json.loads, content)
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) else {}

    def _described(self, name: str, details: Mapping[str, Any] | None) -> Model | None:
        """Return what is known of a model; None for one that does not answer questions."""
        known = self.service.model(name)
        told = (details or {}).get("capabilities")
        if details is None or not isinstance(told, list):
            return known
        if told and "completion" not in told:
            return None
        thinking = known.thinking
        if thinking == self.service.thinking:
            thinking = _thinking(details, told)
        return replace(
            known,
            context_tokens=known.context_tokens or _context(details),
            images="vision" in told if known.images is None else known.images,
            files=False if known.files is None else known.files,
            tools="tools" in told if known.tools is None else known.tools,
            thinking=thinking,
        )

    def _path(self, name: str) -> str:
        """Return an address below ``/api``, wherever the base address ends."""
        base = self.address.base
        for ending in _ENDINGS:
            if base.endswith(ending):
                base = base.removesuffix(ending)
                break
        return f"{base}/api/{name}"


def ollama_body(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields; of ``options`` each field does by itself.
    """
    model = service.model(request.model)
    body: dict[str, JsonValue] = {
        "model": request.model,
        "messages": _messages(request, model),
        "stream": request.stream,
        # What does not fit is an error that says so, not a question without its beginning.
        "truncate": False,
        "shift": False,
    }
    think = _think(model.thinking, request)
    if think is not None:
        body["think"] = think
    if (keep := service.options.get("keep_alive")) is not None:
        body["keep_alive"] = keep
    if (shape := _format(request)) is not None:
        body["format"] = shape
    if request.tools and request.tool_choice != "none":
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in request.tools
        ]
    options: dict[str, JsonValue] = {"num_ctx": context_for(service, model, request)}
    options |= _sampling(request)
    for further in (service.body, request.extra):
        given = further.get("options")
        if isinstance(given, Mapping):
            options |= given
        body |= further
    return body | {"options": options}


def context_for(service: Service, model: Model, request: ChatRequest) -> int:
    """Return the context that a request is to be given, in tokens: a power of two, for a model is
    loaded anew whenever it changes.

    Args:
        service: its option ``num_ctx`` is the least.
        model: what it reads at most is the most.
        request: its text and the room for its answer must fit in.
    """
    thinks = model.thinking.dialect is not ThinkingDialect.NONE and request.thinking is not False
    room = OUTPUT_ROOM * 2 if thinks else OUTPUT_ROOM
    if request.max_tokens is not None:
        room = max(request.max_tokens, 0)
    wanted = min(request_tokens(request) + room, MOST_CONTEXT)
    least = count_of(service.options.get("num_ctx")) or LEAST_CONTEXT
    size = LEAST_CONTEXT
    while size < wanted:
        size *= 2
    size = max(size, least)
    return min(size, model.context_tokens) if model.context_tokens else size


def _sampling(request: ChatRequest) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "num_predict": request.max_tokens,
        "top_k": request.sampling.top_k,
        "min_p": request.sampling.min_p,
        "frequency_penalty": request.sampling.frequency_penalty,
        "presence_penalty": request.sampling.presence_penalty,
        "seed": request.sampling.seed,
        "stop": list(request.sampling.stop) or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _think(thinking: Thinking, request: ChatRequest) -> bool | str | None:
    """Return the switch; None says nothing, for a model that cannot think refuses the word."""
    if thinking.dialect is ThinkingDialect.NONE:
        return None
    if request.thinking is False:
        return False if thinking.can_disable else None
    if request.effort and request.effort in thinking.efforts:
        return request.effort
    return request.thinking


def _format(request: ChatRequest) -> JsonValue:
    match request.sampling.response_format:
        case "json_object":
            return "json"
        case "json_schema":
            return dict(request.sampling.json_schema) or "json"
        case _:
            return None


def _messages(request: ChatRequest, model: Model) -> list[JsonValue]:
    names = {call.id: call.name for m in request.messages for call in m.tool_calls}
    return [_message(message, model, names) for message in request.messages]


def _message(message: ChatMessage, model: Model, names: Mapping[str, str]) -> dict[str, JsonValue]:
    texts: list[str] = []
    images: list[JsonValue] = []
    for file in message.attached:
        if file.file.kind is AttachmentKind.TEXT:
            texts.append(file_text(file))
        elif file.file.kind is AttachmentKind.IMAGE and readable(file, model):
            images.append(base64_text(file))
        else:
            texts.append(label(file))
    content = "\n\n".join([*texts, message.text]) if texts else message.text
    said: dict[str, JsonValue] = {"role": message.role.value, "content": content}
    if images:
        said["images"] = images
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
        if message.reasoning:
            # Within a turn of tools a model goes on from its own thoughts.
            said["thinking"] = message.reasoning
    if message.role is Role.TOOL:
        said["tool_call_id"] = message.tool_call_id
        if name := names.get(message.tool_call_id):
            said["tool_name"] = name
    return said


def _call(call: ToolCall) -> dict[str, JsonValue]:
    """Return a call with its arguments as an object; none where they were cut off."""
    try:
        arguments: Any = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = {}
    if not isinstance(arguments, dict):
        arguments = {}
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}


def _context(details: Mapping[str, Any]) -> int | None:
    """Read how much a model reads: ``<architecture>.context_length`` of its file."""
    facts = details.get("model_info")
    if not isinstance(facts, dict):
        return None
    name = text_of(facts.get("general.architecture"))
    return count_of(facts.get(f"{name}.context_length")) or None


def _thinking(details: Mapping[str, Any], capabilities: list[Any]) -> Thinking:
    """Read how a model thinks: newer versions tell the values that ``think`` takes."""
    told = details.get("thinking")
    values = told.get("values") if isinstance(told, dict) else None
    if isinstance(told, dict) and isinstance(values, list) and values:
        default = told.get("default")
        return Thinking(
            ThinkingDialect.THINK,
            efforts=tuple(value for value in values if isinstance(value, str))[:8],
            default_on=default is not False,
            default_effort=text_of(default),
            can_disable=any(value is False for value in values),
        )
    if "thinking" not in capabilities:
        return Thinking()
    family = details.get("details")
    if isinstance(family, dict) and text_of(family.get("family")) in ("gptoss", "gpt-oss"):
        levels = ("low", "medium", "high")
        return Thinking(ThinkingDialect.THINK, levels, True, "medium", False)
    return Thinking(ThinkingDialect.THINK, default_on=True)
