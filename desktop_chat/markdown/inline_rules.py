"""Rules of our own for the inline parser: emphasis beside CJK, math, footnotes, bare addresses.

The parser's state also remembers what is still open at the end of the text, so that a stream can
tell which lines belong together and show a half-written construct as what it will be.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, cast

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.rules_inline import (
    StateInline,
    autolink,
    emphasis,
    entity,
    escape,
    html_inline,
    newline,
    strikethrough,
)
from markdown_it.rules_inline import backtick as _backtick
from markdown_it.rules_inline import image as _image
from markdown_it.rules_inline import link as _link
from markdown_it.rules_inline.state_inline import Delimiter, Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

from desktop_chat.markdown.addresses import address_end

OpenKind = Literal["emphasis", "code", "math", "bracket", "link", "image"]

MAX_MATH: Final = 1000
"""Characters of a formula in a line; more between two dollar signs is text."""

MAX_NESTING: Final = 20
"""Brackets within brackets; the marks of deeper ones are text."""

FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]\\`<>]{1,40})\]")
"""A mark that points to a footnote."""

_MAX_TRIES: Final = 8
_FAR_TARGET: Final = 400
_LONG_TARGET: Final = re.compile(r"\(\S{300}")
_ROUND: Final = re.compile(r"\\.|[()]", re.DOTALL)
_STOP: Final = re.compile(r"[\n$&*<\[\\\]_`]|!(?=\[)|~~|:(?=//)")
_CJK: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0001f2ff\U00020000-\U0003fffd]"
)
_BREAK_TAG: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_DOLLAR: Final = re.compile(r"\\.|\$+", re.DOTALL)
_WORD: Final = re.compile(r"[a-zA-Z0-9{_]")
_ORDINAL: Final = re.compile(r"(?:th|st|nd|rd)(?![a-zA-Z0-9])|[tsnr]\Z")
_PROSE: Final = re.compile(r"(?=.*[a-zA-Z]{2})(?=.*\s)[a-zA-Z0-9\s.,:;!?'’%&$-]+", re.DOTALL)
"""Words with spaces between them, and nothing that a formula is made of."""
_SHARED: Final = "‘’“”…—·"
_HALF_FORMULA: Final = re.compile(
    r"(?![A-Z]{2})(?:[a-zA-Z](?![a-zA-Z0-9_])|.*[\\^_{}=])", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Open:
    """A construct that began and did not end.

    Attributes:
        pos: where its mark stands.
        kind: what it is.
        closer: what would end it.
    """

    pos: int
    kind: OpenKind
    closer: str


class State(StateInline):
    """The state of one run of the parser over a text that is not nested in another."""

    def __init__(
        self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token], before: str = ""
    ) -> None:
        super().__init__(src, md, env, tokens)
        self._before = before or " "
        self.opened: list[Open] = []
        self._runs: list[tuple[list[Delimiter], int, int]] = []

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N803
        """Decide what a run of ``*``, ``_`` or ``~`` may do.

        As in CommonMark, but a CJK character beside the run counts as a space does, because
        Chinese puts none there; CJK punctuation, with the quotes and dashes that Chinese shares
        with others, is a CJK character and no punctuation.
        """
        src = self.src
        end = start
        while end < self.posMax and src[end] == src[start]:
            end += 1
        self._runs.append((self.delimiters, len(self.delimiters), start))
        before = src[start - 1] if start else self._before
        after = src[end] if end < self.posMax else " "
        left_cjk = before in _SHARED or is_cjk(before)
        right_cjk = after in _SHARED or is_cjk(after)
        left_space, right_space = before.isspace(), after.isspace()
        left_punct = not left_cjk and is_punctuation(before)
        right_punct = not right_cjk and is_punctuation(after)
        opens = not right_space and (not right_punct or left_space or left_punct or left_cjk)
        closes = not left_space and (not left_punct or right_space or right_punct or right_cjk)
        if canSplitWord:
            return Scanned(opens, closes, end - start)
        return Scanned(
            opens
            and (not closes or is_punctuation(before) or (right_cjk and is_punctuation(after))),
            closes
            and (not opens or is_punctuation(after) or (left_cjk and is_punctuation(before))),
            end - start,
        )

    def unmatched(self) -> list[Open]:
        """Return every construct that is open at the end, in order. Call it after parsing."""
        places: dict[int, int] = {}
        own = [(first, pos) for owner, first, pos in self._runs if owner is self.delimiters]
        for number, (first, pos) in enumerate(own):
            last = own[number + 1][0] if number + 1 < len(own) else len(self.delimiters)
            places.update((index, pos) for index in range(first, last))
        found = list(self.opened)
        closed_until = -1
        for index, delimiter in enumerate(self.delimiters):
            if delimiter.end >= 0:
                closed_until = max(closed_until, delimiter.end)
            elif delimiter.open and index > closed_until:
                mark = chr(delimiter.marker)
                found.append(Open(places.get(index, 0), "emphasis", "~~" if mark == "~" else mark))
        found.sort(key=lambda item: item.pos)
        return found


def is_cjk(char: str) -> bool:
    """Tell whether a character is CJK, its full-width punctuation included."""
    return _CJK.match(char) is not None


def is_punctuation(char: str) -> bool:
    """Tell whether a character is punctuation or a symbol, as CommonMark means it."""
    return unicodedata.category(char)[0] in "PS"


def _note(state: StateInline, kind: OpenKind, closer: str, pos: int) -> None:
    if isinstance(state, State):
        state.opened.append(Open(pos, kind, closer))


def backtick(state: StateInline, silent: bool) -> bool:
    """A code span, or a run of backticks that nothing closes."""
    start = state.pos
    count = len(state.tokens)
    if not _backtick(state, silent):
        return False
    if not silent and (len(state.tokens) == count or state.tokens[-1].type != "code_inline"):
        _note(state, "code", state.src[start : state.pos], start)
    return True


def link(state: StateInline, silent: bool) -> bool:
    """A link; a bracket that could still become one is remembered."""
    start = state.pos
    if _is_out_of_tries(state):
        return False
    if _link(state, silent) or _footnote(state, silent):
        return True
    _count_try(state, start)
    if not silent and state.linkLevel == 0:
        _note_bracket(state, start, start, "bracket")
    return False


def _is_out_of_tries(state: StateInline) -> bool:
    """Tell whether so many long targets of links have ended nowhere that none is read any more."""
    return cast("int", state.env.get("tries", 0)) >= _MAX_TRIES


def _count_try(state: StateInline, start: int) -> None:
    """Count a link that is none, if its target was long: to read on in such ones is quadratic."""
    at = state.src.find("]", start, state.posMax)
    if at >= 0 and _LONG_TARGET.match(state.src, at + 1):
        state.env["tries"] = cast("int", state.env.get("tries", 0)) + 1


def _footnote(state: StateInline, silent: bool) -> bool:
    """A mark that points to a footnote; what stands in a link or an image is none."""
    match = FOOTNOTE.match(state.src, state.pos, state.posMax)
    if silent or match is None or state.linkLevel or not isinstance(state, State):
        return False
    if state.src.startswith("(", match.end()) and _is_half_target(state.src, match.end()):
        _note(state, "link", match.group(1), state.pos)
    state.push("footnote_ref", "", 0).content = match.group(1)
    state.pos = match.end()
    return True


def _note_bracket(state: StateInline, start: int, bracket: int, kind: OpenKind) -> None:
    end = state.md.helpers.parseLinkLabel(state, bracket, False)
    if end < 0:
        _note(state, kind, "", start)
    elif end + 1 >= state.posMax or (
        state.src[end + 1] == "(" and _is_half_target(state.src, end + 1)
    ):
        _note(state, "link" if kind == "bracket" else kind, state.src[bracket + 1 : end], start)


def _is_half_target(text: str, start: int) -> bool:
    """Tell whether the bracket that opens a link's target has not been closed yet."""
    depth = 0
    for match in _ROUND.finditer(text, start, start + _FAR_TARGET):
        if match.group() in "()":
            depth += 1 if match.group() == "(" else -1
        if depth <= 0:
            return False
    return True


def image(state: StateInline, silent: bool) -> bool:
    """An image; one that is not whole is remembered."""
    start = state.pos
    if _is_out_of_tries(state):
        return False
    if _image(state, silent):
        return True
    _count_try(state, start)
    if not silent:
        _note_bracket(state, start, start + 1, "image")
    return False


def line_break(state: StateInline, silent: bool) -> bool:
    """``<br>`` in a table's cell, where Markdown has no other way."""
    if state.src[state.pos] != "<" or not state.env.get("cell"):
        return False
    match = _BREAK_TAG.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


def math(state: StateInline, silent: bool) -> bool:
    r"""``$..$``, ``$$..$$``, ``\(..\)`` and ``\[..\]``; prices and shell variables are text."""
    src, pos = state.src, state.pos
    if src[pos] == "$":
        found = _dollar_math(state, silent)
    elif src.startswith(("\\(", "\\["), pos):
        found = _bracket_math(state, silent)
    else:
        return False
    if found is None:
        return False
    body, end = found
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = body.strip()
    state.pos = end
    return True


def _bracket_math(state: StateInline, silent: bool) -> tuple[str, int] | None:
    src, pos = state.src, state.pos
    closer = "\\)" if src[pos + 1] == "(" else "\\]"
    end = -1 if _seen(state, closer) else src.find(closer, pos + 2, state.posMax)
    if end < 0:
        _remember(state, closer)
        if not silent and _formula(src[pos + 2 :]):
            _note(state, "math", closer, pos)
        return None
    body = src[pos + 2 : end]
    if not body.strip(" \\") or len(body) > MAX_MATH or not _formula(body):
        return None
    if closer == "\\]" and body.strip().isdigit():
        return None  # an escaped [1], as in lists of sources
    return body, end + 2


def _dollar_math(state: StateInline, silent: bool) -> tuple[str, int] | None:
    src, pos = state.src, state.pos
    marks = 2 if src.startswith("$$", pos) else 1
    body_at = pos + marks
    before = src[pos - 1] if pos else " "
    if src.startswith("$", body_at) or body_at >= state.posMax:
        return None
    if marks == 1 and (src[body_at].isspace() or (before.isascii() and before.isalnum())):
        return None
    key = "$" * marks
    if _seen(state, key):
        return None
    limit = min(state.posMax, body_at + MAX_MATH)
    for match in _DOLLAR.finditer(src, body_at, limit):
        if match.group() == key:
            body = src[body_at : match.start()]
            closes = _may_close(body, src[match.end() : match.end() + 3], spaced=marks == 2)
            good = closes and body.strip() and _formula(body)
            prose = marks == 1 and _PROSE.fullmatch(body)
            return (body, match.end()) if good and not prose else None
        if marks == 1 and match.group()[0] == "$":
            return None
    if limit == state.posMax:
        if src.find(key, body_at, limit) < 0:
            _remember(state, key)
        if not silent and _HALF_FORMULA.match(src, body_at) and _formula(src[body_at:]):
            _note(state, "math", key, pos)
    return None


def _may_close(body: str, after: str, *, spaced: bool) -> bool:
    """Tell whether a dollar sign after ``body`` ends a formula and does not begin a price.

    Args:
        body: what is before it.
        after: the few characters that follow it, as far as there are any.
        spaced: whether a space may stand before it.
    """
    if body[-1].isspace() and not spaced:
        return False
    return not _WORD.match(after) or _ORDINAL.match(after) is not None


def _formula(body: str) -> bool:
    """Tell whether text between marks is a formula: no Chinese but in a command's braces."""
    return "\\" in body or _CJK.search(body) is None


def _seen(state: StateInline, closer: str) -> bool:
    """Tell whether it is known that no such closer follows, so that nobody searches again."""
    return closer in cast("set[str]", state.env.setdefault("missing", set()))


def _remember(state: StateInline, closer: str) -> None:
    if isinstance(state, State) and state.posMax == len(state.src):
        cast("set[str]", state.env.setdefault("missing", set())).add(closer)


def bare_address(state: StateInline, silent: bool) -> bool:
    """An ``https://`` address in the text becomes a link."""
    src, pos = state.src, state.pos
    if src[pos] != ":" or not src.startswith("//", pos + 1) or state.linkLevel:
        return False
    scheme = next((s for s in ("https", "http") if src[:pos][-5:].lower().endswith(s)), "")
    start = pos - len(scheme)
    if not scheme or (start and src[start - 1].isascii() and src[start - 1].isalnum()):
        return False
    end = address_end(src, pos + 3, state.posMax)
    if end == pos + 3:
        return False
    if not silent:
        if not state.pending.endswith(src[start:pos]):
            return False
        state.pending = state.pending[: -len(scheme)]
        token = state.push("link_open", "a", 1)
        token.attrs = {"href": state.md.normalizeLink(src[start:end])}
        state.push("text", "", 0).content = src[start:end]
        state.push("link_close", "a", -1)
    state.pos = end
    return True


class _Tokenizer(ParserInline):
    """Goes from mark to mark, and tries at each only the rules that begin with it."""

    _RULES: Final[dict[str, tuple[RuleFuncInlineType, ...]]] = {
        "\n": (newline,),
        "!": (image,),
        "$": (math,),
        "&": (entity,),
        "*": (emphasis.tokenize,),
        ":": (bare_address,),
        "<": (line_break, autolink, html_inline),
        "[": (link,),
        "\\": (math, escape),
        "]": (),
        "_": (emphasis.tokenize,),
        "`": (backtick,),
        "~": (strikethrough.tokenize,),
    }

    def tokenize(self, state: StateInline) -> None:
        """Read the text from ``state.pos`` to ``state.posMax``."""
        src, end = state.src, state.posMax
        while (pos := state.pos) < end:
            stop = _STOP.search(src, pos, end)
            mark = stop.start() if stop is not None else end
            if mark > pos:
                state.append_pending(src[pos:mark])
                state.pos = mark
            elif state.level >= MAX_NESTING or not self._try(state, pos, silent=False):
                state.append_pending(src[pos])
                state.pos = pos + 1
        if state.pending:
            state.pushPending()

    def skipToken(self, state: StateInline) -> None:
        """Go on by what would be one token."""
        pos = state.pos
        if pos in state.cache:
            state.pos = state.cache[pos]
            return
        if state.level >= MAX_NESTING:
            state.pos = state.posMax + 1
        else:
            stop = _STOP.search(state.src, pos, state.posMax)
            mark = stop.start() if stop is not None else state.posMax
            if mark > pos:
                state.pos = mark
            else:
                state.level += 1
                if not self._try(state, pos, silent=True):
                    state.pos = pos + 1
                state.level -= 1
        state.cache[pos] = state.pos

    def _try(self, state: StateInline, pos: int, *, silent: bool) -> bool:
        return any(rule(state, silent) for rule in self._RULES[state.src[pos]])


def make_parser() -> tuple[MarkdownIt, ParserInline]:
    """Return the inline parser with our rules.

    Its nesting limit bounds brackets within brackets; unlike the block parser's it loses no text.
    A tag of HTML is a token, so that marks in it mean nothing, and is shown as it stands.
    """
    md = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING}).enable("strikethrough")
    md.validateLink = lambda url: True  # type: ignore[method-assign]
    md.inline = _Tokenizer()
    return md, md.inline
