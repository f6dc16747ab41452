"""Pictures that come inside JSON, as base64 or as ``data:`` addresses."""

import base64
import binascii
from typing import Final

from desktop_chat.core.events import ImagePart
from desktop_chat.core.pictures import picture_head

MAX_IMAGES: Final = 32
"""Pictures that one answer may bring."""
_KINDS: Final = frozenset(("png", "jpeg", "gif", "webp"))


def image_part(data: bytes, prompt: str = "") -> ImagePart | None:
    """Return a picture whose kind is told by its own beginning; None for what is none.

    Args:
        data: its bytes.
        prompt: what the service made of the question, or "".
    """
    head = picture_head(data)
    if head is None or head.kind not in _KINDS:
        return None
    return ImagePart(data, head.mime, prompt)


def image_from_base64(text: object, prompt: str = "") -> ImagePart | None:
    """Return the picture that base64, or a ``data:`` address of it, holds; None for what is none.

    How large it can be is bounded by the frame that it came in.
    """
    if not isinstance(text, str):
        return None
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith(";base64"):
            return None
    try:
        return image_part(base64.b64decode(text), prompt)
    except (binascii.Error, ValueError):
        return None
