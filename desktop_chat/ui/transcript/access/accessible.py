"""The conversation for assistive technology: a document with a child for each message.

What is pressed are real widgets; Qt tells of them by itself. They follow the messages as children
of the document, the scroll bar and the rail too. A tree is made only when someone asks: while no
assistive technology runs, nothing here runs either.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final
from weakref import ref

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleObject,
    QWindow,
)
from PySide6.QtWidgets import QApplication, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.access.accessible_nodes import EntryNode, MessageNode, end

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_KEPT: Final = 64
"""So many messages keep what was made of their insides."""

_trees: set[AccessibleTree] = set()
"""Qt's cache holds the nodes of these. A tree stays here until they are out of that cache: a
collection of garbage must not end them before.
"""
_installed: list[bool] = []


class AccessibleTree:
    """The nodes of one view, and when they go.

    Args:
        canvas: the view, at the beginning of its own making.

    Attributes:
        ready: whether the view is made.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self.ready = False
        self._view = ref(canvas)
        self._interfaces: list[AccessibleView] = []
        self._messages: dict[str, MessageNode] = {}
        self._inside: OrderedDict[str, MessageNode] = OrderedDict()
        self._unread: dict[str, MessageNode] = {}
        self._wanted: list[str] = []
        self._focus = ""
        self._retired: list[MessageNode | EntryNode] = []
        self._later = QTimer(canvas)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._work)
        canvas.destroyed.connect(self.close)
        _trees.add(self)
        if not _installed:
            _installed.append(True)
            QAccessible.installFactory(_interface_for)

    # The view

    @property
    def alive(self) -> bool:
        """Whether the view is there."""
        view = self._view()
        return view is not None and shiboken6.isValid(view)

    @property
    def canvas(self) -> TranscriptCanvas:
        """The view, which must be there."""
        view = self._view()
        assert view is not None
        return view

    def languages(self, language: str) -> str:
        """Return the name of a language as people write it."""
        return self.canvas.lexers.name(language)

    def window(self) -> QWindow:
        """Return the window, or None."""
        return self.canvas.window().windowHandle() if self.alive else None  # type: ignore[return-value]

    def on_screen(self, x: int, y: int, width: int | None, height: int) -> QRect:
        """Return where a part of the column is on the screen.

        Args:
            x: from the column's left edge.
            y: in the column.
            width: None for all of the column.
            height: in logical pixels.
        """
        canvas = self.canvas
        corner = QPoint(canvas.left + x, y - canvas.scroller.top)
        at = canvas.viewport().mapToGlobal(corner)
        return QRect(at.x(), at.y(), canvas.page.width if width is None else width, height)

    def height_at(self, y: int) -> int:
        """Return which height of the column is at a height of the screen."""
        canvas = self.canvas
        return canvas.viewport().mapFromGlobal(QPoint(0, y)).y() + canvas.scroller.top

    def in_sight(self, rect: QRect) -> bool:
        """Tell whether a part of the screen is in the viewport."""
        viewport = self.canvas.viewport()
        place = QRect(viewport.mapToGlobal(QPoint(0, 0)), viewport.size())
        return viewport.isVisible() and place.intersects(rect)

    # Nodes

    def interface(self) -> AccessibleView:
        """Return what stands for the view."""
        if not self._interfaces:
            QAccessible.queryAccessibleInterface(self.canvas)
        return self._interfaces[-1]

    def new_interface(self) -> AccessibleView:
        """Make one more: Qt asks again when the class of the view has got another slot."""
        made = AccessibleView(self, self.canvas)
        self._interfaces.append(made)
        return made

    def message(self, message_id: str) -> MessageNode:
        """Return the node of a message."""
        found = self._messages.get(message_id)
        if found is None:
            found = self._messages[message_id] = MessageNode(self, message_id)
        return found

    def used(self, node: MessageNode) -> None:
        """Take note that someone looks into a message."""
        self._inside[node.message_id] = node
        self._inside.move_to_end(node.message_id)
        if len(self._inside) > _KEPT:
            self._start()

    def want(self, message_id: str) -> None:
        """Ask for the text of a message, once."""
        index = self.canvas.column.index_of(message_id)
        if index is None or self.canvas.column.items[index].fetched:
            return
        self.canvas.column.items[index].fetched = True
        self._wanted.append(message_id)
        self._start()

    def read_later(self, node: MessageNode) -> None:
        """Parse more of a message in later turns of the event loop."""
        if node.message_id not in self._unread:
            self._unread[node.message_id] = node
            self._start()

    def retire(self, node: MessageNode | EntryNode) -> None:
        """Let a node go once nobody can be holding it."""
        _mark_gone(node)
        self._retired.append(node)
        self._start()

    def _start(self) -> None:
        if self.alive and not self._later.isActive():
            self._later.start()

    def _work(self) -> None:
        """Do what must not be done while someone asks."""
        retired, self._retired = self._retired, []
        for node in retired:
            end(node)
        while len(self._inside) > _KEPT:
            _name, old = self._inside.popitem(last=False)
            old.clear()
        focus, self._focus = self._focus, ""
        if focus and focus == self.canvas.current.focused:
            self._tell(self.message(focus), QAccessible.Event.Focus)
        wanted, self._wanted = self._wanted, []
        if wanted:
            self.canvas.texts_needed.emit(wanted)
        for name, message in list(self._unread.items()):
            if not message.read():
                del self._unread[name]
                self._tell(message, QAccessible.Event.ObjectReorder)
        if self._unread or self._retired:
            self._start()

    def close(self) -> None:
        """The view is gone: take everything out of Qt's cache."""
        for node in [*self._retired, *self._messages.values()]:
            end(node)
        self._retired.clear()
        self._messages.clear()
        self._inside.clear()
        self._unread.clear()
        _trees.discard(self)

    # What has happened

    def branch_changed(self) -> None:
        """Take note that other messages are shown."""
        if not self._messages:
            return
        index_of = self.canvas.column.index_of
        for name in [name for name in self._messages if index_of(name) is None]:
            self._inside.pop(name, None)
            self._unread.pop(name, None)
            self.retire(self._messages.pop(name))
        if QAccessible.isActive():
            event = QAccessibleEvent(self.canvas, QAccessible.Event.ObjectReorder)
            QAccessible.updateAccessibility(event)

    def added(self, message: Message) -> None:
        """Take note that there is a new message at the end."""
        if QAccessible.isActive():
            self._tell(self.message(message.id), QAccessible.Event.ObjectCreated)

    def changed(self, message_id: str) -> None:
        """Take note that a message has got its text or its end."""
        node = self._messages.get(message_id)
        if node is not None and QAccessible.isActive():
            self._tell(node, QAccessible.Event.NameChanged)
            self._tell(node, QAccessible.Event.DescriptionChanged)

    def focus(self, message_id: str) -> None:
        """Take note that the keyboard is at a message."""
        if QAccessible.isActive():
            # After Qt has told that the view itself has got the focus.
            self._focus = message_id
            self._start()

    def _tell(self, node: MessageNode, event: QAccessible.Event) -> None:
        if QAccessible.isActive() and node.isValid():
            QAccessible.updateAccessibility(QAccessibleEvent(node, event))


def name_parts(canvas: TranscriptCanvas) -> None:
    """Name the view and what it is made of, in the language in use."""
    canvas.setAccessibleName(tr("Conversation"))
    canvas.viewport().setAccessibleName(tr("Buttons of the messages in sight"))
    canvas.verticalScrollBar().setAccessibleName(tr("Scroll the messages"))


def _mark_gone(node: MessageNode | EntryNode) -> None:
    node.gone = True
    for child in node.children():
        _mark_gone(child)


def _interface_for(key: str, target: QObject) -> QAccessibleInterface | None:
    """Return what stands for a transcript; None for everything else, which Qt knows itself."""
    if type(target).__name__ != key:
        return None
    tree = getattr(target, "accessible", None)
    return tree.new_interface() if isinstance(tree, AccessibleTree) else None


class AccessibleView(QAccessibleObject):
    """Stands for the view.

    Args:
        tree: its nodes.
        canvas: the view.
    """

    def __init__(self, tree: AccessibleTree, canvas: TranscriptCanvas) -> None:
        super().__init__(canvas)
        self._tree = tree

    def isValid(self) -> bool:
        """Tell whether the view is there and made."""
        return self._tree.alive and self._tree.ready

    def window(self) -> QWindow:
        """Return the window."""
        return self._tree.window()

    def parent(self) -> QAccessibleInterface:
        """Return what the view lies in."""
        above = self._tree.canvas.parentWidget() or QApplication.instance()
        return QAccessible.queryAccessibleInterface(above)  # type: ignore[arg-type]

    def role(self) -> QAccessible.Role:
        """Return that it is read."""
        return QAccessible.Role.Document

    def text(self, kind: QAccessible.Text) -> str:
        """Return its name and description."""
        if not self.isValid():
            return ""
        canvas = self._tree.canvas
        if kind is QAccessible.Text.Name:
            return canvas.accessibleName()
        return canvas.accessibleDescription() if kind is QAccessible.Text.Description else ""

    def state(self) -> QAccessible.State:
        """Return whether it is seen and has the focus."""
        state = QAccessible.State()
        if not self.isValid():
            state.invalid = 1
            return state
        canvas = self._tree.canvas
        state.readOnly = 1
        state.multiLine = 1
        state.focusable = 1
        state.focused = int(canvas.hasFocus() and not canvas.current.focused)
        state.invisible = int(not canvas.isVisible())
        return state

    def rect(self) -> QRect:
        """Return where it is on the screen."""
        if not self.isValid():
            return QRect()
        canvas = self._tree.canvas
        return QRect(canvas.mapToGlobal(QPoint(0, 0)), canvas.size())

    # Its children: the messages, then the widgets

    def _widgets(self) -> list[QWidget]:
        return [
            child
            for child in self._tree.canvas.children()
            if isinstance(child, QWidget) and not child.isWindow()
        ]

    def childCount(self) -> int:
        """Return how many messages and widgets there are."""
        if not self.isValid():
            return 0
        return len(self._tree.canvas.column.items) + len(self._widgets())

    def child(self, index: int) -> QAccessibleInterface:
        """Return a message or a widget."""
        if not self.isValid() or index < 0:
            return None  # type: ignore[return-value]
        items = self._tree.canvas.column.items
        if index < len(items):
            return self._tree.message(items[index].id)
        widgets = self._widgets()
        index -= len(items)
        if index >= len(widgets):
            return None  # type: ignore[return-value]
        return QAccessible.queryAccessibleInterface(widgets[index])

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the number of a child, or -1."""
        if not self.isValid():
            return -1
        column = self._tree.canvas.column
        if isinstance(child, MessageNode):
            found = column.index_of(child.message_id)
            return -1 if found is None else found
        target = child.object()
        for number, widget in enumerate(self._widgets()):
            if widget is target:
                return len(column.items) + number
        return -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """Return the widget or the message at a place on the screen."""
        if not self.isValid() or not self.rect().contains(x, y):
            return None  # type: ignore[return-value]
        canvas = self._tree.canvas
        inside = canvas.mapFromGlobal(QPoint(x, y))
        viewport = canvas.viewport()
        for widget in self._widgets():
            if widget.isVisible() and widget.geometry().contains(inside):
                pressed = widget.childAt(widget.mapFrom(canvas, inside))
                if widget is not viewport or pressed is not None:
                    return QAccessible.queryAccessibleInterface(widget)
        if not canvas.column.items:
            return None  # type: ignore[return-value]
        return self.child(canvas.column.at(self._tree.height_at(y)))

    def focusChild(self) -> QAccessibleInterface:
        """Return the message or the widget that has the focus."""
        if not self.isValid():
            return None  # type: ignore[return-value]
        canvas = self._tree.canvas
        if canvas.current.focused:
            return self._tree.message(canvas.current.focused)
        focus = canvas.window().focusWidget()
        if focus is not None and focus is not canvas and canvas.isAncestorOf(focus):
            return QAccessible.queryAccessibleInterface(focus)
        return None  # type: ignore[return-value]
