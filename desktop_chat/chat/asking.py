"""The rows that a turn begins with: a question and the answer to it."""

import time
from collections.abc import Sequence

from desktop_chat.chat.attachments import check_count
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.chat.title import title_of
from desktop_chat.core.attachments import Attached, Attachment
from desktop_chat.core.i18n import language
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import ChatOptions, Message, MessageState, Role


def check_question(text: str, files: Sequence[Attached | Attachment]) -> None:
    """Raise for a question that cannot be asked.

    Raises:
        ValueError: it says nothing.
        ChatError: it has too many files.
    """
    if not text.strip() and not files:
        raise ValueError("a question says something")
    check_count(len(files))


def new_question(
    conversation_id: str,
    parent_id: str | None,
    text: str,
    files: Sequence[Attached | Attachment] = (),
    *,
    service_id: str = "",
    model: str = "",
) -> Message:
    """Return a question.

    Args:
        conversation_id: of the conversation.
        parent_id: the message before it.
        text: what is asked.
        files: that go with it.
        service_id: the service that it is meant for, where that is not the conversation's.
        model: likewise.
    """
    return Message(
        new_id(),
        conversation_id,
        parent_id,
        Role.USER,
        text,
        time.time(),
        attachments=tuple(item.file if isinstance(item, Attached) else item for item in files),
        service_id=service_id,
        model=model,
    )


def new_answer(
    question: Message, options: ChatOptions, setup: ServiceSetup, run_id: str
) -> Message:
    """Return the streaming row of the answer to a question, by whom the question or else the
    conversation asks.
    """
    service_id = question.service_id or options.service_id
    model = question.model if question.service_id else options.model
    service = setup.service(service_id)
    return Message(
        new_id(),
        question.conversation_id,
        question.id,
        Role.ASSISTANT,
        "",
        time.time(),
        state=MessageState.STREAMING,
        service_id=service_id,
        service_name=service.title(language()) if service else service_id,
        model=model or (service.default_model if service else ""),
        run_id=run_id,
    )


def title_for(question: Message) -> str:
    """Return the title that a conversation has by its first question."""
    name = question.attachments[0].name if question.attachments else ""
    return title_of(question.text if question.text.strip() else name)
