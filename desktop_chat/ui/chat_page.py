"""One tab: the transcript of a session, what the window has to say, and the composer."""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_chat.chat.explain import Tone, explain_error
from desktop_chat.chat.model_choice import ModelShelf
from desktop_chat.chat.sent_parameters import ALL as ALL_PARAMETERS
from desktop_chat.chat.sent_parameters import sent_parameters
from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import (
    BranchChanged,
    ConversationChanged,
    MessageAdded,
    MessageAnswered,
    MessageDelta,
    MessageFiles,
    MessageFinished,
    MessageNotice,
    MessageReopened,
    MessagesLoaded,
    RunningChanged,
    SavingFailed,
    SavingRecovered,
    SessionEvent,
)
from desktop_chat.core.attachments import Attachment
from desktop_chat.core.errors import ChatError, ErrorInfo
from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import DEMO_SERVICE_ID
from desktop_chat.core.messages import ChatOptions, Draft, Message, Role
from desktop_chat.core.services import Service
from desktop_chat.ui.attaching import Attaching
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.chat_cost import ChatCost
from desktop_chat.ui.chat_options import effective, fitted, remember
from desktop_chat.ui.composer import WIDTH, Composer
from desktop_chat.ui.message_actions import MessageActions
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeArea, NoticeBoard, NoticeText
from desktop_chat.ui.parameters import ParametersDialog
from desktop_chat.ui.reading import Reading
from desktop_chat.ui.transcript.find.find_bar import FindBar
from desktop_chat.ui.transcript.view import TranscriptView
from desktop_chat.ui.transcript.write import explain_write
from desktop_chat.ui.welcome import FirstRun, StartPage

_DRAFT_DELAY_MS: Final = 500
_SCHEMES: Final = frozenset({"http", "https", "mailto"})


class ChatPage(QWidget):
    """Binds a session to its widgets.

    Args:
        neighbours: what the window is built upon.
        session: the conversation.
        board: the notices of the window.
        parent: the tabs.
    """

    settings_requested = Signal(str, bool)
    """A service's id, and whether its key is what is asked for; "" and True add a service at an
    address of one's own.
    """
    return_requested = Signal()
    """What was to be done elsewhere is done: show this page."""

    def __init__(
        self,
        neighbours: Neighbours,
        session: ChatSession,
        board: NoticeBoard,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._near = neighbours
        self._theme = neighbours.theme
        self._editing = ""
        self._set_aside = ""
        self._kept_draft = Draft()
        self._sending = False
        self._left = False
        self._awaits_key = ""
        self._notices = NoticeBoard(self)
        self._shelf = ModelShelf(neighbours.settings)
        self.transcript = TranscriptView(self._theme)
        Reading(self.transcript, neighbours.settings, neighbours.bridge)
        self.find_bar = FindBar(self.transcript)
        self.cost = ChatCost(neighbours.bridge.start, session, self)
        self.attaching = Attaching(
            neighbours, session, self, lambda: self.composer.isVisibleTo(self)
        )
        self.composer = Composer(self._theme, files=self.attaching.files)
        self.start = StartPage(self._theme)
        self.first_run = FirstRun(self._theme, neighbours.bridge, neighbours.settings)
        self.notice_area = NoticeArea(self._theme, (board, self._notices))
        self._pages = QStackedWidget()
        self.deeds = MessageActions(neighbours, self, self._run)
        self._draft_pause = QTimer(self, interval=_DRAFT_DELAY_MS, singleShot=True)
        self._lay_out()
        self._connect()
        self.retranslate()
        self.services_changed()
        self._run(self._open(), "open chat")

    def _lay_out(self) -> None:
        for page in (self.transcript, self.start, self.first_run):
            self._pages.addWidget(page)
        self._foot = QWidget()
        middle = QWidget()
        middle.setMaximumWidth(WIDTH)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.notice_area)
        column.addWidget(self.composer)
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(12, 8, 12, 16)
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self._foot)

    def _connect(self) -> None:
        near = self._near
        Relay(self.session.subscribe, self).received.connect(self._receive)
        Relay(near.setup.subscribe, self).received.connect(self._key_saved)
        Relay(near.lists.subscribe, self).received.connect(lambda _service: self._show_lists())
        self._theme.changed.connect(self.update)
        view, composer = self.transcript, self.composer
        view.action_requested.connect(self.deeds.act)
        view.use_requested.connect(self._use)
        view.paints = lambda: bool(self.deeds.painters())
        self.attaching.serve(view)
        composer.attach_requested.connect(self.attaching.pick)
        view.sibling_requested.connect(
            lambda message, step: self._run(self.session.show_sibling(message, step), "sibling")
        )
        view.texts_needed.connect(lambda ids: self._run(self._load(ids), "load texts"))
        view.search.texts_needed.connect(
            lambda ids: self._run(self._bring_texts(ids), "search texts")
        )
        view.link_activated.connect(self._open_link)
        view.write_failed.connect(self._tell_unwritten)
        view.page.images.wanted.connect(lambda url: self._run(self._fetch(url), "fetch image"))
        view.set_service_tiles(self._tile)
        composer.submitted.connect(self._submit)
        composer.stop_requested.connect(self.stop)
        composer.text_changed.connect(self._draft_pause.start)
        self.attaching.files.changed.connect(self._draft_pause.start)
        composer.model_chosen.connect(self._choose_model)
        composer.set_shelf(self._shelf)
        composer.thinking_chosen.connect(self._choose_thinking)
        composer.edit_last_requested.connect(self.edit_last)
        composer.lists_wanted.connect(self._want_lists)
        composer.mend_requested.connect(self._mend_list)
        composer.add_service_requested.connect(lambda: self.settings_requested.emit("", False))
        self._draft_pause.timeout.connect(self.keep_draft)
        self.start.template_chosen.connect(self._use_template)
        self.start.model_requested.connect(composer.open_model_picker)
        self.start.add_service_requested.connect(lambda: self.settings_requested.emit("", False))
        self.first_run.demo_requested.connect(self.choose_demo)
        self.first_run.service_requested.connect(
            lambda service: self.settings_requested.emit(service, True)
        )

    def retranslate(self) -> None:
        """Set every sentence anew."""
        self.setAccessibleName(tr("Chat"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.tokens.canvas)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll the messages by the keys that the box has no use for."""
        if self._pages.currentWidget() is not self.transcript:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.transcript.keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            self.transcript.scroll_to_end()
        elif event.matches(QKeySequence.StandardKey.MoveToStartOfDocument):
            self.transcript.scroll_to(0)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the messages with the pointer over the box, too."""
        if self._pages.currentWidget() is self.transcript and event.angleDelta().y():
            self.transcript.wheelEvent(event)
        else:
            super().wheelEvent(event)

    # What the window asks for

    @property
    def empty(self) -> bool:
        """Whether nothing was asked or typed here yet: the tab can be used for another chat."""
        begun = self.session.conversation.leaf_id is not None
        return not (begun or self.composer.text().strip() or self.attaching.files.chosen)

    def focus_composer(self) -> None:
        """Put the caret where one types, or on the first way to begin."""
        if self.composer.isVisibleTo(self):
            self.composer.focus_input()
        else:
            self.first_run.focus_first()

    def show_message(self, message_id: str) -> None:
        """Scroll to a message, once the conversation is there."""
        self._run(self._go_to(message_id), "show message")

    async def _go_to(self, message_id: str) -> None:
        await self.session.open()
        if not self._left:
            self.transcript.scroll_to_message(message_id)

    def open_find(self) -> None:
        """Let something be looked for in the messages: what is selected, to begin with."""
        if self._pages.currentWidget() is self.transcript:
            self.find_bar.open()

    def find_step(self, direction: int) -> None:
        """Go to the next match (1) or the one before (-1) of what is looked for."""
        if self._pages.currentWidget() is self.transcript:
            self.find_bar.step(direction)

    async def _bring_texts(self, ids: Sequence[str]) -> None:
        """Give the search texts that are not loaded; they are kept nowhere."""
        texts: Sequence[Message] = ()
        try:
            texts = await self.session.texts(ids)
        finally:
            if not self._left:
                self.transcript.search.supply(ids, texts)

    def choose_demo(self) -> None:
        """Ask the demo service from now on."""
        demo = self._near.catalogue.service(DEMO_SERVICE_ID)
        if demo is not None:
            self._choose_model(demo.id, demo.default_model)

    def open_parameters(self) -> None:
        """Let this chat's system prompt, sampling, length and context be chosen."""
        found = self._effective()
        preview = self._near.setup.preview
        sent = sent_parameters(preview, *found) if found is not None else ALL_PARAMETERS
        dialog = ParametersDialog(self._theme, self, self.session.conversation.options, sent)
        dialog.chosen.connect(
            lambda options: self._run(self.session.set_options(options), "chat parameters")
        )
        dialog.open()

    def escape(self) -> bool:
        """Close the find bar, or else stop the answer, or else end editing; False when there was
        none of these.
        """
        if self.find_bar.isVisible():
            self.find_bar.shut_down()
            return True
        if self.session.running:
            self.stop()
            return True
        if self._editing:
            self._end_editing()
            return True
        return False

    def stop(self) -> None:
        """Stop the answer; what arrived stays."""
        self._run(self.session.stop(), "stop")

    def regenerate_last(self) -> None:
        """Ask the last question again; the present answer stays beside the new one."""
        answers = [item for item in self.session.branch() if item.role is Role.ASSISTANT]
        if answers and not self.session.running:
            self._run(self.regenerate(answers[-1].id), "regenerate")

    def edit_last(self) -> None:
        """Put the last question into the composer."""
        questions = [item for item in self.session.branch() if item.role is Role.USER]
        if questions and not self.session.running:
            self._run(self.edit(questions[-1].id), "edit")

    def leave(self) -> None:
        """The tab closes: save what is typed, and let what is under way end without the page."""
        self.keep_draft()
        self._left = True
        self.attaching.leave()
        self.cost.leave()

    def keep_draft(self) -> None:
        """Have what is typed and chosen saved in the background, if it is not what it was: an empty
        box whose draft is still on its way must not wipe it, nor what another window saved.

        While an earlier question is edited the draft is what was set aside.
        """
        self._draft_pause.stop()
        text = self._set_aside if self._editing else self.composer.text()
        files = self.attaching.for_draft(bool(self._editing))
        draft = Draft.of(text, files)
        if draft != self._kept_draft:
            self._kept_draft = draft
            self.session.keep_draft(text, files)

    # The session

    def _run(self, work: Coroutine[Any, Any, object], name: str) -> None:
        self._near.bridge.start(self._guarded(work), name)

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except ChatError as error:
            if not self._left:
                self._tell(error.info)

    async def _load(self, ids: list[str]) -> None:
        try:
            await self.session.load(ids)
        except ChatError:
            self.transcript.texts_missed(ids)
            raise

    def _tell(self, error: ErrorInfo) -> None:
        """Show a failure that has no place in the transcript."""

        def make() -> NoticeText:
            what = explain_error(error)
            return NoticeText(what.tone, what.icon, what.title, what.cause)

        self._notices.put("failure", make)

    def _tell_unwritten(self, name: str, error: OSError) -> None:
        def make() -> NoticeText:
            return NoticeText(Tone.DANGER, "warning-circle", *explain_write(name, error))

        self._notices.put("file", make)

    async def _open(self) -> None:
        await self.session.open()
        draft = await self.session.draft()
        if self._left:
            return
        self._bring_back(draft)
        self.cost.read()
        if (error := self.session.saving_error) is not None:
            self._receive(SavingFailed(error))
        self._show_running(self.session.running)

    def _bring_back(self, draft: Draft) -> None:
        """Put a draft into the box, before what was typed since."""
        if draft in (Draft(), self._kept_draft):
            return
        if self._kept_draft == Draft():
            self._kept_draft = draft
        self.attaching.files.add_stored(draft.files)
        typed = self.composer.text()
        if draft.text:
            self.composer.set_text(f"{draft.text}\n{typed}" if typed else draft.text)

    def _receive(self, event: SessionEvent) -> None:
        match event:
            case RunningChanged(running):
                self._show_running(running)
            case ConversationChanged():
                self._show_options()
            case SavingFailed(error):
                self._tell_saving(error)
            case SavingRecovered():
                self._notices.remove("saving")
            case _:
                self._show_event(event)

    def _show_event(self, event: SessionEvent) -> None:
        view = self.transcript
        match event:
            case MessageDelta(message_id, delta):
                view.apply_delta(message_id, delta)
            case BranchChanged(branch):
                view.set_branch(branch, self.session.siblings)
                self._show_page()
            case MessagesLoaded(messages):
                view.supply(messages)
            case MessageAdded(message):
                view.add_message(message)
                self._show_page()
            case MessageReopened(message):
                view.reopen_message(message)
            case MessageFiles():
                self.attaching.show(view, event)
            case MessageAnswered(message):
                view.files.answered(message)
            case MessageNotice(message_id, notice):
                view.set_notice(message_id, notice)
            case MessageFinished(message):
                view.finish_message(message)

    def _show_running(self, running: bool) -> None:
        self.composer.set_running(running)

    def _tell_saving(self, error: ErrorInfo) -> None:
        def make() -> NoticeText:
            what = explain_error(error)
            return NoticeText(
                what.tone,
                what.icon,
                what.title,
                what.cause,
                (
                    (tr("Copy the answer"), self.transcript.copy_last_answer),
                    (tr("Try again"), self._retry_saving),
                ),
                closable=False,
            )

        self._notices.put("saving", make)

    def _retry_saving(self) -> None:
        self._run(self.session.retry_saving(), "save again")

    # Asking

    def _submit(self, text: str) -> None:
        if not self._sending:
            self._sending = True
            self._run(self._send(text), "send")

    async def _send(self, text: str) -> None:
        """Send, and clear the box only when the question is safe."""
        editing = self._editing
        files = self.attaching.files.ready()
        try:
            await self._settle_options()
            if editing:
                await self.session.edit(editing, text, files)
            else:
                await self.session.send(text, files)
        finally:
            self._sending = False
        if self._left:
            if not editing:
                self.session.keep_draft("")
            return
        self._notices.remove("failure")
        self.attaching.sent(files)
        if editing:
            self._end_editing()
        elif self.composer.text().strip() == text.strip():
            self.composer.clear()
        self.keep_draft()
        self.transcript.scroll_to_end()

    async def edit(self, message_id: str) -> None:
        """Put a question and its files into the composer; its answer will be another branch.

        Raises:
            ChatError: it could not be read.
        """
        message = self.message(message_id)
        if message is None:
            await self.session.load([message_id])
            message = self.message(message_id)
        if message is None or self._left:
            return
        if not self._editing:
            self._set_aside = self.composer.text()
            self.attaching.set_aside()
        self._editing = message_id
        self.attaching.edit(message.attachments)
        self._notices.put("editing", self._editing_notice)
        self.composer.set_text(message.text)
        self.composer.focus_input()

    def _editing_notice(self) -> NoticeText:
        return NoticeText(
            Tone.NEUTRAL,
            "pencil-simple",
            tr("Editing a question"),
            tr("The earlier one stays beside it."),
            ((tr("Cancel editing"), self._end_editing),),
            closable=False,
        )

    def _end_editing(self) -> None:
        self._editing = ""
        self._notices.remove("editing")
        self.composer.set_text(self._set_aside)
        self._set_aside = ""
        self.attaching.bring_back()
        self.composer.focus_input()

    def message(self, message_id: str) -> Message | None:
        """Return a message of the visible branch, or None while its text is not here."""
        for item in self.session.branch():
            if item.id == message_id and isinstance(item, Message):
                return item
        return None

    def _use_template(self, text: str) -> None:
        self.composer.set_text(text)
        self.composer.focus_input()

    # Cards, links, images

    async def _fetch(self, url: str) -> None:
        """Bring an image that the reader has asked for."""
        images = self.transcript.page.images
        try:
            data = await self._near.pictures.fetch(url)
        except ChatError as error:
            if not self._left:
                images.fail(url, error.info)
        else:
            if not self._left:
                images.supply(url, data)

    async def regenerate(self, message_id: str, *, fresh: bool = False) -> None:
        """Ask the question of an answer again.

        Args:
            message_id: the answer.
            fresh: whether an answer from the cache is not wanted.

        Raises:
            ChatError: as for ``ChatSession.regenerate``.
        """
        if not self._model():
            self.composer.open_model_picker()
            return
        await self._settle_options()
        await self.session.regenerate(message_id, fresh=fresh)

    def ask_for_key(self, service_id: str) -> None:
        """Have a key entered in the settings, and come back when it is there."""
        self._awaits_key = service_id
        self.settings_requested.emit(service_id, True)

    def _use(self, file: Attachment) -> None:
        """Let a picture of an answer go with the next question."""
        self.attaching.files.add_stored([file])
        self.composer.focus_input()

    def _open_link(self, address: str) -> None:
        url = QUrl(address)
        if url.scheme().lower() in _SCHEMES:
            QDesktopServices.openUrl(url)

    def forget_key_wait(self) -> None:
        """The settings were left without a new key."""
        self._awaits_key = ""

    def _key_saved(self, service_id: str) -> None:
        """Come back to the message that the key was asked for; the sessions send it again."""
        if self._awaits_key == service_id:
            self._awaits_key = ""
            self.return_requested.emit()

    # Services, model, thinking

    def _effective(self) -> tuple[Service, ChatOptions] | None:
        near = self._near
        return effective(self.session.conversation, near.setup.usable(), near.settings)

    def _model(self) -> str:
        """Return the model that is asked; "" while none is chosen."""
        found = self._effective()
        return "" if found is None else found[1].model

    def _want_lists(self) -> None:
        """Fetch the lists of services of which no model can be offered."""
        for service in self._near.setup.usable():
            if self._near.lists.lacks(service):
                self._near.lists.fetch(service)

    def _show_lists(self) -> None:
        usable = self._near.setup.usable()
        lists = self._near.lists
        self.composer.set_lists({item.id: lists.state(item.id) for item in usable})

    def _mend_list(self, service_id: str) -> None:
        """Do what may help where a list could not be fetched."""
        service = self._near.catalogue.service(service_id)
        if self._near.lists.state(service_id).wants_key:
            self.settings_requested.emit(service_id, True)
        elif service is not None:
            self._near.lists.fetch(service)

    async def _settle_options(self) -> None:
        """Write into the conversation what it asks with, so that a later default changes it not."""
        found = self._effective()
        if found is not None:
            self._shelf.note_used(found[0].id, found[1].model)
        if found is not None and found[1] != self.session.conversation.options:
            await self.session.set_options(found[1])

    def services_changed(self) -> None:
        """Offer the services that are set up now."""
        self.composer.set_services(self._near.setup.usable())
        self._show_lists()
        self.first_run.set_services(
            [item for item in self._near.catalogue.services() if item.id != DEMO_SERVICE_ID]
        )
        self._show_options()
        self._show_page()

    def _show_options(self) -> None:
        found = self._effective()
        if found is None:
            return
        service, options = found
        self.composer.set_model(service.id, options.model)
        thinking = service.model(options.model).thinking
        self.composer.set_thinking(thinking, options.thinking, options.effort)
        self.start.set_demo(service.id == DEMO_SERVICE_ID)
        self.start.set_lacks_model(not options.model)

    def _show_page(self) -> None:
        ready = self._effective() is not None
        begun = self.session.conversation.leaf_id is not None
        if begun:
            self._pages.setCurrentWidget(self.transcript)
        else:
            self._pages.setCurrentWidget(self.start if ready else self.first_run)
        self._foot.setVisible(ready or begun)
        self.composer.set_follow_up(begun)

    def _choose_model(self, service_id: str, model_id: str) -> None:
        found = self._effective()
        options = found[1] if found else self.session.conversation.options
        service = self._near.catalogue.service(service_id)
        if service is not None:
            chosen = replace(options, service_id=service_id, model=model_id)
            # At once: an Enter that follows must find it.
            self.composer.set_model(service_id, model_id)
            self._choose(fitted(service, chosen), writes=True)

    def _choose_thinking(self, thinking: bool | None, effort: str) -> None:
        found = self._effective()
        if found is not None:
            self._choose(replace(found[1], thinking=thinking, effort=effort))

    def _choose(self, options: ChatOptions, *, writes: bool = False) -> None:
        remember(self._near.settings, options)
        self._run(self._take_options(options, writes), "options")

    async def _take_options(self, options: ChatOptions, writes: bool) -> None:
        await self.session.set_options(options)
        if self._left:
            return
        self._show_options()
        self._show_page()
        if writes:
            self.focus_composer()

    def _tile(self, service_id: str) -> tuple[str, str]:
        service = self._near.catalogue.service(service_id)
        return (service.monogram, service.colour) if service else ("", "")
