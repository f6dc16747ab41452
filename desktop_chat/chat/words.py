"""Small rules of the two languages that sentences with values in them need."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Final

from desktop_chat.core.i18n import language

_IDEOGRAPH: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_FORMATTER: Final = Formatter()


def fill(template: str, **values: str) -> str:
    """Put values into a translated sentence, with a space where Chinese meets Latin or digits.

    A template cannot know whether ``{service}`` becomes ``DeepSeek`` or ``硅基流动``, so the space
    is not written in it.

    Args:
        template: as ``tr`` gave it, with named fields and no format specifications.
        **values: by name.
    """
    result = ""
    for literal, name, _, _ in _FORMATTER.parse(template):
        result = _join(result, literal)
        if name is not None:
            result = _join(result, values[name])
    return result


def has_values(template: str, values: Mapping[str, str]) -> bool:
    """Tell whether there is a value, and not an empty one, for every field of a sentence."""
    names = (name for _, name, _, _ in _FORMATTER.parse(template) if name is not None)
    return all(values.get(name) for name in names)


def sentences(*parts: str) -> str:
    """Join sentences, empty ones left out, as the language in use wants it."""
    return ("" if language() == "zh_CN" else " ").join(part for part in parts if part)


def _join(left: str, right: str) -> str:
    if not left or not right:
        return left + right
    a, b = left[-1], right[0]
    mixed = (_is_chinese(a) and _is_latin(b)) or (_is_latin(a) and _is_chinese(b))
    return f"{left} {right}" if mixed else left + right


def _is_chinese(character: str) -> bool:
    return _IDEOGRAPH.match(character) is not None


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
