"""Files (of drafts as well), tool calls, echoes and costs of messages as they stand in columns."""

import json
from collections.abc import Iterable
from typing import Any

from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Cost, ToolCall
from desktop_chat.store.fields import int_of, read, read_list, str_of

_KINDS = {kind.value: kind for kind in AttachmentKind}


def attachments_json(attachments: Iterable[Attachment]) -> str:
    """Return attachments as JSON; ``blobs`` looks into it for ``blob``."""
    return json.dumps(
        [
            {
                "blob": item.blob,
                "name": item.name,
                "media_type": item.media_type,
                "size": item.size,
                "kind": item.kind.value,
                "width": item.width,
                "height": item.height,
                "generated": item.generated,
            }
            for item in attachments
        ]
    )


def attachments_from(text: str) -> tuple[Attachment, ...]:
    """Return attachments; those of a kind that is not known are passed over."""
    return tuple(
        Attachment(
            blob=str_of(data, "blob"),
            name=str_of(data, "name"),
            media_type=str_of(data, "media_type"),
            size=int_of(data, "size") or 0,
            kind=_KINDS[data["kind"]],
            width=int_of(data, "width") or 0,
            height=int_of(data, "height") or 0,
            generated=data.get("generated") is True,
        )
        for data in _objects(text)
        if str_of(data, "kind") in _KINDS
    )


def tool_calls_json(calls: Iterable[ToolCall]) -> str:
    """Return tool calls as JSON."""
    return json.dumps(
        [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
    )


def tool_calls_from(text: str) -> tuple[ToolCall, ...]:
    """Return tool calls."""
    return tuple(
        ToolCall(str_of(data, "id"), str_of(data, "name"), str_of(data, "arguments"))
        for data in _objects(text)
    )


def echo_from(text: str) -> JsonValue:
    """Return an echo; None for one that cannot be read."""
    echo: JsonValue = read(text)
    return echo


def cost_from(amount: float | None, currency: str | None) -> Cost | None:
    """Return a cost; None where it is not known."""
    return None if amount is None or not currency else Cost(amount, currency)


def _objects(text: str) -> list[dict[str, Any]]:
    return [data for data in read_list(text) if isinstance(data, dict)]
