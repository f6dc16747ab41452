"""What a press in the transcript does beyond the transcript: clipboard, files, browser."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QCursor, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.browser_page import BrowserPages
from desktop_chat.ui.transcript.worker import Worker
from desktop_chat.ui.transcript.write import NoBrowserError, write_whole


class Deeds:
    """Does what pieces ask for.

    Args:
        window: dialogs stand before it.
        theme: of the menus and windows that pieces open.
        tell: says to the reader, in words, what could not be done.

    Attributes:
        worker: for what takes longer than a frame.
    """

    def __init__(self, window: QWidget, theme: Theme, tell: Callable[[str, OSError], None]) -> None:
        self.window = window
        self.theme = theme
        self.worker = Worker(window)
        self._pages = BrowserPages()
        self._tell = tell

    def menu(self, rows: Sequence[tuple[str, str, Callable[[], object]]]) -> Menu:
        """Open a menu below what was pressed.

        Args:
            rows: words, icon (or "") and what to do for each.
        """
        menu = Menu(self.theme, self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, icon, slot in rows:
            menu.add(text, icon, slot=slot)
        self.open_menu(menu)
        return menu

    def open_menu(self, menu: Menu) -> None:
        """Open a menu below what was pressed, or at the pointer."""
        pressed = self.window.window().focusWidget()
        if isinstance(pressed, QAbstractButton) and self.window.isAncestorOf(pressed):
            menu.open_for(pressed)
        else:
            menu.open_at(QCursor.pos())

    def copy(self, text: str) -> None:
        """Put plain text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def copy_data(self, data: QMimeData) -> None:
        """Put several forms on the clipboard."""
        QGuiApplication.clipboard().setMimeData(data)

    def save(self, title: str, name: str, data: bytes) -> None:
        """Ask where, and write a file: whole, or not at all.

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

    def browse(self, page: str) -> None:
        """Open a page that a model wrote in the browser, shut in.

        Args:
            page: HTML or SVG.
        """
        title = tr("Page from a chat")

        def write() -> Path | OSError:
            try:
                return self._pages.write(page, title)
            except OSError as error:
                return error

        self.worker.start(write, self._open_page)

    def _open_page(self, made: Path | OSError | None) -> None:
        if isinstance(made, OSError):
            self._tell(tr("Page from a chat"), made)
        elif made is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(made))):
            self._tell(made.name, NoBrowserError(made.name))

    def _write(self, path: Path, data: bytes) -> None:
        def write() -> OSError | None:
            try:
                write_whole(path, data)
            except OSError as error:
                return error
            return None

        self.worker.start(write, lambda error: self._written(path, error))

    def _written(self, path: Path, error: OSError | None) -> None:
        if error is not None:
            self._tell(path.name, error)
