"""What the settings say about reading, brought to the messages that are shown."""

from typing import Final

from PySide6.QtCore import QObject

from desktop_chat.core import settings as keys
from desktop_chat.core.ports import Settings
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.transcript.scroller import Follow
from desktop_chat.ui.transcript.view import TranscriptView

COLUMNS: Final[dict[str, int | None]] = {"narrow": 640, "medium": 760, "wide": 960, "full": None}
"""The widest that text becomes, in logical pixels; None fills the view."""


def step_text_size(settings: Settings, step: int) -> None:
    """Set messages larger or smaller.

    Args:
        settings: where the size is kept.
        step: how many sizes larger, or smaller when negative; 0 goes back to the normal size.
    """
    sizes = keys.TEXT_SIZE.choices
    index = sizes.index(settings.get(keys.TEXT_SIZE))
    size = sizes[min(max(0, index + step), len(sizes) - 1)] if step else keys.TEXT_SIZE.default
    settings.set(keys.TEXT_SIZE, size)


class Reading(QObject):
    """Lets the settings hold in a view, at once when they change.

    The size of text and the code's font reach it through the theme.

    Args:
        view: the messages.
        settings: of the program.
        bridge: tells of changes.
    """

    def __init__(self, view: TranscriptView, settings: Settings, bridge: Bridge) -> None:
        super().__init__(view)
        self._view = view
        self._settings = settings
        bridge.setting_changed.connect(self._changed)
        view.text_size_wanted.connect(self._step)
        self._apply()

    def _changed(self, name: str) -> None:
        if name.startswith("reading."):
            self._apply()

    def _step(self, step: int) -> None:
        step_text_size(self._settings, step)

    def _apply(self) -> None:
        self._view.sheet.set_widest(COLUMNS[self._settings.get(keys.COLUMN_WIDTH)])
        self._view.scroller.follow = Follow(self._settings.get(keys.FOLLOW))
        self._view.announcer.set_policy(
            self._settings.get(keys.ANNOUNCE), code=self._settings.get(keys.ANNOUNCE_CODE)
        )
