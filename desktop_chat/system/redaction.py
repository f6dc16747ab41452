"""Takes keys out of text that is kept or shown: the log, error details, echoes in replies."""

import base64
import html
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from typing import Final

MASK: Final = "***"
MIN_LENGTH: Final = 6
"""Shorter values are not taken out: they would blank ordinary words."""

MIN_NAME_LENGTH: Final = 12
"""Shorter names that stand before a secret are none: ``admin``."""

_PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9])(sk-|gsk_|ghp_|AIza)"
    r"(?:(?=[A-Za-z0-9_\-]*[0-9*…])[A-Za-z0-9_\-.*…]{6,}|[A-Za-z0-9_\-]{16,})"
)
_AUTHORIZATION: Final = re.compile(
    r"""(?ix) ((?:proxy-)?authorization \\?["']? \s*[:=]\s* \\?["']?)
        (?: (?:bearer|basic|digest|token) \s+ )? [^\s"'\\,;}\]]+ """
)
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)(?=\S*[0-9=])[A-Za-z0-9._~+/=\-]{8,}")
_NAMED: Final = re.compile(
    r"""(?ix) (
        (?: \b | _ ) (?: x- )?
        (?: api[\s_-]?keys? | access[_-]?keys? | secret[_-]?(?:access[_-]?)?keys?
          | private[_-]?keys? | (?:access|refresh|auth|api|id|session)[_-]?tokens?
          | client[_-]?secret | secret | password | passwd )
        (?: \s+ (?:provided|is) )?
        \\?["']? \s*[:=]\s* \\?["']? (?:bearer\s+)?
    ) [^\s"'\\&,;}\])]{6,} """
)
_QUERY: Final = re.compile(r"(?i)([?&](?:key|token|signature|sig|access_token)=)[^&\s\"'#]+")
_USERINFO: Final = re.compile(r"(?<=://)[^\s/:@\"'<>]*:[^\s/\"'<>]+(?=@)")
"""Up to the last ``@``: a password that was not encoded may hold one."""
_JWT: Final = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_OPAQUE: Final = re.compile(
    r"""(?ix) ( (?:request|req|trace|log|conversation|message|run|session|task)[\s_-]?id
               \\?["']? \s{0,4}[:=]?\s{0,4} \\?["']? )?
        ( (?<![0-9a-z]) (?: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
                         | [0-9a-f]{32,} ) (?![0-9a-z]) ) """
)


class Redactor:
    """Replaces secrets by ``***``: those it was told of, in any common encoding, and what looks
    like one. It may be used from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self._passing: dict[str, int] = {}
        self._known: re.Pattern[str] | None = None
        self._masked: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Take a value out of every later text. One shorter than 6 characters is not.

        Of an id with its secret, or a user with a password (``Secret.pair``), both are, but the
        first only if it is too long to be a mere name.
        """
        secret = secret.strip()
        name, newline, rest = secret.partition("\n")
        if newline:
            self._add(rest.strip())
            if len(name.strip()) >= MIN_NAME_LENGTH:
                self._add(name.strip())
        self._add(secret)

    def hide(self, secret: str) -> Callable[[], None]:
        """Take a value out of every text until the function that is returned is called.

        It is for tokens, which are long, come and go, and are seen as they are: no other ways to
        write them down are looked for. That keeps it quick enough for any thread.
        """
        secret = secret.strip()
        if len(secret) < MIN_LENGTH:
            return lambda: None
        with self._lock:
            self._passing = {**self._passing, secret: self._passing.get(secret, 0) + 1}
        return _Once(lambda: self._show(secret))

    def _show(self, secret: str) -> None:
        with self._lock:
            counts = {**self._passing, secret: self._passing.get(secret, 0) - 1}
            self._passing = {value: count for value, count in counts.items() if count > 0}

    def _add(self, secret: str) -> None:
        if len(secret) < MIN_LENGTH:
            return
        with self._lock:
            if secret in self._secrets:
                return
            self._secrets.add(secret)
            forms = {form for value in self._secrets for form in _forms(value)}
            known = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
            starts = "|".join(sorted(map(_start, self._secrets), key=len, reverse=True))
            # Host names and header names come back in lower case.
            self._known = re.compile(f"{known}|{starts}", re.IGNORECASE)
            self._masked = re.compile("|".join(map(_masked, self._secrets)), re.IGNORECASE)

    def clean(self, text: str) -> str:
        """Return a text without secrets. What is clean already comes back as it is."""
        for secret in self._passing:
            text = text.replace(secret, MASK)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if self._masked is not None:
            text = self._masked.sub(MASK, text)
        text = _AUTHORIZATION.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1\2{MASK}", text)
        text = _PREFIXED.sub(rf"\1{MASK}", text)
        text = _NAMED.sub(rf"\1{MASK}", text)
        text = _QUERY.sub(rf"\1{MASK}", text)
        text = _USERINFO.sub(MASK, text)
        text = _JWT.sub(MASK, text)
        return _OPAQUE.sub(_unless_named_id, text)


class _Once:
    """Calls a function once, however often it is called itself."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work()


def looks_like_key(text: str) -> bool:
    """Tell whether a text has a key in it, going by its shape alone."""
    return any(
        pattern.search(text) for pattern in (_PREFIXED, _SCHEME, _QUERY, _USERINFO, _JWT, _NAMED)
    )


def is_opaque(text: str) -> bool:
    """Tell whether a text is nothing but a long hexadecimal value or UUID, as some keys are."""
    return _OPAQUE.fullmatch(text) is not None


def _unless_named_id(match: re.Match[str]) -> str:
    return match.group(0) if match.group(1) else MASK


def _forms(secret: str) -> set[str]:
    """Return the ways a value is written down by those who encode it."""
    # An environment variable that is no UTF-8 holds surrogates, which nothing can encode.
    data = secret.encode(errors="replace")
    quoted = urllib.parse.quote(data, safe="")
    forms = {
        secret,
        quoted,
        re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), quoted),
        urllib.parse.quote(data),
        urllib.parse.quote_plus(data),
        json.dumps(secret)[1:-1],
        json.dumps(secret).replace("/", "\\/")[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        data.hex(),
    }
    for code in (base64.b64encode, base64.urlsafe_b64encode):
        forms |= {_inside(len(data), offset, code(b"\0" * offset + data)) for offset in range(3)}
    return {form for form in forms if len(form) >= MIN_LENGTH}


def _inside(size: int, offset: int, encoded: bytes) -> str:
    """Return the part of a base64 text that stands for the secret whatever surrounds it."""
    first = -(-offset * 8 // 6)
    return encoded[first : (offset + size) * 8 // 6].decode()


def _start(secret: str) -> str:
    """Return a pattern for a secret that was cut off: its first half and what follows."""
    return re.escape(secret[: max(8, len(secret) // 2)]) + r"[A-Za-z0-9_\-+/=.]*"


def _masked(secret: str) -> str:
    """Return a pattern for a secret of which a service shows the ends: ``ab12****wxyz``."""
    head, tail = re.escape(secret[:4]), re.escape(secret[-4:])
    inside = r"[A-Za-z0-9_\-+/=.]"
    return (
        rf"(?<![A-Za-z0-9]){head}{inside}{{0,64}}?(?:[*•…]+|\.{{3,}}){inside}{{0,64}}"
        rf"|[*•…]{{2,}}(?:{tail})+"
    )
