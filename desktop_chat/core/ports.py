"""What the use cases and the window need from outside, as Protocols. ``wiring`` fills them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from desktop_chat.core.access import Access, KeyUse
from desktop_chat.core.attachments import Attachment
from desktop_chat.core.balance import Balance
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.messages import (
    Conversation,
    Draft,
    Message,
    MessageHead,
    SearchHit,
)
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.core.settings import Setting, T
from desktop_chat.core.trace import TraceRequest

Unsubscribe: TypeAlias = Callable[[], None]
Channel: TypeAlias = Literal["text", "reasoning"]


class Provider(Protocol):
    """One service that can be asked, with its key (if any) already inside."""

    def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask, and yield events until ``Done``.

        Close the generator (``aclose``) or cancel its task to stop: the connection is released.

        Raises:
            ProviderError: for every failure; what was yielded before it stands.
        """
        ...

    async def list_models(self) -> list[Model]:
        """Return the service's own list.

        Raises:
            ProviderError: as for ``stream``; NOT_FOUND where a service has no list.
        """
        ...


class Providers(Protocol):
    """Makes providers; owns the connections they share."""

    def provider(self, access: Access, backup: Access | None = None) -> Provider:
        """Return a provider for a service. It is light: make one for each turn.

        Args:
            access: the service that is asked, with its keys.
            backup: who is asked in its place when it does not answer, as its ``backup`` says.

        Raises:
            ProviderError: PROTOCOL for an unknown protocol, BAD_REQUEST for a base URL that
                is none.
        """
        ...

    def preview(self, service: Service, request: ChatRequest) -> TraceRequest:
        """Return what would be sent to a service, as a trace shows it: unsigned, and not sent.

        Raises:
            ProviderError: as for ``provider``, or what the request has that cannot be sent.
        """
        ...

    async def balance(self, access: Access) -> Balance | None:
        """Return what is left on the account of a service's key; of several the one that would be
        used next. None where the service has no word for it (``Service.balance``).

        Raises:
            ProviderError: as for ``Provider.list_models``; PROTOCOL for a reply of another shape.
        """
        ...

    def origin(self, service: Service) -> str:
        """Return the origin a key would go to: ``https://api.deepseek.com``.

        It is scheme, host in lower case and, where it is not the scheme's own, port.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        ...

    def origins(self, service: Service) -> tuple[str, ...]:
        """Return every origin that a key, or a token got with it, goes to: the service's own, and
        that of its tokens where they are made elsewhere. A key is bound to all of them together.

        Raises:
            ProviderError: BAD_REQUEST for a base URL or a ``token_url`` that is none.
        """
        ...

    def key_states(self, access: Access) -> tuple[KeyUse, ...]:
        """Tell how each of the keys is doing, as far as this run knows.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        ...

    def wake_keys(self, access: Access) -> None:
        """Let keys be tried again that rest or were refused: the user asks for it.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        ...

    async def system_proxy(self, service: Service) -> str:
        """Return the proxy that the system names for a service, without password; or ""."""
        ...

    async def forget_keys(self, service_id: str) -> None:
        """Forget the tokens of a service and how its keys are doing: they have changed."""
        ...

    def chat_url(self, service: Service) -> str:
        """Return the address that a question is sent to, for showing it.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection and the demo server, if it runs."""
        ...


class PictureFetcher(Protocol):
    """Fetches an image that an answer names, after the reader has asked for it."""

    async def fetch(self, url: str) -> bytes:
        """Return the bytes of an image: PNG, JPEG, GIF, WebP or BMP.

        Args:
            url: http or https; a model wrote it, so it is not trusted.

        Raises:
            ProviderError: as for ``Provider``; PERMISSION with the code ``private_address`` for
                one that leads into this computer or its network, PROTOCOL with ``too_large`` or
                ``not_image``, REDIRECT after too many of them.
        """
        ...


class ImageScaler(Protocol):
    """Makes pictures small enough for models."""

    def scale(self, data: bytes, longest: int, max_bytes: int) -> bytes:
        """Return a picture that fits, as PNG, JPEG, GIF or WebP, upright; the same bytes where
        they do already. It takes its time: call it on a thread.

        Args:
            data: a PNG, JPEG, GIF, WebP or BMP; a user chose it, but who made it is not known.
            longest: the longest side may have so many pixels.
            max_bytes: the result may have so many.

        Raises:
            ChatError: BAD_REQUEST with the code ``image_damaged``, or ``image_too_large`` for one
                that would not even be decoded.
        """
        ...


class KeyPlace(StrEnum):
    """Where a key is kept."""

    KEYRING = "keyring"
    MEMORY = "memory"
    ENVIRONMENT = "environment"


class SecretStore(Protocol):
    """Keys by service and origin. A key saved for one origin is never found under another."""

    async def get(self, service_id: str, origin: str, slot: int = 0) -> Secret | None:
        """Return a key, from memory or else from the keyring; None when there is none.

        Args:
            service_id: whose key.
            origin: where it goes.
            slot: which of several, from 0.

        Raises:
            SecretStoreError: the keyring could not be asked.
        """
        ...

    async def get_all(self, service_id: str, origin: str) -> list[Secret]:
        """Return every key of a service for an origin, the first one first, each once.

        Raises:
            SecretStoreError: the keyring could not be asked, and nothing is in memory.
        """
        ...

    async def set(self, service_id: str, origin: str, key: Secret, slot: int = 0) -> KeyPlace:
        """Keep a key: in the keyring, or in memory for this run when there is none or it fails.

        Args:
            service_id: whose key.
            origin: where it goes.
            key: what is kept; a pair is one key.
            slot: which of several, from 0; what it held is replaced. Slots have no gaps: one
                beyond the end is the next one.

        Raises:
            ValueError: the key is empty, or there are too many.
        """
        ...

    async def delete(self, service_id: str, origin: str, slot: int | None = None) -> None:
        """Forget keys in both places; no error when there is none.

        Args:
            service_id: whose keys.
            origin: where they go.
            slot: which one; those behind it move up. None forgets them all.

        Raises:
            SecretStoreError: the keyring holds one and did not delete it, or could not be asked.
        """
        ...

    def backend(self) -> str:
        """Return the name of the keyring in use, for people; "" when there is none."""
        ...

    def problem(self) -> str:
        """Return why the keyring is not used (a ``SecretStoreError`` reason), or ""."""
        ...

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call ``listener`` whenever ``problem`` changes."""
        ...


class Settings(Protocol):
    """Typed settings, read at once and written in the background."""

    def get(self, setting: Setting[T]) -> T:
        """Return the value."""
        ...

    def set(self, setting: Setting[T], value: T) -> None:
        """Change the value, tell subscribers at once, and write the file soon after.

        Raises:
            ValueError: a value that the setting does not accept.
        """
        ...

    def subscribe(self, listener: Callable[[str], None]) -> Unsubscribe:
        """Call ``listener`` with the name of each setting that changes."""
        ...


class Catalogue(Protocol):
    """The services: those that ship, with the user's own and the user's changes laid over them."""

    def services(self) -> list[Service]:
        """Return every service, in the order of the pickers; the demo service is last."""
        ...

    def service(self, service_id: str) -> Service | None:
        """Return one service."""
        ...

    def save(self, service: Service) -> None:
        """Keep a new or changed service in the user's file; ``configured`` becomes True.

        Raises:
            OSError: the file could not be written.
        """
        ...

    def remove(self, service_id: str) -> None:
        """Forget the user's own service, or the user's changes to one that ships.

        Raises:
            OSError: the file could not be written.
        """
        ...

    def save_list(
        self, service_id: str, models: Sequence[Model], settle: Callable[[Service], Service]
    ) -> None:
        """Keep what a service's own list tells of its models, in place of the list before. What
        the user says of a model, and what ships, wins over it.

        Args:
            service_id: an unknown one changes nothing.
            models: as the list tells of them.
            settle: given the service with its list, returns it as it is to be saved; an equal one
                leaves the user's file alone. Listeners hear of both changes as one.

        Raises:
            OSError: the user's file could not be written; the list holds for this run.
            ValueError: the service as settled cannot be kept.
        """
        ...

    async def write_list(self, service_id: str) -> None:
        """Make the list that was saved last; where it cannot be written it holds for this run."""
        ...

    def set_order(self, ids: Sequence[str]) -> None:
        """Keep the order of the pickers; services that are not named follow in their own order.

        Raises:
            OSError: the file could not be written.
        """
        ...

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call ``listener`` after each change."""
        ...


class ConversationStore(Protocol):
    """Conversations and their messages, on disk. Every method may raise ``StoreError``."""

    async def conversations(self, *, limit: int = 500) -> list[Conversation]:
        """Return conversations that have messages, newest ``updated_at`` first."""
        ...

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """Return one."""
        ...

    async def save_conversation(self, conversation: Conversation) -> None:
        """Insert it, or replace everything but its messages."""
        ...

    async def delete_conversation(self, conversation_id: str) -> None:
        """Hide a conversation; it can be restored until the next start."""
        ...

    async def restore_conversation(self, conversation_id: str) -> None:
        """Undo ``delete_conversation``."""
        ...

    async def heads(self, conversation_id: str) -> list[MessageHead]:
        """Return the whole tree without texts."""
        ...

    async def branch_end(self, leaf_id: str, *, count: int, chars: int) -> list[Message]:
        """Return the end of the branch that ends with ``leaf_id``, first to last.

        The cost does not grow with the conversation.

        Args:
            leaf_id: the last message; an unknown one gives an empty list.
            count: at most so many.
            chars: no more once the texts of those after it are longer than this together.
        """
        ...

    async def messages(self, ids: Sequence[str]) -> list[Message]:
        """Return messages in the order asked for; unknown ids are left out.

        The text of one that streams is what has been appended so far.
        """
        ...

    async def begin_turn(
        self, conversation: Conversation, question: Message | None, answer: Message
    ) -> None:
        """Save, in one transaction: the conversation (``leaf_id`` is the answer), the question
        (None when it is there already) and the streaming answer row with this run's id.
        """
        ...

    async def reopen(self, message: Message) -> None:
        """Mark a finished answer as streaming again (Continue); its text stays."""
        ...

    async def append(self, message_id: str, pieces: Sequence[tuple[Channel, str]]) -> None:
        """Append what arrived, in order. The cost does not grow with what is there already."""
        ...

    async def put_blob(self, data: bytes) -> str:
        """Keep the bytes of a file, and return their key (see ``attachments.blob_key``). It comes
        before the message or the draft that names them; what none names is removed after a day.
        """
        ...

    async def blob(self, key: str) -> bytes | None:
        """Return the bytes of a file, or None when they are not there."""
        ...

    async def attach(self, message_id: str, attachments: Sequence[Attachment]) -> None:
        """Name the files of a message that streams, all of them: a picture that has arrived."""
        ...

    async def cost(self, conversation_id: str) -> dict[str, float]:
        """Return what all answers of a conversation, on all branches, cost, by currency."""
        ...

    async def finish(self, message: Message) -> None:
        """Save a message's final form, whole, in place of what was appended."""
        ...

    async def search(self, query: str, *, limit: int = 50) -> list[SearchHit]:
        """Return conversations and messages that hold the words, newest first. Any two
        characters of Chinese can be found.
        """
        ...

    async def draft(self, conversation_id: str) -> Draft:
        """Return what was typed and chosen and not sent; an empty draft where there is none."""
        ...

    async def save_draft(
        self, conversation_id: str, text: str, files: Sequence[Attachment] = ()
    ) -> None:
        """Keep what was typed, and name its files, whose bytes came before; "" without files
        forgets it. The conversation need not exist yet.
        """
        ...

    async def drafts(self) -> dict[str, Draft]:
        """Return every draft by conversation id."""
        ...

    async def recover(self) -> list[str]:
        """At launch: mark streaming rows of dead runs as interrupted, drop what was deleted
        before this run, and return the ids of the rows marked.
        """
        ...

    @property
    def run_id(self) -> str:
        """The id of this run."""
        ...

    async def aclose(self) -> None:
        """Finish what is waiting and close the database."""
        ...


class TaskKeeper(Protocol):
    """Starts tasks, holds them, reports what fails in them, and cancels them on close."""

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a task on the running loop."""
        ...

    def subscribe(self, listener: Callable[[str, BaseException], None]) -> Unsubscribe:
        """Call ``listener`` with a task's name and the exception that ended it."""
        ...

    async def aclose(self) -> None:
        """Cancel every task and wait for them."""
        ...


class Paths(Protocol):
    """Where things are on this machine."""

    @property
    def config(self) -> Path:
        """Settings and services."""
        ...

    @property
    def data(self) -> Path:
        """The database, its backups."""
        ...

    @property
    def cache(self) -> Path:
        """What can be made anew."""
        ...

    @property
    def logs(self) -> Path:
        """Log files."""
        ...

    @property
    def resources(self) -> Path:
        """Files that ship with the program."""
        ...
