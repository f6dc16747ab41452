"""Between the words of ``core`` and the columns of the tables.

What is read may have been written by a later version of this program with the same schema:
fields that are not known are passed over, and kinds that are not known become the nearest known.
"""

import json
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import (
    Conversation,
    Message,
    MessageHead,
    MessageState,
    Role,
    Timing,
)
from desktop_chat.store.codec_files import (
    attachments_from,
    attachments_json,
    cost_from,
    echo_from,
    tool_calls_from,
    tool_calls_json,
)
from desktop_chat.store.codec_options import options_from, options_json
from desktop_chat.store.connection import Row
from desktop_chat.store.fields import float_of, int_of, read_object, str_of, strings_of

CONVERSATION_COLUMNS: Final = (
    "id, title, titled_by_user, created_at, updated_at, leaf_id, options, remote_ids"
)
HEAD_COLUMNS: Final = "id, parent_id, role, state, created_at, chars"
MESSAGE_COLUMNS: Final = (
    "id, conversation_id, parent_id, role, state, created_at, chars, reason, error, usage,"
    " timing, service_id, service_name, model, run_id, omitted, text, reasoning,"
    " attachments, tool_calls, tool_call_id, echo, cost, currency, asked_service, cached_at"
)

_ROLES: Final = {role.value: role for role in Role}
_STATES: Final = {state.value: state for state in MessageState}
_REASONS: Final = {reason.value: reason for reason in FinishReason}
_KINDS: Final = {kind.value: kind for kind in ErrorKind}


def clean(text: str) -> str:
    """Return a text that UTF-8 can say: pairs of surrogates joined, single ones replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def conversation_row(conversation: Conversation) -> Row:
    """Return the values of ``CONVERSATION_COLUMNS``."""
    return (
        conversation.id,
        clean(conversation.title),
        conversation.titled_by_user,
        conversation.created_at,
        conversation.updated_at,
        conversation.leaf_id,
        options_json(conversation.options),
        json.dumps(dict(conversation.remote_ids)) if conversation.remote_ids else None,
    )


def conversation_from(row: Row) -> Conversation:
    """Return what the values of ``CONVERSATION_COLUMNS`` say."""
    id_, title, titled_by_user, created_at, updated_at, leaf_id, options, remote_ids = row
    return Conversation(
        id=id_,
        title=title,
        created_at=created_at,
        updated_at=updated_at,
        leaf_id=leaf_id,
        titled_by_user=bool(titled_by_user),
        options=options_from(options),
        remote_ids={} if remote_ids is None else strings_of(read_object(remote_ids)),
    )


def head_from(row: Row) -> MessageHead:
    """Return what the values of ``HEAD_COLUMNS`` say."""
    id_, parent_id, role, state, created_at, chars = row
    return MessageHead(
        id_,
        parent_id,
        _ROLES.get(role, Role.ASSISTANT),
        _STATES.get(state, MessageState.DONE),
        created_at,
        chars,
    )


def message_row(message: Message) -> Row:
    """Return the values of ``MESSAGE_COLUMNS``; only a streaming one keeps its run."""
    text, reasoning = clean(message.text), clean(message.reasoning)
    return (
        message.id,
        message.conversation_id,
        message.parent_id,
        message.role.value,
        message.state.value,
        message.created_at,
        len(text) + len(reasoning),
        message.reason and message.reason.value,
        message.error and _error_json(message.error),
        message.usage and _usage_json(message.usage),
        message.timing and _timing_json(message.timing),
        message.service_id,
        clean(message.service_name),
        clean(message.model),
        message.run_id if message.state is MessageState.STREAMING else "",
        message.omitted,
        text,
        reasoning,
        attachments_json(message.attachments) if message.attachments else None,
        tool_calls_json(message.tool_calls) if message.tool_calls else None,
        clean(message.tool_call_id) or None,
        None if message.echo is None else json.dumps(message.echo),
        message.cost and message.cost.amount,
        message.cost and message.cost.currency,
        clean(message.asked_service) or None,
        message.cached_at,
    )


def message_from(row: Row) -> Message:
    """Return what the values of ``MESSAGE_COLUMNS`` say."""
    (
        id_,
        conversation_id,
        parent_id,
        role,
        state,
        created_at,
        _chars,
        reason,
        error,
        usage,
        timing,
        service_id,
        service_name,
        model,
        run_id,
        omitted,
        text,
        reasoning,
        attachments,
        tool_calls,
        tool_call_id,
        echo,
        cost,
        currency,
        asked_service,
        cached_at,
    ) = row
    return Message(
        id=id_,
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=_ROLES.get(role, Role.ASSISTANT),
        text=text,
        created_at=created_at,
        state=_STATES.get(state, MessageState.DONE),
        reasoning=reasoning,
        reason=None if reason is None else _REASONS.get(reason, FinishReason.UNKNOWN),
        error=None if error is None else _error_from(error),
        usage=None if usage is None else _usage_from(usage),
        timing=None if timing is None else _timing_from(timing),
        service_id=service_id,
        service_name=service_name,
        model=model,
        run_id=run_id,
        omitted=omitted,
        attachments=() if attachments is None else attachments_from(attachments),
        tool_calls=() if tool_calls is None else tool_calls_from(tool_calls),
        tool_call_id=tool_call_id or "",
        echo=None if echo is None else echo_from(echo),
        cost=cost_from(cost, currency),
        asked_service=asked_service or "",
        cached_at=cached_at,
    )


def _error_json(error: ErrorInfo) -> str:
    return json.dumps(
        {
            "kind": error.kind.value,
            "status": error.status,
            "message": error.message,
            "code": error.code,
            "request_id": error.request_id,
            "host": error.host,
            "retry_after": error.retry_after,
            "raw": error.raw,
            "values": dict(error.values),
        }
    )


def _error_from(text: str) -> ErrorInfo:
    data = read_object(text)
    kind = str_of(data, "kind")
    known = strings_of(data.get("values"))
    if kind not in _KINDS:
        known["kind"] = kind
    return ErrorInfo(
        kind=_KINDS.get(kind, ErrorKind.SERVER),
        status=int_of(data, "status"),
        message=str_of(data, "message"),
        code=str_of(data, "code"),
        request_id=str_of(data, "request_id"),
        host=str_of(data, "host"),
        retry_after=float_of(data, "retry_after"),
        raw=str_of(data, "raw"),
        values=known,
    )


def _usage_json(usage: Usage) -> str:
    return json.dumps(
        {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "images": usage.images,
        }
    )


def _usage_from(text: str) -> Usage:
    data = read_object(text)
    return Usage(
        input_tokens=int_of(data, "input_tokens") or 0,
        output_tokens=int_of(data, "output_tokens") or 0,
        cached_tokens=int_of(data, "cached_tokens") or 0,
        reasoning_tokens=int_of(data, "reasoning_tokens") or 0,
        cache_write_tokens=int_of(data, "cache_write_tokens") or 0,
        images=int_of(data, "images") or 0,
    )


def _timing_json(timing: Timing) -> str:
    return json.dumps(
        {
            "first_token": timing.first_token,
            "reasoning": timing.reasoning,
            "total": timing.total,
        }
    )


def _timing_from(text: str) -> Timing:
    data = read_object(text)
    return Timing(
        first_token=float_of(data, "first_token"),
        reasoning=float_of(data, "reasoning"),
        total=float_of(data, "total"),
    )
