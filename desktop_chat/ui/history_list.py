"""The list of conversations in the sidebar: a model, a delegate and a view that stay fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Conversation, SearchHit
from desktop_chat.ui.activity import Activity, Mark
from desktop_chat.ui.controls.buttons import plain_tip
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.line_text import paint_line
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

ROW_HEIGHT: Final = 32
GROUP_HEIGHT: Final = 28
HIT_HEIGHT: Final = 48
_GROUP_SIZE: Final = QSize(0, GROUP_HEIGHT)
_ROW_SIZE: Final = QSize(0, ROW_HEIGHT)
_HIT_SIZE: Final = QSize(0, HIT_HEIGHT)
_MARGIN: Final = 12
_PADDING: Final = 8
_MARK: Final = 24
_LONGEST_TITLE: Final = 200
_LEAD: Final = 12
"""Characters of a snippet that are shown before what was searched."""

ID_ROLE: Final = Qt.ItemDataRole.UserRole + 1
MESSAGE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
SNIPPET_ROLE: Final = Qt.ItemDataRole.UserRole + 3
_KEYBOARD: Final = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
_Index = QModelIndex | QPersistentModelIndex
_ROOT: Final = QModelIndex()


def shown_title(title: str) -> str:
    """Return a conversation's title, or what stands for one that has none yet."""
    return title or tr("New chat")


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        title: of the group, the conversation or the hit.
        conversation_id: "" for the label of a group.
        message_id: of a hit in a message, or "".
        snippet: of a hit, or "".
    """

    title: str
    conversation_id: str = ""
    message_id: str = ""
    snippet: str = ""


def history_rows(groups: Sequence[tuple[str, Sequence[Conversation]]]) -> list[Row]:
    """Return the rows of the history: each group's label and its conversations."""
    rows: list[Row] = []
    for label, conversations in groups:
        rows.append(Row(label))
        rows.extend(Row(shown_title(item.title), item.id) for item in conversations)
    return rows


def hit_rows(hits: Sequence[SearchHit], query: str) -> list[Row]:
    """Return the rows of a search."""
    return [
        Row(
            shown_title(hit.title),
            hit.conversation_id,
            hit.message_id or "",
            around(hit.snippet, query),
        )
        for hit in hits
    ]


def around(snippet: str, query: str) -> str:
    """Cut the beginning of a snippet so that a narrow row shows what was searched."""
    folded = snippet.casefold()
    places = [at for word in query.casefold().split() if (at := folded.find(word)) >= 0]
    start = min(places, default=0) - _LEAD
    return snippet if start <= 1 else f"…{snippet[start:].lstrip()}"


class HistoryModel(QAbstractListModel):
    """Rows of conversations or hits.

    Args:
        activity: says which ones stream or are unread.
        parent: the view.
    """

    rename_requested = Signal(str, str)
    """A conversation's id and the title typed for it."""

    def __init__(self, activity: Activity, parent: QWidget) -> None:
        super().__init__(parent)
        self._activity = activity
        self._rows: list[Row] = []
        self._places: dict[str, int] = {}
        activity.changed.connect(self._mark_changed)

    def rows(self) -> Sequence[Row]:
        """Return what is shown."""
        return self._rows

    def set_rows(self, rows: list[Row]) -> None:
        """Show other rows; where only titles differ the view keeps its place and its choice."""
        same = [row.conversation_id for row in rows] == [
            row.conversation_id for row in self._rows
        ] and [row.snippet for row in rows] == [row.snippet for row in self._rows]
        if same:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self._places = {row.conversation_id: at for at, row in reversed(list(enumerate(rows)))}
        self.endResetModel()

    def find(self, conversation_id: str) -> QModelIndex:
        """Return the first row of a conversation, or an index that is not valid."""
        place = self._places.get(conversation_id) if conversation_id else None
        return QModelIndex() if place is None else self.index(place)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Return what can be done with a row: nothing with the label of a group."""
        if not index.isValid() or not self._rows[index.row()].conversation_id:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not self._rows[index.row()].snippet:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one thing that is known of a row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == ID_ROLE:
            return row.conversation_id
        if role == MESSAGE_ROLE:
            return row.message_id
        if role == SNIPPET_ROLE:
            return row.snippet
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole and row.conversation_id:
            return plain_tip(row.title)
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another title; the row changes when the history says so."""
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not title:
            return False
        row = self._rows[index.row()]
        if title != row.title:
            self.rename_requested.emit(row.conversation_id, title)
        return True

    def size(self, place: int) -> QSize:
        """Return the size of a row. A list of thousands asks for each, so it is a look-up."""
        row = self._rows[place]
        if not row.conversation_id:
            return _GROUP_SIZE
        return _HIT_SIZE if row.snippet else _ROW_SIZE

    def _spoken(self, row: Row) -> str:
        mark = self._activity.mark(row.conversation_id)
        if mark is Mark.RUNNING:
            return tr("{title}, answering").format(title=row.title)
        if mark is Mark.UNREAD:
            return tr("{title}, new answer").format(title=row.title)
        return f"{row.title}: {row.snippet}" if row.snippet else row.title

    def _mark_changed(self, conversation_id: str) -> None:
        index = self.find(conversation_id)
        if index.isValid():
            self.dataChanged.emit(index, index)


class HistoryDelegate(QStyledItemDelegate):
    """Paints rows and edits titles in place.

    Args:
        theme: colours and fonts.
        activity: draws the marks.
        view: the list.
    """

    def __init__(self, theme: Theme, activity: Activity, view: "HistoryList") -> None:
        super().__init__(view)
        self._theme = theme
        self._activity = activity
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height of a row; its width is the list's."""
        return self._view.rows.size(index.row())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw a row."""
        tokens = self._theme.tokens
        whole: QRect = option.rect
        state: QStyle.StateFlag = option.state
        box = whole.adjusted(_MARGIN, 0, -_MARGIN, 0)
        title = str(index.data())
        if not index.data(ID_ROLE):
            label = box.adjusted(_PADDING, 6, -_PADDING, 0)
            self._text(painter, label, title, 12, tokens.text3)
            return
        if index.data(ID_ROLE) == self._view.active:
            paint_box(painter, box, RADIUS_CONTROL, tokens.selected, tokens.edge)
        elif state & QStyle.StateFlag.State_MouseOver:
            paint_box(painter, box, RADIUS_CONTROL, tokens.hover)
        if self._view.ringed and index == self._view.currentIndex():
            paint_box(painter, box, RADIUS_CONTROL, None, tokens.accent, 2)
        text = box.adjusted(_PADDING, 0, -_PADDING, 0)
        mark = self._activity.mark(str(index.data(ID_ROLE)))
        if mark is not Mark.NONE:
            text.setRight(box.right() - _MARK)
            self._activity.paint(painter, mark, QRectF(mark_rect(whole)))
        if not text.intersects(self._view.area):
            return
        snippet = index.data(SNIPPET_ROLE)
        if snippet:
            upper, lower = QRect(text), QRect(text)
            upper.setBottom(text.top() + 26)
            lower.setTop(text.top() + 24)
            self._text(painter, upper.adjusted(0, 4, 0, 0), title, 13, tokens.text)
            self._text(painter, lower.adjusted(0, -2, 0, -4), snippet, 12, tokens.text3)
        else:
            self._text(painter, text, title, 13, tokens.text)

    def _text(self, painter: QPainter, box: QRect, text: str, pixels: int, colour: Any) -> None:
        painter.setFont(self._theme.font(pixels))
        painter.setPen(colour)
        paint_line(painter, box, text)

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: _Index
    ) -> QWidget:
        """Return the field in which a title is changed."""
        editor = Field(self._theme, tr("Chat title"), parent=parent)
        editor.setMaxLength(_LONGEST_TITLE)
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        """Hand on what was typed."""
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: _Index
    ) -> None:
        """Lay the field over its row."""
        rect: QRect = option.rect
        editor.setGeometry(rect.adjusted(_MARGIN, 0, -_MARGIN, 0))


def mark_rect(row: QRect) -> QRect:
    """Return where the mark of a row is."""
    return QRect(row.right() - _MARGIN - _MARK, row.top(), _MARK, row.height())


class HistoryList(QListView):
    """The list itself.

    Args:
        theme: colours and fonts.
        activity: which conversations stream or are unread.
        parent: the sidebar.
    """

    opened = Signal(str, str)
    """A conversation's id and a message's id, or ""."""
    delete_requested = Signal(str)
    menu_requested = Signal(str, QPoint)
    """A conversation's id and a place on the screen."""

    def __init__(self, theme: Theme, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._activity = activity
        self.active = ""
        self.area = QRect()
        """What is being painted."""
        self.ringed = False
        self._waiting: list[Row] | None = None
        self.rows = HistoryModel(activity, self)
        self.setModel(self.rows)
        self.setItemDelegate(HistoryDelegate(theme, activity, self))
        self.setVerticalScrollBar(ScrollBar(theme))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        # It paints its whole ground, so that a ring that turns has nothing else painted anew.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._open)
        activity.turned.connect(self._turn)
        theme.changed.connect(self.viewport().update)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every sentence anew."""
        self.setAccessibleName(tr("Chats"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def show_rows(self, rows: list[Row]) -> None:
        """Show other rows, with the place and the keyboard's row kept; not while a title is
        edited, but as soon as that ends.
        """
        if self.state() == QAbstractItemView.State.EditingState:
            self._waiting = rows
            return
        place = self.verticalScrollBar().value()
        current = self.current_id()
        self.rows.set_rows(rows)
        self.executeDelayedItemsLayout()
        self.verticalScrollBar().setValue(place)
        if current and self.current_id() != current:
            index = self.rows.find(current)
            if index.isValid():
                self.selectionModel().setCurrentIndex(
                    index, QItemSelectionModel.SelectionFlag.NoUpdate
                )

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Show what had to wait for the end of editing."""
        super().closeEditor(editor, hint)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.show_rows(waiting)

    def set_active(self, conversation_id: str) -> None:
        """Show which conversation is the one being read."""
        if conversation_id == self.active:
            return
        self.active = conversation_id
        index = self.rows.find(conversation_id)
        if index.isValid():
            self.setCurrentIndex(index)
        self.viewport().update()

    def rename(self, conversation_id: str) -> bool:
        """Let the title of a conversation be changed in its row.

        Returns:
            False when it has no row.
        """
        index = self.rows.find(conversation_id)
        if not index.isValid():
            return False
        self.scrollTo(index)
        self.setCurrentIndex(index)
        self.edit(index)
        return True

    def current_id(self) -> str:
        """Return the conversation that the keyboard is at, or ""."""
        return str(self.currentIndex().data(ID_ROLE) or "")

    def _open(self, index: QModelIndex) -> None:
        conversation_id = index.data(ID_ROLE)
        if conversation_id:
            self.opened.emit(conversation_id, index.data(MESSAGE_ROLE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, then the rows."""
        self.area = event.rect()
        painter = QPainter(self.viewport())
        painter.fillRect(self.area, self._theme.tokens.window)
        turned = self._paint_mark(painter)
        painter.end()
        if not turned:
            super().paintEvent(event)

    def _paint_mark(self, painter: QPainter) -> bool:
        """Draw one row's mark if nothing else is to be painted; tell whether that was so.

        A ring turns many times a second, and a row costs ten times as much as its ring.
        """
        if self.area.width() > _MARK:
            return False
        index = self.indexAt(self.area.center())
        place = mark_rect(self.visualRect(index)) if index.isValid() else QRect()
        mark = self._activity.mark(str(index.data(ID_ROLE)))
        if mark is Mark.NONE or not place.contains(self.area):
            return False
        tokens = self._theme.tokens
        box = self.visualRect(index).adjusted(_MARGIN, 0, -_MARGIN, 0)
        if index.data(ID_ROLE) == self.active:
            paint_box(painter, box, RADIUS_CONTROL, tokens.selected, tokens.edge)
        elif box.contains(self.viewport().mapFromGlobal(QCursor.pos())):
            paint_box(painter, box, RADIUS_CONTROL, tokens.hover)
        self._activity.paint(painter, mark, QRectF(place))
        return True

    def _turn(self) -> None:
        if not self.isVisible():
            return
        for conversation_id in self._activity.running():
            index = self.rows.find(conversation_id)
            if index.isValid():
                rect = mark_rect(self.visualRect(index))
                if rect.intersects(self.viewport().rect()):
                    self.viewport().update(rect)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open on Enter, delete on Delete."""
        if self.state() == QAbstractItemView.State.EditingState:
            # What the field of a title leaves over is not for the row.
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Delete and self.current_id():
            self.delete_requested.emit(self.current_id())
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the ring away: the pointer is in use."""
        self._ring(False)
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the row under the pointer, or of the keyboard's row."""
        index = self.indexAt(event.pos())
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            place = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
        if index.data(ID_ROLE):
            self.menu_requested.emit(index.data(ID_ROLE), place)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought the focus."""
        super().focusInEvent(event)
        self._ring(event.reason() in _KEYBOARD)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self.rows.find(self.active))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self._ring(False)

    def _ring(self, shown: bool) -> None:
        if shown != self.ringed:
            self.ringed = shown
            self.viewport().update()
