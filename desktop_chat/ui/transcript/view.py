"""The conversation as the window sees it: messages and events in, presses and wishes out."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.core.events import Notice, ReasoningDelta, TextDelta
from desktop_chat.core.messages import Message, MessageHead, MessageState, Role
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.access.announcer import Announcer
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.canvas import TranscriptCanvas
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.controls import Command
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.files.view_files import ViewFiles
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.question import QuestionBody

FRAME_MS: Final = 40
"""Between two frames: no eye sees text come in finer steps, and each frame has its price."""
_WORK_SECONDS: Final = 0.008
_REST: Final = 2.0
"""A frame is followed by a pause at least so many times as long as it took."""
_DRAIN: Final = 512
"""So many deltas wait at most as they came; then their texts are joined."""


class TranscriptView(TranscriptCanvas):
    """Shows a conversation.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    action_requested = Signal(str, str)
    """Message id, and an ``Action`` value or ``copy``, ``regenerate``, ``edit``."""
    sibling_requested = Signal(str, int)
    """Message id, and -1 or +1."""
    write_failed = Signal(str, object)
    """A file's name, and the ``OSError`` that kept it from being written."""
    use_requested = Signal(object)
    """The ``Attachment`` of a picture that is to go with the next question."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._deltas: list[tuple[str, TextDelta | ReasoningDelta]] = []
        self._began: dict[tuple[str, bool], float] = {}
        """When the first of a message's answer (False) or thinking (True) came."""
        self._live: set[str] = set()
        self._switched = ""
        """The message whose sibling was asked for."""
        self._frame_timer = QTimer(self)
        self._frame_timer.setSingleShot(True)
        self._frame_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame_timer.timeout.connect(self._frame)
        self._next_frame = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.deeds = Deeds(self, theme, self.write_failed.emit)
        self.announcer = Announcer(self)
        self.files = ViewFiles(self)
        self.overlay.pressed.connect(self._pressed)
        self.copy_wanted.connect(self.copy_message)
        self.picture_wanted.connect(lambda name: self.action_requested.emit(name, "picture"))

    # What is shown

    def set_branch(
        self,
        branch: Sequence[Message | MessageHead],
        siblings: Callable[[str], tuple[int, int]],
    ) -> None:
        """Show a branch; messages that stay keep their place.

        Args:
            branch: first to last; heads are asked for through ``texts_needed`` when near.
            siblings: message id -> its place among its siblings, from 1, and their number.
        """
        self.drain()
        held = self.scroller.hold(self._switched)
        self._switched = ""
        known = branch and self.column.index_of(branch[-1].id) is not None
        self.column.siblings = siblings
        self.column.set_branch(branch)
        self.scroller.restore(held)
        if branch and branch[-1].state is MessageState.STREAMING and not known:
            self.scroller.sent()
        self._live = {entry.id for entry in branch if entry.state is MessageState.STREAMING}
        self.pointer.branch_changed()
        self.clips.branch_changed()
        self.turns.refresh()
        self.search.branch_changed()
        self.announcer.branch_changed()
        self.rebuild()
        self._start_clock()

    def supply(self, messages: Sequence[Message]) -> None:
        """Give heads their texts."""
        for message in messages:
            index = self.column.index_of(message.id)
            if index is not None and self.column.items[index].message is None:
                self.column.replace(index, message)
                self.column.items[index].fetched = True
                self.search.text_changed(message.id)
                self.accessible.changed(message.id)
        self.clips.texts_came(messages)
        self.rebuild()

    def texts_missed(self, ids: Sequence[str]) -> None:
        """Take note that texts could not be read; they are asked for again with the next move."""
        self.column.not_come(ids)
        self.clips.texts_missed(ids)

    def add_message(self, message: Message) -> None:
        """Append a message; a question takes the reader to the end."""
        self.drain()
        self.column.add(message)
        self.search.message_added()
        if message.state is MessageState.STREAMING:
            self._live.add(message.id)
        if message.role is Role.USER:
            self.scroller.sent()
        self.turns.refresh()
        self.announcer.added(message)
        self.rebuild()
        self._start_clock()

    def reopen_message(self, message: Message) -> None:
        """Let a finished answer grow again."""
        self.drain()
        index = self.column.index_of(message.id)
        if index is None:
            return
        body = self.column.answer(index)
        self.column.replace(index, message)
        if body is not None:
            body.reopen(message, self.page)
            self.column.refresh(index)
        self._live.add(message.id)
        self.rebuild()
        self.wake()

    def apply_delta(self, message_id: str, delta: TextDelta | ReasoningDelta) -> None:
        """Take more of a streaming message; it is shown with the next frame."""
        self._deltas.append((message_id, delta))
        key = (message_id, isinstance(delta, ReasoningDelta))
        if key not in self._began:
            # Now, not when it is drawn: a view behind another draws much later.
            self._began[key] = time.monotonic()
        if not self._frame_timer.isActive():
            self.wake()
        if len(self._deltas) > _DRAIN:
            self.drain()

    def set_notice(self, message_id: str, notice: Notice | None) -> None:
        """Show why a message waits, or that it waits no more."""
        index = self.column.index_of(message_id)
        body = None if index is None else self.column.answer(index)
        if index is None or body is None or not body.live:
            return
        body.card = None
        if notice is not None:
            body.card = Card.of_notice(message_id, notice, body.message.service_name)
        bottom = self.column.top_of(index) + self.column.height_of(index)
        self.column.refresh(index)
        self.content_changed(index, 0, bottom)
        self._start_clock()

    def finish_message(self, message: Message) -> None:
        """Show the final form of a message."""
        self.drain()
        self._live.discard(message.id)
        for is_reasoning in (True, False):
            self._began.pop((message.id, is_reasoning), None)
        index = self.column.index_of(message.id)
        if index is None:
            return
        bottom = self.column.top_of(index) + self.column.height_of(index)
        body = self.column.answer(index)
        self.column.replace(index, message)
        if body is not None:
            if not body.text.holds(message):
                self.column.items[index].body = None
                self.column.body(index)
            else:
                if not self._reads_thinking(index, body):
                    # A quick answer, or one in a hidden view, had no frame to do that.
                    body.fold_when_answering()
                body.finish(message)
                body.work(self.page, _WORK_SECONDS)
                self.column.refresh(index)
        self.turns.refresh()
        self.search.text_changed(message.id)
        self.announcer.finished(message)
        self.content_changed(index, 0, bottom)
        self.wake()

    def set_service_tiles(self, tiles: Callable[[str], tuple[str, str]]) -> None:
        """Set how services look: id -> monogram and colour (``#rrggbb``)."""
        self.column.tiles = tiles
        self.viewport().update()

    # Frames

    def wake(self) -> None:
        """Ask for a frame; a hidden view waits until it is shown."""
        if self.shown and not self._frame_timer.isActive():
            pause = max(0.0, self._next_frame - time.perf_counter())
            self._frame_timer.start(int(pause * 1000))

    def drain(self) -> None:
        """Hand what has arrived to the messages."""
        deltas, self._deltas = self._deltas, []
        texts: dict[tuple[str, bool], list[str]] = {}
        for message_id, delta in deltas:
            key = (message_id, isinstance(delta, ReasoningDelta))
            found = texts.get(key)
            if found is None:
                texts[key] = [delta.text]
            else:
                found.append(delta.text)
        for (message_id, is_reasoning), parts in texts.items():
            index = self.column.index_of(message_id)
            body = None if index is None else self.column.answer(index)
            if body is None or not body.live:
                continue
            self._live.add(message_id)
            if body.card is not None:
                self.viewport().update()
            began = self._began.get((message_id, is_reasoning))
            if is_reasoning:
                body.add_reasoning("".join(parts), began)
            else:
                body.add_text("".join(parts), began)

    def _frame(self) -> None:
        if not self.shown:
            return
        started = time.perf_counter()
        self.lexers.budget.renew()
        self.drain()
        scroller = self.scroller
        waiting = [
            index
            for index in (self.column.index_of(message_id) for message_id in self._live)
            if index is not None
        ]
        in_sight = self.column.unparsed(scroller.top, scroller.top + scroller.height)
        more = False
        for index in dict.fromkeys([*waiting, *in_sight]):
            more = self._work_on(index) or more
        more = self._colour() or more
        if scroller.look_ahead():
            self._moved()
        spent = time.perf_counter() - started + self.paint_seconds
        self._next_frame = started + max(FRAME_MS / 1000, spent * (1 + _REST))
        if more:
            self.wake()

    def _work_on(self, index: int) -> bool:
        """Parse and lay out more of one answer; tell whether some is left."""
        body = self.column.answer(index)
        if body is None or not body.waiting:
            return False
        page = self.page
        top = self.column.top_of(index)
        bottom = top + self.column.height_of(index)
        caret = body.caret(page)
        folded = not self._reads_thinking(index, body) and body.fold_when_answering()
        below = body.work(page, _WORK_SECONDS)
        if caret is not None:
            below = min(below, caret.top())
        if folded:
            below = 0
        self.column.refresh(index)
        self.search.text_changed(body.message.id)
        self.announcer.grown(body.message.id)
        self.content_changed(index, below, bottom)
        if body.thinks:
            self._start_clock()
        return body.waiting

    def _reads_thinking(self, index: int, body: AnswerBody) -> bool:
        """Tell whether someone who scrolled away has the thinking in sight."""
        scroller = self.scroller
        if scroller.led:
            return False
        inside = scroller.top - self.column.top_of(index)
        return body.shows_thinking(self.page, inside, inside + scroller.height)

    def _colour(self) -> bool:
        """Colour more of the code in sight; tell whether some is left."""
        backlog = self.page.backlog
        changed = False
        for piece in list(backlog):
            ready = not isinstance(piece, CodePiece) or piece.work()
            changed = not isinstance(piece, CodePiece) or piece.take_pale() or changed
            if ready:
                del backlog[piece]
        if changed:
            self.viewport().update()
        return bool(backlog)

    # Seconds that pass

    def _start_clock(self) -> None:
        if self.shown and not self._clock.isActive() and self._ticking():
            self._clock.start()

    def _ticking(self) -> list[int]:
        """Return the messages in sight on which a second is to be seen."""
        found = []
        for message_id in self._live:
            index = self.column.index_of(message_id)
            body = None if index is None else self.column.items[index].body
            if index is None or not isinstance(body, AnswerBody):
                continue
            if body.thinks or (body.card is not None and body.card.counting):
                found.append(index)
        return found

    def _tick(self) -> None:
        ticking = self._ticking() if self.shown else []
        if not ticking:
            self._clock.stop()
        for index in ticking:
            body = self.column.answer(index)
            if body is not None and body.card is not None:
                body.card.tick()
                area = body.card_area(self.page)
                top = self.column.top_of(index)
                self.update_rows(top + area[0], top + area[1])
        self.place_controls()

    def showEvent(self, event: QShowEvent) -> None:
        """Start what had stopped while hidden."""
        super().showEvent(event)
        self.announcer.shown()
        self._start_clock()

    # What is pressed

    def _pressed(self, command: Command) -> None:
        message_id = command.message_id
        index = self.column.index_of(message_id)
        if index is None:
            return
        if command.name == "action":
            if command.value == "copy":
                self.clips.copy_message(message_id, key=(message_id, "do:copy"))
            self.action_requested.emit(message_id, command.value)
        elif command.name == "sibling":
            self._switched = message_id
            self.sibling_requested.emit(message_id, int(command.value))
        elif command.name == "file":
            number, _, verb = command.value.partition(" ")
            self.files.press(index, int(number), verb)
        elif command.name == "piece":
            number, _, verb = command.value.partition(" ")
            self._press_piece(index, int(number), verb)
        else:
            self._fold(index, command.name, command.value)

    def _press_piece(self, index: int, number: int, verb: str) -> None:
        """Do what a control of a piece is for; what was pressed stays where it is."""
        body = self.column.answer(index)
        if body is None or number >= len(body.text.body.pieces):
            return
        piece = body.text.body.pieces[number]
        top, before = self.scroller.top, piece.height
        if piece.press(verb, self.deeds, self.page):
            self.scroller.pause()
            body.text.body.remeasure(number, self.page)
            self.column.refresh(index)
            at = body.piece(self.page, Part.BODY, number)
            if at is not None and self.column.top_of(index) + at.y < top:
                # What was pressed is below a part of the piece that has become lower.
                self.scroller.go(top - max(0, before - piece.height))
            self.rebuild()
            self.scroller.resume()
            self.rebuild()
        elif verb.startswith("copy"):
            self.overlay.confirm((body.message.id, f"piece:{number}:{verb}"))

    def _fold(self, index: int, what: str, value: str = "") -> None:
        """Fold or unfold a part of a message; the row that was pressed stays where it is."""
        body = self.column.body(index)
        if isinstance(body, AnswerBody) and what == "thinking":
            body.thinking.toggle()
        elif isinstance(body, AnswerBody) and what == "detail" and body.card is not None:
            body.card.toggle_detail()
        elif isinstance(body, AnswerBody) and what == "tool":
            body.tail.calls[int(value)].toggle_detail()
        elif isinstance(body, QuestionBody):
            body.toggle(self.page)
        self.scroller.pause()
        self.column.refresh(index)
        self.rebuild()
        self.scroller.resume()
        self.rebuild()

    # Copying

    def copy_selection(self) -> None:
        """Copy the selected text, if any."""
        self.clips.copy()

    def copy_message(self, message_id: str) -> None:
        """Copy a message as it is written: its Markdown, and as HTML."""
        self.clips.copy_message(message_id)

    def copy_last_answer(self) -> bool:
        """Copy the last answer; tell whether there is one with text."""
        for item in reversed(self.column.items):
            if item.role is Role.ASSISTANT and item.chars:
                return self.clips.copy_message(item.id)
        return False

    def copy_last_code(self) -> bool:
        """Copy the last code block of the last answer that has one; tell whether there is one."""
        for index in range(len(self.column.items) - 1, -1, -1):
            body = self.column.answer(index)
            if body is None:
                continue
            for number in range(len(body.text.body.pieces) - 1, -1, -1):
                if isinstance(body.text.body.pieces[number], CodePiece):
                    self._press_piece(index, number, "copy")
                    return True
        return False

    # Scrolling

    def scroll_to_message(self, message_id: str) -> None:
        """Bring the start of a message to the top of the view."""
        index = self.column.index_of(message_id)
        if index is not None:
            self.scroll_to_item(index)

    def at_end(self) -> bool:
        """Tell whether the end is in sight."""
        return self.scroller.at_end
