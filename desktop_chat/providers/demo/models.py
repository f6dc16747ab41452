"""The models of the demo service: each shows one thing that can happen."""

from typing import Final

from desktop_chat.core.services import Model, Thinking, ThinkingDialect

_THINKING: Final = Thinking(ThinkingDialect.TYPE, default_on=True)

RICH: Final = "demo-rich"
LONG: Final = "demo-long"
SLOW: Final = "demo-slow"
REFUSED: Final = "demo-401"
LIMITED: Final = "demo-429"
DROP: Final = "demo-drop"
LENGTH: Final = "demo-length"

MODELS: Final = (
    Model(RICH, 128_000, 8_000, _THINKING),
    Model(LONG, 128_000, 200_000),
    Model(SLOW, 128_000, 8_000, _THINKING),
    Model(REFUSED, 128_000, 8_000),
    Model(LIMITED, 128_000, 8_000),
    Model(DROP, 128_000, 8_000),
    Model(LENGTH, 128_000, 8_000),
)
