"""Images that stand alone in their line."""

import re
from dataclasses import dataclass
from typing import Final

from desktop_chat.markdown.blocks import Spans, Style

MAX_DATA: Final = 24_000_000
"""Characters of an image's data; a longer line is shown as text."""

_DATA_HEAD: Final = re.compile(
    r"(?P<link>\[?)!\[(?P<alt>[^\[\]]{0,1000})\]\(<?"
    r"(?P<head>data:image/[a-zA-Z0-9.+-]{1,40};base64,)"
)
_DATA: Final = re.compile(r"[A-Za-z0-9+/=_%-]*")
_TITLE: Final = r"(?:\"[^\"]*\"|'[^']*'|\([^()]*\))"
_END: Final = re.compile(rf">?(?:[ \t]+{_TITLE})?[ \t]*\)(?:\]\([^()\s]*\))?[ \t]*")
_HALF_END: Final = (
    r">?(?:[ \t]+(?:\"[^\"]*\"?|'[^']*'?|\([^()]*\)?)?)?[ \t]*"
    r"(?:\)(?:\](?:\([^()\s]*\)?)?)?)?[ \t]*"
)
_HALF_DATA_END: Final = re.compile(_HALF_END)
_HALF_REMOTE: Final = re.compile(
    r"\[?!\[(?P<alt>[^\[\]]{0,1000})\]\(<?"
    rf"(?P<href>https?://(?:[^\s<>()]|\([^\s<>()]*\)?)+){_HALF_END}"
)
_HALF_BEGINNING: Final = re.compile(
    r"\[?!(?:\[[^\[\]]{0,300}(?:\]"
    r"(?:\(<?(?:https?:?/{0,2}|data:[a-z0-9/;+.,-]{0,60}|[a-z]{0,5}))?)?)?"
)


@dataclass(frozen=True, slots=True)
class ImageLine:
    """A line that is one image.

    Attributes:
        alt: its alternative text.
        href: its address; all there is of it so far.
        address: index where the address begins, for a data URI.
        data: index where its data begin.
        after: index of what follows the image in the same line; -1 while it is not closed.
    """

    alt: str
    href: str
    address: int = 0
    data: int = 0
    after: int = -1


def data_image(word: str) -> ImageLine | None:
    """Return what a line says that begins with an image in a data URI, closed or not."""
    head = _DATA_HEAD.match(word)
    if head is None:
        return None
    stop, after = data_end(word, head.end())
    address = head.start("head")
    return ImageLine(head["alt"], word[address:stop], address, head.end(), after)


def data_end(text: str, start: int) -> tuple[int, int]:
    """Return where an image's data end, and where what follows the image begins.

    Args:
        text: a piece of the line.
        start: where the data begin in it.

    Returns:
        The index after the data, and the index after the image's closing marks; that is -1 when
        all of the text is data.
    """
    match = _DATA.match(text, start)
    stop = match.end() if match else start
    if stop == len(text):
        return stop, -1
    end = _END.match(text, stop)
    return stop, end.end() if end else stop


def is_half_end(text: str) -> bool:
    """Tell whether what follows an image's data may be the beginning of its closing marks."""
    return _HALF_DATA_END.fullmatch(text) is not None


def half_image(word: str) -> ImageLine | None:
    """Return what an incomplete line says that seems to be one image, or None."""
    found = data_image(word)
    if found is not None:
        stop = data_end(word, found.data)[0]
        return found if found.after < 0 or is_half_end(word[stop:]) else None
    match = _HALF_REMOTE.fullmatch(word)
    return ImageLine(match["alt"], match["href"]) if match is not None else None


def is_undecided_image(word: str) -> bool:
    """Tell whether a line, so far, may become an image whose address has not begun yet."""
    return word.startswith(("!", "[!")) and _HALF_BEGINNING.fullmatch(word) is not None


def lone_image(spans: Spans) -> ImageLine | None:
    """Return the image that a line consists of, when it is one that can be shown, or None."""
    if len(spans) != 1 or not spans[0].style & Style.IMAGE:
        return None
    span = spans[0]
    if not span.href.lower().startswith(("http://", "https://")):
        return None
    return ImageLine(span.text, span.href)
