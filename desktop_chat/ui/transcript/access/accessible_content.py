"""What is in one message for assistive technology: its thinking, its blocks, its card.

The blocks are those that are drawn, where the message is drawn; otherwise its text is parsed, a
slice at a time.
"""

import time
from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QAccessible

from desktop_chat.chat.explain import Explanation, explain_end
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.core.messages import Role as Speaker
from desktop_chat.markdown.blocks import Block
from desktop_chat.markdown.stream import MarkdownStream
from desktop_chat.ui.transcript.access.accessible_beside import Beside
from desktop_chat.ui.transcript.access.accessible_outline import Entry, Group, outline
from desktop_chat.ui.transcript.access.accessible_words import Languages
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import MessageBody
from desktop_chat.ui.transcript.text.plain import PlainStream
from desktop_chat.ui.transcript.words import thinking_title

Role = QAccessible.Role
_SLICE_CHARS: Final = 4000
_SECONDS: Final = 0.008
"""So long a text is parsed at a time."""


class Loading(Entry):
    """Stands in a message whose text is not there; who looks at it wants the text."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(Role.StaticText)

    @property
    def name(self) -> str:
        """That it comes."""
        return tr("Loading…")


class Thinking(Entry):
    """The thinking of an answer; its parts are there while it is unfolded.

    Attributes:
        lines: what was thought.
        unfolded: whether it is shown.
        title: what its row says.
    """

    __slots__ = ("lines", "title", "unfolded")

    def __init__(self, lines: Group) -> None:
        super().__init__(Role.Grouping)
        self.lines = lines
        self.unfolded = False
        self.title = ""

    @property
    def name(self) -> str:
        """How long it took."""
        return self.title

    def count(self) -> int:
        """Return how many paragraphs it has."""
        return self.lines.count() if self.unfolded else 0

    def part(self, index: int) -> Entry:
        """Return one paragraph."""
        return self.lines.part(index)


class Notice(Entry):
    """The card of a message that failed, ended early or waits."""

    __slots__ = ("said",)

    def __init__(self, said: Explanation) -> None:
        super().__init__(Role.AlertMessage)
        self.said = said

    @property
    def name(self) -> str:
        """What happened."""
        return self.said.title

    @property
    def description(self) -> str:
        """Why, and what to do."""
        return self.said.cause


class _Blocks:
    """Blocks that grow, and the tree over them."""

    def __init__(self, languages: Languages) -> None:
        self.blocks: list[Block] = []
        self.tree = outline(self.blocks, languages)

    def take(self, blocks: Sequence[Block]) -> list[Entry]:
        """Take other blocks; return the parts that are there no more."""
        same = 0
        for old, new in zip(self.blocks, blocks, strict=False):
            if old is not new:
                break
            same += 1
        if same == len(self.blocks) == len(blocks):
            return []
        # The tree's parts look at this list, and only at what has not changed meanwhile.
        self.blocks[:] = blocks
        return self.tree.update(len(blocks), same)


class Content:
    """What is in one message, brought up to date by ``sync``.

    Args:
        languages: the names of languages.
    """

    def __init__(self, languages: Languages) -> None:
        self._body = _Blocks(languages)
        self._thoughts = _Blocks(languages)
        self._thinking = Thinking(self._thoughts.tree)
        self._loading = Loading()
        self._notice: Notice | None = None
        self._omitted: Entry | None = None
        self._around_files = Beside()
        self._message: Message | None = None
        self._stamp: tuple[int, int] = (-1, -1)
        self._reader: MarkdownStream | None = None
        self._fed = 0

    @property
    def notice(self) -> Notice | None:
        """The card, if there is one."""
        return self._notice

    @property
    def tree(self) -> Group:
        """The blocks of the message's text."""
        return self._body.tree

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks of the message's text, as far as they are parsed."""
        return self._body.blocks

    @property
    def waiting(self) -> bool:
        """Whether some of the text is not parsed."""
        return self._reader is not None

    def sync(self, message: Message | None, body: MessageBody | None) -> list[Entry]:
        """Bring everything up to date; costs little when nothing has changed.

        Args:
            message: as it is now, or None while its text is not there.
            body: its drawn form, if there is one.

        Returns:
            The parts that are there no more.
        """
        if message is None:
            return []
        drawn = body if isinstance(body, AnswerBody) else None
        gone = self._sync_frame(message, drawn)
        if drawn is not None and (drawn.live or not drawn.waiting):
            stamp = (len(drawn.text.body.pieces), drawn.text.chars)
            if stamp != self._stamp or message is not self._message:
                gone += self._body.take([piece.block for piece in drawn.text.body.pieces])
                gone += self._take_thinking(message, drawn)
            self._stamp = stamp
            self._reader = None
        elif message is not self._message:
            gone += self._read_anew(message)
        self._message = message
        return gone

    def _sync_frame(self, message: Message, drawn: AnswerBody | None) -> list[Entry]:
        """Bring up to date what is around the text."""
        gone: list[Entry] = []
        said = drawn.card.explanation if drawn is not None and drawn.card is not None else None
        if drawn is None and message.role is not Speaker.USER:
            said = explain_end(message)
        if said is None or self._notice is None or self._notice.said != said:
            if self._notice is not None:
                gone.append(self._notice)
            self._notice = None if said is None else Notice(said)
        gone += self._around_files.sync(message, live=drawn is not None and drawn.live)
        thinking = self._thinking
        if drawn is not None:
            thinking.unfolded = drawn.thinking.shown
            there = drawn.thinking.there
            thinking.title = drawn.thinking.title(live=drawn.thinks) if there else ""
            if drawn.live and drawn.thinking.shown:
                gone += self._take_thinking(message, drawn)
        else:
            seconds = message.timing.reasoning if message.timing else None
            thinking.unfolded = False
            thinking.title = thinking_title(seconds, live=False) if message.reasoning else ""
        if message.omitted > 0 and self._omitted is None:
            words = ntr(
                "{count} earlier message was not sent",
                "{count} earlier messages were not sent",
                message.omitted,
            )
            self._omitted = Entry(Role.Paragraph, words.format(count=message.omitted))
        return gone

    def _take_thinking(self, message: Message, drawn: AnswerBody | None) -> list[Entry]:
        if drawn is not None:
            return self._thoughts.take([piece.block for piece in drawn.text.thinking.pieces])
        stream = PlainStream(blank_lines=False)
        stream.feed(message.reasoning)
        return self._thoughts.take(stream.blocks)

    # A text that is not drawn

    def _read_anew(self, message: Message) -> list[Entry]:
        if self._message is not None and self._message.text == message.text:
            return []
        if message.role is Speaker.USER:
            stream = PlainStream(blank_lines=False)
            stream.feed(message.text.strip("\n"))
            return self._body.take(stream.blocks)
        self._stamp = (-1, -1)
        self._reader = MarkdownStream()
        self._fed = 0
        self._message = message
        return self.read()

    def read(self) -> list[Entry]:
        """Parse more of a text that is not drawn, for some milliseconds.

        Returns:
            The parts that are there no more.
        """
        reader, message = self._reader, self._message
        if reader is None or message is None:
            return []
        deadline = time.perf_counter() + _SECONDS
        while self._fed < len(message.text) and time.perf_counter() < deadline:
            reader.feed(message.text[self._fed : self._fed + _SLICE_CHARS])
            self._fed += _SLICE_CHARS
        if self._fed >= len(message.text):
            if message.state is not MessageState.STREAMING:
                reader.finish()
            self._reader = None
        return self._body.take(reader.blocks)

    # Its parts

    def _around(self) -> tuple[list[Entry], list[Entry]]:
        """Return what stands before and after the text."""
        before = [] if self._omitted is None else [self._omitted]
        before += self._around_files.before
        if self._thinking.title:
            before.append(self._thinking)
        after: list[Entry] = list(self._around_files.after)
        if self._notice is not None:
            after.append(self._notice)
        if self._message is None or self._reader is not None:
            after.insert(0, self._loading)
        return before, after

    def count(self) -> int:
        """Return how many parts the message has."""
        before, after = self._around()
        return len(before) + self.tree.count() + len(after)

    def part(self, index: int) -> Entry:
        """Return one part."""
        before, after = self._around()
        if index < len(before):
            return before[index]
        index -= len(before)
        count = self.tree.count()
        return self.tree.part(index) if index < count else after[index - count]

    def place_of(self, block: int) -> int:
        """Return the number of the part that covers a block of the text, or -1."""
        found = self.tree.place_of(block) if self._body.blocks else -1
        return found if found < 0 else found + len(self._around()[0])
