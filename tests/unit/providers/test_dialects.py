from typing import Any

import pytest

from desktop_chat.core.services import Thinking, ThinkingDialect
from desktop_chat.providers.dialects import thinking_fields

DEEPSEEK = Thinking(ThinkingDialect.TYPE, ("low", "high", "max"), default_on=True)
SWITCH = Thinking(ThinkingDialect.TYPE)
QWEN = Thinking(ThinkingDialect.ENABLE)
OPENAI = Thinking(ThinkingDialect.EFFORT, ("none", "low", "medium", "high"))
ALWAYS = Thinking(
    ThinkingDialect.EFFORT,
    ("low", "high"),
    default_on=True,
    default_effort="low",
    can_disable=False,
)
ROUTER = Thinking(ThinkingDialect.REASONING, ("low", "high"))


@pytest.mark.parametrize(
    ("thinking", "on", "effort", "fields"),
    [
        (Thinking(), True, "high", {}),
        (DEEPSEEK, None, "", {}),
        (DEEPSEEK, True, "", {"thinking": {"type": "enabled"}}),
        (DEEPSEEK, True, "max", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        (DEEPSEEK, None, "low", {"reasoning_effort": "low"}),
        (DEEPSEEK, False, "max", {"thinking": {"type": "disabled"}}),
        (DEEPSEEK, True, "medium", {"thinking": {"type": "enabled"}}),
        (SWITCH, True, "high", {"thinking": {"type": "enabled"}}),
        (QWEN, None, "", {}),
        (QWEN, True, "", {"enable_thinking": True}),
        (QWEN, False, "", {"enable_thinking": False}),
        (OPENAI, None, "", {}),
        (OPENAI, False, "high", {"reasoning_effort": "none"}),
        (OPENAI, True, "", {"reasoning_effort": "low"}),
        (OPENAI, True, "high", {"reasoning_effort": "high"}),
        (ALWAYS, False, "high", {"reasoning_effort": "high"}),
        (ALWAYS, True, "", {}),
        (ROUTER, None, "", {}),
        (ROUTER, True, "high", {"reasoning": {"enabled": True, "effort": "high"}}),
        (ROUTER, False, "high", {"reasoning": {"enabled": False}}),
    ],
)
def test_fields(thinking: Thinking, on: bool | None, effort: str, fields: dict[str, Any]) -> None:
    assert thinking_fields(thinking, on, effort) == fields


def test_an_effort_other_than_none_stands_for_on() -> None:
    default = Thinking(ThinkingDialect.EFFORT, ("none", "low", "high"), default_effort="high")
    assert thinking_fields(default, True, "") == {"reasoning_effort": "high"}
    nothing = Thinking(ThinkingDialect.EFFORT, ("none",))
    assert thinking_fields(nothing, True, "") == {}
    assert thinking_fields(Thinking(ThinkingDialect.EFFORT, ("low",)), False, "") == {}
