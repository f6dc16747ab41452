"""How long is waited for a service."""

from dataclasses import replace
from typing import Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.fields import SpinField
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.number_flow import Number, NumberFlow
from desktop_chat.ui.settings.row import ServiceRow
from desktop_chat.ui.theme import Theme

_DAY_IN_MINUTES: Final = 1440


def _seconds(name: str, most: int) -> Number:
    def read(service: Service) -> int:
        value: float = getattr(service, name)
        return max(1, round(value))

    def write(service: Service, value: int) -> Service:
        values: dict[str, float] = {name: float(value)}
        return replace(service, **values)  # type: ignore[arg-type]

    return Number(name, 1, most, read, write)


def _total(service: Service) -> int:
    return max(1, round(service.total_timeout / 60)) if service.total_timeout else 0


def _with_total(service: Service, minutes: int) -> Service:
    return replace(service, total_timeout=60.0 * minutes if minutes else None)


class TimeRow(ServiceRow):
    """The row of the time-outs: to the first token and for the whole answer; folded below, to
    connect and between two tokens.

    Args:
        theme: colours and fonts.
        editor: the service shown.

    Attributes:
        fields: by the name of the service's field.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        total = Number("total_timeout", 0, _DAY_IN_MINUTES, _total, _with_total, width=112)
        first = (_seconds("first_token_timeout", 3600), total)
        self._first = NumberFlow(theme, editor, first)
        rest = (_seconds("connect_timeout", 120), _seconds("idle_timeout", 3600))
        self._rest = NumberFlow(theme, editor, rest)
        self.fields: dict[str, SpinField] = self._first.fields | self._rest.fields
        self.fold = Fold(theme, small=True)
        self.fold.body.addWidget(self._rest)
        self._first.add_note(self.fold.head)
        self.line.addWidget(self._first, 1)
        self.notes.addWidget(self.fold)
        self.retranslate()

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        self._first.show_service(service)
        self._rest.show_service(service)
        self.setVisible(service.protocol != "demo")

    def commit(self) -> None:
        """Save what was changed."""
        self._first.commit()
        self._rest.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Time-outs"))
        seconds = tr("s")
        self._first.name("first_token_timeout", tr("First token"), suffix=seconds)
        self._first.name("total_timeout", tr("Whole answer"), suffix=tr("min"), none=tr("No limit"))
        self._rest.name("connect_timeout", tr("Connect"), suffix=seconds)
        self._rest.name("idle_timeout", tr("Between tokens"), suffix=seconds)
        self.fold.head.setText(tr("More"))
