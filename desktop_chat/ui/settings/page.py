"""The settings: a page that fills the window, with a way back."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Catalogue, Settings
from desktop_chat.ui import icons
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.controls.buttons import IconButton, PaintedButton
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import blend, clear, paint_box
from desktop_chat.ui.settings.general import GeneralSection
from desktop_chat.ui.settings.reading import ReadingSection
from desktop_chat.ui.settings.services import ServicesSection
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

_WIDE = 1000
"""Below this width the sections are icons and the list is narrower."""


class SectionButton(PaintedButton):
    """The way to a section: icon and name, or the icon alone where there is little room.

    Args:
        theme: colours and fonts.
        icon: a Phosphor name.
    """

    def __init__(self, theme: Theme, icon: str) -> None:
        super().__init__(theme)
        self._icon_name = icon
        self._compact = False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone."""
        self._compact = compact
        self.setToolTip(self.text() if compact else "")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a row."""
        words = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        return QSize(32 if self._compact else 40 + words, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        on = self.isChecked()
        fill = t.selected if on else blend(clear(t.hover), t.hover, self.hover)
        paint_box(painter, self.rect(), RADIUS_CONTROL, fill, t.edge if on else None)
        x = (self.width() - 16) // 2 if self._compact else 8
        ink = t.accent if on else t.text2
        icons.paint(painter, self._icon_name, QRect(x, 8, 16, 16), ink, 16)
        if not self._compact:
            painter.setFont(self.theme.font(13))
            painter.setPen(t.text)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(self.rect().adjusted(32, 0, 0, 0), middle, self.text())
        painter.end()


class _Sections(QWidget):
    """The column of sections at the left."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.back = IconButton(theme, "arrow-left", "")
        self.title = Label(theme, pixels=15, bold=True)
        self.general = SectionButton(theme, "sliders-horizontal")
        self.reading = SectionButton(theme, "text-aa")
        self.services = SectionButton(theme, "cube")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 13, 12)
        column.setSpacing(2)
        column.addLayout(head)
        column.addSpacing(8)
        column.addWidget(self.general)
        column.addWidget(self.reading)
        column.addWidget(self.services)
        column.addStretch()
        theme.changed.connect(self.update)

    def set_compact(self, compact: bool) -> None:
        self.setFixedWidth(57 if compact else 184)
        self.title.setVisible(not compact)
        for button in (self.general, self.reading, self.services):
            button.set_compact(compact)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.window)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), t.line)
        painter.end()


class SettingsPage(QWidget):
    """The settings.

    Args:
        theme: colours and fonts.
        bridge: starts what takes time, and tells of changes.
        setup: keys, checks.
        lists: the services' own lists of models.
        catalogue: the services.
        settings: of the program.
        parent: or None.
    """

    closed = Signal()
    """The user goes back."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        setup: ServiceSetup,
        lists: ModelLists,
        catalogue: Catalogue,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.sections = _Sections(theme)
        self.general = GeneralSection(theme, bridge, settings)
        self.reading = ReadingSection(theme, bridge, settings)
        self.services = ServicesSection(theme, bridge, setup, lists, catalogue)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.general)
        self._stack.addWidget(self.reading)
        self._stack.addWidget(self.services)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sections)
        row.addWidget(self._stack, 1)
        self.sections.back.clicked.connect(self.close_page)
        self.sections.general.clicked.connect(self.show_general)
        self.sections.reading.clicked.connect(self.show_reading)
        self.sections.services.clicked.connect(lambda: self.show_services())
        theme.changed.connect(self.update)
        self.retranslate()
        self._fit()

    def show_general(self) -> None:
        """Show the settings of the whole program."""
        self.sections.general.setChecked(True)
        self._stack.setCurrentWidget(self.general)

    def show_reading(self) -> None:
        """Show how messages are read."""
        self.sections.reading.setChecked(True)
        self._stack.setCurrentWidget(self.reading)

    def show_services(self, service_id: str = "", focus_key: bool = False) -> None:
        """Show the services.

        Args:
            service_id: the one to show; "" for the one shown last.
            focus_key: True lets its key be entered at once.
        """
        self.sections.services.setChecked(True)
        self._stack.setCurrentWidget(self.services)
        self.services.show_service(service_id, focus_key)

    def close_page(self) -> None:
        """Go back: what runs is given up, what waits is saved."""
        self.services.stop()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            if self.services.adding and self._stack.currentWidget() is self.services:
                self.services.add_form.cancelled.emit()
            else:
                self.close_page()
            return
        super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Give up what runs when the window closes or shows something else."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.services.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make room for what is set."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        compact = self.width() < _WIDE
        self.sections.set_compact(compact)
        self.services.set_list_width(224 if compact else 272)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.sections.back.set_name(tr("Back"))
        self.sections.title.setText(tr("Settings"))
        self.sections.general.setText(tr("General"))
        self.sections.reading.setText(tr("Reading"))
        self.sections.services.setText(tr("Model services"))
        self.setAccessibleName(tr("Settings"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.tokens.canvas)
        painter.end()
