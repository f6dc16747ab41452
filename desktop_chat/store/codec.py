"""Between the words of ``core`` and the columns of the tables.

What is read may have been written by a later version of this program with the same schema:
fields that are not known are passed over, and kinds that are not known become the nearest known.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Usage
from desktop_chat.core.messages import (
    ChatOptions,
    Conversation,
    Message,
    MessageHead,
    MessageState,
    Role,
    Timing,
)
from desktop_chat.store.connection import Row

CONVERSATION_COLUMNS: Final = "id, title, titled_by_user, created_at, updated_at, leaf_id, options"
HEAD_COLUMNS: Final = "id, parent_id, role, state, created_at, chars"
MESSAGE_COLUMNS: Final = (
    "id, conversation_id, parent_id, role, state, created_at, chars, reason, error, usage,"
    " timing, service_id, service_name, model, run_id, omitted, text, reasoning"
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
        _options_json(conversation.options),
    )


def conversation_from(row: Row) -> Conversation:
    """Return what the values of ``CONVERSATION_COLUMNS`` say."""
    id_, title, titled_by_user, created_at, updated_at, leaf_id, options = row
    return Conversation(
        id=id_,
        title=title,
        created_at=created_at,
        updated_at=updated_at,
        leaf_id=leaf_id,
        titled_by_user=bool(titled_by_user),
        options=_options_from(options),
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
    )


def _options_json(options: ChatOptions) -> str:
    return json.dumps(
        {
            "service_id": options.service_id,
            "model": options.model,
            "system": options.system,
            "temperature": options.temperature,
            "top_p": options.top_p,
            "max_tokens": options.max_tokens,
            "thinking": options.thinking,
            "effort": options.effort,
            "rounds": options.rounds,
        }
    )


def _options_from(text: str) -> ChatOptions:
    data = _object(text)
    thinking = data.get("thinking")
    return ChatOptions(
        service_id=_str(data, "service_id"),
        model=_str(data, "model"),
        system=_str(data, "system"),
        temperature=_float(data, "temperature"),
        top_p=_float(data, "top_p"),
        max_tokens=_int(data, "max_tokens"),
        thinking=thinking if isinstance(thinking, bool) else None,
        effort=_str(data, "effort"),
        rounds=_int(data, "rounds"),
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
    data = _object(text)
    kind = _str(data, "kind")
    values = data.get("values")
    known: dict[str, str] = {}
    if isinstance(values, dict):
        known = {name: value for name, value in values.items() if isinstance(value, str)}
    if kind not in _KINDS:
        known["kind"] = kind
    return ErrorInfo(
        kind=_KINDS.get(kind, ErrorKind.SERVER),
        status=_int(data, "status"),
        message=_str(data, "message"),
        code=_str(data, "code"),
        request_id=_str(data, "request_id"),
        host=_str(data, "host"),
        retry_after=_float(data, "retry_after"),
        raw=_str(data, "raw"),
        values=known,
    )


def _usage_json(usage: Usage) -> str:
    return json.dumps(
        {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        }
    )


def _usage_from(text: str) -> Usage:
    data = _object(text)
    return Usage(
        input_tokens=_int(data, "input_tokens") or 0,
        output_tokens=_int(data, "output_tokens") or 0,
        cached_tokens=_int(data, "cached_tokens") or 0,
        reasoning_tokens=_int(data, "reasoning_tokens") or 0,
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
    data = _object(text)
    return Timing(
        first_token=_float(data, "first_token"),
        reasoning=_float(data, "reasoning"),
        total=_float(data, "total"),
    )


def _object(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _str(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _int(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _float(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
