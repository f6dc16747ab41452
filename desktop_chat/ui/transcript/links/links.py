"""Where a link really goes, how its host is written so that nobody is fooled, and when to ask.

A host is shown as it is written only where that cannot deceive: each of its labels is ASCII, or
made of Chinese characters alone or of Hangul alone, with digits and hyphens. Any other host is
shown in the form that the network knows (``xn--…``).

Before a link is opened the reader is asked when its text names another host than it goes to, when
its host imitates letters of another script, when something stands before an ``@`` that could be
taken for the host, or when programs disagree on what its host is.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, unquote

_SPLIT: Final = re.compile(r"(?P<scheme>https?|mailto):(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_WEB: Final = re.compile(r"(?P<slashes>[/\\]*)(?P<authority>[^/?#]*)(?P<path>.*)", re.DOTALL)
_PORT: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?")
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
_HARMLESS: Final = re.compile(r"[a-z0-9._~!$&'()*+,;=:@%\[\]-]*", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"\[[0-9a-f:.]+\]", re.IGNORECASE)
_HAN: Final = re.compile(
    "[0-9-]*[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd]"
    "[0-9\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd-]*"
)
_STROKES: Final = re.compile("[\u4e28\u4e36\u4e3f]")
"""Chinese characters that look like a bar, a dot and a slash."""
_HANGUL: Final = re.compile("[0-9\uac00-\ud7a3-]+")
_ASCII: Final = re.compile("[\x21-\x7e]*")
_FAR_EAST: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL"})
_LETTER_LIKE: Final = frozenset("аеорсухіјѕһԁӏԛԝѵονυραικτχօոսցհյզ")
"""Letters of Cyrillic, Greek and Armenian that look like letters of Latin."""
_PLAIN_LATIN: Final = frozenset("ßæøåœðþłđħ")
"""Letters of Latin beside a to z, with and without accents, that no one takes for another."""
_IN_TEXT: Final = re.compile(r"(?:https?:[/\\]{2}|\bwww\.)[^\s<>\"“”「」『』…]+", re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?:[^\s@/\\:]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?P<rest>(?::\d+)?(?:[/?#].*)?)", re.DOTALL
)
_SLASHES: Final = 3
_AROUND: Final = " \t\r\n.,;:!?\"'()[]{}<>«»“”‘’。，；：！？（）【】「」『』《》"
_COMMON: Final = """
    ai app asia au bank biz br ca cc ch cloud club cn co com de dev edu es eu finance fr gov help hk
    in info int io it jp kr live me mil mobi moe money name net nl online org page pay pro ru sg
    shop site store support tech top tv tw uk us vip wiki work xyz
"""
_ENDINGS: Final = frozenset(_COMMON.split())
"""A bare name is taken for a host if it ends in one of these: ``main.py`` is none."""
_LONGEST_HOST: Final = 1000
"""Characters; names of the network have at most 253, and the coding of longer ones takes long."""
_ODD_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


class Doubt(StrEnum):
    """Why the reader is asked before a link is opened, the worst last."""

    OTHER_HOST = "other_host"
    """Its text names another host."""
    LOOKALIKE = "lookalike"
    """Its host has letters that look like others."""
    USER = "user"
    """A name stands before the host that could be taken for it."""
    ODD = "odd"
    """Programs disagree on which host it is."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an address means.

    Attributes:
        scheme: ``http``, ``https`` or ``mailto``.
        before: what is written before the host: scheme, and the name before an ``@``.
        host: as the network knows it, lower case, without a final dot; of a mail address the part
            after its ``@``; "" when there is none.
        shown: the host as it may be shown.
        after: what follows the host.
        user: the name before an ``@`` of a web address.
        lookalike: whether the host has letters that look like others.
        odd: whether programs disagree on which host it is.
    """

    scheme: str
    before: str
    host: str
    shown: str
    after: str
    user: str = ""
    lookalike: bool = False
    odd: bool = False


def target_of(href: str) -> Target | None:
    """Take an address apart; None for one that is not http, https or mailto."""
    found = _SPLIT.fullmatch(href.strip())
    if found is None:
        return None
    scheme = found["scheme"].lower()
    if scheme == "mailto":
        return _mail(found["rest"])
    web = _WEB.fullmatch(found["rest"])
    assert web is not None
    authority = web["authority"]
    odd = web["slashes"] != "//" or "\\" in authority
    user, at, place = authority.rpartition("@")
    place = unquote(place)
    odd = odd or any(mark in place for mark in "@/\\?#")
    port = _PORT.fullmatch(place)
    name = place if port is None else port["host"]
    number = "" if port is None or not port["port"] else f":{port['port']}"
    host, judged = _network(name)
    odd = odd or port is None or judged.odd or not host
    return Target(
        scheme,
        f"{scheme}://{visible(user)}{at}",
        host,
        _shown(name, host),
        number + visible(web["path"]),
        unquote(user),
        judged.lookalike,
        odd,
    )


def _mail(rest: str) -> Target:
    address, mark, more = rest.partition("?")
    name, at, place = unquote(address).rpartition("@")
    host, judged = _network(place)
    before = f"mailto:{visible(name)}{at}"
    after = visible(mark + more)
    # Several recipients: the host of the last one says nothing about the others.
    odd = "," in name or "@" in name
    # Other fields add recipients, and some mail programs attach the file that one names.
    fields = parse_qsl(more, keep_blank_values=True)
    odd = odd or any(field.lower() not in ("subject", "body") for field, _ in fields)
    return Target("mailto", before, host, _shown(place, host), after, "", judged.lookalike, odd)


@dataclass(frozen=True, slots=True)
class _Judged:
    lookalike: bool = False
    odd: bool = False


def asked_host(name: str) -> str:
    """Return a host as it is asked for: one with letters of other scripts as ``xn--…``."""
    return name if name.isascii() else _network(name)[0]


def _network(name: str) -> tuple[str, _Judged]:
    """Return a host as the network knows it, and what is wrong with it."""
    if len(name) > _LONGEST_HOST:
        return ascii(name[:_LONGEST_HOST].lower())[1:-1], _Judged(odd=True)
    if name.startswith("["):
        return ascii(name.lower())[1:-1], _Judged(odd=not _NUMBERS.fullmatch(name))
    if name.isascii():
        host = name.lower().rstrip(".")
        odd = not _HARMLESS.fullmatch(host) or any(mark in host for mark in "@:%")
        lookalike = any(_imitates(_decoded(label)) for label in host.split("."))
        return host, _Judged(lookalike, odd)
    labels = []
    lookalike = odd = False
    for written in _DOTS.split(name.rstrip(".\u3002\uff0e\uff61")):
        label = unicodedata.normalize("NFKC", written).casefold()
        label = unicodedata.normalize("NFKC", label)
        lookalike = lookalike or _imitates(label)
        odd = odd or any(unicodedata.category(mark) in _ODD_CATEGORIES for mark in written)
        labels.append(label if label.isascii() else f"xn--{label.encode('punycode').decode()}")
    return ".".join(labels), _Judged(lookalike or odd, odd)


def _decoded(label: str) -> str:
    """Return a label of a host in letters."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _imitates(label: str) -> bool:
    """Tell whether a label has letters that look like those of another script."""
    letters = [mark for mark in label if not mark.isascii() and unicodedata.category(mark) != "Mn"]
    if not letters:
        # An accent of its own can stand on any letter.
        return not label.isascii()
    scripts = {_script(mark) for mark in letters if mark.isalpha()}
    if scripts <= _FAR_EAST:
        return bool(_STROKES.search(label))
    if any("a" <= mark <= "z" for mark in label):
        scripts.add("LATIN")
    if len(scripts) > 1:
        return True
    if scripts == {"LATIN"}:
        return any(not _known_latin(mark) for mark in letters)
    return all(mark in _LETTER_LIKE for mark in letters)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ", 1)[0]


def _known_latin(letter: str) -> bool:
    return letter in _PLAIN_LATIN or unicodedata.normalize("NFD", letter)[0].isascii()


def _shown(name: str, host: str) -> str:
    """Return a host as it may be shown: as written where that cannot deceive."""
    if name.isascii():
        name = ".".join(map(_decoded, host.split(".")))
        if name.isascii() or _network(name)[0] != host:
            return visible(host)
    labels = _DOTS.split(unicodedata.normalize("NFC", name).lower())
    return ".".join(labels).rstrip(".") if all(map(_clear, labels)) else visible(host)


def _clear(label: str) -> bool:
    if label.isascii() or _HANGUL.fullmatch(label):
        return bool(_ASCII.fullmatch(label)) or not label.isascii()
    return bool(_HAN.fullmatch(label)) and not _STROKES.search(label)


def visible(text: str) -> str:
    """Return a part of an address with all that cannot be seen, or turns the direction of text,
    written as numbers.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        mark
        if mark != "\ufffd" and unicodedata.category(mark) not in _ODD_CATEGORIES
        else "".join(f"%{byte:02X}" for byte in mark.encode("utf-8", "replace"))
        for mark in text
    )


def hosts_in(text: str) -> list[str]:
    """Return the hosts that a reader sees in the text of a link, as the network knows them."""
    text = "".join(mark for mark in text if unicodedata.category(mark) not in {"Cf", "Cc"})
    found = []
    for match in _IN_TEXT.finditer(text):
        address = match[0].rstrip(_AROUND)
        if text.startswith("…", match.end()) and address.count("/") < _SLASHES:
            # The host itself is cut short.
            continue
        target = target_of(address if ":" in address[:6] else f"https://{address}")
        if target is not None and target.host:
            found.append(target.host)
    if found:
        return found
    bare = _BARE.fullmatch(text.strip(_AROUND))
    if bare is None:
        return []
    last = bare["host"].rpartition(".")[2]
    known = last.lower() in _ENDINGS and not last.isupper()
    if known or not last.isascii() or (bare["rest"].startswith(":") and last.isalpha()):
        return [_network(bare["host"])[0]]
    return []


def doubt_of(href: str, text: str) -> Doubt | None:
    """Return why the reader is asked before a link is opened, or None when it is opened at once.

    Args:
        href: where it goes.
        text: what it says.
    """
    target = target_of(href)
    if target is None or target.odd:
        return Doubt.ODD
    if target.user:
        return Doubt.USER
    if target.lookalike:
        return Doubt.LOOKALIKE
    if any(not _belongs(target.host, host) for host in hosts_in(text)):
        return Doubt.OTHER_HOST
    return None


def _belongs(host: str, claimed: str) -> bool:
    """Tell whether a host is the one that was named, or lies below it."""
    host, claimed = host.removeprefix("www."), claimed.removeprefix("www.")
    return host == claimed or ("." in claimed and host.endswith(f".{claimed}"))
