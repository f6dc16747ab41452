"""Words on a surface: plain, as a tag, and as a state with its icon."""

from typing import Literal

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_TAG, Theme, Tokens

Ink = Literal["text", "text2", "text3", "ok", "warn", "danger", "accent", "disabled"]


def ink_of(tokens: Tokens, ink: Ink) -> QColor:
    """Return a colour by its name."""
    colour: QColor = getattr(tokens, ink)
    return colour


class Label(QLabel):
    """Words in a size and colour of the theme.

    Args:
        theme: colours and fonts.
        text: the words; plain text always.
        pixels: of the font.
        bold: weight 600.
        ink: the colour's name.
        mono: the code font.
        wrap: breaks lines.
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        *,
        pixels: int = 13,
        bold: bool = False,
        ink: Ink = "text",
        mono: bool = False,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ink: Ink = ink
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(pixels, bold=bold, mono=mono))
        self.setWordWrap(wrap)
        self.setText(text)
        theme.changed.connect(self._recolour)
        self._recolour()

    def set_ink(self, ink: Ink) -> None:
        """Change the colour."""
        self._ink = ink
        self._recolour()

    def _recolour(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, ink_of(self._theme.tokens, self._ink))
        self.setPalette(palette)


class ElidedLabel(Label):
    """Words on one line that end in an ellipsis where there is too little room."""

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw as much as there is room for."""
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        rect = self.contentsRect()
        words = QFontMetrics(self.font()).elidedText(
            self.text(), Qt.TextElideMode.ElideRight, rect.width()
        )
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect, middle, words)
        painter.end()


class Tag(QWidget):
    """A word in a small box, 20 px high.

    Args:
        theme: colours and fonts.
        text: the word.
        parent: or None.
    """

    def __init__(self, theme: Theme, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_text(text)
        theme.changed.connect(self.update)

    def set_text(self, text: str) -> None:
        """Change the word."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the word with its margins."""
        return tag_size(self._theme, self._text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        paint_tag(painter, self._theme, self.rect(), self._text)
        painter.end()


def tag_size(theme: Theme, text: str) -> QSize:
    """Return the size of a tag."""
    return QSize(QFontMetrics(theme.font(12)).horizontalAdvance(text) + 14, 20)


def paint_tag(painter: QPainter, theme: Theme, rect: QRect, text: str) -> None:
    """Draw a tag where there is no widget for it, as in a list."""
    painter.save()
    paint_box(painter, rect, RADIUS_TAG, theme.tokens.sunken, theme.tokens.line)
    painter.setFont(theme.font(12))
    painter.setPen(theme.tokens.text2)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class Status(QWidget):
    """A state: always an icon and words. Long words break into lines.

    Args:
        theme: colours and fonts.
        pixels: of the font.
        parent: or None.
    """

    def __init__(self, theme: Theme, *, pixels: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = ""
        self._ink: Ink = "text3"
        self._words = Label(theme, pixels=pixels, wrap=True, parent=self)
        self._line = 20 if pixels > 12 else 18
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def show_state(self, icon: str, text: str, ink: Ink, words: Ink | None = None) -> None:
        """Show a state; without text it hides.

        Args:
            icon: a Phosphor name.
            text: the words.
            ink: colour of the icon.
            words: colour of the words, when it is another one.
        """
        self._icon, self._ink = icon, ink
        self._words.setText(text)
        self._words.set_ink(words or ink)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self._place_words()
        self.update()

    def text(self) -> str:
        """Return the words."""
        return self._words.text()

    def sizeHint(self) -> QSize:
        """Return the size on one line."""
        metrics = QFontMetrics(self._words.font())
        return QSize(22 + metrics.horizontalAdvance(self._words.text()), self._line)

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be: the words may break."""
        return QSize(60, self._line)

    def hasHeightForWidth(self) -> bool:
        """Return True: narrow makes it high."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the broken lines."""
        return max(self._line, self._words.heightForWidth(max(1, width - 20)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the words beside the icon."""
        super().resizeEvent(event)
        self._place_words()

    def _place_words(self) -> None:
        top, height = self._block()
        self._words.setGeometry(20, top, self.width() - 20, height)

    def _block(self) -> tuple[int, int]:
        """Return where the words begin and how high they are: in the middle, whole."""
        height = min(self.height(), self.heightForWidth(self.width()))
        return (self.height() - height) // 2, height

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the icon."""
        if not self._icon:
            return
        painter = QPainter(self)
        top, height = self._block()
        first = height if height < 1.5 * self._line else self._line
        y = top + (first - 14) // 2
        box = QRectF(0, y, 14, 14)
        icons.paint(painter, self._icon, box, ink_of(self._theme.tokens, self._ink), 14)
        painter.end()


class Line(QWidget):
    """A hairline across, with space above and below.

    Args:
        theme: the colour.
        space: above and below, in pixels.
        parent: or None.
    """

    def __init__(self, theme: Theme, space: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(2 * space + 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF() or 1.0
        place = self.contentsRect()
        y = self.height() // 2
        line = QRectF(place.left(), y, place.width(), 1 / ratio)
        painter.fillRect(line, self._theme.tokens.line)
        painter.end()
