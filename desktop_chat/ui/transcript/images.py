"""Images as they are shown, decoded beside the UI thread. Nothing is fetched unasked."""

from PySide6.QtCore import QObject, Signal


class Images(QObject):
    """Decodes images and remembers them.

    Args:
        parent: or None.
    """

    arrived = Signal(object)
    """The set of pieces that waited for what is there now."""
    wanted = Signal(str)
    """The address of a remote image that the reader asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
