"""The box a message is written in: plain text, lines of an even height, and any length.

A text of one line and a megabyte would be laid out anew at every key. Very long lines are
therefore kept as several blocks; a block marked as *joined* goes on in the line of the block
before it, and no line feed stands between them in what ``text`` returns or what is copied.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextDocumentLayout, QPlainTextEdit, QWidget

from desktop_chat.ui.attach_mime import has_files, offer_of
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import Theme

LINE: Final = 24
"""Height of a line, in pixels."""
MAX_LINES: Final = 8
"""Lines that are shown before the box scrolls."""
LONG_LINE: Final = 2000
"""Characters after which a line is continued in a joined block."""
_BASELINE: Final = 17.5
_CARET: Final = QRect(0, 3, 2, 18)
_JOINED: Final = QTextFormat.Property.UserProperty + 1


def _joined(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(_JOINED)


def _format(joined: bool) -> QTextBlockFormat:
    result = QTextBlockFormat()
    if joined:
        result.setProperty(_JOINED, True)
    return result


def _binds(character: str) -> bool:
    """Tell whether a character belongs to the one before it: accents, joiners, skin tones."""
    return (
        unicodedata.combining(character) != 0
        or character in "\u200d\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def split_line(line: str, limit: int = LONG_LINE) -> Iterator[str]:
    """Cut a line into pieces of at most ``limit`` characters, after a space where there is one
    near the end, and never inside what is seen as one character.
    """
    start = 0
    while len(line) - start > limit:
        end = start + limit
        space = line.rfind(" ", end - limit // 10, end)
        if space > start:
            end = space + 1
        else:
            floor = start + limit // 2
            while end > floor and (_binds(line[end]) or line[end - 1] == "\u200d"):
                end -= 1
        yield line[start:end]
        start = end
    yield line[start:]


class _EvenLayout(QPlainTextDocumentLayout):
    """Lays every line on the same leading: the fonts that stand in for each other, Latin and
    Chinese, are each of their own height.
    """

    def blockBoundingRect(self, block: QTextBlock) -> QRectF:
        rect = super().blockBoundingRect(block)
        layout = block.layout()
        if layout is None or not block.isValid() or not block.isVisible():
            return rect
        count = layout.lineCount()
        for number in range(count):
            line = layout.lineAt(number)
            y = number * LINE + _BASELINE - line.ascent()
            if line.y() != y:
                line.setPosition(QPointF(line.x(), y))
        return QRectF(rect.left(), rect.top(), rect.width(), count * LINE)


class MessageEdit(QPlainTextEdit):
    """The box a message is written in.

    Enter asks to send, Shift+Enter breaks the line, and neither does anything while an input
    method composes. What is pasted or dropped comes in as plain text.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    send_pressed = Signal()
    up_in_empty = Signal()
    """Up was pressed while there is no text."""
    escape_pressed = Signal()
    edited = Signal()
    """The text changed; compositions that are not committed do not count."""
    lines_changed = Signal()
    """The number of lines shown, 1 to 8, may have changed."""
    files_pasted = Signal(object)
    """An ``Offer``: files, or a picture, while ``takes_files`` is set."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._composing = False
        self._blink_on = True
        self._placeholder = ""
        self._shown_lines = 1
        self._any_joined = False
        self.takes_files = False
        """Whether files and pictures are handed on through ``files_pasted``."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.font(15))
        document = QTextDocument(self)
        document.setDocumentLayout(_EvenLayout(document))
        document.setDefaultFont(theme.font(15))
        document.setDocumentMargin(0)
        self.setDocument(document)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(ScrollBar(theme, Qt.Orientation.Vertical, self))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCursorWidth(0)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(True)
        self._blink = QTimer(self)
        self._blink.timeout.connect(self._turn_caret)
        self.cursorPositionChanged.connect(self._restart_blink)
        document.contentsChange.connect(self._contents_changed)
        theme.changed.connect(self._recolour)
        self._recolour()

    # Text.

    def text(self) -> str:
        """Return what is written."""
        document = self.document()
        if not self._any_joined:
            return (document.toRawText() or "").replace("\u2029", "\n")
        return self._between(0, document.characterCount() - 1)

    def set_text(self, text: str) -> None:
        """Replace what is written; the caret goes to its end."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()
        cursor.setBlockFormat(_format(False))
        self._insert(cursor, text)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self._composing = False

    def has_text(self) -> bool:
        """Tell whether there is anything but white space."""
        block = self.document().firstBlock()
        while block.isValid():
            if block.length() > 1 and block.text().strip():
                return True
            block = block.next()
        return False

    @property
    def composing(self) -> bool:
        """Whether an input method composes."""
        return self._composing

    def insert(self, text: str) -> None:
        """Put text in place of the selection, as typed or pasted."""
        cursor = self.textCursor()
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        self._insert(cursor, text)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def _insert(self, cursor: QTextCursor, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n")
        # What may be long comes in pieces; short lines go in together, which is much cheaper.
        waiting: list[str] = []
        for number, line in enumerate(text.split("\n")):
            if len(line) <= LONG_LINE:
                waiting.append(line)
                continue
            self._insert_lines(cursor, waiting, number == len(waiting))
            waiting = []
            for part, piece in enumerate(split_line(line)):
                if number or part:
                    cursor.insertBlock(_format(part > 0))
                cursor.insertText(piece)
            self._any_joined = True
        self._insert_lines(cursor, waiting, len(waiting) == text.count("\n") + 1)
        if cursor.block().length() > 2 * LONG_LINE:
            self._split_block(cursor)

    @staticmethod
    def _insert_lines(cursor: QTextCursor, lines: list[str], first: bool) -> None:
        """Insert lines of which none is long; the first of all goes on in the present block."""
        if first and lines:
            cursor.insertText(lines[0])
            lines = lines[1:]
        if lines:
            # The blocks that follow take their format from this one.
            cursor.insertBlock(_format(False))
            cursor.insertText("\n".join(lines))

    def _split_block(self, cursor: QTextCursor) -> None:
        """Cut a block that several pastes made long, and leave the cursor where it is."""
        block = cursor.block()
        place = QTextCursor(block)
        for piece in list(split_line(block.text()))[:-1]:
            # Positions count UTF-16 units.
            place.setPosition(place.position() + len(piece.encode("utf-16-le")) // 2)
            place.insertBlock(_format(True))
            self._any_joined = True

    def _between(self, start: int, end: int) -> str:
        """Return the text between two positions, joined blocks without a line feed."""
        document = self.document()
        block = document.findBlock(start)
        parts: list[str] = []
        while block.isValid() and block.position() <= end:
            first = block.position()
            last = first + block.length() - 1
            if parts and not _joined(block):
                parts.append("\n")
            if start <= first and last <= end:
                parts.append(block.text() or "")
            else:
                cut = QTextCursor(document)
                cut.setPosition(max(first, start))
                cut.setPosition(min(last, end), QTextCursor.MoveMode.KeepAnchor)
                parts.append(cut.selectedText())
            block = block.next()
        return "".join(parts)

    def createMimeDataFromSelection(self) -> QMimeData:
        """Return the selection as plain text."""
        cursor = self.textCursor()
        data = QMimeData()
        data.setText(self._between(cursor.selectionStart(), cursor.selectionEnd()))
        return data

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Accept text, and files where they are wanted."""
        return source.hasText() or (self.takes_files and has_files(source))

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Hand files on, or insert plain text, whatever else is there."""
        if self.takes_files and has_files(source):
            self.files_pasted.emit(offer_of(source))
        elif source.hasText():
            self.insert(source.text())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Leave files to the page, which takes them wherever they are dropped."""
        if self.takes_files and has_files(event.mimeData()):
            event.ignore()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Leave files to the page."""
        if self.takes_files and has_files(event.mimeData()):
            event.ignore()
        else:
            super().dragMoveEvent(event)

    # Lines.

    def shown_lines(self) -> int:
        """Return how many lines to show, 1 to 8. At most as many blocks are looked at."""
        layout = self.document().documentLayout()
        lines = 0
        block = self.document().firstBlock()
        while block.isValid() and lines < MAX_LINES:
            layout.blockBoundingRect(block)
            lines += max(1, block.layout().lineCount())
            block = block.next()
        return max(1, min(MAX_LINES, lines))

    def _measure(self) -> None:
        lines = self.shown_lines()
        policy = Qt.ScrollBarPolicy
        # The place of the bar is kept even where there is none: a bar that takes room when it
        # comes would break the lines anew.
        more = lines == MAX_LINES and self.verticalScrollBar().maximum() > 0
        wanted = policy.ScrollBarAsNeeded if more else policy.ScrollBarAlwaysOff
        if self.verticalScrollBarPolicy() != wanted:
            self.setVerticalScrollBarPolicy(wanted)
        if lines != self._shown_lines:
            self._shown_lines = lines
            self.updateGeometry()
            self.lines_changed.emit()

    def _contents_changed(self, _at: int, removed: int, added: int) -> None:
        if removed or added:
            self._measure()
            self.edited.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Count the lines of the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._measure()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the caret: the text may have come before there was a size."""
        super().showEvent(event)
        self.ensureCursorVisible()

    def sizeHint(self) -> QSize:
        """Return the size of the lines shown."""
        return QSize(400, self._shown_lines * LINE)

    def minimumSizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(80, LINE)

    # Keys and input methods.

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether an input method composes."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)
        self._measure()
        self._restart_blink()

    def event(self, event: QEvent) -> bool:
        """Keep the keys of a composition from the shortcuts of the window."""
        if self._composing and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send, break the line, or edit."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter(event)
        elif self._composing:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Backspace and self._at_joint():
            # The joint is no character to the writer: it goes with the one before it.
            self.textCursor().deletePreviousChar()
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Up and self.document().isEmpty():
            self.up_in_empty.emit()
        elif key == Qt.Key.Key_Escape:
            event.ignore()
            self.escape_pressed.emit()
        elif self._leads_nowhere(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _leads_nowhere(self, event: QKeyEvent) -> bool:
        """Tell whether a key would move what cannot move further: others may want it."""
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            return self.verticalScrollBar().maximum() == 0
        cursor = self.textCursor()
        if event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            return cursor.atEnd() and not cursor.hasSelection()
        if event.matches(QKeySequence.StandardKey.MoveToStartOfDocument):
            return cursor.atStart() and not cursor.hasSelection()
        return False

    def _at_joint(self) -> bool:
        cursor = self.textCursor()
        return not cursor.hasSelection() and cursor.atBlockStart() and _joined(cursor.block())

    def _enter(self, event: QKeyEvent) -> None:
        """Act on Enter, unless an input method composes: the key reaches us all the same."""
        event.accept()
        if self._composing:
            return
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ShiftModifier:
            self.insert("\n")
        elif modifiers == Qt.KeyboardModifier.NoModifier:
            self.send_pressed.emit()
        else:
            event.ignore()

    # Look.

    def set_placeholder(self, text: str) -> None:
        """Change what stands in the empty box."""
        self._placeholder = text
        self.viewport().update()

    def placeholder(self) -> str:
        """Return what stands in the empty box."""
        return self._placeholder

    def _recolour(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        palette.setColor(QPalette.ColorRole.Text, self._theme.tokens.text)
        palette.setColor(QPalette.ColorRole.Highlight, self._theme.tokens.sel)
        palette.setColor(QPalette.ColorRole.HighlightedText, self._theme.tokens.text)
        self.setPalette(palette)
        self.viewport().setAutoFillBackground(False)
        self.viewport().update()

    def _restart_blink(self) -> None:
        self._blink_on = True
        flash = QGuiApplication.styleHints().cursorFlashTime()
        if self.hasFocus() and flash > 0 and not self._theme.reduced_motion:
            self._blink.start(flash // 2)
        else:
            self._blink.stop()
        self.viewport().update()

    def _turn_caret(self) -> None:
        self._blink_on = not self._blink_on
        self.viewport().update(self._caret())

    def _caret(self) -> QRect:
        place = self.cursorRect()
        # The rectangle is the line's own, whose height depends on its fonts: back to the grid.
        offset = round(self.contentOffset().y())
        row = (place.center().y() - offset) // LINE
        return _CARET.translated(place.left(), offset + row * LINE)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin to blink."""
        super().focusInEvent(event)
        self._restart_blink()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Stop blinking; what was being composed is committed or dropped by then."""
        super().focusOutEvent(event)
        self._blink.stop()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, the caret, and the placeholder of the empty box."""
        super().paintEvent(event)
        t = self._theme.tokens
        painter = QPainter(self.viewport())
        if self._placeholder and self.document().isEmpty() and not self._composing:
            painter.setFont(self.font())
            painter.setPen(t.text3)
            metrics = QFontMetricsF(self.font())
            words = metrics.elidedText(
                self._placeholder, Qt.TextElideMode.ElideRight, self.viewport().width()
            )
            painter.drawText(QPointF(0, _BASELINE), words)
        if self.hasFocus() and self._blink_on and not self.isReadOnly():
            painter.fillRect(self._caret(), t.caret)
        painter.end()
