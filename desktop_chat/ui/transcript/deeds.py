"""What a press in the transcript does beyond the transcript: clipboard, files, browser."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget


class Deeds:
    """Does what pieces ask for.

    Args:
        window: dialogs stand before it.
        tell: says to the reader, in words, what could not be done.
    """

    def __init__(self, window: QWidget, tell: Callable[[str, OSError], None]) -> None:
        self.window = window
        self._tell = tell

    def copy(self, text: str) -> None:
        """Put plain text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def copy_data(self, data: QMimeData) -> None:
        """Put several forms on the clipboard."""
        QGuiApplication.clipboard().setMimeData(data)

    def save(self, title: str, name: str, data: bytes) -> None:
        """Ask where, and write a file.

        Args:
            title: of the dialog.
            name: the file's name as suggested.
            data: its content.
        """
        dialog = QFileDialog(self.window, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda path: self._write(Path(path), data))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except OSError as error:
            self._tell(path.name, error)
