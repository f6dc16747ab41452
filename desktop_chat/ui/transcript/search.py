"""Find in chat: what is looked for, where it stands, which hit the reader is at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_chat.ui.transcript.places import Hits

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas


class Search:
    """Looks through the messages of a view.

    Args:
        canvas: what is looked through.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas

    def hits_of(self, message_id: str) -> Hits | None:
        """Return what was found in a message, or None."""
        del message_id
        return None

    def branch_changed(self) -> None:
        """Look through the messages anew: others are shown."""

    def text_changed(self, message_id: str) -> None:
        """Look through one message anew: it grows, or its text has come."""
