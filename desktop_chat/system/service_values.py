"""What every reader of the services file shares: findings and lines."""

from dataclasses import dataclass, field

from desktop_chat.system.problems import ProblemKind


class UnusableError(Exception):
    """A field has a value that cannot be used. It never leaves this room."""


@dataclass(slots=True)
class Findings:
    """What was wrong with a table: kinds and places, such as ``(FIELD, "deepseek.base_url")``."""

    items: list[tuple[ProblemKind, str]] = field(default_factory=list)

    def add(self, kind: ProblemKind, place: str) -> None:
        """Note one."""
        self.items.append((kind, place))


def read_line(value: object) -> str:
    """Return a text without the space around it.

    Raises:
        UnusableError: it is none.
    """
    if not isinstance(value, str):
        raise UnusableError
    return value.strip()
