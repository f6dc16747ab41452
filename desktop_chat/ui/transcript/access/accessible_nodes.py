"""The nodes that Qt hands to assistive technology, and how long they live.

Qt's cache holds a node by its address and counts nothing, so a node must not end in Python while
it is in that cache, and Python must not use it once Qt has deleted it. Therefore every node is
kept by its parent, and what goes is taken out of the cache first, in a later turn of the event
loop: the one who asked may still hold it in this one. ``interface_cast`` is left alone: to
override it crashes the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shiboken6
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QWindow

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.core.messages import Role as Speaker
from desktop_chat.markdown.stream import parse
from desktop_chat.ui.transcript.access.accessible_content import Content, Thinking
from desktop_chat.ui.transcript.access.accessible_outline import Entry, Group
from desktop_chat.ui.transcript.access.accessible_words import message_name, plain_lines
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.model import Item
from desktop_chat.ui.transcript.places import Part

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.access.accessible import AccessibleTree

Text = QAccessible.Text
_NAMED_BY: Final = 400
"""So many characters of a message are read for its name."""


class Node(QAccessibleInterface):
    """What all nodes share.

    Args:
        root: what all nodes of the view hang on.

    Attributes:
        gone: whether what it stands for is there no more.
    """

    def __init__(self, root: AccessibleTree) -> None:
        super().__init__()
        self._root = root
        self.gone = False

    def isValid(self) -> bool:
        """Tell whether it stands for something."""
        return not self.gone and self._root.alive

    def object(self) -> QObject:
        """Return None: a node is no widget."""
        return None  # type: ignore[return-value]

    def window(self) -> QWindow:
        """Return the window of the view."""
        return self._root.window()

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Leave everything as it is."""

    def text(self, kind: QAccessible.Text) -> str:
        """Return its name or its description."""
        if self.isValid():
            if kind is Text.Name:
                return self.name()
            if kind is Text.Description:
                return self.description()
        return ""

    def name(self) -> str:
        """Return what it says."""
        raise NotImplementedError

    def description(self) -> str:
        """Return what is to be known beside."""
        return ""

    def child(self, index: int) -> QAccessibleInterface:
        """Return one of its children."""
        if not self.isValid() or not 0 <= index < self.childCount():
            return None  # type: ignore[return-value]
        return self.node(index)

    def node(self, index: int) -> EntryNode:
        """Return one of its children, which is there."""
        raise NotImplementedError

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """Return the child at a place on the screen."""
        for index in range(min(self.childCount(), 100)):
            child = self.child(index)
            if child is not None and child.rect().contains(x, y):
                return child
        return None  # type: ignore[return-value]

    def seen(self) -> QAccessible.State:
        """Return a state that says that it is read only, and whether it is out of sight."""
        state = QAccessible.State()
        if not self.isValid():
            state.invalid = 1
            return state
        state.readOnly = 1
        state.offscreen = int(not self._root.in_sight(self.rect()))
        return state


class EntryNode(Node):
    """Something in a message.

    Args:
        root: what all nodes of the view hang on.
        message: the message.
        parent: what it stands in.
        index: its number there.
        entry: what it is.
    """

    def __init__(
        self,
        root: AccessibleTree,
        message: MessageNode,
        parent: MessageNode | EntryNode,
        index: int,
        entry: Entry,
    ) -> None:
        super().__init__(root)
        self.entry = entry
        self.index = index
        self.parent_node = parent
        self._message = message
        self._children: dict[int, EntryNode] = {}

    def isValid(self) -> bool:
        """Tell whether it stands for something."""
        return not self.gone and self._message.isValid()

    def parent(self) -> QAccessibleInterface:
        """Return what it stands in."""
        return self.parent_node

    def role(self) -> QAccessible.Role:
        """Return what it is."""
        return self.entry.role

    def name(self) -> str:
        """Return its text."""
        return self.entry.name

    def description(self) -> str:
        """Return what is to be known beside its text."""
        return self.entry.description

    def childCount(self) -> int:
        """Return how many parts it has."""
        self._message.sync()
        return self.entry.count() if self.isValid() else 0

    def node(self, index: int) -> EntryNode:
        """Return one of its parts."""
        return self._message.node_for(self, self._children, index, self.entry.part(index))

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the number of a part, or -1."""
        return child.index if isinstance(child, EntryNode) and child.parent_node is self else -1

    def children(self) -> list[EntryNode]:
        """Return the parts for which there are nodes."""
        return list(self._children.values())

    def forget(self, child: EntryNode) -> None:
        """Keep a child no more."""
        if self._children.get(child.index) is child:
            del self._children[child.index]

    def rect(self) -> QRect:
        """Return where it is on the screen, as far as that is known."""
        return self._message.rect_of(self.entry)

    def state(self) -> QAccessible.State:
        """Return what is to be known of it."""
        state = self.seen()
        checked = self.entry.checked
        if checked is not None:
            state.checkable = 1
            state.checked = int(checked)
        if isinstance(self.entry, Thinking):
            state.expandable = 1
            state.expanded = int(self.entry.unfolded)
            state.collapsed = int(not self.entry.unfolded)
        return state


class MessageNode(Node):
    """A message.

    Args:
        root: what all nodes of the view hang on.
        message_id: which.
    """

    def __init__(self, root: AccessibleTree, message_id: str) -> None:
        super().__init__(root)
        self.message_id = message_id
        self.content: Content | None = None
        self._children: dict[int, EntryNode] = {}

    # What it is

    def _index(self) -> int:
        """Return its place in the column, or -1."""
        found = self._root.canvas.column.index_of(self.message_id)
        return -1 if found is None else found

    def isValid(self) -> bool:
        """Tell whether the message is shown."""
        return super().isValid() and self._index() >= 0

    def _message(self) -> Message | None:
        index = self._index()
        return None if index < 0 else self._root.canvas.column.items[index].message

    def parent(self) -> QAccessibleInterface:
        """Return the view."""
        return self._root.interface()

    def role(self) -> QAccessible.Role:
        """Return that it is a part of a document."""
        return QAccessible.Role.Section

    def name(self) -> str:
        """Return who said it, when, and how it begins."""
        item = self._root.canvas.column.items[self._index()]
        if item.message is None:
            return tr("You, loading") if item.role is Speaker.USER else tr("Answer, loading")
        text = text_of(item)[:_NAMED_BY]
        if item.role is not Speaker.USER:
            text = " ".join(plain_lines(parse(text), self._root.languages))
        return message_name(item.message, text)

    def description(self) -> str:
        """Return how far the message has come, unless it is done."""
        message = self._message()
        if message is None:
            return ""
        if message.state is MessageState.STREAMING:
            return tr("Being written")
        self.sync()
        notice = None if self.content is None else self.content.notice
        return "" if notice is None else notice.name

    def state(self) -> QAccessible.State:
        """Return what is to be known of it."""
        state = self.seen()
        if self.isValid():
            message = self._message()
            state.focusable = 1
            state.focused = int(self._root.canvas.current.focused == self.message_id)
            state.busy = int(message is not None and message.state is MessageState.STREAMING)
        return state

    def rect(self) -> QRect:
        """Return where it is on the screen."""
        index = self._index()
        if index < 0:
            return QRect()
        column = self._root.canvas.column
        return self._root.on_screen(0, column.top_of(index), None, column.height_of(index))

    def rect_of(self, entry: Entry) -> QRect:
        """Return where blocks of it are on the screen; the whole message where it is not drawn."""
        index = self._index()
        if index < 0:
            return QRect()
        canvas = self._root.canvas
        body = canvas.column.items[index].body
        if body is None or entry.first < 0 or not self._drawn_blocks():
            return self.rect()
        for place in body.placed(canvas.page):
            if place.part is Part.BODY and entry.last <= len(place.section.pieces):
                heights = place.section.heights
                top = heights.offset(entry.first)
                y = canvas.column.top_of(index) + place.y + top
                height = heights.offset(entry.last) - top
                return self._root.on_screen(place.x, y, place.page.width, height)
        return self.rect()

    def _drawn_blocks(self) -> bool:
        """Tell whether blocks have the numbers of the pieces that are drawn."""
        message = self._message()
        return message is not None and message.role is not Speaker.USER

    # What is in it

    def sync(self) -> None:
        """Bring what is in it up to date."""
        index = self._index()
        if index < 0:
            return
        if self.content is None:
            self.content = Content(self._root.languages)
        item = self._root.canvas.column.items[index]
        self._drop(self.content.sync(item.message, item.body))
        self._root.used(self)
        if self.content.waiting:
            self._root.read_later(self)

    def read(self) -> bool:
        """Parse more of the text; tell whether some is left."""
        if self.content is None or not self.isValid():
            return False
        self._drop(self.content.read())
        return self.content.waiting

    def _drop(self, entries: list[Entry]) -> None:
        """Let the nodes go whose parts are there no more."""
        if not entries:
            return
        dead = {id(entry) for entry in entries}
        found: list[EntryNode] = []
        waiting: list[MessageNode | EntryNode] = [self]
        while waiting:
            for child in waiting.pop().children():
                if id(child.entry) in dead:
                    found.append(child)
                elif isinstance(child.entry, Group | Thinking):
                    waiting.append(child)
        for node in found:
            node.parent_node.forget(node)
            self._root.retire(node)

    def children(self) -> list[EntryNode]:
        """Return the parts for which there are nodes."""
        return list(self._children.values())

    def forget(self, child: EntryNode) -> None:
        """Keep a child no more."""
        if self._children.get(child.index) is child:
            del self._children[child.index]

    def childCount(self) -> int:
        """Return how many parts it has."""
        if not self.isValid():
            return 0
        self.sync()
        return 0 if self.content is None else self.content.count()

    def node(self, index: int) -> EntryNode:
        """Return one of its parts; in a message without text that asks for the text."""
        assert self.content is not None
        if self._message() is None:
            self._root.want(self.message_id)
        return self.node_for(self, self._children, index, self.content.part(index))

    def node_for(
        self,
        parent: MessageNode | EntryNode,
        children: dict[int, EntryNode],
        index: int,
        entry: Entry,
    ) -> EntryNode:
        """Return the node of a part, the one that is there if it is still the same part."""
        found = children.get(index)
        if found is not None and found.entry is entry:
            return found
        made = EntryNode(self._root, self, parent, index, entry)
        if found is not None:
            self._root.retire(found)
        children[index] = made
        return made

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the number of a part, or -1."""
        return child.index if isinstance(child, EntryNode) and child.parent_node is self else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """Return the part at a place on the screen."""
        index = self._index()
        canvas = self._root.canvas
        body = None if index < 0 else canvas.column.items[index].body
        if body is None or not self._drawn_blocks() or not self.childCount():
            return None  # type: ignore[return-value]
        inside = self._root.height_at(y) - canvas.column.top_of(index)
        for place in body.placed(canvas.page):
            if place.part is Part.BODY and 0 <= inside - place.y < place.section.height:
                assert self.content is not None
                found = self.content.place_of(place.section.heights.find(inside - place.y))
                if found >= 0:
                    return self.child(found)
        return None  # type: ignore[return-value]

    def clear(self) -> None:
        """Let go everything that is in it."""
        for child in self.children():
            self._root.retire(child)
        self._children.clear()
        self.content = None


def text_of(item: Item) -> str:
    """Return the text of a message as far as it has arrived; "" while it is not loaded."""
    if isinstance(item.body, AnswerBody):
        # A streaming answer has more than the message it began as.
        return item.body.text.source.text
    return "" if item.message is None else item.message.text


def end(node: MessageNode | EntryNode) -> None:
    """Take a node out of Qt's cache, which deletes it, and everything below it first."""
    node.gone = True
    for child in node.children():
        end(child)
    if shiboken6.isValid(node):
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(node))
