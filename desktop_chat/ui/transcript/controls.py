"""What can be pressed in the transcript, as data; ``overlay.py`` lays real widgets over it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtCore import QRect

from desktop_chat.core.i18n import tr

SWITCH_WIDTH: Final = 84
_ARROW: Final = 24


class Kind(Enum):
    """The shapes of pressed things."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    ICON = "icon"
    SMALL_ICON = "small_icon"
    TOOL = "tool"
    """24 px with an icon, on a raised ground: over content. Its rectangle gives the place, its
    height is centred on; ``checked`` paints it as on."""
    AREA = "area"
    """Without a look of its own, over something painted that can be pressed."""
    COPY_CODE = "copy_code"
    """Right-aligned at the left edge of its rectangle, as wide as its words."""
    FOLD = "fold"
    FOLD_MONO = "fold_mono"


@dataclass(frozen=True, slots=True)
class Command:
    """What pressing does.

    Attributes:
        name: ``action``, ``piece``, ``file``, ``sibling``, ``thinking``, ``detail``, ``tool``,
            ``unfold``.
        message_id: of the message it belongs to.
        value: the action, the step, the number of the tool, or the number of the piece or file
            and its verb, as text.
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
        name: for assistive technology, and the tip of one that is an icon.
        checked: whether what it folds is open, or what it switches is on.
        switches: whether it is an icon that switches something on and off.
    """

    key: tuple[str, str]
    kind: Kind
    rect: QRect
    command: Command
    text: str = ""
    icon: str = ""
    name: str = ""
    checked: bool = False
    switches: bool = False


def action_icon(message_id: str, action: str, icon: str, name: str, rect: QRect) -> Control:
    """Return an icon button of a message's actions."""
    return Control(
        (message_id, f"do:{action}"),
        Kind.ICON,
        rect,
        Command("action", message_id, action),
        icon=icon,
        name=name,
    )


def switch_controls(message_id: str, rect: QRect) -> list[Control]:
    """Return the arrows at both ends of a sibling switch."""
    left = QRect(rect.left(), rect.top(), _ARROW, rect.height())
    right = QRect(rect.right() + 1 - _ARROW, rect.top(), _ARROW, rect.height())
    return [
        Control(
            (message_id, "sibling:-1"),
            Kind.SMALL_ICON,
            left,
            Command("sibling", message_id, "-1"),
            icon="caret-left",
            name=tr("Previous version"),
        ),
        Control(
            (message_id, "sibling:1"),
            Kind.SMALL_ICON,
            right,
            Command("sibling", message_id, "1"),
            icon="caret-right",
            name=tr("Next version"),
        ),
    ]
