"""The way to a service: its proxy, further authorities, HTTP/2."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.errors import ChatError, SecretStoreError
from desktop_chat.core.i18n import tr
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Button, Segmented, Switch
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import ElidedLabel, Label, Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.form import Flow
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.key_field import KeyField
from desktop_chat.ui.settings.row import LineField, ServiceRow, focus
from desktop_chat.ui.settings.words import reason_of
from desktop_chat.ui.theme import Theme

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_JOB: Final = "proxy"


def judge_proxy(text: str) -> str:
    """Say what is wrong with the address of a proxy, or return ""."""
    if not text:
        return tr("Enter the proxy's address, such as http://127.0.0.1:7890.")
    if "://" not in text or text.split("://")[0].lower() not in _SCHEMES:
        return tr("A proxy's address begins with http://, https://, socks5:// or socks5h://.")
    if "@" in text:
        return tr("User and password have fields of their own below.")
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment:
        return tr("This is not a proxy's address. It has a host and a port, and nothing behind.")
    return ""


class ProxyRow(ServiceRow):
    """The row of the way.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: keeps user and password of proxies.
        jobs: run what takes time.
    """

    def __init__(
        self, theme: Theme, editor: ServiceEditor, setup: ServiceSetup, jobs: Jobs
    ) -> None:
        super().__init__(theme, editor)
        self._setup = setup
        self._jobs = jobs
        self._shown = ("", "", "")
        self._user = ""
        self._picking = False
        choices = [("system", "", ""), ("none", "", ""), ("custom", "", "")]
        self.choice = Segmented(theme, choices)
        self.choice.chosen.connect(self._choose)
        self.now = ElidedLabel(theme, pixels=12, ink="text3")
        self.status = Status(theme)
        self.status.hide()
        self.address = LineField(
            theme, editor, self.status, _read_address, _write_address, judge_proxy
        )
        self.user = Field(theme, "", mono=True)
        self.password = KeyField(theme, "")
        self.save_button = Button(theme)
        self.save_button.clicked.connect(self._save_login)
        self.remove_button = Button(theme, kind="quiet")
        self.remove_button.clicked.connect(self._remove_login)
        self.password.returnPressed.connect(self._save_login)
        self.login_status = Status(theme)
        self.login_status.hide()
        self.fold = Fold(theme, small=True)
        self.ca_status = Status(theme)
        self.ca_status.hide()
        self.ca_file = LineField(
            theme, editor, self.ca_status, _read_ca, _write_ca, lambda _text: "", mono=False
        )
        self.ca_button = Button(theme, icon="folder-simple")
        self.ca_button.clicked.connect(self._pick)
        self._ca_label = Label(theme, pixels=12, ink="text2")
        self.http2 = Switch(theme, "")
        self.http2.clicked.connect(self._set_http2)
        self._http2_label = Label(theme, wrap=True)
        self.file_dialog: QFileDialog | None = None
        self._custom = QWidget()
        self._build()
        self.retranslate()

    def _build(self) -> None:
        first = Flow(gap=12)
        for widget in (self.choice, self.now, self.fold.head):
            first.addWidget(widget)
        self.line.addLayout(first, 1)
        login = QHBoxLayout()
        login.setSpacing(8)
        login.addWidget(self.user, 2)
        login.addWidget(self.password, 3)
        login.addWidget(self.save_button)
        login.addWidget(self.remove_button)
        custom = QVBoxLayout(self._custom)
        custom.setContentsMargins(0, 4, 0, 0)
        custom.setSpacing(6)
        custom.addWidget(self.address)
        custom.addWidget(self.status)
        custom.addLayout(login)
        custom.addWidget(self.login_status)
        file = QHBoxLayout()
        file.setSpacing(8)
        file.addWidget(self.ca_file, 1)
        file.addWidget(self.ca_button)
        http2 = QHBoxLayout()
        http2.setSpacing(8)
        http2.addWidget(self.http2)
        http2.addWidget(self._http2_label, 1)
        body = self.fold.body
        body.addWidget(self._ca_label)
        body.addLayout(file)
        body.addWidget(self.ca_status)
        body.addLayout(http2)
        self.notes.addWidget(self._custom)
        self.notes.addWidget(self.fold)

    # What is shown.

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        self.setVisible(service.protocol != "demo")
        network = service.network
        shown = (service.id, service.base_url, network.proxy_url)
        if shown[0] != self._shown[0]:
            self._picking = False
            self.user.setText("")
            self.password.forget()
            self._tell_login("", "danger")
        way = "custom" if self._picking else network.proxy
        self.choice.set_value(way)
        self._custom.setVisible(way == "custom")
        self.now.setVisible(way == "system")
        self.address.show_service(service)
        self.ca_file.show_service(service)
        self.http2.setChecked(network.http2)
        self.fold.head.set_hint(_hint(service))
        if shown != self._shown:
            self._shown = shown
            self._ask(service)

    def _ask(self, service: Service) -> None:
        """Look what the system's proxy is, and whether a password is kept."""
        if service.protocol == "demo":
            return
        self.now.setText("")
        self._jobs.start(
            "system proxy",
            self._setup.system_proxy(service),
            lambda found: self._tell_system(service.id, found),
            lambda _error: None,
        )
        self._learn_user(service.id, "")
        if service.network.proxy_url:
            self._jobs.start(
                "proxy user",
                self._setup.proxy_user(service),
                lambda user: self._learn_user(service.id, user),
                lambda _error: None,
            )

    def _tell_system(self, service_id: str, proxy: str) -> None:
        if service_id == self.editor.service.id:
            now = tr("The system uses {proxy} now").format(proxy=proxy)
            self.now.setText(now if proxy else tr("The system uses no proxy now"))

    def _learn_user(self, service_id: str, user: str) -> None:
        if service_id != self.editor.service.id:
            return
        before, self._user = self._user, user
        if user or before:
            # What is being typed stays, where nothing was kept.
            self.user.setText(user)
        self.remove_button.setVisible(bool(user))
        if user:
            kept = tr("The password is in the system keyring.")
            memory = tr("No system keyring was found: the password stays in memory.")
            self._tell_login(kept if self._setup.keyring_name() else memory, "text3")
        elif before:
            # It was for another proxy, or is gone.
            self._tell_login("", "text3")

    def _tell_login(self, text: str, ink: str, field: Field | None = None) -> None:
        wrong = ink == "danger"
        for item in (self.user, self.password):
            item.set_wrong(item is field and wrong)
            item.setAccessibleDescription(text if item is field else "")
        icon = "warning-circle" if wrong else "lock-key"
        self.login_status.show_state(icon, text, "danger" if wrong else "text3")

    # What is done.

    def _choose(self, way: str) -> None:
        service = self.editor.service
        network = service.network
        # Without an address a proxy of one's own is none: it is saved with its address.
        self._picking = way == "custom" and not network.proxy_url
        if self._picking:
            self.show_service(service)
            focus(self.address)
            return
        self.editor.change(network=replace(network, proxy=way))

    def _save_login(self) -> None:
        self.address.commit()
        service = self.editor.service
        if not service.network.proxy_url or self.address.wrong or self.save_button.busy:
            self.address.tell(judge_proxy(self.address.text().strip()))
            return
        user, password = self.user.text().strip(), self.password.text()
        if not user:
            self._tell_login(tr("Enter the user's name."), "danger", self.user)
            return
        if not password:
            self._tell_login(tr("Enter the password."), "danger", self.password)
            return
        self._keep(service, Secret.pair(user, password))

    def _remove_login(self) -> None:
        self._keep(self.editor.service, None)

    def _keep(self, service: Service, login: Secret | None) -> None:
        self.save_button.set_busy(True)
        self._jobs.start(
            _JOB,
            self._setup.save_proxy(service, login),
            lambda _place: self._kept(service, login),
            lambda error: self._failed(service, error),
            finish=True,
        )

    def _kept(self, service: Service, login: Secret | None) -> None:
        self.save_button.set_busy(False)
        if service.id != self.editor.service.id:
            return
        self.password.forget()
        self._tell_login("", "text3")
        self._learn_user(service.id, login.parts()[0] if login else "")

    def _failed(self, service: Service, error: Exception) -> None:
        self.save_button.set_busy(False)
        if service.id != self.editor.service.id:
            return
        if isinstance(error, SecretStoreError | ChatError | OSError):
            sentence = tr("The password was not changed: {reason}.")
            self._tell_login(sentence.format(reason=reason_of(error)), "danger")
        else:
            self._tell_login(str(error), "danger")

    def _pick(self) -> None:
        dialog = QFileDialog(self.window(), tr("Choose a file of authorities"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Certificates (*.pem *.crt *.cer)"), tr("All files (*)")])
        dialog.fileSelected.connect(self._picked)
        dialog.destroyed.connect(self._dialog_gone)
        self.file_dialog = dialog
        dialog.open()

    def _dialog_gone(self) -> None:
        self.file_dialog = None

    def _picked(self, path: str) -> None:
        self.ca_file.setText(path)
        self.ca_file.commit()

    def _set_http2(self) -> None:
        network = replace(self.editor.service.network, http2=self.http2.isChecked())
        self.editor.change(network=network)

    def commit(self) -> None:
        """Save what was typed."""
        if self._custom.isVisibleTo(self) and self.address.text().strip():
            self.address.commit()
        self.ca_file.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Proxy"))
        self.choice.setAccessibleName(tr("Proxy"))
        self.choice.set_labels([tr("Follow system"), tr("Direct"), tr("Custom")])
        self.address.setAccessibleName(tr("Address of the proxy"))
        self.address.setPlaceholderText("http://127.0.0.1:7890")
        self.user.setAccessibleName(tr("User of the proxy"))
        self.user.setPlaceholderText(tr("User, if it wants one"))
        self.password.setAccessibleName(tr("Password of the proxy"))
        self.password.setPlaceholderText(tr("Password"))
        self.password.retranslate()
        self.save_button.setText(tr("Save"))
        self.remove_button.setText(tr("Remove"))
        self.fold.head.setText(tr("More"))
        self._ca_label.setText(tr("File of further authorities, for a company's own certificates"))
        self.ca_file.setAccessibleName(tr("File of further authorities"))
        self.ca_file.setPlaceholderText(tr("None"))
        self.ca_button.setText(tr("Choose"))
        self.http2.set_name("HTTP/2")
        self._http2_label.setText(tr("HTTP/2 where it is offered"))
        if self.editor.service.id:
            self._ask(self.editor.service)


def _read_address(service: Service) -> str:
    return service.network.proxy_url


def _write_address(service: Service, text: str) -> Service:
    network = replace(service.network, proxy="custom", proxy_url=text.rstrip("/"))
    return replace(service, network=network)


def _read_ca(service: Service) -> str:
    return service.network.ca_file


def _write_ca(service: Service, text: str) -> Service:
    return replace(service, network=replace(service.network, ca_file=text))


def _hint(service: Service) -> str:
    parts = []
    if service.network.ca_file:
        parts.append(tr("further authorities"))
    if not service.network.http2:
        parts.append(tr("no HTTP/2"))
    return ", ".join(parts)
