"""Full-window panels: one file each, with a ``PanelSpec``, and one line in ``PANELS``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QWidget

from desktop_chat.ui.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """What the window needs to know of a panel.

    Attributes:
        title: gives its name in the language in use.
        icon: a Phosphor name.
        shortcut: in Qt's portable notation, or "".
        factory: builds it when it is first opened.
    """

    title: Callable[[], str]
    icon: str
    shortcut: str
    factory: Callable[[Neighbours], QWidget]


PANELS: Final[tuple[PanelSpec, ...]] = ()
