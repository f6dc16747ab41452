"""One conversation: its visible branch, and the turns that make it longer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from desktop_chat.chat.asking import check_question, new_answer, new_question, title_for
from desktop_chat.chat.branches import FIRST_LOAD_CHARS, FIRST_LOAD_MESSAGES, Branches
from desktop_chat.chat.listeners import subscription
from desktop_chat.chat.preparing import Plan, Preparing, SessionPorts, picture_prompt
from desktop_chat.chat.saver import Saver
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
from desktop_chat.chat.traces import Traces
from desktop_chat.chat.turn import Prepared, Turn
from desktop_chat.core.attachments import Attached, Attachment
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    Answered,
    ImagePart,
    Notice,
    NoticeKind,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
)
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import (
    ChatOptions,
    Conversation,
    Draft,
    Message,
    MessageHead,
    MessageState,
    MessageTree,
    Role,
)
from desktop_chat.core.ports import Unsubscribe
from desktop_chat.core.trace import Trace, TraceRequest

_SAVE_PATIENCE: Final = 8.0
"""Seconds that a question waits for a disk that hangs before it is sent unsaved: longer than the
store waits for another program that has locked the database.
"""
_KEY_ERRORS: Final = (ErrorKind.NO_KEY, ErrorKind.AUTHENTICATION)
_VOID_STATES: Final = (MessageState.FAILED, MessageState.STOPPED, MessageState.INTERRUPTED)
_log = logging.getLogger(__name__)


class ChatSession:
    """A conversation that is looked at or that runs. Everything happens on the loop's thread.

    Args:
        conversation: as the store has it, or a new one.
        ports: what it needs.
        changed: called when the conversation's title, options, branch or time changed.
        running_changed: called when a turn began or ended.
        new: the store does not know the conversation yet.
    """

    def __init__(
        self,
        conversation: Conversation,
        ports: SessionPorts,
        *,
        changed: Callable[[Conversation], None],
        running_changed: Callable[["ChatSession", bool], None],
        new: bool = False,
    ) -> None:
        self.conversation = conversation
        self._ports = ports
        self._changed = changed
        self._running_changed = running_changed
        self._kept = Branches(ports.store)
        self._opened = new
        self._opening = asyncio.Lock()
        self._turn: Turn | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._saver = Saver(ports.store, ports.tasks, self._saving)
        self._preparing = Preparing(ports, self._kept.heads, self._kept.whole, self.blob)
        self._starting = False
        self._failed_now: set[str] = set()
        self._traces = Traces()
        self.running_id: str | None = None

    @property
    def running(self) -> bool:
        """Whether an answer is on its way."""
        return self.running_id is not None

    @property
    def saving_error(self) -> ErrorInfo | None:
        """Why the newest changes are not written yet, or None."""
        return self._saver.error

    @property
    def busy(self) -> bool:
        """Whether something happens here that must not be let go of."""
        return self.running or self._starting or self._opening.locked() or self.unsaved

    @property
    def unsaved(self) -> bool:
        """Whether something waits to be written."""
        return self._saver.pending

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Unsubscribe:
        """Call ``listener`` with every event, in order."""
        return subscription(self._listeners, listener)

    def branch(self) -> tuple[Message | MessageHead, ...]:
        """Return the visible branch, first to last; a head is a message not loaded yet."""
        branch: list[Message | MessageHead] = list(map(self._kept.tree.head, self._kept.visible))
        for index, message_id in enumerate(self._kept.visible):
            if message_id in self._kept.texts or message_id == self.running_id:
                branch[index] = self._message(message_id)
        return tuple(branch)

    def siblings(self, message_id: str) -> tuple[int, int]:
        """Return the place of a message among those it stands beside, from 1, and their count."""
        if message_id not in self._kept.tree:
            return 1, 1
        ids = self._kept.tree.siblings(message_id)
        return ids.index(message_id) + 1, len(ids)

    async def open(self) -> None:
        """Load the tree and the newest texts, once; tell ``BranchChanged`` every time.

        Raises:
            StoreError: it could not be read.
        """
        await self._ensure_open()
        self._emit(BranchChanged(self.branch()))

    async def load(self, ids: Sequence[str]) -> None:
        """Load texts, and tell ``MessagesLoaded`` with those that were asked for.

        Raises:
            StoreError: they could not be read.
        """
        await self._kept.fetch(ids)
        known = [self._message(item) for item in ids if item in self._kept.tree]
        loaded = [item for item in known if isinstance(item, Message)]
        if loaded:
            self._emit(MessagesLoaded(tuple(loaded)))

    async def texts(self, ids: Sequence[str]) -> list[Message]:
        """Return messages to look through, without keeping those that are not loaded.

        Raises:
            StoreError: they could not be read.
        """
        return await self._kept.look(ids)

    async def blob(self, key: str) -> bytes | None:
        """Return the bytes of a file of this conversation, or None when they are gone.

        Raises:
            StoreError: they could not be read.
        """
        waiting = self._saver.waiting_blob(key)
        return await self._ports.store.blob(key) if waiting is None else waiting

    async def cost(self) -> dict[str, float]:
        """Return what the answers of all branches have cost, by currency; answers whose cost is
        not known are not in it.

        Raises:
            StoreError: it could not be read.
        """
        return await self._ports.store.cost(self.conversation.id)

    async def send(self, text: str, attachments: Sequence[Attached | Attachment] = ()) -> Message:
        """Show a question and start its turn, which saves the question and an answer row before
        it asks; return the answer row when they are saved.

        When the disk is full the turn runs all the same, and ``SavingFailed`` is told.

        Args:
            text: the question; it may be blank where there are files.
            attachments: its files; one that is in the store already needs no bytes.

        Raises:
            ChatError: INTERNAL with code ``busy`` while an answer is on its way, BAD_REQUEST with
                ``too_many_files``, or what ``open`` raises.
        """
        check_question(text, attachments)
        with self._beginning():
            await self._ensure_open()
            return await self._ask(text, self.conversation.leaf_id, attachments)

    async def edit(
        self,
        message_id: str,
        text: str,
        attachments: Sequence[Attached | Attachment] | None = None,
    ) -> None:
        """Ask another question in place of one; the old one stays as a sibling.

        Args:
            message_id: the old question.
            text: the new one.
            attachments: its files; None keeps those of the old one.

        Raises:
            ChatError: as for ``send``.
        """
        if attachments is not None:
            check_question(text, attachments)
        with self._beginning():
            await self._ensure_open()
            old = await self._kept.need(message_id)
            kept = old.attachments if attachments is None else attachments
            if old.service_id:
                # What the user has written now is no mere label of a model's text.
                kept = [
                    replace(item, generated=False) if isinstance(item, Attachment) else item
                    for item in kept
                ]
            check_question(text, kept)
            await self._ask(text, old.parent_id, kept, old.service_id, old.model)

    async def picture_of(self, answer_id: str, service_id: str, model: str) -> None:
        """Have a picture made of an answer: a new turn below it, whatever the conversation asks.

        Its question is a short label that carries the answer's plain text as a file
        (``generated``); that text alone is the prompt. Asked again, the question goes to the same
        model. Edited, the user's own words go before the answer's.

        Raises:
            ChatError: as for ``send``.
        """
        with self._beginning():
            await self._ensure_open()
            said = await self._kept.need(answer_id)
            file = await picture_prompt(said.text)
            label = tr("A picture of this answer")
            await self._ask(label, answer_id, [file], service_id, model)

    async def regenerate(self, message_id: str, *, fresh: bool = False) -> None:
        """Ask the question of an answer again: a sibling of the answer, which stays.

        An answer at the end of the branch that failed before its first word is asked again in
        its own place. The id of a question gives it another answer.

        Args:
            message_id: the answer or the question.
            fresh: whether an answer from the cache is not wanted.

        Raises:
            ChatError: as for ``send``.
        """
        with self._beginning():
            await self._ensure_open()
            head = self._kept.tree.head(message_id)
            question_id = message_id if head.role is Role.USER else head.parent_id
            if question_id is None:
                raise ValueError("an answer without a question cannot be asked again")
            question = await self._kept.need(question_id)
            answer = self._new_answer(question)
            control = StreamControl(fresh=fresh)
            if await self._is_void(head):
                await self._reopen(
                    Plan(question, replace(answer, id=head.id), self._options), control
                )
            else:
                await self._begin(question, answer, None, control)

    async def continue_answer(self, message_id: str) -> None:
        """Have an answer that was cut written on, in the same message.

        The model that wrote it is asked, while its service exists. An answer that has no text
        yet (thinking took all its tokens) is asked for again.

        Raises:
            ChatError: as for ``send``.
        """
        await self._ensure_open()
        partial = await self._kept.need(message_id)
        if not partial.text:
            await self.regenerate(message_id)
            return
        with self._beginning():
            if partial.parent_id is None:
                raise ValueError("an answer without a question cannot be continued")
            question = await self._kept.need(partial.parent_id)
            answer = replace(
                partial,
                state=MessageState.STREAMING,
                run_id=self._ports.store.run_id,
                reason=None,
                error=None,
            )
            if self._ports.setup.service(answer.service_id) is None:
                now = self._new_answer(question)
                answer = replace(
                    answer,
                    service_id=now.service_id,
                    service_name=now.service_name,
                    model=now.model,
                )
            await self._reopen(Plan(question, answer, self._options, partial), StreamControl())

    async def stop(self) -> None:
        """End the answer on its way, and wait until it is saved."""
        if self._turn is not None:
            self._turn.stop()
        await self.wait()

    def retry_now(self) -> None:
        """End the wait before a retry."""
        if self._turn is not None:
            self._turn.retry_now()

    async def wait(self) -> None:
        """Wait until no turn runs."""
        while self._work:
            await asyncio.wait(set(self._work))

    async def show_sibling(self, message_id: str, step: int) -> None:
        """Show the branch of the message ``step`` places after this one, to its newest end.

        Raises:
            StoreError: its texts could not be read.
        """
        ids = self._kept.tree.siblings(message_id)
        place = min(max(ids.index(message_id) + step, 0), len(ids) - 1)
        if ids[place] == message_id:
            return
        leaf_id = self._kept.tree.newest_leaf(ids[place])
        self.conversation = replace(self.conversation, leaf_id=leaf_id, remote_ids={})
        self._show()
        await self._kept.fetch(self._kept.newest())
        self._emit(BranchChanged(self.branch()))
        await self._save_conversation()

    async def rename(self, title: str) -> None:
        """Give the conversation a title that stays; a blank one brings back its own.

        Raises:
            StoreError: the conversation could not be read.
        """
        await self._ensure_open()
        title = " ".join(title.split())
        own = title or await self._own_title()
        self.conversation = replace(self.conversation, title=own, titled_by_user=bool(title))
        self._tell_conversation()
        await self._save_conversation()

    async def set_options(self, options: ChatOptions) -> None:
        """Choose what later questions are asked with.

        Raises:
            StoreError: the conversation could not be read.
        """
        # Else an opening on its way would bring the older options back.
        await self._ensure_open()
        if options != self.conversation.options:
            if options.system != self.conversation.options.system:
                # A service that keeps the conversation would go on with the old one.
                self.conversation = replace(self.conversation, remote_ids={})
            self.conversation = replace(self.conversation, options=options)
            self._tell_conversation()
            await self._save_conversation()

    async def draft(self) -> Draft:
        """Return what was typed and chosen and not sent; ``blob`` has the bytes of its files.

        Raises:
            StoreError: it could not be read.
        """
        waiting = self._saver.waiting_draft
        if waiting is not None:
            return waiting
        return await self._ports.store.draft(self.conversation.id)

    def keep_draft(self, text: str, files: Sequence[Attached | Attachment] = ()) -> None:
        """Keep what was typed and chosen; "" without files forgets it. It is written soon, after
        all that happened before it; a failure is told as ``SavingFailed``.
        """
        self._saver.keep_draft(self.conversation.id, text, files)

    async def retry_saving(self) -> None:
        """Try again now what could not be written."""
        await self._saver.retry()

    def waiting_for_key(self, service_id: str) -> str | None:
        """Return the id of an answer at the end of the branch that a service refused in this run
        for want of a good key; it is asked again when there is one.
        """
        if self.running or self._starting or not self._kept.visible:
            return None
        last = self._message(self._kept.visible[-1])
        refused = (
            isinstance(last, Message)
            and last.id in self._failed_now
            and last.service_id == service_id
            and last.error is not None
            and last.error.kind in _KEY_ERRORS
        )
        return last.id if refused else None

    def trace(self, message_id: str) -> Trace | None:
        """Return what went over the wire for an answer of this run, while that is kept."""
        return self._traces.get(message_id)

    async def rebuilt_request(self, message_id: str) -> TraceRequest:
        """Return what would be sent now to get an answer: for those of earlier runs.

        Raises:
            ChatError: it could not be read, or its service is gone.
        """
        await self._ensure_open()
        answer = await self._kept.need(message_id)
        question = await self._kept.need(answer.parent_id or "")
        plan = Plan(question, answer, self._options)
        service, request, _omitted = await self._preparing.request(plan)
        # Files may make it large.
        return await asyncio.to_thread(self._ports.setup.preview, service, request)

    # -- beginnings ---------------------------------------------------------------------------

    @contextmanager
    def _beginning(self) -> Iterator[None]:
        if self.running or self._starting:
            raise ChatError(ErrorInfo(ErrorKind.INTERNAL, code="busy"))
        self._starting = True
        try:
            yield
        finally:
            self._starting = False

    @property
    def _options(self) -> ChatOptions:
        return self.conversation.options

    async def _ask(
        self,
        text: str,
        parent_id: str | None,
        files: Sequence[Attached | Attachment],
        service_id: str = "",
        model: str = "",
    ) -> Message:
        question = new_question(
            self.conversation.id, parent_id, text, files, service_id=service_id, model=model
        )
        answer = self._new_answer(question)
        new = [item for item in files if isinstance(item, Attached)]
        await self._begin(question, answer, new, StreamControl())
        return answer

    def _new_answer(self, question: Message) -> Message:
        ports = self._ports
        return new_answer(question, self._options, ports.setup, ports.store.run_id)

    async def _begin(
        self,
        question: Message,
        answer: Message,
        files: Sequence[Attached] | None,
        control: StreamControl,
    ) -> None:
        """Show a new answer, with its question if that is new (``files`` are its files then; None
        is for one that is there already), and start its turn; return when its beginning is saved.
        """
        new = None if files is None else question
        at_end = new is not None and question.parent_id == self._kept.last()
        before = self.conversation
        # A service's own conversation holds this branch up to here, and nothing else. It is not
        # known what it holds while it answers, or when it fails.
        remote_id = before.remote_ids.get(answer.service_id, "") if at_end else ""
        conversation = replace(
            before, leaf_id=answer.id, updated_at=answer.created_at, remote_ids={}
        )
        if new is not None and not conversation.title:
            conversation = replace(conversation, title=title_for(question))
        self.conversation = conversation
        for message in (new, answer):
            if message is not None:
                self._kept.add(message)
        self._show()
        self._tell_conversation()
        if at_end:
            self._emit(MessageAdded(question))
            self._emit(MessageAdded(answer))
        else:
            self._emit(BranchChanged(self.branch()))
        plan = Plan(question, answer, self._options, remote_id=remote_id)
        await self._run(plan, control, self._saver.begin(conversation, new, answer, files or ()))

    async def _reopen(self, plan: Plan, control: StreamControl) -> None:
        """Show an answer that goes on, and start its turn; return when that is saved."""
        answer = plan.answer
        self._kept.add(answer)
        self.conversation = replace(self.conversation, updated_at=time.time(), remote_ids={})
        self._tell_conversation()
        self._emit(MessageReopened(answer))
        await self._run(plan, control, self._save_reopened(answer))

    async def _save_reopened(self, answer: Message) -> None:
        await self._saver.reopen(answer)
        await self._save_conversation()

    # -- a turn --------------------------------------------------------------------------------

    async def _run(
        self, plan: Plan, control: StreamControl, save: Coroutine[Any, Any, None]
    ) -> None:
        """Start a turn that asks when its beginning is saved; return at that moment too."""
        answer = plan.answer
        saving = self._ports.tasks.start(save, "save question")

        async def saved() -> None:
            await asyncio.wait({saving}, timeout=_SAVE_PATIENCE)

        async def prepare_saved() -> Prepared:
            await saved()
            return await self._preparing.prepare(plan)

        tasks = self._ports.tasks
        control.trace = self._traces.begin(answer.id)
        turn = Turn(answer, self._hear, saver=self._saver, tasks=tasks, control=control)
        self._turn, self.running_id = turn, answer.id
        self._emit(RunningChanged(True))
        self._running_changed(self, True)
        work = self._ports.tasks.start(self._follow(turn, prepare_saved, plan), "answer")
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        await saved()

    async def _follow(
        self, turn: Turn, prepare: Callable[[], Awaitable[Prepared]], plan: Plan
    ) -> None:
        try:
            await turn.run(prepare)
            await self._keep_remote_id(turn, plan)
        finally:
            message = turn.snapshot()
            for item in (message, *turn.beside()):
                self._kept.add(item)
            self._turn, self.running_id = None, None
            if message.state is MessageState.FAILED:
                self._failed_now.add(message.id)
            if message.id in self._kept.visible:
                self._emit(MessageFinished(message))
            self._emit(RunningChanged(False))
            self._running_changed(self, False)

    async def _keep_remote_id(self, turn: Turn, plan: Plan) -> None:
        """Keep the service's own id of the conversation while it is known to hold this branch."""
        message = turn.snapshot()
        same = message.service_id == plan.answer.service_id
        remote_id = turn.remote_id or (plan.remote_id if same else "")
        done = message.state is MessageState.DONE and self.conversation.leaf_id == message.id
        # The system prompt may have been changed meanwhile; the service has the old one.
        if remote_id and done and plan.options.system == self._options.system:
            remote_ids = {message.service_id: remote_id}
            self.conversation = replace(self.conversation, remote_ids=remote_ids)
            self._tell_conversation()
            saving = self._ports.tasks.start(self._save_conversation(), "save remote id")
            await asyncio.wait({saving}, timeout=_SAVE_PATIENCE)

    def _hear(self, event: StreamEvent) -> None:
        running = self.running_id
        if running is None or running not in self._kept.visible_set:
            return
        if isinstance(event, TextDelta | ReasoningDelta):
            self._emit(MessageDelta(running, event))
        elif isinstance(event, ImagePart | Answered) and self._turn is not None:
            message = self._turn.snapshot()
            if isinstance(event, Answered):
                self._emit(MessageAnswered(message))
            else:
                data = {message.attachments[-1].blob: event.data}
                self._emit(MessageFiles(running, message.attachments, data))
        elif isinstance(event, Notice):
            waiting = event.kind is not NoticeKind.CONNECTING
            self._emit(MessageNotice(running, event if waiting else None))

    def _saving(self, error: ErrorInfo | None) -> None:
        self._emit(SavingRecovered() if error is None else SavingFailed(error))

    # -- the tree and its texts ------------------------------------------------------------------

    async def _ensure_open(self) -> None:
        async with self._opening:
            if self._opened:
                return
            saved = await self._ports.store.conversation(self.conversation.id)
            if saved is not None:
                await self._show_end(saved)
                heads = await self._ports.store.heads(saved.id)
                self._kept.tree = MessageTree(heads)
                if heads and (saved.leaf_id is None or saved.leaf_id not in self._kept.tree):
                    newest = max(head.id for head in heads)
                    saved = replace(saved, leaf_id=self._kept.tree.newest_leaf(newest))
                self.conversation = saved
                self._show()
                await self._kept.fetch(self._kept.newest())
            self._opened = True

    async def _show_end(self, saved: Conversation) -> None:
        """Show the end of a long branch before its thousands of heads are read."""
        if saved.leaf_id is None:
            return
        end = await self._ports.store.branch_end(
            saved.leaf_id, count=FIRST_LOAD_MESSAGES, chars=FIRST_LOAD_CHARS
        )
        self._kept.keep(end)
        if end and end[0].parent_id is not None:
            self._kept.tree = MessageTree(message.head() for message in end)
            self.conversation = saved
            self._show()
            self._emit(BranchChanged(self.branch()))

    def _show(self) -> None:
        self._kept.show(self.conversation.leaf_id)

    def _message(self, message_id: str) -> Message | MessageHead:
        if self._turn is not None and message_id == self.running_id:
            return self._turn.snapshot()
        return self._kept.message(message_id)

    async def _is_void(self, head: MessageHead) -> bool:
        at_end = self._kept.tree.newest_leaf(head.id) == head.id
        if not at_end or head.state not in _VOID_STATES or head.chars:
            return False
        message = await self._kept.need(head.id)
        return not message.attachments and not message.tool_calls

    async def _own_title(self) -> str:
        if not self._kept.visible:
            return ""
        return title_for(await self._kept.need(self._kept.visible[0]))

    # -- telling -----------------------------------------------------------------------------

    async def _save_conversation(self) -> None:
        if self.conversation.leaf_id is not None:
            await self._saver.save_conversation(self.conversation)

    def _tell_conversation(self) -> None:
        self._emit(ConversationChanged(self.conversation))
        self._changed(self.conversation)

    def _emit(self, event: SessionEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                # A view that fails must not end the answer that it shows.
                _log.exception("a listener failed on %s", type(event).__name__)
