"""The composer: the box to write in, above a bar with the model, the thinking and Send."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_chat.chat.model_choice import ModelShelf
from desktop_chat.chat.model_lists import ListState
from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Model, Service, Thinking
from desktop_chat.ui import icons
from desktop_chat.ui.attach import Files
from desktop_chat.ui.attach_strip import AttachStrip
from desktop_chat.ui.controls.buttons import Button, Chip, IconButton, PaintedButton
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.message_edit import MessageEdit
from desktop_chat.ui.model_picker import ModelButton, ModelPicker
from desktop_chat.ui.theme import RADIUS_CODE, RADIUS_POPUP, Theme
from desktop_chat.ui.thinking_popup import (
    ThinkingPopup,
    can_switch,
    chip_text,
    efforts_of,
)

WIDTH: Final = 784
"""At most this wide, in pixels."""
_BESIDE: Final = 6
"""From the edge of an icon's area in the bar to the icon: icons stand below the text's edge."""
NARROW: Final = 640
"""Below this width chips show their icons alone."""


class _SendButton(PaintedButton):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, radius=RADIUS_CODE)
        self.setFixedSize(32, 32)

    def sizeHint(self) -> QSize:
        return QSize(32, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = self.theme.tokens
        painter = QPainter(self)
        fill = t.accentp if self.isDown() else blend(t.accent, t.accenth, self.hover)
        ink = t.onaccent
        if not self.isEnabled():
            fill, ink = t.hover, t.disabled
        paint_box(painter, self.rect(), self.radius, fill)
        icons.paint(painter, "arrow-up", self.rect(), ink, 18)
        painter.end()


class _Divider(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(1, 16)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.tokens.line2)
        painter.end()


class _StopButton(Button):
    def _mark(self) -> int:
        return 10

    def _paint_mark(self, painter: QPainter, place: QRect, _ink: QColor) -> None:
        paint_box(painter, QRectF(place), 2, self.theme.tokens.danger)


class Composer(QWidget):
    """The composer. It keeps its text when it is sent; the owner clears it once that is safe.

    Args:
        theme: colours and fonts.
        parent: or None.
        files: those of the next question; None for a box that takes none.
    """

    submitted = Signal(str)
    """The text, when the user sends it; never without a model, and blank only beside files, all of
    which are read and can be sent.
    """
    attach_requested = Signal()
    """Files are to be picked."""
    stop_requested = Signal()
    text_changed = Signal()
    model_chosen = Signal(str, str)
    """Ids of service and model."""
    thinking_chosen = Signal(object, str)
    """True, False, or None for the service's own; and the effort, or ""."""
    edit_last_requested = Signal()
    """Up in an empty box."""
    add_service_requested = Signal()
    lists_wanted = Signal()
    """The models are looked at: those that are not known yet are wanted."""
    mend_requested = Signal(str)
    """The id of a service whose list of models could not be fetched."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, files: Files | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._running = False
        self._follow_up = False
        self._waiting = False
        """Whether what is written is to be sent when its files are read."""
        self.files = files
        self._services: list[Service] = []
        self._lists: Mapping[str, ListState] = {}
        self._shelf: ModelShelf | None = None
        self._model = ("", "")
        self._thinking = Thinking()
        self._thinks: bool | None = None
        self._effort = ""
        self._picker: ModelPicker | None = None
        self._thinking_popup: ThinkingPopup | None = None
        self.setMaximumWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.edit = MessageEdit(theme)
        self.strip = None if files is None else AttachStrip(theme, files)
        self.attach_button = IconButton(theme, "paperclip", "", pixels=18)
        self.model_button = ModelButton(theme)
        self.thinking_chip = Chip(theme, "", icon="brain", menu=True)
        self.send_button = _SendButton(theme)
        self.stop_button = _StopButton(theme)
        self._lay_out()
        self._connect()
        theme.changed.connect(self.update)
        self.retranslate()
        self._show_thinking()
        self._judge()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(17 - _BESIDE, 13, 9, 3)
        column.setSpacing(2)
        inner = QVBoxLayout()
        inner.setContentsMargins(_BESIDE, 0, 0, 0)
        inner.setSpacing(0)
        if self.strip is not None:
            inner.addWidget(self.strip)
        inner.addWidget(self.edit)
        column.addLayout(inner)
        bar = QWidget(self)
        bar.setFixedHeight(44)
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        if self.strip is None:
            row.setContentsMargins(_BESIDE, 0, 0, 0)
            self.attach_button.setParent(self)
            self.attach_button.hide()
        else:
            row.addWidget(self.attach_button)
            row.addWidget(_Divider(self._theme))
        row.addWidget(self.model_button)
        row.addWidget(self.thinking_chip)
        row.addStretch(1)
        row.addWidget(self.stop_button)
        row.addWidget(self.send_button)
        column.addWidget(bar)
        self.stop_button.hide()
        # A click leaves the focus in the box, so that one goes on typing.
        for button in (
            self.attach_button,
            self.model_button,
            self.thinking_chip,
            self.stop_button,
            self.send_button,
        ):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # The order of Tab is that of the eye.
        self._order()

    def _order(self) -> None:
        """Let Tab go from the chips to the box and through the bar."""
        crosses = [] if self.strip is None else [chip.cross for chip in self.strip.chips[-1:]]
        bar = (self.attach_button, self.model_button, self.thinking_chip, self.stop_button)
        for before, after in pairwise((*crosses, self.edit, *bar, self.send_button)):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.edit.send_pressed.connect(self._submit)
        self.edit.up_in_empty.connect(self.edit_last_requested)
        self.edit.escape_pressed.connect(self._escape)
        self.edit.edited.connect(self._edited)
        self.edit.lines_changed.connect(self.updateGeometry)
        self.edit.installEventFilter(self)
        if self.files is not None and self.strip is not None:
            self.edit.takes_files = True
            self.edit.files_pasted.connect(self.files.add)
            self.files.changed.connect(self._files_changed)
            self.strip.height_changed.connect(self.updateGeometry)
            self.strip.grown.connect(self._order)
            self.strip.focus_left.connect(self.focus_input)
        self.attach_button.clicked.connect(self.attach_requested)
        self.send_button.clicked.connect(self._submit)
        self.stop_button.clicked.connect(self.stop_requested)
        self.model_button.clicked.connect(self.open_model_picker)
        self.thinking_chip.clicked.connect(self._thinking_pressed)

    # Text.

    def text(self) -> str:
        """Return what is written."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Replace what is written, as with a draft; the caret goes to its end."""
        self.edit.set_text(text)

    def clear(self) -> None:
        """Empty the box."""
        self.edit.set_text("")

    def focus_input(self) -> None:
        """Give the box the focus."""
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _edited(self) -> None:
        self._waiting = False
        self._judge()
        self.text_changed.emit()

    def _files_changed(self) -> None:
        self._judge()
        if self._waiting and self.files is not None and not self.files.reading:
            self._waiting = False
            self._submit()

    def _says_something(self) -> bool:
        """Tell whether there is something to send, and nothing that cannot be sent."""
        files = self.files
        if files is None or not files.chosen:
            return self.edit.has_text()
        return not files.faulty

    def _judge(self) -> None:
        self.send_button.setEnabled(not self._running and self._says_something())

    def _submit(self) -> None:
        if self._running or not self._says_something():
            return
        if not self._model[1]:
            # The text stays; it is sent when there is someone to answer it.
            self.open_model_picker()
        elif self.files is not None and self.files.reading:
            self._waiting = True
        else:
            self.submitted.emit(self.edit.text())

    def _escape(self) -> None:
        if self._running:
            self.stop_requested.emit()

    # State.

    def set_running(self, running: bool) -> None:
        """Show Stop in place of Send while an answer arrives."""
        if running == self._running:
            return
        self._running = running
        self.send_button.setVisible(not running)
        self.stop_button.setVisible(running)
        self._judge()

    @property
    def running(self) -> bool:
        """Whether Stop is shown."""
        return self._running

    def set_follow_up(self, follow_up: bool) -> None:
        """Ask for a follow-up in the empty box, once there is something to follow."""
        self._follow_up = follow_up
        self._show_placeholder()

    def _show_placeholder(self) -> None:
        model = self._chosen_model()
        if model is not None and model.makes == "image":
            self.edit.set_placeholder(tr("Describe a picture"))
        else:
            self.edit.set_placeholder(tr("Ask a follow-up") if self._follow_up else tr("Message"))

    def _chosen_model(self) -> Model | None:
        service_id, model_id = self._model
        service = next((item for item in self._services if item.id == service_id), None)
        return service.model(model_id) if service is not None and model_id else None

    def set_services(self, services: Sequence[Service]) -> None:
        """Set what the model picker offers, in its order."""
        self._services = list(services)
        self._show_model()
        self._supply_picker()

    def set_lists(self, states: Mapping[str, ListState]) -> None:
        """Set what the model picker says of services whose models are not known.

        Args:
            states: how fetching the list of each service goes, by its id.
        """
        self._lists = states
        self._supply_picker()

    def set_shelf(self, shelf: ModelShelf) -> None:
        """Set where the model picker finds favourites and the models used last."""
        self._shelf = shelf

    def _supply_picker(self) -> None:
        if self._picker is not None:
            self._picker.supply(self._services, self._lists)

    def set_model(self, service_id: str, model_id: str) -> None:
        """Show the model in use; "" when there is none."""
        self._model = (service_id, model_id)
        self._show_model()

    def set_thinking(self, thinking: Thinking, on: bool | None, effort: str) -> None:
        """Show what the model offers in the way of thinking, and what is chosen.

        Args:
            thinking: what it offers.
            on: on, off, or None for the service's own.
            effort: one of its efforts, or "" for the service's own.
        """
        self._thinking, self._thinks, self._effort = thinking, on, effort
        self._show_thinking()

    def _show_model(self) -> None:
        service_id, model_id = self._model
        service = next((item for item in self._services if item.id == service_id), None)
        self.model_button.show_model(service, model_id)
        self._show_placeholder()
        if self.files is not None:
            self.files.judge(self._chosen_model())

    def _on(self) -> bool:
        if not self._thinking.can_disable:
            return True
        return self._thinking.default_on if self._thinks is None else self._thinks

    def _show_thinking(self) -> None:
        on = self._on()
        text = chip_text(self._thinking, on, self._effort)
        self.thinking_chip.setText(text)
        self.thinking_chip.setChecked(on)
        self.thinking_chip.set_menu(bool(efforts_of(self._thinking)))
        self.thinking_chip.setAccessibleName(tr("Thinking"))
        self.thinking_chip.setAccessibleDescription(text if on else tr("Off"))
        self.thinking_chip.setVisible(can_switch(self._thinking))

    # What opens.

    def open_model_picker(self) -> None:
        """Open the list of models above its button."""
        picker = ModelPicker(
            self._theme, self._services, self._model, self._lists, self.model_button, self._shelf
        )
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.chosen.connect(self.model_chosen)
        picker.mend.connect(self.mend_requested)
        picker.add_service.connect(self.add_service_requested)
        picker.closed.connect(self._picker_closed)
        self._picker = picker
        picker.open_for(self.model_button, above=True)
        self.lists_wanted.emit()

    def _picker_closed(self) -> None:
        self._picker = None

    @property
    def model_picker(self) -> ModelPicker | None:
        """The list of models, while it is open."""
        return self._picker

    @property
    def thinking_popup(self) -> ThinkingPopup | None:
        """The panel of efforts, while it is open."""
        return self._thinking_popup

    def _thinking_pressed(self) -> None:
        if not efforts_of(self._thinking):
            self._choose_thinking(self.thinking_chip.isChecked(), "")
            return
        popup = ThinkingPopup(
            self._theme, self._thinking, self._on(), self._effort, self.thinking_chip
        )
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.chosen.connect(self._choose_thinking)
        popup.closed.connect(self._thinking_closed)
        self._thinking_popup = popup
        popup.open_for(self.thinking_chip, above=True)

    def _thinking_closed(self) -> None:
        self._thinking_popup = None

    def _choose_thinking(self, on: bool, effort: str) -> None:
        self._thinks, self._effort = on, effort
        self._show_thinking()
        self.thinking_chosen.emit(on, effort)

    # Look.

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.edit.setAccessibleName(tr("Message"))
        self.set_follow_up(self._follow_up)
        self.attach_button.set_name(tr("Attach files"))
        self.send_button.setAccessibleName(tr("Send"))
        self.send_button.setToolTip(tr("Send"))
        self.stop_button.setText(tr("Stop"))
        self.stop_button.set_hint("Esc")
        self.stop_button.setAccessibleName(tr("Stop"))
        self._show_model()
        self._show_thinking()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Repaint the border when the box gets or loses the focus."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave words out where there is little room."""
        super().resizeEvent(event)
        self.thinking_chip.set_compact(self.width() < NARROW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Write wherever the frame is pressed."""
        super().mousePressEvent(event)
        self.edit.setFocus(Qt.FocusReason.MouseFocusReason)

    def sizeHint(self) -> QSize:
        """Return the width of the column and the height of the lines shown."""
        return QSize(WIDTH, self._height())

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be."""
        return QSize(280, self._height())

    def _height(self) -> int:
        files = 0 if self.strip is None or self.strip.isHidden() else self.strip.height()
        return self.edit.sizeHint().height() + files + 62

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the frame."""
        t = self._theme.tokens
        painter = QPainter(self)
        edge = t.accent if self.edit.hasFocus() else t.line2
        paint_box(painter, self.rect(), RADIUS_POPUP, t.raised, edge)
        painter.end()
