"""A row that shows and changes something of the service shown."""

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QWidget

from desktop_chat.core.services import Service
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import FormRow
from desktop_chat.ui.theme import Theme

Read: TypeAlias = Callable[[Service], str]
Write: TypeAlias = Callable[[Service, str], Service]
Judge: TypeAlias = Callable[[str], str]


class ServiceRow(FormRow):
    """A row of one service. Give it ``show_service`` and ``retranslate``, and call the latter
    once everything is made.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        parent: or None.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.theme = theme
        self.editor = editor
        editor.changed.connect(self._changed)

    def _changed(self) -> None:
        if self.editor.service.id:
            self.show_service(self.editor.service)

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""

    def commit(self) -> None:
        """Save what was typed and not saved yet."""

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self._changed()

    def retranslate(self) -> None:
        """Speak the language in use."""


class LineField(Field):
    """A line that is saved when it is left or Enter is pressed, unless it is wrong.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        status: where it says what is wrong.
        read: returns what the line holds for a service.
        write: returns the service with another line.
        judge: says what is wrong with a line, or returns "".
        mono: the code font.
    """

    def __init__(
        self,
        theme: Theme,
        editor: ServiceEditor,
        status: Status,
        read: Read,
        write: Write,
        judge: Judge,
        *,
        mono: bool = True,
    ) -> None:
        super().__init__(theme, "", mono=mono)
        self._editor = editor
        self._status = status
        self._read = read
        self._write = write
        self._judge = judge
        self._shown = ("", "")
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self.commit)

    def show_service(self, service: Service) -> None:
        """Show what holds for a service; what is being typed for it stays."""
        shown = (service.id, self._read(service))
        if shown != self._shown:
            self._shown = shown
            self.setText(shown[1])
            self.setCursorPosition(0)
            self.tell("")

    def tell(self, fault: str) -> None:
        """Say what is wrong, or that nothing is."""
        self.set_wrong(bool(fault))
        self.setAccessibleDescription(fault)
        self._status.show_state("warning-circle", fault, "danger")

    def _typed(self) -> None:
        if self.wrong:
            self.tell("")

    def commit(self) -> None:
        """Save the line, if it is another one and nothing is wrong with it."""
        text, service = self.text().strip(), self._editor.service
        if not service.id or service.id != self._shown[0]:
            return
        if text == self._read(service):
            self.tell("")
            return
        fault = self._judge(text)
        if not fault:
            fault = self._editor.attempt(self._write(service, text))
        self.tell(fault)


class LineRow(ServiceRow):
    """A row with one line.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        read: returns what the line holds for a service.
        write: returns the service with another line.
        judge: says what is wrong with a line, or returns "".
    """

    def __init__(
        self, theme: Theme, editor: ServiceEditor, read: Read, write: Write, judge: Judge
    ) -> None:
        super().__init__(theme, editor)
        self.status = Status(theme)
        self.status.hide()
        self.field = LineField(theme, editor, self.status, read, write, judge)
        self.line.addWidget(self.field, 1)
        self.notes.addWidget(self.status)

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        self.field.show_service(service)

    def set_name(self, name: str, example: str = "") -> None:
        """Name the line, and show an example while it is empty."""
        self.set_label(name)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(example)

    def commit(self) -> None:
        """Save what was typed."""
        self.field.commit()


def focus(widget: QWidget) -> None:
    """Bring the keyboard to a widget."""
    widget.setFocus(Qt.FocusReason.OtherFocusReason)
