"""Colours of code, line by line, so that code which still arrives is never lexed twice.

The state of the machine that reads a language is kept at the start of each line. A block that is
finished and small is lexed once more as a whole, in slices, because some patterns span lines. A
lexer that reads the whole only is run again whenever the open block has become twice as long.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_chat.ui.transcript.aside import collector_off
from desktop_chat.ui.transcript.code import languages
from desktop_chat.ui.transcript.code.machines import State, Tokens, lex_whole, machine_of

_log = logging.getLogger(__name__)

WHOLE_LINES: Final = 2000
WHOLE_CHARS: Final = 120_000
"""A finished block of more lines or characters keeps what the line-by-line machine found."""
LONGEST_LINE: Final = 2000
"""A line of more characters stays plain."""
_POLL_MS: Final = 10
_FIRST_WHOLE: Final = 8
"""An open block of a lexer that reads the whole only is lexed at so many lines, then at twice
as many, and so on.
"""
_TOGETHER: Final = 300
"""A lexer that is made of two reads so many lines at a time: it gives nothing before it is done
with all of them.
"""
_FAR: Final = 300
"""Lines that are so far ahead get colours that are guessed, until their turn comes."""
_SIGHT: Final = 60
_GUESSED: Final = 100
"""So many lines are coloured by guess at once; those in sight are fewer."""
_PATIENCE: Final = 3.0
"""A whole that has taken so many seconds is given up; the colours of its lines stay."""
_FRAME: Final = 0.016
_SHARE: Final = 0.004


class Budget:
    """How long colours may take on the UI thread: all blocks share a few milliseconds a frame."""

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._since = 0.0
        self._left = 0.0

    def renew(self) -> None:
        """Begin another frame."""
        self._since = time.perf_counter()
        self._left = _SHARE

    def ask(self) -> float:
        """Return how many seconds of this frame are left."""
        if time.perf_counter() - self._since > _FRAME:
            self.renew()
        return max(0.0, self._left)

    def spend(self, seconds: float) -> None:
        """Take note of time that was used."""
        self._left -= seconds


class Lexers(QObject):
    """Finds the lexer of a language. Pygments is imported, and its tables are built, off the
    UI thread with the first code block.

    Args:
        parent: or None.

    Attributes:
        budget: of all blocks that get their colours from here.
    """

    loaded = Signal(str)
    """A language whose lexer is there now, or is known not to exist."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.budget = Budget()
        self._found: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._results: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._take)

    def get(self, language: str) -> Any:
        """Return the lexer, or None while it is being loaded and where there is none."""
        if language in self._found or not language:
            return self._found.get(language)
        if languages.lexer_of(language) == languages.PLAIN:
            self._found[language] = None
        elif language not in self._asked:
            self._asked.add(language)
            # The thread is given no Qt object: one that it let go last would die in it.
            Thread(target=_load, args=(language, self._results), daemon=True).start()
            self._poll.start()
        return None

    def name(self, language: str) -> str:
        """Return the name of a language as people write it."""
        shown = languages.shown_name(language)
        if shown:
            return shown
        lexer = self._found.get(language)
        return str(lexer.name) if lexer is not None else language

    def patterns(self, language: str) -> tuple[str, ...]:
        """Return what the names of files in a language look like: ``*.py``, ``Makefile``.

        None are known before its lexer is loaded.
        """
        lexer = self._found.get(language)
        if lexer is None:
            return ()
        return (*lexer.filenames, *lexer.alias_filenames)

    def _take(self) -> None:
        while not self._results.empty():
            language, lexer = self._results.get()
            self._found[language] = lexer
            self._asked.discard(language)
            if not self._asked:
                self._poll.stop()
            self.loaded.emit(language)


_loading = Lock()


def _load(language: str, results: SimpleQueue[tuple[str, Any]]) -> None:
    """Find a lexer, on a thread of its own."""
    lexer: Any = None
    with _loading, collector_off():
        try:
            lexer = find_lexer(language)
        except Exception:  # a lexer that cannot be built: the code stays plain
            _log.exception("no lexer for a language")
    results.put((language, lexer))


def find_lexer(language: str) -> Any:
    """Return the lexer of a language, ready to be used, or None.

    This takes up to some hundred milliseconds: not on the UI thread.

    Args:
        language: as written behind the fence, in lower case.
    """
    lexer = None
    for spelling in (language, languages.without_version(language)):
        name = languages.lexer_of(spelling)
        lexer = None if name == languages.PLAIN else _own(name) or _by_name(name)
        if lexer is not None or name == languages.PLAIN:
            break
    if lexer is None and "." in language:
        lexer = _by_file(language.rpartition("/")[2])
    if lexer is not None:
        # The tables are built at first use: here, not in a frame.
        list(lexer.get_tokens("<a b='c'>x = 1</a>\n"))
    return lexer


def _own(name: str) -> Any:
    # Not needed before the first code block, and 30 ms to import.
    from desktop_chat.ui.transcript.code import own_lexers

    if name == languages.HTML:
        return own_lexers.html_lexer()
    made = {
        languages.JSON: own_lexers.JsonLexer,
        languages.DIFF: own_lexers.DiffLexer,
        languages.CONSOLE: own_lexers.ConsoleLexer,
    }.get(name)
    return None if made is None else made(stripnl=False)


def _by_name(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        # Code within code would load lexers in a frame.
        return get_lexer_by_name(name, stripnl=False, handlecodeblocks=False)
    except ClassNotFound:
        return None


def _by_file(name: str) -> Any:
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        return get_lexer_for_filename(name, stripnl=False, handlecodeblocks=False)
    except ClassNotFound:
        return None


class Highlighter:
    """The colours of one code block.

    Args:
        lexer: what ``Lexers.get`` returned.
    """

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer
        self._machine = machine_of(lexer)
        self._complete = hasattr(lexer, "complete")
        self._lines: list[Tokens] = []
        self._states: list[State] = [None]
        self._whole: list[Tokens] = []
        self._changes: set[int] = set()
        self._running: Iterator[list[Tokens]] | None = None
        self._running_to = 0
        self._guessed: dict[int, Tokens] = {}
        self._guessed_to = 0
        self._guessed_state: State = None
        self._spent = 0.0
        self._due = _FIRST_WHOLE
        self._done = False
        self._fits: bool | None = None

    def take_changes(self) -> set[int]:
        """Return the lines that got other colours since this was last asked."""
        changes, self._changes = self._changes, set()
        return changes

    def line(self, index: int) -> Tokens:
        """Return the parts of a line; none for a line that was not reached."""
        if index < len(self._whole):
            return self._whole[index]
        if index < len(self._lines):
            return self._lines[index]
        return self._guessed.get(index, ())

    def touch(self, index: int) -> None:
        """Forget the lines from ``index`` on: they have changed, or more may follow."""
        del self._lines[index:]
        del self._states[index + 1 :]
        del self._whole[index:]
        self._guessed.clear()
        if index < self._running_to:
            self._running = None
        self._done = False
        self._fits = None

    def extend(self, lines: Sequence[str], count: int, seconds: float) -> bool:
        """Lex the lines up to ``count``, for about so many seconds.

        Args:
            lines: of the block.
            count: how many are wanted.
            seconds: after which the rest waits.

        Returns:
            Whether that point is reached.
        """
        if self._done:
            return True
        if self._machine is None:
            return self._extend_whole(lines, seconds)
        deadline = time.perf_counter() + seconds
        if count - len(self._lines) > _FAR:
            self._guess(lines, count)
        while len(self._lines) < count:
            if not self._lex(lines, len(self._lines)):
                return True
            if time.perf_counter() > deadline:
                return len(self._lines) >= count
        return True

    def _lex(self, lines: Sequence[str], index: int) -> bool:
        """Lex the next line; tell whether the machine is still good."""
        machine = self._machine
        if machine is None:
            return False
        if index == 0:
            self._states[0] = machine.entry(lines[0])
        state = self._states[index]
        text = lines[index]
        tokens: Tokens = ()
        if len(text) <= LONGEST_LINE:
            try:
                tokens, state = machine.run(f"{text}\n", state)
            except Exception:  # a lexer's own callback failed: the block stays plain
                self._machine = None
                self._done = True
                return False
        if index >= len(self._whole) and tokens != self._guessed.pop(index, ()):
            self._changes.add(index)
        self._lines.append(tokens)
        self._states.append(state)
        return True

    def _guess(self, lines: Sequence[str], count: int) -> None:
        """Colour what is far ahead as if the text began shortly before it, until its turn comes."""
        machine = self._machine
        if machine is None or all(index in self._guessed for index in range(count - _SIGHT, count)):
            return
        start, state = count - _GUESSED, machine.entry(lines[0])
        if start <= self._guessed_to < count and count - _SIGHT - 1 in self._guessed:
            start, state = self._guessed_to, self._guessed_state
        else:
            self._guessed.clear()
        for index in range(start, count):
            tokens: Tokens = ()
            try:
                if len(lines[index]) <= LONGEST_LINE:
                    tokens, state = machine.run(f"{lines[index]}\n", state)
            except Exception:  # as in ``_lex``
                return
            self._guessed[index] = tokens
            if tokens:
                self._changes.add(index)
        self._guessed_to, self._guessed_state = count, state

    def _extend_whole(self, lines: Sequence[str], seconds: float) -> bool:
        """Lex an open block as a whole, when it has become twice as long."""
        if self._running is None:
            # The last line may be half a line.
            count = len(lines) - 1
            if count < self._due or not self._small(lines):
                return True
            self._due = 2 * count
            self._begin(lines[:count])
        return self._run(seconds)

    def finish(self, lines: Sequence[str], count: int, seconds: float) -> bool:
        """Lex a finished block: as a whole if that is needed and if it is small.

        Args:
            lines: of the block.
            count: how many are wanted of a large one.
            seconds: after which the rest waits.

        Returns:
            Whether it is done; until then the earlier colours stand.
        """
        if self._done:
            return True
        if self._complete or not self._small(lines):
            return self._machine is None or self.extend(lines, count, seconds)
        if self._running is None or self._running_to < len(lines):
            self._begin(lines)
        if not self._run(seconds):
            return False
        self._done = True
        return True

    def _small(self, lines: Sequence[str]) -> bool:
        if self._fits is None:
            self._fits = (
                len(lines) <= WHOLE_LINES
                and sum(map(len, lines)) <= WHOLE_CHARS
                and all(len(text) <= LONGEST_LINE for text in lines)
            )
        return self._fits

    def _begin(self, lines: Sequence[str]) -> None:
        self._spent = 0.0
        self._running = self._run_whole(list(lines))
        self._running_to = len(lines)

    def _run(self, seconds: float) -> bool:
        """Run what lexes the whole; tell whether it is at its end."""
        if self._running is None:
            return True
        started = now = time.perf_counter()
        try:
            while now - started < seconds:
                found = next(self._running)
                if found:
                    self._take_whole(found)
                now = time.perf_counter()
        except Exception:  # the end, or a failure as in ``_lex``: what is there stands
            self._running = None
            return True
        self._spent += now - started
        if self._spent > _PATIENCE:
            self._running = None
            return True
        return False

    def _take_whole(self, found: list[Tokens]) -> None:
        for index, tokens in enumerate(found):
            if tokens != self.line(index):
                self._changes.add(index)
        self._whole = found

    def _run_whole(self, lines: list[str]) -> Iterator[list[Tokens]]:
        kinds: dict[Any, str] = {}
        if hasattr(self._lexer, "startinline"):
            self._lexer.startinline = bool(lines) and not lines[0].lstrip().startswith("<")
        size = _TOGETHER if self._machine is None else len(lines) or 1
        found: list[Tokens] = []
        for start in range(0, len(lines), size):
            for part in lex_whole(self._lexer, lines[start : start + size], kinds):
                found += part
                yield []
        yield found
