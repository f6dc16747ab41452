"""What several protocols say alike: how to think (the dialects of ``core/services.py``), and the
schema of an answer.
"""

from collections.abc import Mapping
from typing import Final

from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Thinking, ThinkingDialect

_NO_THINKING: Final = "none"
"""The effort by which services without a switch are told not to think."""


def named_schema(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a JSON schema with a name, as OpenAI's structured outputs want it.

    Args:
        schema: the schema alone, or already with ``name``, ``schema`` and perhaps ``strict``.
    """
    if isinstance(schema.get("schema"), Mapping):
        return {"name": "answer", **schema}
    return {"name": "answer", "schema": dict(schema)}


def thinking_fields(thinking: Thinking, on: bool | None, effort: str) -> dict[str, JsonValue]:
    """Return the fields that switch thinking.

    Args:
        thinking: what the model offers; what it does not offer is not sent, because services
            answer an unknown field or value with 400.
        on: on, off, or None to leave it to the service.
        effort: one of ``thinking.efforts``, or "".
    """
    if on is False and not thinking.can_disable:
        on = None
    if on is False or effort not in thinking.efforts:
        effort = ""
    match thinking.dialect:
        case (
            ThinkingDialect.NONE
            | ThinkingDialect.BUDGET
            | ThinkingDialect.ADAPTIVE
            | ThinkingDialect.THINK
        ):
            return {}  # but for the first, of protocols that say it themselves
        case ThinkingDialect.TYPE:
            fields: dict[str, JsonValue] = {}
            if on is not None:
                fields["thinking"] = {"type": "enabled" if on else "disabled"}
            if effort:
                fields["reasoning_effort"] = effort
            return fields
        case ThinkingDialect.ENABLE:
            return {} if on is None else {"enable_thinking": on}
        case ThinkingDialect.EFFORT:
            effort = effort or _implied_effort(thinking, on)
            return {"reasoning_effort": effort} if effort else {}
        case ThinkingDialect.REASONING:
            reasoning: dict[str, JsonValue] = {}
            if on is not None:
                reasoning["enabled"] = on
            if effort:
                reasoning["effort"] = effort
            return {"reasoning": reasoning} if reasoning else {}


def _implied_effort(thinking: Thinking, on: bool | None) -> str:
    """Return the effort that on and off mean where effort is the only switch."""
    if on is False:
        return _NO_THINKING if _NO_THINKING in thinking.efforts else ""
    if not on or thinking.default_on:
        return ""
    if thinking.default_effort not in ("", _NO_THINKING):
        return thinking.default_effort
    return next((effort for effort in thinking.efforts if effort != _NO_THINKING), "")
