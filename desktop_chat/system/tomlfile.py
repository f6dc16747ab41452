"""A TOML file that the user may edit too: read strictly, changed without losing their comments.

tomlkit is imported when a file is first changed; reading goes without it, which starts faster.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_chat.system.files import keep_aside, write_atomically
from desktop_chat.system.problems import Problem, ProblemKind

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


class TomlFile:
    """One file in the user's config folder.

    Args:
        path: the file; it need not exist.
        header: comment lines that a new file begins with.
    """

    def __init__(self, path: Path, header: str) -> None:
        self.path = path
        self._header = header
        self._good = ""

    def read(self) -> tuple[dict[str, Any], Problem | None]:
        """Return the content, empty where there is none, and what was wrong."""
        try:
            text = self._text()
        except FileNotFoundError:
            self._good = ""
            return {}, None
        except OSError as error:
            return {}, Problem(ProblemKind.UNREADABLE, self.path, detail=_words(error))
        except UnicodeDecodeError:
            return {}, self._broken()
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return {}, self._broken()
        self._good = text
        return content, None

    def edit(self, change: Callable[["TOMLDocument"], None]) -> None:
        """Change the file as it is on the disk now, whoever wrote it last.

        A file that has been broken since it was read is kept aside, and the last good content is
        changed instead.

        Args:
            change: alters the document in place.

        Raises:
            OSError: it could not be read or written; it is as it was.
        """
        import tomlkit

        document = self._document()
        change(document)
        text = tomlkit.dumps(document)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self.path, text)
        self._good = text

    def _document(self) -> "TOMLDocument":
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            text = self._text()
            tomllib.loads(text)
            return tomlkit.parse(text)
        except FileNotFoundError:
            return tomlkit.parse(self._header)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, TOMLKitError):
            keep_aside(self.path)
            return tomlkit.parse(self._good or self._header)

    def _text(self) -> str:
        return self.path.read_bytes().decode("utf-8-sig")

    def _broken(self) -> Problem:
        try:
            detail = keep_aside(self.path).name
        except OSError as error:
            detail = _words(error)
        return Problem(ProblemKind.BROKEN, self.path, detail=detail)


def table_of(parent: Any, name: str, *, bare: bool = False) -> Any:
    """Return a table of a document, made anew where there is none or something else.

    Args:
        parent: a tomlkit document or table.
        name: of the table in it.
        bare: True for one that holds tables only and needs no heading of its own.
    """
    import tomlkit

    if not isinstance(parent.get(name), Mapping):
        parent[name] = tomlkit.table(is_super_table=bare)
    return parent[name]


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
