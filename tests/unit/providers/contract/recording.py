"""What a protocol tells the contract test of itself: one recorded answer, and what it means.

To put a protocol under the contract, add one file ``recordings_<protocol>.py`` beside this one with
a tuple ``RECORDINGS``; nothing else is to be edited:

    RECORDINGS = (
        Recording(
            "openai-chat",
            make=over_http(OpenAiChat),
            decoder=lambda: ChatDecoder(reader(), {}),
            body=BODY,
            text="Hello",
            reason=FinishReason.STOP,
            cut=BODY[: BODY.index(b"lo")],
            cut_text="Hel",
            refusals=(Refusal(401, b'{"error": {"message": "no"}}', ErrorKind.AUTHENTICATION),),
        ),
    )

One for each kind of answer (text and thinking, tool calls, a whole reply) is worth having: the
checks are the same for all. What is not HTTP gives a ``wire`` of its own (see ``wire.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.providers.address import parse_address
from desktop_chat.providers.exchange import Decoder, ProtocolFactory
from desktop_chat.providers.http import HttpTransport
from tests.unit.providers.contract.wire import HttpWire, Wire
from tests.unit.providers.support import Heard, reader, request

Make: TypeAlias = Callable[[Service, HttpTransport], Provider]


@dataclass(frozen=True)
class Refusal:
    """A reply with a status of 400 or more.

    Attributes:
        status: of the reply.
        body: as the service writes it.
        kind: what it must become.
        says: a part of the error's message.
    """

    status: int
    body: bytes
    kind: ErrorKind
    says: str = ""


@dataclass(frozen=True, repr=False)
class Recording:
    """One answer as a service sends it, and what must come out.

    Attributes:
        name: of the protocol, and of what is special about this answer.
        make: a provider for a service, without retries.
        decoder: a fresh decoder, or None where bytes may not be cut anywhere (a WebSocket gives
            whole messages).
        body: the bytes of the reply.
        text: the answer.
        reasoning: the thinking.
        tools: id, name and arguments of each call.
        usage: tokens, or None.
        reason: why it ended.
        images: the bytes of each picture.
        choices: the texts of further answers, by number.
        echo: the last ``Echo``.
        remote_id: the last ``RemoteId``.
        cut: the beginning of ``body`` that came before the connection broke, or b"" where there
            is no beginning of an answer (a picture, a whole reply).
        cut_text: the text that must be kept then; the thinking counts where there is no text yet.
        refusals: replies with a status of 400 or more.
        request: what is asked.
        service: changes of the plain service that is asked.
        content_type: of the reply.
        line_ends: what may stand in place of the line feeds of ``body``.
        wire: how bytes are served.
    """

    name: str
    make: Make
    decoder: Callable[[], Decoder] | None
    body: bytes
    text: str = ""
    reasoning: str = ""
    tools: tuple[tuple[str, str, str], ...] = ()
    usage: Usage | None = None
    reason: FinishReason = FinishReason.STOP
    images: tuple[bytes, ...] = ()
    choices: Mapping[int, str] = field(default_factory=dict)
    echo: Any = None
    remote_id: str = ""
    cut: bytes = b""
    cut_text: str = ""
    refusals: tuple[Refusal, ...] = ()
    request: ChatRequest = field(default_factory=request)
    service: Mapping[str, Any] = field(default_factory=dict)
    content_type: str = "text/event-stream"
    line_ends: tuple[bytes, ...] = (b"\r\n", b"\r")
    wire: Wire = field(default_factory=HttpWire)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def check(self, heard: Heard) -> None:
        """Fail unless a whole answer was understood."""
        assert heard.error is None, heard.error
        assert heard.text == self.text
        assert heard.reasoning == self.reasoning
        assert tuple((call.id, call.name, call.arguments) for call in heard.tools) == self.tools
        assert heard.usage == self.usage
        assert heard.reason is self.reason
        assert heard.images == self.images
        assert heard.choices == self.choices
        assert heard.echo == self.echo
        assert heard.remote_id == self.remote_id


def over_http(protocol: ProtocolFactory) -> Make:
    """Return what makes a provider of a protocol over HTTP, without a key and without retries."""

    def make(service: Service, transport: HttpTransport) -> Provider:
        address = parse_address(service.base_url)
        return protocol(service, address, None, transport, reader(address.host))

    return make
