"""Colours of code, line by line, so that code which still arrives is never lexed twice.

The state of Pygments' regular-expression machine is kept at the start of each line. A block that
is finished and small is lexed once more as a whole, in slices, because some patterns span lines.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

Tokens: TypeAlias = tuple[tuple[int, int, str], ...]
"""(start, length, kind) of the coloured parts of one line; kinds as in ``Look.syntax``."""

WHOLE_LINES: Final = 2000
"""A finished block of more lines keeps what the line-by-line machine found."""
LONGEST_LINE: Final = 2000
"""A line of more characters stays plain."""
_POLL_MS: Final = 10
_STEPS_PER_CHARACTER: Final = 20

_KINDS: Final = (
    ("Token.Keyword", "kw"),
    ("Token.Operator.Word", "kw"),
    ("Token.Name.Tag", "kw"),
    ("Token.Name.Function", "fn"),
    ("Token.Name.Class", "fn"),
    ("Token.Name.Decorator", "fn"),
    ("Token.Name.Attribute", "fn"),
    ("Token.Literal.String", "str"),
    ("Token.Literal.Number", "num"),
    ("Token.Literal.Date", "num"),
    ("Token.Literal", "num"),
    ("Token.Comment", "com"),
    ("Token.Generic.Inserted", "add"),
    ("Token.Generic.Deleted", "del"),
    ("Token.Generic.Heading", "kw"),
    ("Token.Generic.Subheading", "fn"),
)


class Lexers(QObject):
    """Finds the lexer of a language. Pygments is imported, and its tables are built, off the
    UI thread with the first code block.

    Args:
        parent: or None.
    """

    loaded = Signal(str)
    """A language whose lexer is there now, or is known not to exist."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
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
        if language not in self._asked:
            self._asked.add(language)
            # The thread is given no Qt object: one that it let go last would die in it.
            Thread(target=_load, args=(language, self._results), daemon=True).start()
            self._poll.start()
        return None

    def name(self, language: str) -> str:
        """Return the name of a language as people write it."""
        lexer = self._found.get(language)
        return str(lexer.name) if lexer is not None else language

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
    with _loading:
        # A collection that starts in this thread would end widgets in it, and with them the
        # process. It is held off while this thread makes objects.
        collecting = gc.isenabled()
        gc.disable()
        try:
            lexer = _find(language)
        finally:
            if collecting:
                gc.enable()
    results.put((language, lexer))


def _find(language: str) -> Any:
    # Not needed before the first code block, and 30 ms to import.
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None
    # The tables are built at first use: here, not in a frame.
    list(lexer.get_tokens("x = 1\n"))
    return lexer


def _kind(token: Any, cache: dict[Any, str]) -> str:
    found = cache.get(token)
    if found is None:
        name = str(token)
        found = next(
            (kind for prefix, kind in _KINDS if name == prefix or name.startswith(prefix + ".")), ""
        )
        cache[token] = found
    return found


class _Line:
    """Gathers the coloured parts of one line."""

    __slots__ = ("_end", "parts")

    def __init__(self, end: int = 1 << 30) -> None:
        self.parts: list[tuple[int, int, str]] = []
        self._end = end

    def put(self, start: int, length: int, kind: str) -> None:
        length = min(length, self._end - start)
        if not kind or length <= 0:
            return
        if self.parts:
            first, count, last = self.parts[-1]
            if last == kind and first + count == start:
                self.parts[-1] = (first, count + length, kind)
                return
        self.parts.append((start, length, kind))


class _Machine:
    """Runs a RegexLexer's tables over one line at a time, keeping the stack of states."""

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer
        self._tables = lexer._tokens  # noqa: SLF001  no public way gives the built tables
        self._kinds: dict[Any, str] = {}

    @staticmethod
    def fits(lexer: Any) -> bool:
        """Tell whether a lexer is nothing but tables."""
        from pygments.lexer import ExtendedRegexLexer, RegexLexer

        return isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer)

    def run(self, text: str, stack: tuple[str, ...]) -> tuple[Tokens, tuple[str, ...]]:
        """Lex one line.

        Args:
            text: with its line feed.
            stack: of states at its start.

        Returns:
            Its parts and the stack at its end.

        Raises:
            RuntimeError: the tables do not come to an end.
        """
        states = list(stack)
        table = self._tables[states[-1]]
        # The line feed is there for the patterns; it has no colour.
        line = _Line(len(text) - 1)
        position, end = 0, len(text)
        steps = end * _STEPS_PER_CHARACTER + 100
        while position < end:
            steps -= 1
            if steps < 0:
                raise RuntimeError("a lexer that does not move on")
            for match, action, change in table:
                found = match(text, position)
                if found is None:
                    continue
                if action is not None:
                    self._emit(line, position, action, found)
                position = found.end()
                if change is not None:
                    _change(states, change)
                    table = self._tables[states[-1]]
                break
            else:
                if text[position] == "\n":
                    states = ["root"]
                    table = self._tables["root"]
                position += 1
        return tuple(line.parts), tuple(states)

    def _emit(self, line: _Line, position: int, action: Any, found: Any) -> None:
        if isinstance(action, tuple):
            line.put(position, found.end() - position, _kind(action, self._kinds))
            return
        for start, token, value in action(self._lexer, found):
            line.put(start, len(value), _kind(token, self._kinds))


def _change(states: list[str], change: Any) -> None:
    """Apply a transition as Pygments writes it: names, ``#push``, ``#pop``, a negative count."""
    if isinstance(change, int):
        if -change >= len(states):
            del states[1:]
        else:
            del states[change:]
        return
    for name in change if isinstance(change, tuple) else (change,):
        if name == "#push":
            states.append(states[-1])
        elif name == "#pop":
            if len(states) > 1:
                states.pop()
        else:
            states.append(name)


class Highlighter:
    """The colours of one code block.

    Args:
        lexer: what ``Lexers.get`` returned.
    """

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer
        self._machine = _Machine(lexer) if _Machine.fits(lexer) else None
        self._lines: list[Tokens] = []
        self._stacks: list[tuple[str, ...]] = [("root",)]
        self._changes: set[int] = set()
        self._whole: Iterator[None] | None = None
        self._done = False

    def take_changes(self) -> set[int]:
        """Return the lines that got other colours since this was last asked."""
        changes, self._changes = self._changes, set()
        return changes

    def line(self, index: int) -> Tokens:
        """Return the parts of a line; none for a line that was not reached."""
        return self._lines[index] if index < len(self._lines) else ()

    def touch(self, index: int) -> None:
        """Forget the lines from ``index`` on: they have changed."""
        del self._lines[index:]
        del self._stacks[index + 1 :]

    def extend(self, lines: Sequence[str], count: int, seconds: float) -> bool:
        """Lex the lines up to ``count``, for about so many seconds.

        Returns:
            Whether that point is reached.
        """
        if self._machine is None or self._done:
            return True
        deadline = time.perf_counter() + seconds
        while len(self._lines) < count:
            index = len(self._lines)
            stack = self._stacks[index]
            text = lines[index]
            tokens: Tokens = ()
            if len(text) <= LONGEST_LINE:
                try:
                    tokens, stack = self._machine.run(f"{text}\n", stack)
                except Exception:  # a lexer's own callback failed: the block stays plain
                    self._machine = None
                    return True
            if tokens:
                self._changes.add(index)
            self._lines.append(tokens)
            self._stacks.append(stack)
            if time.perf_counter() > deadline:
                return len(self._lines) >= count
        return True

    def finish(self, lines: Sequence[str], seconds: float) -> bool:
        """Lex a finished block as a whole, for about so many seconds.

        Returns:
            Whether it is done; until then the earlier colours stand.
        """
        if self._done:
            return True
        if len(lines) > WHOLE_LINES or any(len(text) > LONGEST_LINE for text in lines):
            return self.extend(lines, len(lines), seconds)
        if self._whole is None:
            self._whole = self._run_whole(lines)
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            try:
                next(self._whole)
            except StopIteration:
                self._done = True
                return True
            except Exception:  # as in ``extend``
                self._done = True
                return True
        return False

    def _run_whole(self, lines: Sequence[str]) -> Iterator[None]:
        kinds: dict[Any, str] = {}
        result = [_Line()]
        column = 0
        text = "\n".join(line.replace("\r", " ") for line in lines)
        for number, (token, value) in enumerate(self._lexer.get_tokens(text)):
            kind = _kind(token, kinds)
            for index, part in enumerate(value.split("\n")):
                if index:
                    result.append(_Line())
                    column = 0
                result[-1].put(column, len(part), kind)
                column += len(part)
            if number % 64 == 63:
                yield
        before = self._lines
        self._lines = [tuple(line.parts) for line in result]
        self._changes.update(
            index
            for index, tokens in enumerate(self._lines)
            if tokens != (before[index] if index < len(before) else ())
        )
        self._machine = None
