"""Lexers of Pygments run one line at a time, with what they remember from line to line.

So code that still arrives is never lexed twice, and any line can be lexed once the one before it
is.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Tokens: TypeAlias = tuple[tuple[int, int, str], ...]
"""(start, length, kind) of the coloured parts of one line; kinds as in ``Look.syntax``."""
State: TypeAlias = Any
"""What a machine remembers at the start of a line; never changed in place."""

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
    ("Token.Generic.Prompt", "com"),
    ("Token.Generic.Inserted", "add"),
    ("Token.Generic.Deleted", "del"),
    ("Token.Generic.Heading", "kw"),
    ("Token.Generic.Subheading", "fn"),
)
_OVER_LINES: Final = (
    ("/*", "*/"),
    ("<!--", "-->"),
    ("(*", "*)"),
    ("{-", "-}"),
    ("--[[", "]]"),
    ("<#", "#>"),
    ("#|", "|#"),
    ('"""', '"""'),
    ("'''", "'''"),
)
"""Comments and texts that some lexers take with one pattern, which sees no end in an open line."""
_QUOTES: Final = {"Bash": ("'", "'"), "Go": ("`", "`")}


def kind_of(token: Any, cache: dict[Any, str]) -> str:
    """Return the kind of a token of Pygments, "" for one without colour."""
    found = cache.get(token)
    if found is None:
        name = str(token)
        found = next(
            (kind for prefix, kind in _KINDS if name == prefix or name.startswith(prefix + ".")), ""
        )
        cache[token] = found
    return found


class LineParts:
    """Gathers the coloured parts of one line.

    Args:
        end: parts are cut here.
    """

    __slots__ = ("_end", "parts")

    def __init__(self, end: int = 1 << 30) -> None:
        self.parts: list[tuple[int, int, str]] = []
        self._end = end

    def put(self, start: int, length: int, kind: str) -> None:
        """Add a part; "" as its kind adds none."""
        length = min(length, self._end - start)
        if not kind or length <= 0:
            return
        if self.parts:
            first, count, last = self.parts[-1]
            if last == kind and first + count == start:
                self.parts[-1] = (first, count + length, kind)
                return
        self.parts.append((start, length, kind))


class TableMachine:
    """Runs the tables of a RegexLexer, keeping the stack of states.

    A comment that a lexer takes as a whole is recognised by giving it an end for a try; then its
    end stands on the stack until it comes.

    Args:
        lexer: a RegexLexer.
        stack: of states at the start.
    """

    def __init__(self, lexer: Any, stack: tuple[str, ...] = ("root",)) -> None:
        self._lexer = lexer
        self._tables = lexer._tokens  # noqa: SLF001  no public way gives the built tables
        self._kinds: dict[Any, str] = {}
        self._types = _type_names(lexer)
        pairs = list(_OVER_LINES)
        if lexer.name in _QUOTES:
            pairs.append(_QUOTES[lexer.name])
        self._pairs = pairs
        self._openers = frozenset(opener[0] for opener, _closer in pairs)
        self.start: State = stack

    def entry(self, first: str) -> State:
        """Return the state at the start of a text that begins with some line."""
        inline = self._lexer.name == "PHP" and not first.lstrip().startswith("<")
        return ("root", "php") if inline else self.start

    def run(self, text: str, state: State) -> tuple[Tokens, State]:
        """Lex one line.

        Args:
            text: with its line feed.
            state: at its start.

        Returns:
            Its parts and the state at its end.

        Raises:
            RuntimeError: the tables do not come to an end.
        """
        # The line feed is there for the patterns; it has no colour.
        line = LineParts(len(text) - 1)
        states = list(state)
        self.advance(text, 0, states, line, frozenset())
        return tuple(line.parts), tuple(states)

    def advance(
        self, text: str, position: int, states: list[str], line: LineParts, until: frozenset[str]
    ) -> int:
        """Lex a line from a position on, until it ends or a state is reached.

        Args:
            text: with its line feed.
            position: where to begin.
            states: the stack; it is changed.
            line: takes the parts.
            until: states that are another machine's.

        Returns:
            How far it came.
        """
        end = len(text)
        steps = end * _STEPS_PER_CHARACTER + 100
        openers = self._openers
        while position < end:
            steps -= 1
            if steps < 0:
                raise RuntimeError("a lexer that does not move on")
            top = states[-1]
            if top in until:
                return position
            if top[0] == "\0":
                position = self._go_on(text, position, states, line)
                continue
            if text[position] in openers and self._opens(text, position, states, line):
                return end
            position = self._step(text, position, states, line)
        return position

    def _step(self, text: str, position: int, states: list[str], line: LineParts) -> int:
        for match, action, change in self._tables[states[-1]]:
            found = match(text, position)
            if found is None:
                continue
            if action is not None:
                self._emit(line, position, action, found)
            if change is not None:
                _change(states, change)
            return int(found.end())
        if text[position] == "\n":
            states[:] = ["root"]
        return position + 1

    def _opens(self, text: str, position: int, states: list[str], line: LineParts) -> bool:
        """Tell whether something begins that goes on beyond the line; if so, take note of it."""
        for opener, closer in self._pairs:
            if not text.startswith(opener, position):
                continue
            if text.find(closer, position + len(opener)) >= 0:
                return False
            probe = f"{text}{closer}"
            for match, action, _change_of_state in self._tables[states[-1]]:
                found = match(probe, position)
                if found is None:
                    continue
                closed = match(text, position)
                if (
                    found.end() != len(probe)
                    or not isinstance(action, tuple)
                    or (closed is not None and closed.end() == len(text))
                ):
                    break
                kind = kind_of(action, self._kinds)
                if kind not in ("com", "str"):
                    break
                line.put(position, len(text) - position, kind)
                states.append(f"\0{kind}{closer}")
                return True
        return False

    @staticmethod
    def _go_on(text: str, position: int, states: list[str], line: LineParts) -> int:
        kind, closer = states[-1][1:4], states[-1][4:]
        found = text.find(closer, position)
        end = len(text)
        if found >= 0:
            end = found + len(closer)
            states.pop()
        line.put(position, end - position, kind)
        return end

    def _emit(self, line: LineParts, position: int, action: Any, found: Any) -> None:
        if isinstance(action, tuple):
            kind = kind_of(action, self._kinds)
            if not kind and self._types and found.group() in self._types:
                kind = "kw"
            line.put(position, found.end() - position, kind)
            return
        for start, token, value in action(self._lexer, found):
            kind = kind_of(token, self._kinds)
            if not kind and self._types and value in self._types:
                kind = "kw"
            line.put(start, len(value), kind)


def _type_names(lexer: Any) -> frozenset[str]:
    """Return the types that a lexer of the C family finds in a second pass."""
    groups = ("stdlib_types", "c99_types", "c11_atomic_types", "linux_types")
    return frozenset().union(*(getattr(lexer, group, ()) for group in groups))


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


class MarkupMachine:
    """Runs HTML, and inside ``script`` and ``style`` the machines of what stands there.

    Its state is the stack of HTML, and the stack of what is inside, or None.

    Args:
        lexer: of HTML.
        script: of JavaScript.
        style: of CSS.
    """

    def __init__(self, lexer: Any, script: Any, style: Any) -> None:
        self._outer = TableMachine(lexer)
        self._inner = {
            "script-content": TableMachine(script),
            "style-content": TableMachine(style),
        }
        self._ends = {
            "script-content": re.compile(r"<\s*/\s*script\s*>", re.IGNORECASE),
            "style-content": re.compile(r"<\s*/\s*style\s*>", re.IGNORECASE),
        }
        self._until = frozenset(self._inner)
        self.start: State = (self._outer.start, None)

    def entry(self, _first: str) -> State:
        """Return the state at the start of a text."""
        return self.start

    def run(self, text: str, state: State) -> tuple[Tokens, State]:
        """Lex one line; as ``TableMachine.run``."""
        line = LineParts(len(text) - 1)
        outer, inner = list(state[0]), state[1]
        position = 0
        while position < len(text):
            name = outer[-1]
            machine = self._inner.get(name)
            if machine is None:
                position = self._outer.advance(text, position, outer, line, self._until)
                continue
            found = self._ends[name].search(text, position)
            stop = len(text) if found is None else found.start()
            inside = list(machine.start if inner is None else inner)
            part = text[position:stop]
            parts = LineParts(len(part))
            machine.advance(part, 0, inside, parts, frozenset())
            for start, length, kind in parts.parts:
                line.put(position + start, length, kind)
            inner = tuple(inside)
            position = stop
            if found is not None:
                inner = None
                outer.pop()
                # The closing tag is read as any other.
                closing = LineParts(len(text) - 1)
                self._outer.advance(text[: found.end()], stop, ["root"], closing, frozenset())
                for start, length, kind in closing.parts:
                    line.put(start, length, kind)
                position = found.end()
        return tuple(line.parts), (tuple(outer), inner)


class ContextMachine:
    """Runs an ExtendedRegexLexer, keeping what its context holds.

    Args:
        lexer: an ExtendedRegexLexer.
        context: the class of its context.
    """

    def __init__(self, lexer: Any, context: Any) -> None:
        self._lexer = lexer
        self._context = context
        self._kinds: dict[Any, str] = {}
        self.start: State = None

    def entry(self, _first: str) -> State:
        """Return the state at the start of a text."""
        return self.start

    def run(self, text: str, state: State) -> tuple[Tokens, State]:
        """Lex one line; as ``TableMachine.run``."""
        context = self._context(text, 0)
        if state is not None:
            for name, value in state:
                setattr(context, name, list(value) if isinstance(value, tuple) else value)
        line = LineParts(len(text) - 1)
        steps = len(text) * _STEPS_PER_CHARACTER + 100
        for start, token, value in self._lexer.get_tokens_unprocessed(context=context):
            steps -= 1
            if steps < 0:
                raise RuntimeError("a lexer that does not move on")
            line.put(start, len(value), kind_of(token, self._kinds))
        return tuple(line.parts), _frozen(context, state)


def _frozen(context: Any, before: State) -> State:
    """Return what a context holds beyond its text; the same object when nothing has changed."""
    held = tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in vars(context).items()
        if name not in ("text", "pos", "end")
    )
    return before if held == before else held


Machine: TypeAlias = TableMachine | MarkupMachine | ContextMachine


def machine_of(lexer: Any) -> Machine | None:
    """Return a machine for a lexer, or None for one that reads the whole text only."""
    from pygments.lexer import ExtendedRegexLexer, LexerContext, RegexLexer
    from pygments.lexers.data import YamlLexer, YamlLexerContext
    from pygments.lexers.html import HtmlLexer

    if isinstance(lexer, YamlLexer):
        return ContextMachine(lexer, YamlLexerContext)
    if isinstance(lexer, ExtendedRegexLexer):
        return ContextMachine(lexer, LexerContext)
    if isinstance(lexer, HtmlLexer) and hasattr(lexer, "inner"):
        return MarkupMachine(lexer, *lexer.inner)
    return TableMachine(lexer) if isinstance(lexer, RegexLexer) else None


def lex_whole(lexer: Any, lines: list[str], kinds: dict[Any, str]) -> Iterator[list[Tokens]]:
    """Lex some lines together.

    Yields:
        An empty list after each token, so that the caller may pause; at last the parts of all
        lines.
    """
    result = [LineParts()]
    column = 0
    text = "\n".join(line.replace("\r", " ") for line in lines)
    for token, value in lexer.get_tokens(text):
        kind = kind_of(token, kinds)
        for index, part in enumerate(value.split("\n")):
            if index:
                result.append(LineParts())
                column = 0
            result[-1].put(column, len(part), kind)
            column += len(part)
        yield []
    yield [tuple(line.parts) for line in result[: len(lines)]]
