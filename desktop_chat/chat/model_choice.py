"""Which models a picker shows first, and what a search among hundreds of them finds."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from desktop_chat.core.ports import Settings
from desktop_chat.core.services import Model, Service
from desktop_chat.core.settings import FAVOURITE_MODELS, RECENT_MODELS

MOST_RECENT: Final = 8
MOST_FAVOURITES: Final = 100
_BREAKS: Final = frozenset(" -_/.:@")
_LONGEST_QUERY: Final = 200

Named: TypeAlias = tuple[str, str]
"""Ids of service and model."""


class ModelShelf:
    """The user's favourite models, and those used last, kept in the settings.

    Args:
        settings: of the program.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def favourites(self) -> list[Named]:
        """Return the favourites, in the order in which they became so."""
        return _read(self._settings.get(FAVOURITE_MODELS))

    def recent(self) -> list[Named]:
        """Return the models used last, the newest first."""
        return _read(self._settings.get(RECENT_MODELS))[:MOST_RECENT]

    def toggle(self, service_id: str, model_id: str) -> bool:
        """Make a model a favourite, or no longer; return whether it is one now."""
        name = (service_id, model_id)
        kept = self.favourites()
        favourite = name not in kept
        kept = [*kept, name][-MOST_FAVOURITES:] if favourite else [n for n in kept if n != name]
        self._settings.set(FAVOURITE_MODELS, _written(kept))
        return favourite

    def note_used(self, service_id: str, model_id: str) -> None:
        """Take note that a model is asked."""
        if not service_id or not model_id:
            return
        name = (service_id, model_id)
        recent = [name, *(item for item in self.recent() if item != name)][:MOST_RECENT]
        if recent != self.recent():
            self._settings.set(RECENT_MODELS, _written(recent))


def _read(values: Sequence[str]) -> list[Named]:
    """Return names from ``service/model``; the id of a service has no slash."""
    found: dict[Named, None] = {}
    for value in values:
        service, _, model = value.partition("/")
        if service and model:
            found[service, model] = None
    return list(found)


def _written(names: Sequence[Named]) -> tuple[str, ...]:
    return tuple(f"{service}/{model}" for service, model in names)


def rank(query: str, service: Service, model: Model) -> float | None:
    """Return how well a model answers a search, more is better; None where it does not.

    Each word must be in the id, in the name, or in a name of the service.
    """
    words = query[:_LONGEST_QUERY].casefold().split()
    if not words:
        return 0.0
    model_id, name = model.id.casefold(), model.name.casefold()
    titles = " ".join([service.id, *service.name.values()]).casefold()
    total = 0.0
    for word in words:
        points = max(_points(word, model_id), _points(word, name) * 0.6)
        if not points and word in titles:
            points = 1.0
        if not points:
            return None
        total += points
    return total - len(model_id) / 1000


def rank_loosely(query: str, model: Model) -> float | None:
    """Return how well a model answers a search of which only the letters are there, in their
    order and near each other (``ds4p`` finds ``deepseek-v4-pro``); None where it does not.
    """
    letters = "".join(query[:_LONGEST_QUERY].casefold().split())
    if len(letters) < 2:
        return None
    found = [
        points
        for text in (model.id, model.name)
        if (points := _loose_points(letters, text.casefold())) is not None
    ]
    return max(found) - len(model.id) / 1000 if found else None


def _points(word: str, text: str) -> float:
    """Return how well a word fits a text that holds it: whole, at its beginning, after a break."""
    at = text.find(word)
    if at < 0:
        return 0.0
    if word == text:
        return 10.0
    if at == 0:
        return 6.0
    while at >= 0:
        if text[at - 1] in _BREAKS:
            return 4.0
        at = text.find(word, at + 1)
    return 2.0


def _loose_points(letters: str, text: str) -> float | None:
    """Return points for letters that follow each other; each begins a part or stands beside the
    one before as often as can be.
    """
    best: float | None = None
    for start in [at for at, sign in enumerate(text) if sign == letters[0]][:8]:
        points = _from(letters, text, start)
        if points is not None and (best is None or points > best):
            best = points
    return best


def _from(letters: str, text: str, start: int) -> float | None:
    points, last = 2.0 if _begins(text, start) else 0.0, start
    for letter in letters[1:]:
        near = last + 1 if text[last + 1 : last + 2] == letter else -1
        at = near if near >= 0 else _next(letter, text, last + 1)
        if at < 0:
            return None
        points += 2.0 if at == near else 1.5 if _begins(text, at) else -0.5
        last = at
    # Letters that are strewn over a long id are found in nearly every one.
    return points if points > len(letters) * 0.5 else None


def _next(letter: str, text: str, after: int) -> int:
    """Return where a letter comes next, at the beginning of a part if it does anywhere."""
    first = at = text.find(letter, after)
    while at >= 0:
        if _begins(text, at):
            return at
        at = text.find(letter, at + 1)
    return first


def _begins(text: str, at: int) -> bool:
    if at == 0 or text[at - 1] in _BREAKS:
        return True
    return text[at].isdigit() != text[at - 1].isdigit()
