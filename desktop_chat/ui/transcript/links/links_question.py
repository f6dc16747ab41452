"""The question before a link is opened that may deceive."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.links.links import Doubt, target_of, visible

_MOST: Final = 400
"""More of an address or of a text is not shown."""
_BREAK: Final = "\u200b"
_RUN: Final = 24


def reason(doubt: Doubt) -> str:
    """Return why is asked, as a sentence."""
    return {
        Doubt.OTHER_HOST: tr("The text of the link names another site than the one it goes to."),
        Doubt.LOOKALIKE: tr("The name of the site has letters that look like other letters."),
        Doubt.USER: tr("What stands before the @ is not the site. The site is what follows it."),
        Doubt.ODD: tr("The address is written so that programs may read another site from it."),
    }[doubt]


def _broken(text: str) -> str:
    """Return a text whose lines may break anywhere, cut where it is too long."""
    text = text if len(text) <= _MOST else f"{text[:_MOST]}…"
    parts = []
    run = 0
    for mark in text:
        parts.append(mark)
        run = 0 if mark.isspace() else run + 1
        if mark in "/?&=." or run >= _RUN:
            parts.append(_BREAK)
            run = 0
    return "".join(parts)


class LinkQuestion(Dialog):
    """Shows what the link says and where it goes; open, copy the address, or leave it.

    Args:
        theme: colours and fonts.
        parent: the view.
        href: where the link goes.
        text: what it says, or "".
        doubt: why is asked.
    """

    def __init__(self, theme: Theme, parent: QWidget, href: str, text: str, doubt: Doubt) -> None:
        super().__init__(
            theme, parent, tr("Open this address?"), reason(doubt), tr("Open"), danger=True
        )
        self._href = href
        target = target_of(href)
        shown = visible(href)
        self.site = target.shown if target is not None else ""
        if target is not None:
            shown = target.before + target.shown + target.after
        if text:
            self._add(tr("The link says"), text)
        if self.site and doubt is not Doubt.ODD:
            self._add(tr("It goes to the site"), self.site, bold=True)
        self._add(tr("The whole address"), shown)
        self.copy_button = Button(theme, tr("Copy address"), kind="quiet")
        self.copy_button.clicked.connect(self._copy)
        self.buttons.insertWidget(self.buttons.indexOf(self.confirm_button), self.copy_button)

    def _add(self, name: str, text: str, *, bold: bool = False) -> None:
        self.body.addWidget(Label(self.theme, name, pixels=12, ink="text3"))
        shown = Label(self.theme, _broken(text), bold=bold, mono=not bold, wrap=True)
        font = shown.font()
        for tag in ("calt", "liga"):
            # Every character for itself.
            font.setFeature(QFont.Tag(tag), 0)
        shown.setFont(font)
        shown.setAccessibleName(f"{name}: {text[:_MOST]}")
        self.body.addWidget(shown)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._href)
        self.reject()

    def _focus_first(self) -> None:
        # Enter must not open it unread.
        self.cancel_button.setFocus(Qt.FocusReason.TabFocusReason)
