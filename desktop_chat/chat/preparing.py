"""What a turn does before it asks: finds the provider, gathers the branch with its files, and
builds the request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from desktop_chat.chat import context
from desktop_chat.chat.attachments import first_refusal, text_file
from desktop_chat.chat.prompts import Prompts
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.chat.turn import Prepared
from desktop_chat.core.attachments import Attached, AttachmentKind
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.messages import ChatOptions, Message, MessageHead, Role
from desktop_chat.core.ports import ConversationStore, TaskKeeper
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model, Price, Service
from desktop_chat.markdown.stream import parse
from desktop_chat.markdown.to_text import to_text

MAX_PROMPT_CHARS: Final = 4000
"""Of an answer that a picture is made of: models read no longer prompts for pictures."""


@dataclass(frozen=True, slots=True)
class SessionPorts:
    """What every session needs from outside.

    Attributes:
        store: where conversations are.
        tasks: holds what runs.
        setup: finds providers and their keys.
        prompts: what is said to a model on the program's own account.
        default_rounds: returns how many earlier rounds are sent where a conversation does not
            say, or None for all.
    """

    store: ConversationStore
    tasks: TaskKeeper
    setup: ServiceSetup
    prompts: Prompts
    default_rounds: Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a turn is to ask.

    Attributes:
        question: what is asked.
        answer: the row that the answer goes to; it names service and model.
        options: what the conversation asks with.
        partial: the answer that is to be written on, or None.
        remote_id: the service's own id of the conversation, if this branch is the one it knows.
    """

    question: Message
    answer: Message
    options: ChatOptions
    partial: Message | None = None
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Preparing:
    """Builds requests from the branches of one conversation.

    Attributes:
        ports: what the session has.
        earlier: returns the branch that ends with a message.
        texts: returns messages whole; unknown ids are left out.
        blob: returns the bytes of a file, or None.
    """

    ports: SessionPorts
    earlier: Callable[[str | None], Sequence[MessageHead]]
    texts: Callable[[Sequence[str]], Awaitable[Sequence[Message]]]
    blob: Callable[[str], Awaitable[bytes | None]]

    async def prepare(self, plan: Plan) -> Prepared:
        """Return what a turn needs to begin.

        Raises:
            ChatError: the service is gone, or has no key, or does not take a file of the question.
        """
        service, request, omitted = await self.request(plan)
        provider = await self.ports.setup.provider(service)
        return Prepared(provider, request, omitted, self._price)

    async def request(self, plan: Plan) -> tuple[Service, ChatRequest, int]:
        """Return who is asked and what, and how many messages are left out; see ``prepare``."""
        answer, question = plan.answer, plan.question
        service = self.ports.setup.service(answer.service_id)
        if service is None or not answer.model:
            raise ProviderError(ErrorInfo(ErrorKind.NOT_FOUND, message=answer.service_id))
        model = service.model(answer.model)
        if (refused := first_refusal(model, question.attachments)) is not None:
            raise ProviderError(refused)
        built = await self._context(plan, model)
        messages = built.messages
        if plan.partial is not None:
            messages += self._continuing(plan.partial, model)
        request = context.request_for(
            plan.options,
            answer.model,
            messages,
            conversation_id=answer.conversation_id,
            remote_id=plan.remote_id,
        )
        return service, request, built.omitted

    async def _context(self, plan: Plan, model: Model) -> context.Context:
        options, question = plan.options, plan.question
        if model.makes == "image":
            # Such a model reads a prompt, not a conversation.
            blobs = await self._blobs(context.files((), question, model, rounds=None))
            built = context.build(
                (), question, replace(options, system=""), rounds=None, blobs=blobs
            )
            return context.Context((with_texts(built.messages[-1]),), 0)
        rounds = self.ports.default_rounds() if options.rounds is None else options.rounds
        branch = self.earlier(question.parent_id)
        earlier = await self.texts(context.needed(branch, rounds or None))
        blobs = await self._blobs(context.files(earlier, question, model, rounds=rounds or None))
        return context.build(
            earlier,
            question,
            options,
            rounds=rounds or None,
            branch_length=len(branch),
            blobs=blobs,
            service_id=plan.answer.service_id,
        )

    def _continuing(self, partial: Message, model: Model) -> tuple[ChatMessage, ...]:
        """Return what asks for the rest: the beginning itself where the model can go on from it."""
        if model.prefix:
            begun = ChatMessage(
                Role.ASSISTANT, partial.text, reasoning=partial.reasoning, partial=True
            )
            return (begun,)
        return (
            ChatMessage(Role.ASSISTANT, partial.text),
            ChatMessage(Role.USER, self.ports.prompts.continuing(partial.text)),
        )

    async def _blobs(self, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for key in keys:
            data = await self.blob(key)
            if data is not None:
                found[key] = data
        return found

    def _price(self, service_id: str, model: str) -> Price | None:
        service = self.ports.setup.service(service_id)
        return service.model(model).price if service is not None else None


def prompt_context(question: Message, blobs: Mapping[str, bytes]) -> context.Context:
    """Return what is sent to a model that makes pictures: it reads a prompt, not a conversation."""
    built = context.build((), question, ChatOptions(), rounds=None, blobs=blobs)
    return context.Context((with_texts(built.messages[-1]),), 0)


def with_texts(message: ChatMessage) -> ChatMessage:
    """Return a message with its text files put into its text, for models that read one prompt."""
    texts = [item for item in message.attached if item.file.kind is AttachmentKind.TEXT]
    said = [item.data.decode("utf-8", "replace").strip() for item in texts]
    return replace(
        message,
        text="\n\n".join(filter(None, (message.text, *said))),
        attached=tuple(item for item in message.attached if item not in texts),
    )


async def picture_prompt(markdown: str) -> Attached:
    """Return what a picture is made of when it is made of an answer: the plain text of it."""

    def plain() -> Attached:
        text = to_text(parse(markdown[: 4 * MAX_PROMPT_CHARS])).strip()[:MAX_PROMPT_CHARS]
        return text_file("answer.txt", text or markdown[:MAX_PROMPT_CHARS], generated=True)

    return await asyncio.to_thread(plain)
