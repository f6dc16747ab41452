"""Reads what services answer with pictures, in all its shapes: bytes, base64, addresses, events.

What comes is not trusted: a picture is one only when its first bytes say so, and all of it is
bounded. Nothing here raises.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from desktop_chat.core.events import Usage
from desktop_chat.core.json import JsonValue
from desktop_chat.core.pictures import picture_head
from desktop_chat.providers.errors import is_error_payload
from desktop_chat.providers.usage import read_usage

MAX_PICTURES: Final = 16
MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
MAX_REPLY_BYTES: Final = 112 * 1024 * 1024
"""Four of the largest pictures as base64, and what stands around them."""

_LISTS: Final = ("data", "images", "image_urls", "urls", "results", "output", "result")
_PLACES: Final = (
    "b64_json",
    "base64",
    "b64",
    "image_base64",
    "image",
    "url",
    "image_url",
    "data",
)
_PROMPTS: Final = ("revised_prompt", "actual_prompt")
_PREVIEW: Final = "partial_image"
"""How the events of OpenAI call a picture that is not finished."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a reply: its bytes, or else where they are.

    Attributes:
        data: checked by their beginning; or empty.
        url: as the service wrote it, or "".
        prompt: what the service made of the question, or "".
    """

    data: bytes = field(default=b"", repr=False)
    url: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class ImageReply:
    """What a reply, or one event of it, holds.

    Attributes:
        pictures: in their order.
        failures: what is said of pictures that were not made; JSON.
        usage: tokens, or None.
        is_json: False for what could not be read at all.
    """

    pictures: tuple[Picture, ...] = ()
    failures: tuple[JsonValue, ...] = ()
    usage: Usage | None = None
    is_json: bool = True


def read_images(content: bytes) -> ImageReply:
    """Read a whole reply or the data of an event. For megabytes it is a matter for a thread."""
    if picture_head(content) is not None:
        return ImageReply((Picture(content),) if len(content) <= MAX_PICTURE_BYTES else ())
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        # A service may send the base64, or the address, as it is.
        bare = _from_text(content.decode("ascii", "ignore"), "")
        return ImageReply((bare,) if bare else (), is_json=bare is not None)
    if isinstance(payload, dict) and str(payload.get("type")).endswith(_PREVIEW):
        return ImageReply()
    pictures: list[Picture] = []
    failures: list[JsonValue] = []
    for entry in _entries(payload):
        if isinstance(entry, dict) and entry.get("error"):
            failures.append(entry)
        elif len(pictures) < MAX_PICTURES and (picture := _picture(entry)) is not None:
            pictures.append(picture)
    if not pictures and not failures and is_error_payload(payload):
        failures.append(payload)
    usage = read_usage(payload.get("usage")) if isinstance(payload, dict) else None
    return ImageReply(tuple(pictures), tuple(failures), usage)


def _entries(payload: Any, depth: int = 0) -> Iterator[Any]:
    """Give each thing in a reply that may be a picture."""
    if isinstance(payload, list):
        yield from payload
        return
    if not isinstance(payload, dict):
        yield payload
        return
    found = next((payload[name] for name in _LISTS if isinstance(payload.get(name), list)), None)
    if found is not None:
        yield from found
        return
    inner = next((payload[name] for name in _LISTS if isinstance(payload.get(name), dict)), None)
    if inner is not None and depth < 3:
        yield from _entries(inner, depth + 1)
    else:
        yield payload


def _picture(entry: Any) -> Picture | None:
    if isinstance(entry, str):
        return _from_text(entry, "")
    if not isinstance(entry, dict):
        return None
    prompts = (entry.get(name) for name in _PROMPTS)
    prompt = next((said for said in prompts if isinstance(said, str)), "")[:8_000]
    for name in _PLACES:
        place = entry.get(name)
        if isinstance(place, dict):
            place = place.get("url") or place.get("b64_json")
        if isinstance(place, str) and (found := _from_text(place, prompt)) is not None:
            return found
    return None


def _from_text(text: str, prompt: str) -> Picture | None:
    """Return the picture that a text is, or is the address of; None when it is neither."""
    text = text.strip()
    if text[:8].lower().startswith(("http://", "https://")):
        return Picture(url=text, prompt=prompt) if len(text) <= 8_192 else None
    encoded = text
    if text[:5].lower() == "data:":
        encoded = text.partition(",")[2]
    if len(encoded) > MAX_PICTURE_BYTES * 4 // 3 + 4:
        return None
    try:
        data = base64.b64decode(encoded)
    except ValueError:
        data = b""
    if picture_head(data) is not None:
        return Picture(data, prompt=prompt)
    if text.startswith("/") and len(text) <= 8_192:
        return Picture(url=text, prompt=prompt)
    return None
