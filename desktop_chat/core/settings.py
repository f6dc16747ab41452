"""Every setting there is, typed, in one place. Secrets are never settings."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T", bool, int, float, str, tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting.

    Attributes:
        name: ``section.key`` in the settings file.
        default: its value when the file says nothing, or something of another type.
        choices: the values allowed; empty for any.
    """

    name: str
    default: T
    choices: tuple[T, ...] = ()

    def accepts(self, value: object) -> bool:
        """Tell whether a value read from outside may be used."""
        same = type(value) is type(self.default)
        return same and (not self.choices or value in self.choices)


LANGUAGE: Final = Setting("appearance.language", "system", ("system", "zh_CN", "en"))
THEME: Final = Setting("appearance.theme", "system", ("system", "light", "dark"))
REDUCED_MOTION: Final = Setting("appearance.reduced_motion", False)
CONTRAST: Final = Setting("appearance.contrast", "system", ("system", "normal", "high"))
CODE_FONT: Final = Setting("appearance.code_font", "")
"""The family that code is set in; "" takes the theme's."""
TEXT_SIZE: Final = Setting("reading.text_size", 100, (90, 100, 110, 125, 150, 175, 200))
"""Of the messages, in percent of 15 px."""
COLUMN_WIDTH: Final = Setting("reading.column", "medium", ("narrow", "medium", "wide", "full"))
FOLLOW: Final = Setting("reading.follow", "end", ("end", "question"))
"""Where a growing answer is followed: to its end, or until its question reaches the top."""
ANNOUNCE: Final = Setting("reading.announce", "done", ("off", "sentence", "done"))
"""When assistive technology is told of a growing answer."""
ANNOUNCE_CODE: Final = Setting("reading.announce_code", False)
SIDEBAR_OPEN: Final = Setting("window.sidebar_open", True)
SIDEBAR_WIDTH: Final = Setting("window.sidebar_width", 264)
WINDOW_GEOMETRY: Final = Setting("window.geometry", "")
"""``x,y,width,height,maximised`` or empty."""
OPEN_TABS: Final[Setting[tuple[str, ...]]] = Setting("window.open_tabs", ())
"""Conversation ids, left to right."""
ACTIVE_TAB: Final = Setting("window.active_tab", "")
DEFAULT_SERVICE: Final = Setting("chat.service", "")
DEFAULT_MODEL: Final = Setting("chat.model", "")
DEFAULT_THINKING: Final = Setting("chat.thinking", "default", ("default", "on", "off"))
DEFAULT_EFFORT: Final = Setting("chat.effort", "")
FAVOURITE_MODELS: Final[Setting[tuple[str, ...]]] = Setting("chat.favourite_models", ())
"""``service/model`` of each."""
RECENT_MODELS: Final[Setting[tuple[str, ...]]] = Setting("chat.recent_models", ())
"""``service/model`` of those used last, the newest first."""
CONTEXT_ROUNDS: Final = Setting("chat.context_rounds", 20)
"""How many rounds of question and answer are sent; 0 sends all."""

ALL: Final = (
    LANGUAGE,
    THEME,
    REDUCED_MOTION,
    CONTRAST,
    CODE_FONT,
    TEXT_SIZE,
    COLUMN_WIDTH,
    FOLLOW,
    ANNOUNCE,
    ANNOUNCE_CODE,
    SIDEBAR_OPEN,
    SIDEBAR_WIDTH,
    WINDOW_GEOMETRY,
    OPEN_TABS,
    ACTIVE_TAB,
    DEFAULT_SERVICE,
    DEFAULT_MODEL,
    DEFAULT_THINKING,
    DEFAULT_EFFORT,
    FAVOURITE_MODELS,
    RECENT_MODELS,
    CONTEXT_ROUNDS,
)
