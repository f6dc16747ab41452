"""A quiet card for each tool that an answer asked for. Nothing is run."""

import json
from dataclasses import replace
from typing import Final

from desktop_chat.chat.explain import Explanation, Tone
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import ToolCall
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.controls import Command, Control
from desktop_chat.ui.transcript.look import Page

_READ: Final = 20_000
"""So many characters of arguments are set as JSON is read best; longer ones stay as they came."""
_NAME: Final = 200
_HEAD: Final = 400


def explain_call(call: ToolCall) -> Explanation:
    """Return what the card of a call says."""
    return Explanation(
        call.name[:_NAME].strip() or tr("Tool"),
        tr("The model asked for this tool. This program does not run tools yet."),
        (),
        "wrench",
        Tone.NEUTRAL,
        _detail(call.arguments),
    )


def _detail(arguments: str) -> str:
    """Return the arguments in one line, and in several below it; "" where there are none."""
    text = arguments.strip()
    if not text or text == "{}":
        return ""
    whole = text
    if len(text) <= _READ:
        try:
            whole = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            # Cut off, or no JSON at all: it is shown as it came.
            whole = text
    return f"{' '.join(text[:_HEAD].split())}\n{whole}"


class ToolCard(Card):
    """The card of one call.

    Args:
        message_id: the answer.
        number: of the call in the answer.
        call: what was asked for.
    """

    def __init__(self, message_id: str, number: int, call: ToolCall) -> None:
        super().__init__(message_id, explain_call(call))
        self.call = call
        self._key = (message_id, f"tool:{number}")
        self._command = Command("tool", message_id, str(number))

    def say_again(self) -> None:
        """Say it in another language."""
        self._explanation = explain_call(self.call)
        self.forget()

    def controls(self, page: Page, x: int, y: int) -> list[Control]:
        """Return the row that unfolds the arguments."""
        return [
            replace(control, key=self._key, command=self._command)
            for control in super().controls(page, x, y)
            if control.command.name == "detail"
        ]
