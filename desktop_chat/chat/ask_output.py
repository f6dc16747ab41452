"""An answer as it arrives, printed: as text for people, or as one JSON event per line."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, Protocol, TextIO

from desktop_chat.chat.explain import (
    Explanation,
    explain_end,
    explain_error,
    explain_notice,
    retry_count,
)
from desktop_chat.chat.words import sentences
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import (
    ChoiceDelta,
    FinishReason,
    Notice,
    NoticeKind,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, MessageState

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What could move the cursor or change the terminal; line feed and tab stay."""


class Output(Protocol):
    """Takes an answer as it arrives. Every method may raise ``OSError``."""

    def event(self, event: StreamEvent) -> None:
        """Print what an event tells."""
        ...

    def picture(self, path: str) -> None:
        """Print where a picture of the answer is."""
        ...

    def finish(self, message: Message) -> None:
        """Print how an answer ended."""
        ...

    def fail(self, error: ErrorInfo) -> None:
        """Print an error before there is an answer."""
        ...


class TextOutput:
    """The answer on one stream, everything else on another.

    Args:
        out: for the answer.
        err: for notices and errors.
        service_name: as shown.
        terminal: ``out`` is a terminal: characters that would command it are left out.
        thoughts: print the thinking on ``err``, dimmed.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        service_name: str,
        terminal: bool = False,
        thoughts: bool = False,
    ) -> None:
        self._out = out
        self._err = err
        self._service_name = service_name
        self._terminal = terminal
        self._thoughts = thoughts
        self._thinking = False
        self._ended_line = True
        self._choices: dict[int, list[str]] = {}

    def event(self, event: StreamEvent) -> None:
        """Print text and thinking at once, and tell of retries; further answers wait for the end
        of the first.
        """
        if isinstance(event, TextDelta):
            self._end_thought()
            self._out.write(harmless(event.text) if self._terminal else event.text)
            self._out.flush()
            self._ended_line = event.text.endswith("\n")
        elif isinstance(event, ReasoningDelta) and self._thoughts:
            if not self._thinking:
                self._thinking = True
                self._err.write("\x1b[2m")
            self._err.write(harmless(event.text))
            self._err.flush()
        elif isinstance(event, ChoiceDelta):
            self._choices.setdefault(event.index, []).append(event.text)
        elif isinstance(event, Notice):
            explanation = explain_notice(event, service_name=self._service_name)
            if explanation is not None:
                count = f" · {retry_count(event)}" if event.kind is NoticeKind.RETRY else ""
                self._say(explanation.title + count)

    def picture(self, path: str) -> None:
        """Print its path on a line of its own."""
        self._end_line()
        self._out.write(harmless(path) + "\n")
        self._out.flush()

    def finish(self, message: Message) -> None:
        """End the last line, print further answers, and say why the answer is not whole, if it is
        not.
        """
        self._end_line()
        choices, self._choices = self._choices, {}
        for _, pieces in sorted(choices.items()):
            text = "".join(pieces)
            self._out.write("\n" + (harmless(text) if self._terminal else text).rstrip("\n") + "\n")
            self._out.flush()
        if message.state is not MessageState.STOPPED:
            explanation = explain_end(message, terminal=True)
            if explanation is not None:
                self._explain(explanation)

    def fail(self, error: ErrorInfo) -> None:
        """Say what went wrong before there was an answer."""
        self._explain(explain_error(error, service_name=self._service_name, terminal=True))

    def _explain(self, explanation: Explanation) -> None:
        self._say(explanation.title)
        detail = explanation.detail.split("\n", 1)[0]
        for line in (explanation.cause, detail):
            if line:
                self._say(f"  {line}")

    def _end_line(self) -> None:
        self._end_thought()
        if not self._ended_line:
            self._out.write("\n")
            self._out.flush()
            self._ended_line = True

    def _end_thought(self) -> None:
        if self._thinking:
            self._thinking = False
            self._err.write("\x1b[0m\n")
            self._err.flush()

    def _say(self, line: str) -> None:
        self._end_thought()
        self._err.write(harmless(line) + "\n")
        self._err.flush()


class JsonOutput:
    """One event per line; the lines are documented in ``desktop-chat ask --help``.

    Args:
        out: for the lines.
        service_name: as shown.
    """

    def __init__(self, out: TextIO, *, service_name: str) -> None:
        self._out = out
        self._service_name = service_name
        self._usage: Usage | None = None

    def event(self, event: StreamEvent) -> None:
        """Print text, thinking and retries at once; usage is printed by ``finish``."""
        if isinstance(event, TextDelta):
            self._line("text", text=event.text)
        elif isinstance(event, ReasoningDelta):
            self._line("reasoning", text=event.text)
        elif isinstance(event, ChoiceDelta):
            self._line("choice", index=event.index, text=event.text, reasoning=event.reasoning)
        elif isinstance(event, Usage):
            self._usage = event
        elif isinstance(event, Notice):
            explanation = explain_notice(event, service_name=self._service_name)
            if explanation is not None:
                self._line("notice", kind=event.kind.value, message=explanation.title)

    def picture(self, path: str) -> None:
        """Print where it is."""
        self._line("picture", path=path)

    def finish(self, message: Message) -> None:
        """Print the usage, if there is one, and how the answer ended."""
        if self._usage is not None:
            self._line("usage", **asdict(self._usage))
            self._usage = None
        if message.state is MessageState.FAILED:
            self.fail(message.error or ErrorInfo(ErrorKind.INTERNAL))
        else:
            self._line("done", reason=str(message.reason or FinishReason.UNKNOWN))

    def fail(self, error: ErrorInfo) -> None:
        """Print an error."""
        told = explain_error(error, service_name=self._service_name, terminal=True)
        title = tr("{title}.").format(title=told.title)
        self.fail_with(error.kind, sentences(title, told.cause), error.status)

    def fail_with(self, kind: ErrorKind, message: str, status: int | None = None) -> None:
        """Print an error whose sentence is there already."""
        self._line("error", kind=str(kind), status=status, message=message)

    def _line(self, event: str, **fields: Any) -> None:
        self._out.write(json_line({"event": event, **fields}))
        self._out.flush()


class LogOutput:
    """Question, answer and errors as plain text with the time of each, written as it arrives.
    Nothing in it commands the terminal on which it is read later.

    Args:
        file: open for writing text.
        name: of service and model.
    """

    def __init__(self, file: TextIO, *, name: str) -> None:
        self._file = file
        self._name = name
        self._began = False
        self._ended_line = True

    def question(self, text: str) -> None:
        """Write a question."""
        self._began = False
        self._head(tr("Question"), text.rstrip("\n"))

    def event(self, event: StreamEvent) -> None:
        """Write more of the answer; notices stand between lines of their own."""
        if isinstance(event, TextDelta):
            if not self._began:
                self._began = True
                self._head(tr("Answer"), self._name)
            self._file.write(harmless(event.text))
            self._file.flush()
            self._ended_line = event.text.endswith("\n")
        elif isinstance(event, Notice):
            explanation = explain_notice(event)
            if explanation is not None:
                self._head(tr("Notice"), explanation.title)

    def picture(self, path: str) -> None:
        """Write where a picture is."""
        self._head(tr("Picture"), path)

    def finish(self, message: Message) -> None:
        """Write how the answer ended."""
        if message.state is MessageState.FAILED:
            self.fail(message.error or ErrorInfo(ErrorKind.INTERNAL))
        else:
            self._head(tr("End"), str(message.reason or FinishReason.UNKNOWN))

    def fail(self, error: ErrorInfo) -> None:
        """Write an error."""
        told = explain_error(error, terminal=True)
        self._head(
            tr("Error"),
            " · ".join(filter(None, (told.title, told.cause, " ".join(told.detail.split())))),
        )

    def _head(self, word: str, text: str) -> None:
        start = "" if self._ended_line else "\n"
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        gap = "\n" if "\n" in text else " "
        self._file.write(harmless(f"{start}[{now}] {word}:{gap}{text}\n"))
        self._file.flush()
        self._ended_line = True


class Tee:
    """Sends an answer to the reader and to the log, either of which may fail on its own.

    Args:
        reader: what is printed.
        log: the log file's, or None.
        reader_lost: called once when nothing can be printed any more.
        log_lost: called once with the reason when the log cannot be written any more.
    """

    def __init__(
        self,
        reader: Output,
        log: LogOutput | None,
        *,
        reader_lost: Callable[[], None],
        log_lost: Callable[[OSError], None],
    ) -> None:
        self._reader: Output | None = reader
        self._log = log
        self._reader_lost = reader_lost
        self._log_lost = log_lost
        self.failure: OSError | None = None

    def question(self, text: str) -> None:
        """A question is asked."""
        self._to_log(lambda log: log.question(text))

    def event(self, event: StreamEvent) -> None:
        """An event of its answer."""
        self._to_reader(lambda reader: reader.event(event))
        self._to_log(lambda log: log.event(event))

    def picture(self, path: str) -> None:
        """A picture of its answer was saved."""
        self._to_reader(lambda reader: reader.picture(path))
        self._to_log(lambda log: log.picture(path))

    def finish(self, message: Message) -> None:
        """The answer in its final form."""
        self._to_reader(lambda reader: reader.finish(message))
        self._to_log(lambda log: log.finish(message))

    def _to_reader(self, act: Callable[[Output], None]) -> None:
        if self._reader is None:
            return
        try:
            act(self._reader)
        except OSError as error:
            self._reader, self.failure = None, error
            self._reader_lost()

    def _to_log(self, act: Callable[[LogOutput], None]) -> None:
        if self._log is None:
            return
        try:
            act(self._log)
        except OSError as error:
            self._log = None
            self._log_lost(error)


def json_line(fields: Mapping[str, Any]) -> str:
    """Return a line of JSON, its line feed included. It has no character that would command a
    terminal: JSON lets some of them stand as they are.
    """
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n"


def harmless(text: str) -> str:
    """Return a text without what would command a terminal, whoever wrote it."""
    return _CONTROLS.sub("", text)
