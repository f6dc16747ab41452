"""The signed gateway: one prompt in, the text of one choice out, whole or streamed.

It is what company gateways speak: ``POST /v1/text/generate`` with ``prompt``, and the answer in
``choices[0].text``. Who asks is proved by ``auth = "hmac"``, as a rule. A gateway that gives a
conversation an id keeps its history; the next question then goes alone.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.attached import question_text
from desktop_chat.providers.endpoint import endpoint
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.exchange import HttpProtocol
from desktop_chat.providers.gateway_decoder import GatewayDecoder

TEXT_PATH: Final = "/v1/text/generate"
NO_MODEL: Final = "default"
"""The id of the one model of a gateway that has no names for models; it is not sent."""

_SPEAKERS: Final[Mapping[Role, str]] = {
    Role.USER: "User",
    Role.ASSISTANT: "Assistant",
    Role.TOOL: "Tool",
}


class Gateway(HttpProtocol):
    """A ``Provider`` for one gateway."""

    def url(self, request: ChatRequest) -> str:
        """Return where questions go: ``options["text_path"]``, or the usual place."""
        del request
        return endpoint(self.service, self.address, "text_path", TEXT_PATH)

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the body of a question; raises as ``refuse_files``."""
        refuse_files(request, self.errors)
        return gateway_body(self.service, request)

    def decoder(self, request: ChatRequest, headers: Mapping[str, str]) -> GatewayDecoder:
        """Return what reads the reply."""
        del request
        return GatewayDecoder(self.errors, headers)


def gateway_body(service: Service, request: ChatRequest) -> dict[str, JsonValue]:
    """Return the body of a question. ``request.extra`` wins over everything, then the service's
    own further fields.
    """
    body: dict[str, JsonValue] = {"prompt": request_prompt(request), "stream": request.stream}
    if request.model and request.model != NO_MODEL:
        body["model"] = request.model
    for name, value in (
        ("max_tokens", request.max_tokens),
        ("temperature", request.temperature),
        ("top_p", request.top_p),
    ):
        if value is not None:
            body[name] = value
    if request.sampling.stop:
        body["stop"] = list(request.sampling.stop)
    if request.remote_id:
        body["conversation_id"] = request.remote_id
    return body | dict(service.body) | dict(request.extra)


def refuse_files(request: ChatRequest, errors: ErrorReader) -> None:
    """See that no file is left out in silence: a prompt holds text alone.

    Raises:
        ProviderError: BAD_REQUEST with ``no_images`` or ``no_files``.
    """
    for kind, code in ((AttachmentKind.IMAGE, "no_images"), (AttachmentKind.PDF, "no_files")):
        if any(item.file.kind is kind for turn in request.messages for item in turn.attached):
            raise errors.error(ErrorKind.BAD_REQUEST, code, model=request.model)


def request_prompt(request: ChatRequest) -> str:
    """Return what is asked as one text: the last question alone where the service knows the
    conversation, the whole branch where it does not.
    """
    if request.remote_id:
        return written(since_last_question(request.messages))
    return written(request.messages)


def written(messages: Sequence[ChatMessage]) -> str:
    """Write messages as one text that a model can go on from.

    A single question stands as it is. Otherwise what the system says comes first, then the turns,
    each with its speaker; the last line is the beginning of the answer that is wanted.
    """
    if len(messages) == 1 and messages[0].role is Role.USER:
        return question_text(messages[0])
    parts = [message.text for message in messages if message.role is Role.SYSTEM and message.text]
    turns = [message for message in messages if message.role is not Role.SYSTEM]
    for turn in turns:
        if text := question_text(turn):
            parts.append(f"{_SPEAKERS[turn.role]}: {text}")
    if not (turns and turns[-1].partial):
        parts.append("Assistant:")
    return "\n\n".join(parts)


def since_last_question(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the last question, with the beginning of its answer where there is one."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at].role is Role.USER:
            return tuple(messages[at:])
    return tuple(messages[-1:])
