"""The row of chips above the box to write in, and below it why some cannot be sent."""

from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.attach import Chosen, Files
from desktop_chat.ui.attach_chip import HEIGHT, FileChip
from desktop_chat.ui.controls.labels import Status
from desktop_chat.ui.theme import Theme

_GAP: Final = 6
_BELOW: Final = 8
_SENTENCES: Final = 3
"""So many reasons are told at once; the chips have their own each."""


class AttachStrip(QWidget):
    """Shows the files of the next question. It is as high as it has to be.

    Args:
        theme: colours and fonts.
        files: what it shows.
        parent: the composer.
    """

    height_changed = Signal()
    grown = Signal()
    """There are new chips, which come last in the order of Tab."""
    focus_left = Signal()
    """The chip with the focus is gone, and it was the last one."""

    def __init__(self, theme: Theme, files: Files, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._files = files
        self._chips: list[FileChip] = []
        self._notice = Status(theme, pixels=13, parent=self)
        self._notice.hide()
        self.setFixedHeight(0)
        self.hide()
        files.changed.connect(self._show)
        self.retranslate()
        self._show()

    @property
    def chips(self) -> list[FileChip]:
        """What is shown, in order."""
        return list(self._chips)

    @property
    def notice(self) -> str:
        """Why files cannot be sent, or ""."""
        return self._notice.text()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.setAccessibleName(tr("Files of the question"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def _show(self) -> None:
        known = {id(chip.item): chip for chip in self._chips}
        focused = next((i for i, chip in enumerate(self._chips) if chip.cross.hasFocus()), -1)
        wanted = [known.get(id(item)) or self._make(item) for item in self._files.chosen]
        gone = [chip for chip in self._chips if chip not in wanted]
        self._chips = wanted
        self._keep_focus(focused, gone)
        for chip in gone:
            chip.hide()
            chip.deleteLater()
        for chip in self._chips:
            chip.refresh()
        for before, after in pairwise(self._chips):
            QWidget.setTabOrder(before.cross, after.cross)
        if any(id(chip.item) not in known for chip in wanted):
            self.grown.emit()
        sentences = self._files.sentences()[:_SENTENCES]
        self._notice.show_state("warning-circle", "\n".join(sentences), "danger")
        self._place()

    def _keep_focus(self, focused: int, gone: list[FileChip]) -> None:
        """Let the focus go on to the next chip when its own goes."""
        if focused < 0 or not any(chip.cross.hasFocus() for chip in gone):
            return
        if self._chips:
            chip = self._chips[min(focused, len(self._chips) - 1)]
            chip.cross.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.focus_left.emit()

    def _make(self, item: Chosen) -> FileChip:
        chip = FileChip(self._theme, item, self)
        chip.removed.connect(lambda: self._files.remove(item))
        chip.show()
        return chip

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the row anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def _place(self) -> None:
        x = y = 0
        for chip in self._chips:
            size = chip.sizeHint()
            if x and x + size.width() > self.width():
                x, y = 0, y + HEIGHT + _GAP
            chip.setGeometry(x, y, min(size.width(), max(self.width(), 80)), HEIGHT)
            x += size.width() + _GAP
        bottom = y + HEIGHT if self._chips else 0
        if self._notice.text():
            bottom += _GAP if bottom else 0
            height = self._notice.heightForWidth(self.width())
            self._notice.setGeometry(0, bottom, self.width(), height)
            bottom += height
        height = bottom + _BELOW if bottom else 0
        if height != self.height() or bool(height) == self.isHidden():
            self.setFixedHeight(height)
            self.setVisible(bool(height))
            self.height_changed.emit()
