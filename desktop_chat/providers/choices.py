"""Further answers in one reply, where several were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from desktop_chat.core.events import ChoiceDelta
from desktop_chat.providers.texts import whole
from desktop_chat.providers.think_tags import ThinkTags

MAX_CHOICES: Final = 128
"""No service gives more; others are passed over."""
_MAX_DEPTH: Final = 16
"""How deep texts are looked for in blocks."""


@dataclass(slots=True)
class _Choice:
    tags: ThinkTags = field(default_factory=ThinkTags)
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    ended: bool = False
    by_message: bool = False
    told: bool = False

    def undivided(self, choice: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a choice without a usual delta brings; a whole message after its deltas
        brings nothing.
        """
        message = choice.get("message")
        if not message or not isinstance(message, dict):
            return {"content": choice.get("delta") or choice.get("text")}
        if self.told and not self.by_message:
            return {}
        self.by_message = True
        return message


class FurtherChoices:
    """Keeps apart the answers whose number is not 0."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}

    @property
    def open(self) -> bool:
        """Whether one that has begun has not ended."""
        return any(not choice.ended for choice in self._choices.values())

    def take(self, index: object, choice: Mapping[str, Any]) -> None:
        """Take a piece of an answer."""
        if not isinstance(index, int) or not 0 < index < MAX_CHOICES:
            return
        known = self._choices.setdefault(index, _Choice())
        delta = choice.get("delta")
        if not delta or not isinstance(delta, dict):
            delta = known.undivided(choice)
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            known.told = True
            known.tags.stop_looking()
            known.thoughts.append(thought)
        for text in texts_of(delta.get("content") or delta.get("refusal")):
            known.told = True
            inner, answer = known.tags.feed(text)
            known.thoughts.append(inner)
            known.texts.append(answer)
        if choice.get("finish_reason"):
            known.ended = True

    def give(self, *, last: bool = False) -> list[ChoiceDelta]:
        """Return what came since the last time, one event for each answer.

        Args:
            last: whether nothing more comes, so that nothing is held back.
        """
        given: list[ChoiceDelta] = []
        for index, choice in self._choices.items():
            if last:
                thought, answer = choice.tags.close()
                choice.thoughts.append(thought)
                choice.texts.append(answer)
            text = _taken(choice.texts, last=last)
            thought = _taken(choice.thoughts, last=last)
            if text or thought:
                given.append(ChoiceDelta(index, text, thought))
        return given


def texts_of(value: object, depth: int = 0) -> list[str]:
    """Return the texts in a field that should be text but may be blocks of it."""
    if isinstance(value, str):
        return [value] if value else []
    if depth > _MAX_DEPTH:
        return []
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item, depth + 1)]
    if isinstance(value, dict):
        for name in ("text", "thinking", "summary", "reasoning", "content"):
            if texts := texts_of(value.get(name), depth + 1):
                return texts
    return []


def _taken(parts: list[str], *, last: bool) -> str:
    """Empty a list into one text; half a surrogate pair at its end waits for the other."""
    text = "".join(parts)
    parts.clear()
    if text and not last and "\ud800" <= text[-1] <= "\udbff":
        parts.append(text[-1])
        text = text[:-1]
    return whole(text)
