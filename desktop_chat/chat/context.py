"""Which part of a branch is sent: the system prompt and the last rounds, each of them whole.

A round is a question with all that follows it up to the next question. A round whose answer never
came (it failed, or was stopped before a word) is left out together with its question: a question
that a service refused would make it refuse every later one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from desktop_chat.core.messages import ChatOptions, Message, MessageHead, Role
from desktop_chat.core.requests import ChatMessage, ChatRequest

Item = TypeVar("Item", Message, MessageHead)


@dataclass(frozen=True, slots=True)
class Context:
    """What is sent of a branch.

    Attributes:
        messages: system prompt first, then the rounds that are kept, then the question.
        omitted: how many earlier messages of the branch were left out.
    """

    messages: tuple[ChatMessage, ...]
    omitted: int


def needed(earlier: Sequence[MessageHead], rounds: int | None) -> list[str]:
    """Return the ids of the earlier messages whose texts a request may need, oldest first.

    Args:
        earlier: the branch before the question.
        rounds: how many rounds are kept; None keeps all.
    """
    kept = [part for part in _rounds(earlier) if any(item.chars for item in part[1:])]
    return [item.id for part in _last(kept, rounds) for item in part]


def build(
    earlier: Sequence[Message],
    question: Message,
    options: ChatOptions,
    *,
    rounds: int | None,
    branch_length: int | None = None,
) -> Context:
    """Choose what is sent.

    Args:
        earlier: the branch before the question, or the part of it that ``needed`` named.
        question: what is asked.
        options: gives the system prompt.
        rounds: how many earlier rounds are kept; None keeps all.
        branch_length: how many messages the branch has before the question, when ``earlier`` is
            only a part of it.
    """
    kept = [part for part in _rounds(earlier) if any(item.text for item in part[1:])]
    sent = [item for part in _last(kept, rounds) for item in part if item.text]
    messages = [ChatMessage(item.role, item.text) for item in (*sent, question)]
    if options.system:
        messages.insert(0, ChatMessage(Role.SYSTEM, options.system))
    total = len(earlier) if branch_length is None else branch_length
    return Context(tuple(messages), total - len(sent))


def request_for(options: ChatOptions, model: str, messages: Sequence[ChatMessage]) -> ChatRequest:
    """Return the request that asks with a conversation's options."""
    return ChatRequest(
        model=model,
        messages=tuple(messages),
        temperature=options.temperature,
        top_p=options.top_p,
        max_tokens=options.max_tokens,
        thinking=options.thinking,
        effort=options.effort,
    )


def _rounds(branch: Sequence[Item]) -> list[list[Item]]:
    found: list[list[Item]] = []
    for item in branch:
        if item.role is Role.USER or not found:
            found.append([item])
        else:
            found[-1].append(item)
    return found


def _last(parts: list[list[Item]], rounds: int | None) -> list[list[Item]]:
    if rounds is None:
        return parts
    return parts[-rounds:] if rounds > 0 else []
