"""What concerns the whole program and is said above every composer: keyring, unexpected faults."""

import sys
import traceback

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop_chat.chat.explain import Explanation, Tone, explain_error
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeBoard, NoticeText


class Faults(QObject):
    """Puts these notices on the window's board.

    Args:
        neighbours: what the window is built upon.
        board: the notices of the window.
        window: what dialogs open over.
    """

    def __init__(self, neighbours: Neighbours, board: NoticeBoard, window: QWidget) -> None:
        super().__init__(window)
        self._near = neighbours
        self._board = board
        self._window = window
        neighbours.bridge.keyring_changed.connect(self._keyring_changed)
        neighbours.bridge.task_failed.connect(self._task_failed)
        self._keyring_changed()

    # The keyring

    def _keyring_changed(self) -> None:
        if self._near.secrets.problem():
            self._board.put("keyring", self._keyring_notice)
        else:
            self._board.remove("keyring")

    def _keyring_notice(self) -> NoticeText:
        problem = self._near.secrets.problem()
        title = {
            "missing": tr("No system keyring is available"),
            "locked": tr("The system keyring is locked"),
        }.get(problem, tr("The system keyring does not answer"))
        return NoticeText(
            Tone.WARN,
            "lock-key-open",
            title,
            tr("Keys stay in memory only and must be entered again after you quit."),
            ((tr("How to enable"), self._explain_keyring),),
        )

    def _explain_keyring(self) -> None:
        dialog = Dialog(
            self._near.theme,
            self._window,
            tr("Keep keys in the system keyring"),
            _keyring_help(self._near.secrets.problem()),
            tr("Close"),
        )
        dialog.cancel_button.hide()
        dialog.open()

    # Faults that nobody handled

    def _task_failed(self, _name: str, error: BaseException) -> None:
        details = self._near.redact("".join(traceback.format_exception(error)))

        def make() -> NoticeText:
            what = _explain(error)
            return NoticeText(
                what.tone,
                what.icon,
                what.title,
                what.cause,
                (
                    (
                        tr("Copy details"),
                        lambda: QGuiApplication.clipboard().setText(details),
                    ),
                ),
            )

        self._board.put("fault", make)


def _explain(error: BaseException) -> Explanation:
    if isinstance(error, ChatError):
        return explain_error(error.info)
    return explain_error(ErrorInfo(ErrorKind.INTERNAL))


def _keyring_help(problem: str) -> str:
    if problem == "locked":
        return tr(
            "Unlock it with the password of your login, for example in the program that manages "
            "passwords and keys. Then save the key again in the settings."
        )
    if sys.platform == "win32":
        return tr("Start the Credential Manager service of Windows, then start this program again.")
    if sys.platform == "darwin":
        return tr("Allow this program to use the login keychain, then start it again.")
    return tr(
        "Install GNOME Keyring or KWallet, sign in to the desktop again so that it starts, and "
        "then start this program again."
    )
