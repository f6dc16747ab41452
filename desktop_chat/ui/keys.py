"""The keys of the window as data, and the list of them that F1 shows."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from desktop_chat.core.i18n import tr

_MAC: Final = sys.platform == "darwin"


@dataclass(frozen=True, slots=True)
class Key:
    """What one command listens to.

    Attributes:
        command: its name, see ``labels``.
        sequences: in Qt's portable notation (Ctrl is Cmd on macOS); the first one is shown.
        bound: False for a key that the focused widget handles by itself: it is only listed.
        everywhere: True works in settings, too.
    """

    command: str
    sequences: tuple[str, ...]
    bound: bool = True
    everywhere: bool = False


CHATS: Final = (
    Key("new_chat", ("Ctrl+N",)),
    Key("search", ("Ctrl+K",)),
    Key("rename", ("F2",)),
    Key("delete", ("Del",), bound=False),
    Key("sidebar", ("Ctrl+B",)),
)
TABS: Final = (
    Key("new_tab", ("Ctrl+T",)),
    Key("close_tab", ("Ctrl+W",)),
    Key("reopen_tab", ("Ctrl+Shift+T",)),
    Key("next_tab", ("Meta+Tab", "Ctrl+Shift+]") if _MAC else ("Ctrl+Tab",)),
    Key("previous_tab", ("Meta+Shift+Tab", "Ctrl+Shift+[") if _MAC else ("Ctrl+Shift+Tab",)),
    *(Key(f"tab_{number}", (f"Ctrl+{number}",)) for number in range(1, 10)),
)
CHAT: Final = (
    Key("send", ("Return",), bound=False),
    Key("newline", ("Shift+Return",), bound=False),
    Key("edit_last", ("Up",), bound=False),
    Key("stop", ("Esc",), bound=False),
    Key("composer", ("Shift+Esc",)),
    Key("find", ("Ctrl+F",)),
    Key("find_next", ("F3", "Ctrl+G")),
    Key("find_previous", ("Shift+F3", "Ctrl+Shift+G")),
    Key("scroll", ("PgUp", "PgDown"), bound=False),
    Key("question", ("Alt+Up", "Alt+Down"), bound=False),
    Key("message", ("Alt+PgUp", "Alt+PgDown"), bound=False),
    Key("review", ("F7",)),
    Key("repeat", ("Shift+F7",)),
    Key("latest", ("Ctrl+Down",) if _MAC else ("Ctrl+End",), bound=False),
    Key("regenerate", ("Ctrl+R",)),
    Key("copy_answer", ("Ctrl+Shift+C",)),
    Key("copy_code", ("Ctrl+Shift+;",)),
    Key("model", ("Ctrl+Shift+M",)),
)
WINDOW: Final = (
    Key("favourite", ("Ctrl+D",), bound=False),
    Key("text_size", ("Ctrl+=", "Ctrl+-", "Ctrl+0"), bound=False),
    Key("text_larger", ("Ctrl+=", "Ctrl++"), everywhere=True),
    Key("text_smaller", ("Ctrl+-",), everywhere=True),
    Key("text_normal", ("Ctrl+0",), everywhere=True),
    Key("settings", ("Ctrl+,",), everywhere=True),
    Key("keys", ("F1", "Ctrl+/"), everywhere=True),
)
KEYS: Final = (*CHATS, *TABS, *CHAT, *WINDOW)


def labels() -> Mapping[str, str]:
    """Return what each command does, in the language in use."""
    return {
        "new_chat": tr("New chat"),
        "search": tr("Search chats"),
        "rename": tr("Rename chat"),
        "delete": tr("Delete the chat that is chosen in the list"),
        "sidebar": tr("Show or hide the sidebar"),
        "new_tab": tr("New tab"),
        "close_tab": tr("Close tab"),
        "reopen_tab": tr("Reopen closed tab"),
        "next_tab": tr("Next tab"),
        "previous_tab": tr("Previous tab"),
        "tab_1": tr("Go to tab 1 to 9"),
        "send": tr("Send"),
        "newline": tr("New line"),
        "edit_last": tr("Edit the last question, from an empty box"),
        "stop": tr("Stop the answer"),
        "composer": tr("Go to the message box"),
        "find": tr("Find in chat"),
        "find_next": tr("Next match"),
        "find_previous": tr("Previous match"),
        "scroll": tr("Scroll the messages"),
        "question": tr("Go from question to question"),
        "message": tr("Go from message to message"),
        "review": tr("Open the message as text, to read it by character"),
        "repeat": tr("Repeat the last announcement"),
        "latest": tr("Jump to latest"),
        "regenerate": tr("Regenerate the last answer"),
        "copy_answer": tr("Copy the last answer"),
        "copy_code": tr("Copy the last code block"),
        "model": tr("Choose a model"),
        "favourite": tr("Star the model that is chosen in the list"),
        "text_size": tr("Text larger, smaller, normal"),
        "settings": tr("Settings"),
        "keys": tr("Show the keys"),
    }


def groups() -> tuple[tuple[str, tuple[Key, ...]], ...]:
    """Return the keys as they are listed: a title and its keys."""
    return (
        (tr("Chats"), CHATS),
        (tr("Tabs"), tuple(key for key in TABS if key.command in labels())),
        (tr("Window"), tuple(key for key in WINDOW if key.command in labels())),
        (tr("This chat"), CHAT),
    )


def native(sequence: str) -> str:
    """Return a sequence as this system writes it, without plus signs: ``Ctrl Shift C``."""
    if sequence == "Ctrl+1":
        return f"{native('Ctrl+N')[:-1]}1–9"
    text = QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("Return", "Enter").replace("+", " ")


def hint(command: str) -> str:
    """Return the first sequence of a command, as this system writes it."""
    return native(next(key for key in KEYS if key.command == command).sequences[0])


class Shortcuts(QObject):
    """Binds commands to their keys in one window.

    Args:
        window: where the keys work.
        commands: what each does, by name; every bound key needs one.
    """

    def __init__(self, window: QWidget, commands: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(window)
        self._chat: list[QShortcut] = []
        for key in KEYS:
            if not key.bound:
                continue
            shortcut = QShortcut(window)
            shortcut.setKeys([QKeySequence(sequence) for sequence in key.sequences])
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(commands[key.command])
            if not key.everywhere:
                self._chat.append(shortcut)

    def set_chat_visible(self, visible: bool) -> None:
        """Let the keys of the chats work, or not: they sleep while a full-window page is open."""
        for shortcut in self._chat:
            shortcut.setEnabled(visible)
