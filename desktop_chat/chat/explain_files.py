"""Why a file cannot go with a question, in a sentence."""

from collections.abc import Callable, Mapping
from typing import Final

from desktop_chat.chat.words import fill, has_values
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.i18n import tr

_SENTENCES: Final[Mapping[str, Callable[[], str]]] = {
    "file_missing": lambda: tr("{name} was not found."),
    "file_unreadable": lambda: tr("{name} cannot be read: {reason}."),
    "file_folder": lambda: tr("{name} is a folder; choose the files in it."),
    "file_empty": lambda: tr("{name} is empty."),
    "file_kind": lambda: tr("{name} is no picture, no text and no PDF."),
    "file_too_large": lambda: tr("{name} is larger than {limit} MB."),
    "text_too_large": lambda: tr("{name} has more than {limit} MB of text."),
    "too_many_files": lambda: tr("A question takes at most {limit} files."),
    "image_damaged": lambda: tr("{name} is damaged."),
    "image_too_large": lambda: tr("{name} has more pixels than can be read."),
    "image_unscaled": lambda: tr(
        "{name} is larger than models take: {side} pixels a side and {limit} MB."
    ),
    "no_images": lambda: tr("{model} takes no pictures."),
    "no_files": lambda: tr("{model} takes no PDF files."),
    "no_prompt": lambda: tr("There is nothing to make a picture of."),
}
_SHORT: Final[Mapping[str, Callable[[], str]]] = {
    "file_unreadable": lambda: tr("{name} cannot be read."),
}
_NOTHING: Final = {"name": "", "limit": "", "side": "", "model": ""}

FILE_CODES: Final = frozenset(_SENTENCES)
"""The codes of ``ErrorKind.BAD_REQUEST`` that tell of a file."""


def is_about_file(error: ErrorInfo) -> bool:
    """Tell whether an error is of a file that cannot be sent."""
    return error.kind is ErrorKind.BAD_REQUEST and error.status is None and error.code in FILE_CODES


def explain_file(error: ErrorInfo) -> str:
    """Return one sentence, with its full stop, for an error that ``is_about_file``."""
    sentence = _SENTENCES[error.code]
    if not has_values(sentence(), error.values):
        sentence = _SHORT.get(error.code, sentence)
    return fill(sentence(), **{**_NOTHING, **error.values})
