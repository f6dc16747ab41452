"""What was wrong with a file of the user's, told instead of raised: the program starts anyway."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from desktop_chat.core.i18n import tr


class ProblemKind(StrEnum):
    """What is wrong."""

    UNREADABLE = "unreadable"
    """The file is there and cannot be read."""
    BROKEN = "broken"
    """The file is not TOML; a copy was kept beside it."""
    UNWRITABLE = "unwritable"
    """A change could not be written."""
    ENTRY = "entry"
    """A whole entry cannot be used."""
    FIELD = "field"
    """A field has a value that cannot be used, or a name that nobody knows."""
    SECRET = "secret"
    """A field looks like a key; it was not read, and goes with the next change of its entry."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong with a file.

    Attributes:
        kind: what is wrong.
        path: the file.
        place: the entry or field, such as ``deepseek.base_url``; or "".
        detail: the words of the system or of the parser, free of the file's content; or the
            name of the copy that was kept; or "".
    """

    kind: ProblemKind
    path: Path
    place: str = ""
    detail: str = ""

    def sentence(self) -> str:
        """Return what happened, in the reader's language."""
        return _SENTENCES[self.kind]().format(
            file=self.path.name, place=self.place, detail=self.detail
        )


_SENTENCES = {
    ProblemKind.UNREADABLE: lambda: tr("{file} cannot be read ({detail}). Defaults are used."),
    ProblemKind.BROKEN: lambda: tr(
        "{file} is not valid TOML. Defaults are used; the file was kept as {detail}."
    ),
    ProblemKind.UNWRITABLE: lambda: tr(
        "{file} cannot be written ({detail}). The change is kept until the program ends."
    ),
    ProblemKind.ENTRY: lambda: tr("{file}: the entry {place} cannot be used and was skipped."),
    ProblemKind.FIELD: lambda: tr("{file}: {place} cannot be used and was skipped."),
    ProblemKind.SECRET: lambda: tr(
        "{file}: {place} looks like a key and was not read. Keys belong in the system keyring."
    ),
}
