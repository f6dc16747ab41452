"""What is said of images: where they are, what keeps them from being shown, how files are named."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from desktop_chat.chat.words import fill
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.i18n import tr
from desktop_chat.core.pictures import SUFFIXES
from desktop_chat.markdown.blocks import Span, Spans, Style
from desktop_chat.ui.transcript.code.code_files import safe_name
from desktop_chat.ui.transcript.images.picture_decode import Trouble
from desktop_chat.ui.transcript.links.links import asked_host

_LONGEST: Final = 1000
"""An address longer than this is shown cut; copying gives all of it."""
_UNFIT: Final = re.compile(r"[^\w\u2e80-\ud7ff\uf900-\ufaff.-]+")
_NAME: Final = 60

_TROUBLES: Final[Mapping[Trouble, Callable[[], str]]] = {
    Trouble.DAMAGED: lambda: tr("The image is damaged."),
    Trouble.KIND: lambda: tr("This kind of image cannot be shown."),
    Trouble.SVG: lambda: tr("SVG images can hold more than a drawing and are not shown here."),
    Trouble.LARGE: lambda: tr("The image has too many pixels to be shown."),
}


def trouble_words(trouble: Trouble) -> str:
    """Return why an image is not shown."""
    return _TROUBLES[trouble]()


def failure_words(error: ErrorInfo) -> str:
    """Return why an image could not be loaded."""
    return fill(_failure(error), host=error.host, status=str(error.status or ""))


def _failure(error: ErrorInfo) -> str:
    if error.code == "file_gone":
        return tr("The picture is no longer there.")
    if error.code == "private_address":
        return tr(
            "The address leads into this computer or its own network, so nothing was fetched."
        )
    if error.code == "too_large":
        return tr("The image is larger than 20 MB.")
    if error.code == "not_image":
        return tr("What is at this address is not an image that can be shown.")
    match error.kind:
        case ErrorKind.REDIRECT:
            return tr("{host} leads on to another address too many times.")
        case ErrorKind.TIMEOUT:
            return tr("{host} took too long to answer.")
        case ErrorKind.NOT_FOUND:
            return tr("There is nothing at this address.")
        case ErrorKind.BAD_REQUEST if not error.status:
            return tr("This is not an address that can be fetched.")
        case ErrorKind.NETWORK | ErrorKind.DROPPED | ErrorKind.CANCELLED:
            return tr("No connection to {host}.")
    if error.status:
        return tr("{host} did not give the image (HTTP {status}).")
    return tr("The image could not be loaded.")


def address_spans(href: str) -> Spans:
    """Return an address with its host set off; a host in another script shows what it is."""
    shown = href if len(href) <= _LONGEST else f"{href[:_LONGEST]}…"
    host = host_of(href)
    at = shown.find(host) if host else -1
    if at < 0:
        return (Span(shown),)
    parts = [Span(shown[:at]), Span(asked_host(host), Style.BOLD), Span(shown[at + len(host) :])]
    return tuple(part for part in parts if part.text)


def host_of(href: str) -> str:
    """Return the host of an address as it is written there, or ""."""
    try:
        return urlsplit(href).netloc.rpartition("@")[2].partition(":")[0]
    except ValueError:
        return ""


def file_name(alt: str, href: str, suffix: str) -> str:
    """Return a name for a file, from the words beside an image or else from its address."""
    stem = _UNFIT.sub("-", alt).strip("-.")
    if not stem and href[:4].lower() == "http":
        try:
            last = unquote(urlsplit(href).path.rpartition("/")[2])
        except ValueError:
            last = ""
        name, _, end = last.rpartition(".")
        stem = _UNFIT.sub("-", name if end.lower() in {*SUFFIXES, "jpg"} else last).strip("-.")
    return f"{safe_name(stem[:_NAME]) or 'image'}.{suffix}"


def amount(count: int) -> str:
    """Return a number of bytes in a unit that fits."""
    if count < 1_000_000:
        return f"{count // 1000} KB"
    return f"{count / 1_000_000:.1f} MB"
