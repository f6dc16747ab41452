"""The strip of tabs. A tab is known by the id of its conversation."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QHBoxLayout,
    QTabBar,
    QToolButton,
    QWidget,
)

from desktop_chat.core.i18n import tr
from desktop_chat.ui import icons
from desktop_chat.ui.activity import Activity, Mark
from desktop_chat.ui.controls.buttons import IconButton, plain_tip
from desktop_chat.ui.controls.paint import paint_hairline
from desktop_chat.ui.keys import hint
from desktop_chat.ui.line_text import paint_line
from desktop_chat.ui.theme import RADIUS_CODE, RADIUS_TAG, Theme

STRIP_HEIGHT: Final = 40
TAB_HEIGHT: Final = 32
TAB_WIDTH: Final = 216
TAB_MINIMUM: Final = 120
_PADDING: Final = 13
_MARK: Final = 20
_CLOSE: Final = 20
_KEYBOARD: Final = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class _CloseButton(QAbstractButton):
    """The cross of one tab. It takes no focus: Ctrl+W and Delete close by keyboard."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(_CLOSE, _CLOSE)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cross, and its ground under the pointer."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.selected if self.isDown() else tokens.hover)
            painter.drawRoundedRect(self.rect(), RADIUS_TAG, RADIUS_TAG)
        icons.paint(painter, "x", self.rect(), tokens.text2, 16)


class _Arrow(QObject):
    """Paints one of the buttons that Qt shows when the tabs do not fit, in the look of ours."""

    def __init__(self, theme: Theme, button: QToolButton, icon: str) -> None:
        super().__init__(button)
        self._theme = theme
        self._icon = icon
        button.installEventFilter(self)
        theme.changed.connect(button.update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Paint or not isinstance(watched, QToolButton):
            return False
        tokens = self._theme.tokens
        painter = QPainter(watched)
        painter.fillRect(watched.rect(), tokens.window)
        _paint_edge(painter, watched, tokens.line)
        ink = tokens.text if watched.underMouse() else tokens.text2
        icons.paint(
            painter,
            self._icon,
            watched.rect(),
            ink if watched.isEnabled() else tokens.disabled,
            12,
        )
        painter.end()
        return True


class TabBar(QTabBar):
    """Tabs that paint themselves, show marks, and are moved by dragging.

    Args:
        theme: colours and fonts.
        activity: gives each tab its mark.
        parent: the strip.
    """

    reordered = Signal()

    def __init__(self, theme: Theme, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._activity = activity
        self._notes: dict[str, str] = {}
        self._hover = -1
        self._pressed = -1
        self._press_at = QPoint()
        self.drop_place: int | None = None
        """Where a tab that is being dragged would fall: before the tab of this index."""
        self._ring = False
        # It paints its whole ground, so that a ring that turns has nothing else painted anew.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        for button, icon in zip(self._arrows(), ("caret-left", "caret-right"), strict=True):
            _Arrow(theme, button, icon)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFont(theme.font(13))
        self.currentChanged.connect(self._show_crosses)
        activity.changed.connect(self._mark_changed)
        activity.turned.connect(self._turn)
        theme.changed.connect(self.update)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every sentence anew."""
        self.setAccessibleName(tr("Tabs"))
        for button, name in zip(
            self._arrows(), (tr("Scroll tabs left"), tr("Scroll tabs right")), strict=True
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
        for index in range(self.count()):
            self._name(index)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrows(self) -> list[QToolButton]:
        names = ("ScrollLeftButton", "ScrollRightButton")
        found = [self.findChild(QToolButton, name) for name in names]
        return [button for button in found if button is not None]

    def add(self, conversation_id: str, title: str) -> int:
        """Append a tab and return its index."""
        index = self.addTab(title)
        self.setTabData(index, conversation_id)
        cross = _CloseButton(self._theme, self)
        cross.clicked.connect(lambda: self._close(cross))
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, cross)
        self._name(index)
        self._show_crosses()
        return index

    def id_at(self, index: int) -> str:
        """Return the conversation of a tab, or "" where there is none."""
        return str(self.tabData(index) or "") if 0 <= index < self.count() else ""

    def ids(self) -> list[str]:
        """Return the conversations from left to right."""
        return [self.id_at(index) for index in range(self.count())]

    def index_of(self, conversation_id: str) -> int:
        """Return the tab of a conversation, or -1."""
        ids = self.ids()
        return ids.index(conversation_id) if conversation_id in ids else -1

    def set_title(self, index: int, title: str) -> None:
        """Change the title of a tab."""
        if self.tabText(index) != title:
            self.setTabText(index, title)
            self._name(index)
            self.update(self.tabRect(index))

    def set_note(self, conversation_id: str, note: str) -> None:
        """Say more of a conversation in the tip of its tab; "" says nothing more."""
        self._notes[conversation_id] = note
        index = self.index_of(conversation_id)
        if index >= 0:
            self._name(index)

    def tabSizeHint(self, _index: int) -> QSize:
        """Return the width of a tab that has room."""
        return QSize(TAB_WIDTH, TAB_HEIGHT)

    def minimumTabSizeHint(self, _index: int) -> QSize:
        """Return the width below which the strip scrolls."""
        return QSize(TAB_MINIMUM, TAB_HEIGHT)

    def _name(self, index: int) -> None:
        mark = self._activity.mark(self.id_at(index))
        title = self.tabText(index)
        words = {
            Mark.NONE: title,
            Mark.RUNNING: tr("{title}, answering").format(title=title),
            Mark.UNREAD: tr("{title}, new answer").format(title=title),
        }[mark]
        self.setAccessibleTabName(index, words)
        note = self._notes.get(self.id_at(index), "")
        self.setTabToolTip(index, plain_tip(f"{words}\n{note}" if note else words))
        cross = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
        if cross is not None:
            cross.setAccessibleName(tr("Close tab “{title}”").format(title=title))
            cross.setToolTip(f"{tr('Close tab')}  {hint('close_tab')}")

    def _close(self, cross: QAbstractButton) -> None:
        for index in range(self.count()):
            if self.tabButton(index, QTabBar.ButtonPosition.RightSide) is cross:
                self.tabCloseRequested.emit(index)
                return

    def _mark_changed(self, conversation_id: str) -> None:
        index = self.index_of(conversation_id)
        if index >= 0:
            self._name(index)
            self.update(self.tabRect(index))

    def _turn(self) -> None:
        if not self.isVisible():
            return
        for conversation_id in self._activity.running():
            index = self.index_of(conversation_id)
            if index >= 0:
                self.update(self._mark_rect(self.tabRect(index)))

    def _show_crosses(self) -> None:
        for index in range(self.count()):
            cross = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
            if cross is not None:
                cross.setVisible(index in (self._hover, self.currentIndex()))

    def _set_hover(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self._show_crosses()
            self.update()

    # Pointer and keys

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the cross of the tab under the pointer."""
        self._set_hover(self.tabAt(event.position().toPoint()))
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Take the highlight away."""
        self._set_hover(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a tab, and remember where a drag may begin."""
        self._press_at = event.position().toPoint()
        self._pressed = self.tabAt(self._press_at)
        if event.button() != Qt.MouseButton.MiddleButton:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Highlight, or show where the dragged tab would fall."""
        at = event.position().toPoint()
        self._set_hover(self.tabAt(at))
        if event.buttons() & Qt.MouseButton.LeftButton and self._pressed >= 0:
            far = abs(at.x() - self._press_at.x()) >= QApplication.startDragDistance()
            if far or self.drop_place is not None:
                self.drop_place = self._gap(at.x())
                self.update()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop the dragged tab, or close one on the middle button."""
        super().mouseReleaseEvent(event)
        pressed, drop = self._pressed, self.drop_place
        self._end_drag()
        at = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and pressed == at >= 0:
            self.tabCloseRequested.emit(at)
        elif drop is not None and pressed >= 0:
            target = drop - 1 if drop > pressed else drop
            if target != pressed:
                self.moveTab(pressed, target)
                self._show_crosses()
                self.reordered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Delete, give up a drag on Esc."""
        if event.key() == Qt.Key.Key_Escape and self.drop_place is not None:
            self._end_drag()
        elif event.key() == Qt.Key.Key_Delete and self.currentIndex() >= 0:
            self.tabCloseRequested.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought the focus."""
        self._ring = event.reason() in _KEYBOARD
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        self._ring = False
        super().focusOutEvent(event)

    def _end_drag(self) -> None:
        self._pressed = -1
        self.drop_place = None
        self.update()

    def _gap(self, x: int) -> int:
        """Return the place between tabs that is nearest to x: 0 is before the first."""
        for index in range(self.count()):
            if x < self.tabRect(index).center().x():
                return index
        return self.count()

    # Painting

    def _mark_rect(self, tab: QRect) -> QRect:
        return QRect(tab.left() + _PADDING - 4, tab.top() + 6, _MARK, _MARK)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tabs that need it."""
        painter = QPainter(self)
        tokens = self._theme.tokens
        area = event.rect()
        painter.fillRect(area, tokens.window)
        if area.bottom() >= self.height() - 1:
            _paint_edge(painter, self, tokens.line)
        for index in range(self.count()):
            rect = self.tabRect(index)
            if rect.intersects(area):
                part = event.region().intersected(rect).boundingRect()
                self._paint_tab(painter, index, rect, part)
        if self.drop_place is not None:
            painter.fillRect(QRect(self._gap_x() - 1, 4, 2, TAB_HEIGHT - 8), tokens.accent)

    def _gap_x(self) -> int:
        assert self.drop_place is not None
        if self.drop_place < self.count():
            return max(1, self.tabRect(self.drop_place).left())
        return self.tabRect(self.count() - 1).right() - 1

    def _paint_tab(self, painter: QPainter, index: int, rect: QRect, part: QRect) -> None:
        tokens = self._theme.tokens
        current = index == self.currentIndex()
        dragged = self.drop_place is not None and index == self._pressed
        mark = self._activity.mark(self.id_at(index))
        place = self._mark_rect(rect)
        if place.contains(part):
            # The ring has turned, and nothing else is to be painted.
            if current or index == self._hover:
                painter.fillRect(part, tokens.canvas if current else tokens.hover)
            self._activity.paint(painter, mark, QRectF(place))
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if current:
            self._paint_shape(painter, rect, tokens.canvas, tokens.line)
        elif index == self._hover:
            self._paint_shape(painter, rect, tokens.hover, None)
        if not current and self._separated(index):
            painter.fillRect(QRect(rect.right(), rect.top() + 11, 1, 12), tokens.line2)
        left = rect.left() + _PADDING
        if mark is not Mark.NONE:
            self._activity.paint(painter, mark, QRectF(place))
            left += _MARK
        cross = index in (self._hover, self.currentIndex())
        right = rect.right() - (_CLOSE + 14 if cross else _PADDING)
        box = QRect(left, rect.top() + 1, max(0, right - left), rect.height())
        painter.setFont(self.font())
        painter.setPen(tokens.disabled if dragged else tokens.text if current else tokens.text2)
        paint_line(painter, box, self.tabText(index))
        if current and self._ring and self.hasFocus():
            painter.setPen(QPen(tokens.accent, 2))
            painter.drawRoundedRect(
                QRectF(rect).adjusted(4, 4, -4, -3), RADIUS_CODE - 3, RADIUS_CODE - 3
            )
        painter.restore()

    def _separated(self, index: int) -> bool:
        beside = {self.currentIndex(), self._hover}
        return index not in beside and index + 1 not in beside

    def _paint_shape(
        self, painter: QPainter, rect: QRect, fill: QColor, border: QColor | None
    ) -> None:
        """Fill a tab whose upper corners are round; a border leaves the lower edge open."""
        box = QRectF(rect).adjusted(0.5, 0.5, -0.5, 0.5 if border else -1.0)
        radius = RADIUS_CODE
        path = QPainterPath()
        path.moveTo(box.left(), box.bottom())
        path.lineTo(box.left(), box.top() + radius)
        path.quadTo(box.topLeft(), box.topLeft() + QPoint(radius, 0))
        path.lineTo(box.right() - radius, box.top())
        path.quadTo(box.topRight(), box.topRight() + QPoint(0, radius))
        path.lineTo(box.right(), box.bottom())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPath(path)
        if border is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(border, 0))
            painter.drawPath(path)


def _paint_edge(painter: QPainter, widget: QWidget, colour: QColor) -> None:
    """Draw the line between the strip and the chats along a widget's lower edge."""
    bottom = widget.height() - 1
    paint_hairline(painter, QPointF(0, bottom), QPointF(widget.width(), bottom), colour)


class TabStrip(QWidget):
    """The strip above the chats: the way to the sidebar, the tabs, and a new one.

    Args:
        theme: colours and fonts.
        activity: gives each tab its mark.
        parent: the window.
    """

    new_tab_requested = Signal()
    sidebar_requested = Signal()
    parameters_requested = Signal()

    def __init__(self, theme: Theme, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(STRIP_HEIGHT)
        self.bar = TabBar(theme, activity, self)
        self._sidebar = IconButton(theme, "list", "")
        self._plus = IconButton(theme, "plus", "")
        self._sidebar.clicked.connect(self.sidebar_requested)
        self._parameters = IconButton(theme, "sliders-horizontal", "")
        self._plus.clicked.connect(self.new_tab_requested)
        self._parameters.clicked.connect(self.parameters_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, STRIP_HEIGHT - TAB_HEIGHT, 8, 0)
        row.setSpacing(5)
        row.addWidget(self._sidebar)
        row.addWidget(self.bar, 0)
        row.addWidget(self._plus)
        row.addStretch(1)
        row.addWidget(self._parameters)
        self._sidebar.hide()
        theme.changed.connect(self.update)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every sentence anew."""
        for button, name, command in (
            (self._sidebar, tr("Show sidebar"), "sidebar"),
            (self._plus, tr("New tab"), "new_tab"),
        ):
            button.setAccessibleName(name)
            button.setToolTip(f"{name}  {hint(command)}")
        self._parameters.set_name(tr("Chat parameters"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def show_sidebar_button(self, shown: bool) -> None:
        """Offer the way to a sidebar that is not there."""
        self._sidebar.setVisible(shown)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the line under it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.tokens.window)
        _paint_edge(painter, self, self._theme.tokens.line)
