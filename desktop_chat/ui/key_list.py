"""The list of keys that F1 and Ctrl+/ show."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.labels import Label, Tag
from desktop_chat.ui.controls.popup import Popup
from desktop_chat.ui.keys import Key, groups, labels, native
from desktop_chat.ui.theme import Theme


class KeyList(Popup):
    """Every key of the window in two columns. It is made anew each time, so it needs no
    ``retranslate``, and deletes itself when it closes.

    Args:
        theme: colours and fonts.
        parent: the window.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Keys"))
        self.body.setContentsMargins(20, 16, 20, 20)
        self.body.setSpacing(12)
        self.body.addWidget(Label(theme, tr("Keys"), pixels=15, bold=True))
        row = QHBoxLayout()
        row.setSpacing(32)
        shown = groups()
        for part in (shown[:-1], shown[-1:]):
            column = QVBoxLayout()
            column.setSpacing(12)
            for title, keys in part:
                column.addLayout(self._group(title, keys))
            column.addStretch(1)
            row.addLayout(column)
        self.body.addLayout(row)
        self.closed.connect(self.deleteLater)

    def _group(self, title: str, keys: tuple[Key, ...]) -> QGridLayout:
        words = labels()
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        grid.addWidget(Label(self.theme, title, pixels=12, ink="text3"), 0, 0)
        for number, key in enumerate(keys, 1):
            grid.addWidget(Label(self.theme, words[key.command]), number, 0)
            caps = QHBoxLayout()
            caps.setSpacing(4)
            caps.addStretch(1)
            for sequence in key.sequences:
                caps.addWidget(Tag(self.theme, native(sequence)))
            grid.addLayout(caps, number, 1)
        return grid

    def open(self) -> None:
        """Open in the middle of the window."""
        window = self.parentWidget()
        assert window is not None
        size = self.panel_size()
        middle = QPoint(
            (window.width() - size.width()) // 2, (window.height() - size.height()) // 2
        )
        self.open_at(window.mapToGlobal(middle))
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on the key that opened it, too."""
        if event.key() in (Qt.Key.Key_F1, Qt.Key.Key_Slash):
            self.close()
        else:
            super().keyPressEvent(event)
