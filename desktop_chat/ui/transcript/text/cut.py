"""A part of a text, by the positions of its run: what a copy takes and what a press is on."""

from dataclasses import replace
from typing import Final

from desktop_chat.markdown.blocks import Span, Spans, Style
from desktop_chat.ui.transcript.text.runs import Run, make_run

_WHOLE: Final = Style.MATH | Style.IMAGE | Style.FOOTNOTE
"""What is taken as a whole or not at all."""


def cut_spans(spans: Spans, run: Run, start: int, end: int) -> Spans:
    """Return the spans between two positions.

    Pads and what else a run adds to the text are no part of it; a formula, an image or the mark
    of a footnote is there as soon as any of it is.

    Args:
        spans: the whole text.
        run: what ``make_run`` made of them.
        start: a position in the run's text.
        end: another one behind it.
    """
    if start <= 0 and end >= len(run.text):
        return spans
    # What a run adds is left out of its plain text, in which spans follow each other.
    first, last = len(run.plain(0, start)), len(run.plain(0, end))
    found: list[Span] = []
    at = 0
    for span in spans:
        text = make_run((span,)).plain()
        after = at + len(text)
        low, high = max(first, at), min(last, after)
        if low < high:
            if span.style & _WHOLE or (low, high) == (at, after):
                found.append(span)
            else:
                found.append(replace(span, text=text[low - at : high - at]))
        if after >= last:
            break
        at = after
    return tuple(found)


def span_at(spans: Spans, run: Run, position: int) -> Span | None:
    """Return the span that the character behind a position is part of."""
    found = cut_spans(spans, run, position, position + 1)
    return found[0] if found else None
