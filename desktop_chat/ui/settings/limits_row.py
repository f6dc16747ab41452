"""How much a service may be asked."""

from dataclasses import replace
from typing import Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.fields import SpinField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.number_flow import Number, NumberFlow
from desktop_chat.ui.settings.row import ServiceRow
from desktop_chat.ui.theme import Theme

_MOST_TOKENS: Final = 1_000_000_000


def _limit(name: str, most: int, width: int = 96) -> Number:
    def read(service: Service) -> int:
        value: float | None = getattr(service.limits, name)
        return 0 if value is None else max(1, round(value))

    def write(service: Service, value: int) -> Service:
        values: dict[str, int | None] = {name: value or None}
        limits = replace(service.limits, **values)
        return replace(service, limits=limits)

    return Number(name, 0, most, read, write, width)


class LimitsRow(ServiceRow):
    """The row of the limits: streams at a time and requests per minute; folded below, requests per
    second and tokens per minute.

    Args:
        theme: colours and fonts.
        editor: the service shown.

    Attributes:
        fields: by the name of the field of ``Limits``.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        first = (_limit("concurrent", 1000), _limit("per_minute", 100_000))
        rest = (_limit("per_second", 1000), _limit("tokens_per_minute", _MOST_TOKENS, 128))
        self._first = NumberFlow(theme, editor, first)
        self._rest = NumberFlow(theme, editor, rest)
        self._note = Label(theme, pixels=12, ink="text3")
        self._first.add_note(self._note)
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
        limits = service.limits
        some = limits.per_second is not None or limits.tokens_per_minute is not None
        self.fold.head.set_hint(tr("set") if some else "")
        self.setVisible(service.protocol != "demo")

    def commit(self) -> None:
        """Save what was changed."""
        self._first.commit()
        self._rest.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Limits"))
        none = tr("No limit")
        self._first.name("concurrent", tr("At a time"), none=none)
        self._first.name("per_minute", tr("Requests per minute"), none=none)
        self._rest.name("per_second", tr("Requests per second"), none=none)
        self._rest.name("tokens_per_minute", tr("Tokens per minute"), none=none)
        self._note.setText(tr("All tabs share it"))
        self.fold.head.setText(tr("More"))
