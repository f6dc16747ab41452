"""``<think>`` at the very start of an answer, told apart from the answer while both arrive."""

from enum import Enum, auto
from typing import Final

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_MOST_HELD: Final = 4096
"""White space that is waited through; what brings more than that is told as it is."""


class _Place(Enum):
    START = auto()
    THOUGHT_START = auto()
    THOUGHT = auto()
    ANSWER_START = auto()
    ANSWER = auto()


class ThinkTags:
    """Splits content into thinking and answer.

    Only a tag before anything but white space counts: one in prose or code is text. The white
    space around the tags belongs to neither part.
    """

    def __init__(self) -> None:
        self._place = _Place.START
        self._held = ""

    @property
    def in_answer(self) -> bool:
        """True once everything that comes is answer: ``feed`` need not be called any more."""
        return self._place is _Place.ANSWER

    def stop_looking(self) -> None:
        """Take what comes as answer, unless a tag is open or being held."""
        if self._place is _Place.START and not self._held:
            self._place = _Place.ANSWER

    def feed(self, text: str) -> tuple[str, str]:
        """Take content and return what is now known to be thinking, and to be answer."""
        text = self._held + text
        self._held = ""
        thought = ""
        if self._place is _Place.START:
            seen = text.lstrip()
            if not seen.startswith(_OPEN):
                if _OPEN.startswith(seen) and len(text) <= _MOST_HELD:
                    self._held = text
                    return "", ""
                self._place = _Place.ANSWER
                return "", text
            text = seen.removeprefix(_OPEN)
            self._place = _Place.THOUGHT_START
        if self._place in (_Place.THOUGHT_START, _Place.THOUGHT):
            thought, text = self._think(text)
        if self._place is _Place.ANSWER_START:
            text = text.lstrip("\r\n")
            if text:
                self._place = _Place.ANSWER
        return thought, text

    def close(self) -> tuple[str, str]:
        """Return what was held back, as thinking and as answer."""
        held, self._held = self._held, ""
        thinking = self._place in (_Place.THOUGHT_START, _Place.THOUGHT)
        return (held, "") if thinking else ("", held)

    def _think(self, text: str) -> tuple[str, str]:
        """Return the thinking in ``text`` and what comes after its end."""
        if self._place is _Place.THOUGHT_START:
            text = text.lstrip()
            if text and not _CLOSE.startswith(text):
                self._place = _Place.THOUGHT
        end = text.find(_CLOSE)
        if end >= 0:
            self._place = _Place.ANSWER_START
            return text[:end].rstrip("\r\n"), text[end + len(_CLOSE) :]
        keep = _sure_length(text)
        if len(text) - keep > _MOST_HELD:
            keep = len(text) - len(_CLOSE)
        self._held = text[keep:]
        return text[:keep], ""


def _sure_length(text: str) -> int:
    """Return how much of a thought is sure to be one: its end may be the beginning of the closing
    tag, or the white space before it.
    """
    end = len(text)
    for length in range(min(len(_CLOSE) - 1, end), 0, -1):
        if _CLOSE.startswith(text[-length:]):
            end -= length
            break
    return len(text[:end].rstrip("\r\n"))
