"""What is asked for at a message: by the buttons of its cards, its footer, its header."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices

from desktop_chat.chat.explain import Action
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.messages import Message
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.request_dialog import show_request

if TYPE_CHECKING:
    from desktop_chat.ui.chat_page import ChatPage

_MOST: Final = 12
"""So many models are offered in a menu."""


class Painter(NamedTuple):
    """A model that makes pictures."""

    service_id: str
    model: str
    title: str


class MessageActions:
    """Does what a press at a message asks for.

    Args:
        neighbours: what the window is built upon.
        page: the chat.
        run: starts a coroutine under a name, and tells what goes wrong.
    """

    def __init__(
        self,
        neighbours: Neighbours,
        page: ChatPage,
        run: Callable[[Coroutine[Any, Any, object], str], None],
    ) -> None:
        self._near = neighbours
        self._page = page
        self._run = run
        self._offered: tuple[list[Service], str, list[Painter]] = ([], "", [])
        composer = page.composer
        self._deeds: Mapping[str, Callable[[str], object]] = {
            Action.RETRY: self._again,
            Action.REGENERATE: self._again,
            "fresh": lambda name: run(page.regenerate(name, fresh=True), "ask anew"),
            Action.CONTINUE: lambda name: run(page.session.continue_answer(name), "continue"),
            Action.RAISE_LIMIT: lambda name: run(self._raise_limit(name), "raise limit"),
            Action.RETRY_NOW: lambda _name: page.session.retry_now(),
            Action.CANCEL: lambda _name: page.stop(),
            Action.STOP: lambda _name: page.stop(),
            Action.UPDATE_KEY: lambda name: page.ask_for_key(self._service(name)),
            Action.OPEN_SETTINGS: lambda name: page.settings_requested.emit(
                self._service(name), False
            ),
            Action.CHANGE_MODEL: lambda _name: composer.open_model_picker(),
            Action.OPEN_SITE: lambda name: self._open_site(self._service(name)),
            Action.COPY: lambda name: page.transcript.copy_message(name),
            "edit": lambda name: run(page.edit(name), "edit"),
            "request": lambda name: run(
                show_request(neighbours, page, page.session, name), "show request"
            ),
            "picture": self.choose_painter,
        }

    def act(self, message_id: str, action: str) -> None:
        """Do what was pressed at a message; nothing for an action that is none."""
        deed = self._deeds.get(action)
        if deed is not None:
            deed(message_id)

    def _service(self, message_id: str) -> str:
        message = self._page.message(message_id)
        chosen = self._page.session.conversation.options.service_id
        return message.service_id if message else chosen

    def _again(self, message_id: str) -> None:
        message = self._page.message(message_id)
        # Asking the same again would find the same in the cache.
        fresh = isinstance(message, Message) and message.cached_at is not None
        self._run(self._page.regenerate(message_id, fresh=fresh), "regenerate")

    async def _raise_limit(self, message_id: str) -> None:
        """Allow twice the tokens, or what the model can write, and go on."""
        session = self._page.session
        options = session.conversation.options
        limit = options.max_tokens
        await session.set_options(replace(options, max_tokens=None if limit is None else limit * 2))
        await session.continue_answer(message_id)

    def _open_site(self, service_id: str) -> None:
        service = self._near.catalogue.service(service_id)
        url = QUrl(service.site if service else "")
        if url.scheme() == "https":
            QDesktopServices.openUrl(url)

    # A picture of an answer

    def painters(self) -> list[Painter]:
        """Return the models that make pictures, of the services that are set up.

        It is asked at every painting, and a service may have hundreds of models.
        """
        services, spoken = self._near.setup.usable(), language()
        before = self._offered
        same = len(services) == len(before[0]) and all(map(is_, services, before[0]))
        if not same or spoken != before[1]:
            self._offered = (services, spoken, self._find(services))
        return self._offered[2]

    @staticmethod
    def _find(services: Sequence[Service]) -> list[Painter]:
        found = []
        for service in services:
            title = service.title(language())
            found += [
                Painter(service.id, model.id, f"{model.id}  {title}")
                for model in service.models
                if model.makes == "image" and model.enabled
            ]
        return found

    def choose_painter(self, message_id: str) -> Menu | None:
        """Have a picture made of an answer; where several models make some, let one be chosen."""
        found = self.painters()
        if len(found) == 1:
            self._paint(message_id, found[0])
        if len(found) < 2:
            return None
        view = self._page.transcript
        menu = Menu(self._near.theme, view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(tr("Make a picture of this"))
        for painter in found[:_MOST]:
            menu.add(painter.title, "image", slot=self._painting(message_id, painter))
        view.deeds.open_menu(menu)
        return menu

    def _painting(self, message_id: str, painter: Painter) -> Callable[[], None]:
        return lambda: self._paint(message_id, painter)

    def _paint(self, message_id: str, painter: Painter) -> None:
        work = self._page.session.picture_of(message_id, painter.service_id, painter.model)
        self._run(work, "picture of answer")
