"""Formulas as pictures, drawn beside the UI thread."""

from PySide6.QtCore import QObject, Signal


class Formulas(QObject):
    """Draws formulas and remembers them.

    Args:
        parent: or None.
    """

    arrived = Signal(object)
    """The set of pieces that waited for what is there now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
