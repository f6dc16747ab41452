"""Which part of a branch is sent: the system prompt and the last rounds, each of them whole.

A round is a question with all that follows it up to the next question. A round whose answer never
came (it failed, or was stopped before a word) is left out together with its question: a question
that a service refused would make it refuse every later one too.

Files go with their questions again and again, for a model forgets them otherwise. Those of the new
question are always sent; of earlier ones the newest, up to ``MAX_EARLIER_BYTES``, and none that the
model is known not to take. Where a file is left out, its name stands in the text: ``[plan.png]``.

What tools were asked for is sent only where every call of the round has its result: services refuse
a call without one. In such a round the thinking goes with it, as DeepSeek demands.

A question that a model's text came with (``picture_question``) is that text, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind
from desktop_chat.core.messages import ChatOptions, Message, MessageHead, Role
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Model

MAX_EARLIER_BYTES: Final = 20 * 1024 * 1024
"""Bytes of files of earlier questions that go with a request."""

Item = TypeVar("Item", Message, MessageHead)


@dataclass(frozen=True, slots=True)
class Context:
    """What is sent of a branch.

    Attributes:
        messages: system prompt first, then the rounds that are kept, then the question.
        omitted: how many earlier messages of the branch were left out; files do not count.
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


def files(
    earlier: Sequence[Message], question: Message, model: Model, *, rounds: int | None
) -> list[str]:
    """Return the keys of the files whose bytes a request needs.

    Args:
        earlier: as for ``build``.
        question: what is asked.
        model: who is asked.
        rounds: as for ``build``.
    """
    keys = [item.blob for item in question.attachments]
    room = MAX_EARLIER_BYTES
    sent = [item for part in _kept(earlier, rounds) for item in part if item.role is Role.USER]
    for item in reversed([file for message in sent for file in message.attachments]):
        if item.blob in keys or not takes(model, item):
            continue
        if item.size > room:
            break
        room -= item.size
        keys.append(item.blob)
    return keys


def takes(model: Model, file: Attachment) -> bool:
    """Tell whether a file may be sent to a model: False only where it is known to take none."""
    if file.kind is AttachmentKind.IMAGE:
        return model.images is not False
    return file.kind is not AttachmentKind.PDF or model.files is not False


def picture_question(question: Message) -> Attachment | None:
    """Return the file with a model's text that a question asks to make a picture of, or None."""
    for item in question.attachments:
        if item.generated and item.kind is AttachmentKind.TEXT:
            return item
    return None


def build(
    earlier: Sequence[Message],
    question: Message,
    options: ChatOptions,
    *,
    rounds: int | None,
    branch_length: int | None = None,
    blobs: Mapping[str, bytes] | None = None,
    service_id: str = "",
) -> Context:
    """Choose what is sent.

    Args:
        earlier: the branch before the question, or the part of it that ``needed`` named.
        question: what is asked.
        options: gives the system prompt.
        rounds: how many earlier rounds are kept; None keeps all.
        branch_length: how many messages the branch has before the question, when ``earlier`` is
            only a part of it.
        blobs: the bytes of files by their keys (see ``files``); one that is missing is left out.
        service_id: who is asked; what another service wants back is not for this one. "" is any.
    """
    known = blobs or {}
    messages: list[ChatMessage] = []
    for part in _kept(earlier, rounds):
        messages += _round(part, known, service_id)
    sent = len(messages)
    messages.append(_question(question, known))
    if options.system:
        messages.insert(0, ChatMessage(Role.SYSTEM, options.system))
    total = len(earlier) if branch_length is None else branch_length
    return Context(tuple(messages), total - sent)


def request_for(
    options: ChatOptions,
    model: str,
    messages: Sequence[ChatMessage],
    *,
    conversation_id: str = "",
    remote_id: str = "",
) -> ChatRequest:
    """Return the request that asks with a conversation's options."""
    return ChatRequest(
        model=model,
        messages=tuple(messages),
        temperature=options.temperature,
        top_p=options.top_p,
        max_tokens=options.max_tokens,
        thinking=options.thinking,
        effort=options.effort,
        sampling=options.sampling,
        image=options.image,
        remote_id=remote_id,
        conversation_id=conversation_id,
        extra=options.extra,
        extra_headers=options.extra_headers,
    )


def _kept(earlier: Sequence[Message], rounds: int | None) -> list[list[Message]]:
    kept = [part for part in _rounds(earlier) if any(item.text for item in part[1:])]
    return _last(kept, rounds)


def _round(part: Sequence[Message], blobs: Mapping[str, bytes], service: str) -> list[ChatMessage]:
    """Return what is sent of a round; what would say nothing is left out."""
    results = {item.tool_call_id for item in part if item.role is Role.TOOL}
    calls = [call.id for item in part for call in item.tool_calls]
    whole = bool(calls) and results.issuperset(calls)
    found: list[ChatMessage] = []
    for item in part:
        if item.role is Role.USER:
            said = _with_files(item, blobs)
        elif item.role is Role.TOOL:
            if not whole or item.tool_call_id not in calls:
                continue
            found.append(ChatMessage(item.role, item.text, tool_call_id=item.tool_call_id))
            continue
        else:
            said = _answer(item, service, with_calls=whole)
        if said.text or said.attached or said.tool_calls:
            found.append(said)
    return found


def _answer(item: Message, service: str, *, with_calls: bool) -> ChatMessage:
    ours = service in ("", item.service_id)
    # An echo holds the calls too, so it goes with them or not at all.
    echo = item.echo if ours and (with_calls or not item.tool_calls) else None
    return ChatMessage(
        item.role,
        item.text,
        reasoning=item.reasoning if with_calls else "",
        tool_calls=item.tool_calls if with_calls else (),
        echo=echo,
    )


def _question(question: Message, blobs: Mapping[str, bytes]) -> ChatMessage:
    source = picture_question(question)
    if source is not None and source.blob in blobs:
        return ChatMessage(Role.USER, blobs[source.blob].decode("utf-8", "replace"))
    return _with_files(question, blobs)


def _with_files(item: Message, blobs: Mapping[str, bytes]) -> ChatMessage:
    there = [file for file in item.attachments if file.blob in blobs]
    gone = [f"[{file.name}]" for file in item.attachments if file.blob not in blobs]
    return ChatMessage(
        item.role,
        "\n\n".join(filter(None, (item.text, *gone))),
        attached=tuple(Attached(file, blobs[file.blob]) for file in there),
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
