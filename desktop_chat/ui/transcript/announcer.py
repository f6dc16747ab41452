"""What assistive technology is told while messages come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_chat.core.messages import Message

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.view import TranscriptView


class Announcer:
    """Tells what has come, by the policy that the user chose.

    Args:
        view: whose messages.
    """

    def __init__(self, view: TranscriptView) -> None:
        self._view = view

    def branch_changed(self) -> None:
        """Take note that other messages are shown."""

    def grown(self, message_id: str) -> None:
        """Take note that more of an answer is shown."""

    def finished(self, message: Message) -> None:
        """Take note that an answer has ended."""
