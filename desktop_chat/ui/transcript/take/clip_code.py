"""Colours of code for what is pasted elsewhere: always those of the light theme."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from desktop_chat.ui.transcript.code.highlight import find_lexer
from desktop_chat.ui.transcript.code.machines import kind_of

LONGEST: Final = 100_000
"""Code of more characters has no colours in a copy."""


class ClipColours:
    """Cuts code into coloured runs. For one thread at a time, and not for the UI thread.

    Args:
        colours: ``#rrggbb`` by kinds of tokens, as in ``Look.syntax``.
    """

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = colours
        self._lexers: dict[str, Any] = {}
        self._kinds: dict[Any, str] = {}

    def __call__(self, language: str, lines: Sequence[str]) -> Iterable[tuple[str, str]]:
        """Return runs of text and their colour, "" for none.

        A single line has no colours: it may be any part of one.
        """
        text = "\n".join(lines)
        if not language or len(lines) < 2 or len(text) > LONGEST:
            return [(text, "")]
        return list(self._runs(language, text))

    def _runs(self, language: str, text: str) -> Iterator[tuple[str, str]]:
        if language not in self._lexers:
            self._lexers[language] = find_lexer(language)
        lexer = self._lexers[language]
        if lexer is None:
            yield text, ""
            return
        left = len(text)
        run, colour = "", ""
        for token, part in lexer.get_tokens(text):
            found = self._colours.get(kind_of(token, self._kinds), "")
            if found != colour and run:
                yield run, colour
                run = ""
            # Pygments ends the last line, which has no end here.
            run, colour = run + part[:left], found
            left -= len(part[:left])
        yield run + text[len(text) - left :], colour
