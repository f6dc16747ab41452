"""What a file of code is called, as suggested to the one who saves it."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from desktop_chat.ui.transcript.code.languages import suffix_of

_FIRST_LINES: Final = 2
_LONGEST: Final = 80
_COMMENT: Final = re.compile(
    r" ?(?://+|#+(?!!)|--+|;+|%+|/\*+|<!--|\(\*|\"|') ?"
    r"(?:file ?(?:name)?|path)? ?[:：]? ?"
    # Possessive, and what ends a comment is taken off before: no share between parts is tried.
    r"(?P<name>[\w.@()+\\/-][\w .@()+\\/-]*+)",
    re.IGNORECASE,
)
_COMMENT_END: Final = re.compile(r" ?(?:\*+/|-->|\*\)) ?$")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069<>:\"|?*]")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_SHAPED: Final = re.compile(r"\*\.([A-Za-z0-9+_-]{1,10})")


def safe_name(name: str) -> str:
    """Return the last part of a path as the name of a file, without anything that could harm."""
    name = re.split(r"[\\/]", name)[-1]
    name = _UNFIT.sub("", name).lstrip(". ").rstrip(". ")
    if len(name) > _LONGEST or _RESERVED.fullmatch(name):
        return ""
    return name


def file_name(language: str, lines: Sequence[str], patterns: Sequence[str] = ()) -> str:
    """Return a name for a file.

    A comment at the top that is a name counts if files of that language are called so.

    Args:
        language: as written behind the fence, in lower case.
        lines: of the code.
        patterns: what the names of such files look like: ``*.py``, ``Makefile``.
    """
    suffix = suffix_of(language)
    known = [*patterns, *([f"*.{suffix}", suffix] if suffix else [])]
    if not language:
        known.append("*.txt")
    for text in lines[:_FIRST_LINES]:
        line = _COMMENT_END.sub("", " ".join(text[:200].split()))
        match = _COMMENT.fullmatch(line)
        name = safe_name(match["name"].strip()) if match is not None else ""
        if name and any(fnmatchcase(name, pattern) for pattern in known):
            return name
    written = safe_name(language) if "." in language else ""
    if written and any(fnmatchcase(written, pattern) for pattern in patterns):
        return written
    return _plain_name(suffix, patterns)


def _plain_name(suffix: str, patterns: Sequence[str]) -> str:
    if suffix and suffix[0].isupper() and len(suffix) > 1:
        return suffix
    if not suffix:
        shaped = next((found for name in patterns if (found := _SHAPED.fullmatch(name))), None)
        suffix = shaped[1] if shaped is not None else "txt"
    return "index.html" if suffix == "html" else f"code.{suffix}"
