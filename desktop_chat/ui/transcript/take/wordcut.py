"""The word around a character. Chinese is cut by a dictionary, as soon as that is there."""

import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from queue import SimpleQueue
from threading import Thread
from typing import Final, TypeAlias

from desktop_chat.ui.transcript.aside import collector_off
from desktop_chat.ui.transcript.text.units import join_pairs, split_pairs

Cut: TypeAlias = Callable[[str], Sequence[str]]
"""Cuts a text into words."""

_AROUND: Final = 60
"""So many units on each side are looked at to find a Chinese word."""
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\u3007\ud840-\ud8bf]")
_KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")


class _Kind(Enum):
    SPACE = auto()
    WORD = auto()
    HAN = auto()
    KANA = auto()
    MARK = auto()


def _is_second(text: str, at: int) -> bool:
    return 0 < at < len(text) and "\udc00" <= text[at] <= "\udfff"


def _kind(text: str, at: int) -> _Kind:
    unit = text[at]
    if _is_second(text, at):
        unit = text[at - 1]
    if unit.isspace() or unit == "\u200b":
        return _Kind.SPACE
    if _HAN.match(unit):
        return _Kind.HAN
    if _KANA.match(unit):
        return _Kind.KANA
    return _Kind.WORD if unit.isalnum() or unit == "_" else _Kind.MARK


def has_han(text: str) -> bool:
    """Tell whether there is anything that a dictionary could cut."""
    return _HAN.search(text) is not None


class Words:
    """Finds words, and loads the dictionary for Chinese on a thread, once.

    Until it is there, a run of Chinese up to the next punctuation is one word.
    """

    def __init__(self) -> None:
        self._cut: Cut | None = None
        self._loading: SimpleQueue[Cut | None] | None = None

    @property
    def asked(self) -> bool:
        """Whether the dictionary is there or on its way."""
        return self._loading is not None

    def load(self) -> None:
        """Begin to load the dictionary, unless that has been done."""
        if self._loading is None:
            self._loading = SimpleQueue()
            # The thread is given no Qt object: one that it let go last would die in it.
            Thread(target=_load, args=(self._loading,), daemon=True).start()

    def wait(self) -> None:
        """Load the dictionary and wait for it, for tests."""
        self.load()
        if self._loading is not None and self._cut is None:
            self._cut = self._loading.get()

    def at(self, text: str, index: int) -> tuple[int, int]:
        """Return the word around a character; arguments and result as of ``word_at``."""
        if self._cut is None and self._loading is not None and not self._loading.empty():
            self._cut = self._loading.get()
        return word_at(text, index, self._cut)


def _load(results: "SimpleQueue[Cut | None]") -> None:
    with collector_off():
        try:
            import rjieba
        except ImportError:
            results.put(None)
            return
        # The second table is built with the first text.
        rjieba.cut("中文")
        results.put(rjieba.cut)


def word_at(text: str, at: int, cut: Cut | None = None) -> tuple[int, int]:
    """Return the word that a character is part of; beside a space, the nearer word.

    Args:
        text: characters beyond U+FFFF are whole, or pairs of units.
        at: the character's index.
        cut: cuts Chinese into words; without it a run of Chinese is one word.
    """
    if not text:
        return 0, 0
    at = min(max(at, 0), len(text) - 1)
    if _kind(text, at) is _Kind.SPACE:
        at = _beside_space(text, at)
    if _is_second(text, at):
        at -= 1
    kind = _kind(text, at)
    if kind in (_Kind.MARK, _Kind.SPACE):
        return at, at + (2 if _is_second(text, at + 1) else 1)
    start, end = _run(text, at, kind)
    if kind is _Kind.HAN and cut is not None:
        return _han_word(text, at, start, end, cut)
    return start, end


def _beside_space(text: str, at: int) -> int:
    """Return the character on the nearer side of the spaces around a position."""
    start = end = at
    while start > 0 and _kind(text, start - 1) is _Kind.SPACE:
        start -= 1
    while end < len(text) and _kind(text, end) is _Kind.SPACE:
        end += 1
    if start == 0:
        return min(end, len(text) - 1)
    return start - 1 if end == len(text) or at - start < end - at else end


def _run(text: str, at: int, kind: _Kind) -> tuple[int, int]:
    start = end = at
    while start > 0 and _kind(text, start - 1) is kind:
        start -= 1
    while end < len(text) and _kind(text, end) is kind:
        end += 1
    return start, end


def _han_word(text: str, at: int, start: int, end: int, cut: Cut) -> tuple[int, int]:
    low, high = max(start, at - _AROUND), min(end, at + _AROUND)
    low += _is_second(text, low)
    high -= _is_second(text, high)
    window = text[low:high]
    whole = join_pairs(window)
    for word in cut(whole):
        after = low + (len(word) if len(whole) == len(window) else len(split_pairs(word)))
        if after > at:
            return low, after
        low = after
    return at, min(end, at + 1)
