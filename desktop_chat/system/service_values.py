"""What every reader of the services file shares: findings, lines, and names that carry keys."""

import re
from dataclasses import dataclass, field
from typing import Final

from desktop_chat.system.problems import ProblemKind

_SECRET_NAME: Final = re.compile(
    r"(.*(apikey|secret|secretkey|accesskey|privatekey|password|passwd|credentials?|authorization"
    r"|accesstoken|refreshtoken|authtoken|apitoken|sessiontoken|bearertoken|cookie))"
    r"|x?key|token|auth|bearer|signature|xauth|xauthtoken|xtoken|accesskeyid"
)


class UnusableError(Exception):
    """A field has a value that cannot be used. It never leaves this room."""


@dataclass(slots=True)
class Findings:
    """What was wrong with a table: kinds and places, such as ``(FIELD, "deepseek.base_url")``."""

    items: list[tuple[ProblemKind, str]] = field(default_factory=list)

    def add(self, kind: ProblemKind, place: str) -> None:
        """Note one."""
        self.items.append((kind, place))


def names_secret(name: str) -> bool:
    """Tell whether a field of this name would carry a key."""
    return _SECRET_NAME.fullmatch(letters(name)) is not None


def letters(name: str) -> str:
    """Return the letters of a name alone, in lower case."""
    return re.sub(r"[^a-z]", "", name.lower())


def read_line(value: object) -> str:
    """Return a text without the space around it.

    Raises:
        UnusableError: it is none.
    """
    if not isinstance(value, str):
        raise UnusableError
    return value.strip()
