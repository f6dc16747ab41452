"""What can be pressed in the transcript, as data; ``overlay.py`` lays real widgets over it."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRect


class Kind(Enum):
    """The shapes of pressed things."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    ICON = "icon"
    SMALL_ICON = "small_icon"
    COPY_CODE = "copy_code"
    """Right-aligned at the left edge of its rectangle, as wide as its words."""
    FOLD = "fold"
    FOLD_MONO = "fold_mono"


@dataclass(frozen=True, slots=True)
class Command:
    """What pressing does.

    Attributes:
        name: ``action``, ``copy_code``, ``sibling``, ``thinking``, ``detail``, ``unfold``.
        message_id: of the message it belongs to.
        value: the action, the step, or the number of the piece, as text.
    """

    name: str
    message_id: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """A pressed thing and where it lies.

    Attributes:
        key: tells it from every other one as long as it exists.
        kind: its shape.
        rect: in the coordinates of the caller.
        command: what pressing does.
        text: on it, or "".
        icon: a Phosphor name, or "".
        name: for assistive technology.
        checked: whether what it folds is open.
    """

    key: tuple[str, str]
    kind: Kind
    rect: QRect
    command: Command
    text: str = ""
    icon: str = ""
    name: str = ""
    checked: bool = False
