"""What is switched on or off for a service: keeping answers, and OpenRouter's privacy."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from desktop_chat.core.i18n import tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Switch
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.row import ServiceRow
from desktop_chat.ui.settings.words import host_in
from desktop_chat.ui.theme import Theme

_PROVIDER = "provider"


class _SwitchLine(QHBoxLayout):
    """A switch with what it means beside it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.switch = Switch(theme, "")
        self.words = Label(theme, pixels=12, ink="text3", wrap=True)
        self.setSpacing(10)
        self.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(self.words, 1)
        self.words.setMinimumHeight(32)

    def say(self, name: str, words: str) -> None:
        """Name the switch, and say what it means."""
        self.switch.set_name(name)
        self.switch.setAccessibleDescription(words)
        self.words.setText(words)


class CacheRow(ServiceRow):
    """The row that keeps answers.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        self._inner = _SwitchLine(theme)
        self.switch = self._inner.switch
        self.switch.clicked.connect(self._switched)
        self.line.addLayout(self._inner, 1)
        self.retranslate()

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        self.switch.setChecked(service.cache)
        self.setVisible(service.protocol != "demo")

    def _switched(self) -> None:
        self.editor.change(cache=self.switch.isChecked())

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Cache"))
        self._inner.say(
            tr("Answer cache"),
            tr(
                "The same question at temperature 0 gets the answer kept on this computer, marked"
                " as such and free of charge."
            ),
        )


def is_openrouter(service: Service) -> bool:
    """Tell whether a service is OpenRouter, whoever set it up."""
    host = host_in(service.base_url)
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")


class PrivacyRow(ServiceRow):
    """The row that tells OpenRouter which companies may have the text.

    The switches are fields of the request: ``provider.data_collection`` and ``provider.zdr``.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        self._deny = _SwitchLine(theme)
        self._zero = _SwitchLine(theme)
        self.deny, self.zero = self._deny.switch, self._zero.switch
        self.deny.clicked.connect(self._set_deny)
        self.zero.clicked.connect(self._set_zero)
        self.line.addLayout(self._deny, 1)
        self.notes.addLayout(self._zero)
        self.retranslate()

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        wishes = _wishes(service)
        self.deny.setChecked(wishes.get("data_collection") == "deny")
        self.zero.setChecked(wishes.get("zdr") is True)
        self.setVisible(is_openrouter(service))

    def _set_deny(self) -> None:
        self._set("data_collection", "deny" if self.deny.isChecked() else None)

    def _set_zero(self) -> None:
        self._set("zdr", True if self.zero.isChecked() else None)

    def _set(self, name: str, value: JsonValue) -> None:
        service = self.editor.service
        wishes = {key: item for key, item in _wishes(service).items() if key != name}
        if value is not None:
            wishes[name] = value
        body = {key: item for key, item in service.body.items() if key != _PROVIDER}
        if wishes:
            body[_PROVIDER] = wishes
        self.editor.save(replace(service, body=body))

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Privacy"))
        self._deny.say(
            tr("No data collection"),
            tr("Only companies that do not collect what is sent. Some models are gone then."),
        )
        self._zero.say(
            tr("Zero retention"),
            tr("Only companies that keep nothing at all of question and answer."),
        )


def _wishes(service: Service) -> Mapping[str, JsonValue]:
    found = service.body.get(_PROVIDER)
    return found if isinstance(found, Mapping) else {}
