"""A TOML file that the user may edit too: read strictly, changed without losing their comments.

tomlkit is imported when a file is first changed; reading goes without it, which starts faster.
"""

import copy
import logging
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from desktop_chat.system.files import keep_aside, write_atomically
from desktop_chat.system.problems import Problem, ProblemKind

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_log = logging.getLogger(__name__)

Change: TypeAlias = tuple[tuple[str, ...], Any]
"""The names that lead to a value, outermost first, and the value; ``DROP`` takes it away."""
DROP: Final = object()


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

    def edit(self, plan: Callable[[Mapping[str, Any]], Iterable[Change]]) -> None:
        """Change the file as it is on the disk now, whoever wrote it last.

        A file that has been broken since it was read is kept aside, and the last good content is
        changed instead. A file that is written in so unusual a way that it cannot be changed in
        place is kept aside too, and written anew without its comments.

        Args:
            plan: is given the content and returns the changes, in order.

        Raises:
            OSError: it could not be read or written; it is as it was.
        """
        import tomlkit

        document = self._document()
        wanted = tomllib.loads(tomlkit.dumps(document))
        changes = list(plan(copy.deepcopy(wanted)))
        for path, value in changes:
            _change_plain(wanted, path, value)
        text = _changed_text(document, changes)
        if text is None or _full(tomllib.loads(text)) != _full(wanted):
            _log.warning("%s is written anew, without its comments", self.path.name)
            keep_aside(self.path)
            text = self._header + tomlkit.dumps(wanted)
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


def _full(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content without empty tables at the top, which stand for nothing."""
    return {name: value for name, value in content.items() if value != {}}


def _change_plain(content: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, name = path
    for part in above:
        if not isinstance(content.get(part), dict):
            if value is DROP:
                return
            content[part] = {}
        content = content[part]
    if value is DROP:
        content.pop(name, None)
    else:
        content[name] = copy.deepcopy(value)


def _changed_text(document: "TOMLDocument", changes: Iterable[Change]) -> str | None:
    """Return the changed text, or None where tomlkit cannot do it or makes no TOML of it."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        for path, value in changes:
            _change_document(document, path, value)
        text = tomlkit.dumps(document)
        tomllib.loads(text)
    except (TOMLKitError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return text


def _change_document(table: Any, path: tuple[str, ...], value: Any) -> None:
    import tomlkit

    *above, name = path
    for depth, part in enumerate(above):
        if not isinstance(table.get(part), Mapping):
            if value is DROP:
                return
            # One that holds tables only needs no heading of its own.
            table[part] = tomlkit.table(is_super_table=depth < len(above) - 1)
        table = table[part]
    if value is DROP:
        table.pop(name, None)
    elif name not in table or table[name] != value:
        table[name] = _item(value)


def _item(value: Any) -> Any:
    """Return a value in the shape that reads best: tables in one line, long lists in several."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for name, item in value.items():
            table[name] = _item(item)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_item(item))
        return array.multiline(len(value) > 3 or any(isinstance(item, dict) for item in value))
    return value


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
