"""The terminal: ``desktop-chat ask``, ``services`` and ``models``. It knows no window."""

import argparse
import asyncio
import contextlib
import io
import json
import math
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from desktop_chat import __version__, wiring
from desktop_chat.chat import listing
from desktop_chat.chat.ask_output import (
    JsonOutput,
    LogOutput,
    Output,
    Tee,
    TextOutput,
    harmless,
)
from desktop_chat.chat.attachments import AttachmentReader, check_count, first_refusal
from desktop_chat.chat.choose import ChoiceError, Chooser, NothingSetUpError, Way
from desktop_chat.chat.defaults import default_rounds
from desktop_chat.chat.dialogue import Asking, Dialogue
from desktop_chat.chat.explain import exit_status, explain_error
from desktop_chat.chat.explain_files import explain_file
from desktop_chat.chat.picture_files import PictureFiles
from desktop_chat.chat.setup import KeyState
from desktop_chat.chat.trace_lines import WrittenTrace
from desktop_chat.core import settings as keys
from desktop_chat.core.access import AUTH_WAYS, PROTOCOLS
from desktop_chat.core.attachments import Attached
from desktop_chat.core.errors import ChatError, ErrorKind, ProviderError
from desktop_chat.core.events import FinishReason, ImagePart, StreamEvent
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.identity import COMMAND
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import Message, Sampling
from desktop_chat.core.services import Service
from desktop_chat.core.trace import Trace

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_STOPPED: Final = 130
EXIT_PIPE: Final = 141
"""Nobody reads what is printed: as of a program that SIGPIPE ended."""

_END_WORDS: Final = ("q", "quit", "exit")
_EVENTS: Final = """\
  {"event":"text","text":".."}
  {"event":"reasoning","text":".."}
  {"event":"choice","index":1,"text":"..","reasoning":".."}
  {"event":"picture","path":".."}
  {"event":"notice","kind":"retry|queued|switched","message":".."}
  {"event":"usage","input_tokens":1,"output_tokens":2,"cached_tokens":0,"reasoning_tokens":0,
   "cache_write_tokens":0,"images":0}
  {"event":"done","reason":"stop|length|tool_calls|content_filter|stopped|unknown"}
  {"event":"error","kind":"..","status":401,"message":".."}"""

_EXAMPLES: Final = """\
  desktop-chat ask "What is a token bucket?"
  git diff | desktop-chat ask - --system "Review this"
  desktop-chat ask "What does it show?" --attach chart.png
  desktop-chat ask hello --base-url http://localhost:8080/v1 --model mine --trace -"""

_RECORDS: Final = """\
  {"at":0.1,"record":"request","service":"..","method":"POST","url":"..","headers":[..],"body":".."}
  {"at":0.2,"record":"reply","status":200,"http":"HTTP/2","headers":[..]}
  {"at":0.2,"record":"bytes","sent":false,"size":42,"data":".."}
  {"at":0.2,"record":"event","event":"TextDelta","text":".."}
  {"at":0.3,"record":"note","what":"retry|switch|queue|..|end|error","detail":"..","error":{..}}"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, the window's options included."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, allow_abbrev=False, description=tr("A native assistant for language models.")
    )
    parser.add_argument("--version", action="version", version=f"{COMMAND} {__version__}")
    parser.add_argument(
        "--demo", action="store_true", help=tr("open the window with the offline demo chosen")
    )
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help=tr("save a picture of the window with an answer of the demo, without a display"),
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_ask(commands)
    services = commands.add_parser(
        "services", allow_abbrev=False, help=tr("list the services and where their keys are")
    )
    _add_json(services)
    models = commands.add_parser(
        "models", allow_abbrev=False, help=tr("list the models of a service")
    )
    _add_service(models)
    _add_json(models)
    return parser


def _add_ask(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "ask",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help=tr("ask a question and print the answer as it arrives"),
        epilog="\n".join(
            (
                tr("Examples:"),
                _EXAMPLES,
                "",
                tr("With --json, one event per line:"),
                _EVENTS,
                "",
                tr('With --trace, one record per line; "at" is in seconds:'),
                _RECORDS,
                "",
                tr("A key is taken from DESKTOP_CHAT_API_KEY, the service's environment name,"),
                tr("a .env file in the current folder, or the system keyring."),
                tr("For hmac and oauth it is DESKTOP_CHAT_KEY_ID with DESKTOP_CHAT_KEY_SECRET."),
                "",
                tr("Exit status:"),
                tr("  0 done; 1 a fault on this machine; 2 wrong usage; 3 no key or refused;"),
                tr("  4 no balance or limit; 5 network; 6 another error of the service;"),
                tr("  7 incomplete answer; 130 stopped by Ctrl+C; 141 nobody reads the output."),
            )
        ),
    )
    parser.add_argument(
        "question",
        nargs="?",
        metavar="QUESTION",
        help=tr(
            "the question; - reads it from standard input; without one it is a loop with memory, "
            "ended by q, quit, exit or Ctrl+D, where /clear clears the context"
        ),
    )
    _add_service(parser, with_model=True)
    _add_request(parser.add_argument_group(tr("what is asked")))
    _add_output(parser.add_argument_group(tr("what comes of it")))


def _add_request(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add(
        "--attach",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help=tr("a picture, text or PDF file that goes with the first question; may be repeated"),
    )
    add("--system", metavar="TEXT", default="", help=tr("the system prompt"))
    _add_sampling(group)
    add(
        "--param",
        metavar="K=V",
        type=_param,
        action="append",
        default=[],
        help=tr("a field of the request; V is JSON, or else text; may be repeated"),
    )
    add(
        "--thinking",
        action=argparse.BooleanOptionalAction,
        help=tr("have the model think, or not"),
    )
    add(
        "--no-stream",
        action="store_true",
        help=tr("ask for the whole answer at once"),
    )


def _add_output(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    _add_json(group)
    add(
        "--output-dir",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help=tr("where pictures that the model makes are saved; the current folder by default"),
    )
    add("--save", action="store_true", help=tr("save the conversation into the history"))
    add(
        "--log",
        type=Path,
        metavar="FILE",
        help=tr("append questions, answers and errors with their times to a file"),
    )
    add(
        "--trace",
        metavar="FILE",
        help=tr(
            "write what goes over the wire to a file, as lines of JSON: requests with secrets as "
            "***, replies, raw bytes, decoded events, retries; - writes to standard error"
        ),
    )


def _add_sampling(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add("--temperature", metavar="N", type=_number(0, 2), help=tr("how daring: 0 to 2"))
    add("--top-p", metavar="N", type=_number(0, 1), help=tr("the likeliest candidates: 0 to 1"))
    add("--max-tokens", metavar="N", type=_count, help=tr("the longest answer, in tokens"))
    add(
        "--seed", metavar="N", type=int, help=tr("for the same answer again, where the service can")
    )
    add(
        "--stop",
        metavar="TEXT",
        action="append",
        default=[],
        help=tr("a text before which the answer ends; may be repeated"),
    )


def _add_service(parser: argparse.ArgumentParser, *, with_model: bool = False) -> None:
    group = parser.add_argument_group(tr("who is asked"))
    group.add_argument(
        "--service", metavar="ID", help=tr("the service; `desktop-chat services` lists them")
    )
    if with_model:
        group.add_argument(
            "--model", metavar="ID", help=tr("the model; `desktop-chat models` lists them")
        )
    group.add_argument(
        "--base-url",
        metavar="URL",
        help=tr("another address; no key that was saved for another host is sent there"),
    )
    group.add_argument(
        "--protocol",
        metavar="NAME",
        choices=PROTOCOLS,
        default="",
        help=tr("how the service is asked: {names}").format(names=", ".join(PROTOCOLS)),
    )
    group.add_argument(
        "--auth",
        metavar="WAY",
        choices=AUTH_WAYS,
        default="",
        help=tr("how the key is shown to the service: {ways}").format(ways=", ".join(AUTH_WAYS)),
    )
    group.add_argument(
        "--token-url",
        metavar="URL",
        default="",
        help=tr("where OAuth gets its token; a path is one of the service's own host"),
    )


def _add_json(parser: "argparse._ActionsContainer") -> None:
    parser.add_argument("--json", action="store_true", help=tr("print JSON, one object per line"))


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            words = tr("{text} is not a number from {low} to {high}")
            raise argparse.ArgumentTypeError(words.format(text=text, low=low, high=high))
        return number

    return read


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        words = tr("{text} is not a whole number of at least 1")
        raise argparse.ArgumentTypeError(words.format(text=text))
    return count


def _param(text: str) -> tuple[str, JsonValue]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(tr("{text} is not of the form K=V").format(text=text))
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run one of the commands, and return the exit status.

    Args:
        args: from ``build_parser``, with a command.
        environ: the process's environment.
    """
    try:
        house = wiring.build(environ, terminal=True)
    except wiring.HomeError as error:
        return _fail(error.sentence(), EXIT_FAILED)
    wiring.install_language(house.settings.get(keys.LANGUAGE))
    with asyncio.Runner() as runner:
        try:
            status = _Command(house, runner, args).run()
        except KeyboardInterrupt:
            status = EXIT_STOPPED
        except BrokenPipeError:
            status = EXIT_PIPE
        finally:
            runner.run(house.aclose())
    if status == EXIT_PIPE:
        # Else the interpreter would complain when it flushes what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def prepare() -> None:
    """Make the streams speak UTF-8 whatever the console's code page is, and choose a language."""
    wiring.install_language()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


class _Command:
    """One command on one house and one loop."""

    def __init__(
        self, house: wiring.House, runner: asyncio.Runner, args: argparse.Namespace
    ) -> None:
        self._house = house
        self._runner = runner
        self._args = args
        self._chooser = Chooser(house.catalogue, house.providers, house.setup, house.settings)

    def run(self) -> int:
        """Run it, and return the exit status."""
        commands = {"ask": self._ask, "services": self._services, "models": self._models}
        try:
            return commands[self._args.command]()
        except ChoiceError as error:
            return _fail(str(error), EXIT_USAGE)
        except NothingSetUpError as error:
            if self._args.json:
                JsonOutput(sys.stdout, service_name="").fail_with(ErrorKind.NO_KEY, str(error))
            else:
                _tell(str(error))
            return exit_status(ErrorKind.NO_KEY)

    def _service(self) -> Service:
        args = self._args
        way = Way(args.protocol, args.auth, args.token_url.strip())
        return self._runner.run(self._chooser.service(args.service, args.base_url, way))

    def _services(self) -> int:
        states = self._runner.run(self._key_states())
        _print((listing.services_json if self._args.json else listing.services_table)(states))
        return EXIT_OK

    async def _key_states(self) -> list[tuple[Service, KeyState]]:
        setup = self._house.setup
        return [(item, await setup.key_state(item)) for item in self._house.catalogue.services()]

    def _models(self) -> int:
        service = self._service()
        try:
            models = self._runner.run(self._house.setup.fetch_models(service))
        except ProviderError as error:
            if error.info.kind is not ErrorKind.NOT_FOUND or not service.models:
                self._output(service).fail(error.info)
                return exit_status(error.info.kind)
            # It has no list of its own: what the catalogue knows is all there is.
            models = list(service.models)
        _print((listing.models_json if self._args.json else listing.models_table)(models))
        return EXIT_OK

    def _ask(self) -> int:
        args = self._args
        question = sys.stdin.read() if args.question == "-" else args.question
        if question is not None and not question.strip() and not args.attach:
            raise ChoiceError(tr("The question is empty."))
        files = self._files()
        service = self._service()
        asking = Asking(
            service=service,
            model=self._chooser.model(service, args.model),
            system=args.system,
            thinking=args.thinking,
            params=dict(args.param),
            stream=not args.no_stream,
            rounds=default_rounds(self._house.settings),
            temperature=args.temperature,
            top_p=args.top_p,
            max_tokens=args.max_tokens,
            sampling=Sampling(stop=tuple(filter(None, args.stop)), seed=args.seed),
        )
        model = service.model(asking.model)
        if (refused := first_refusal(model, [item.file for item in files])) is not None:
            raise ChoiceError(explain_file(refused))
        with contextlib.ExitStack() as stack:
            log = None
            if args.log is not None:
                name = f"{service.id} {asking.model}"
                log = LogOutput(stack.enter_context(_open_log(args.log)), name=name)
            dialogue = Dialogue(
                asking,
                setup=self._house.setup,
                tasks=self._house.tasks,
                store=self._house.store if args.save else None,
                trace=stack.enter_context(_open_trace(args.trace)) if args.trace else None,
            )
            tee = Tee(
                self._output(service),
                log,
                reader_lost=dialogue.stop,
                log_lost=lambda error: _tell(
                    tr("The log cannot be written: {reason}").format(reason=error.strerror)
                ),
            )
            talk = _Talk(self._runner, dialogue, tee, files, PictureFiles(args.output_dir))
            try:
                status = talk.ask(question) if question is not None else talk.loop()
            finally:
                self._runner.run(dialogue.aclose())
            if dialogue.saving_error is not None:
                told = explain_error(dialogue.saving_error, terminal=True)
                _tell(tr("The conversation is not saved: {reason}").format(reason=told.title))
                return status or EXIT_FAILED
            return status

    def _files(self) -> list[Attached]:
        paths: list[Path] = self._args.attach
        try:
            check_count(len(paths))
            return self._runner.run(_read_files(paths))
        except ChatError as error:
            raise ChoiceError(explain_file(error.info)) from error

    def _output(self, service: Service) -> Output:
        name = service.title(language())
        if self._args.json:
            return JsonOutput(sys.stdout, service_name=name)
        return TextOutput(
            sys.stdout,
            sys.stderr,
            service_name=name,
            terminal=sys.stdout.isatty(),
            thoughts=sys.stderr.isatty(),
        )


class _Talk:
    """Questions from the terminal, answers to it."""

    def __init__(
        self,
        runner: asyncio.Runner,
        dialogue: Dialogue,
        tee: Tee,
        files: Sequence[Attached],
        pictures: PictureFiles,
    ) -> None:
        self._runner = runner
        self._dialogue = dialogue
        self._tee = tee
        self._files = files
        self._pictures = pictures
        self._unsaved = False

    def ask(self, text: str) -> int:
        """Ask one question, and return its exit status."""
        self._tee.question(text)
        message = self._runner.run(self._answer(text))
        if self._tee.failure is not None:
            return _lost_reader(self._tee.failure)
        if message.error is not None:
            return exit_status(message.error.kind)
        if self._unsaved:
            return EXIT_FAILED
        return exit_status(message.reason or FinishReason.UNKNOWN)

    def loop(self) -> int:
        """Ask until the user ends it, and return the exit status of the last question."""
        status = EXIT_OK
        while self._tee.failure is None and (line := _read_question()) is not None:
            word = line.strip()
            if word.lower() in _END_WORDS:
                break
            if word == "/clear":
                self._dialogue.clear()
                _tell(tr("The context is cleared."))
            elif word:
                status = self.ask(line.rstrip("\r\n"))
        return status

    async def _answer(self, text: str) -> Message:
        files, self._files = self._files, ()
        try:
            message = await self._dialogue.ask(text, self._hear, files)
        except asyncio.CancelledError:
            if self._dialogue.last is not None:
                self._tee.finish(self._dialogue.last)
            raise
        self._tee.finish(message)
        return message

    def _hear(self, event: StreamEvent) -> None:
        self._tee.event(event)
        if isinstance(event, ImagePart):
            try:
                path = self._pictures.save(event.data)
            except OSError as error:
                self._unsaved = True
                _tell(tr("A picture cannot be saved: {reason}").format(reason=error.strerror))
            else:
                self._tee.picture(str(path))


async def _read_files(paths: Sequence[Path]) -> list[Attached]:
    reader = AttachmentReader()
    return [await reader.read_path(path) for path in paths]


def _read_question() -> str | None:
    """Return the next line of standard input, or None at its end."""
    if not sys.stdin.isatty():
        return sys.stdin.readline() or None
    prompt = "> "
    if not sys.stdout.isatty():
        # ``input`` would write it among the answers.
        sys.stderr.write(prompt)
        sys.stderr.flush()
        prompt = ""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (gives ``input`` its line editing)
    try:
        return input(prompt)
    except EOFError:
        sys.stderr.write("\n")
        return None


def _open_log(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise ChoiceError(
            tr("{path} cannot be written: {reason}").format(path=path, reason=error.strerror)
        ) from error


@contextlib.contextmanager
def _open_trace(path: str) -> Iterator[Trace]:
    """Give a trace that is written to a file which nobody else may read, or to standard error."""

    def lost(error: OSError) -> None:
        _tell(tr("The trace cannot be written: {reason}").format(reason=error.strerror))

    if path == "-":
        yield WrittenTrace(sys.stderr, lost)
        return

    def only_ours(name: str, flags: int) -> int:
        number = os.open(name, flags, 0o600)
        if stat.S_ISREG(os.fstat(number).st_mode) and hasattr(os, "fchmod"):
            os.fchmod(number, 0o600)
        return number

    try:
        file = open(path, "w", encoding="utf-8", newline="\n", opener=only_ours)  # noqa: SIM115
    except OSError as error:
        raise ChoiceError(
            tr("{path} cannot be written: {reason}").format(path=path, reason=error.strerror)
        ) from error
    with file:
        yield WrittenTrace(file, lost)


def _lost_reader(error: OSError) -> int:
    if isinstance(error, BrokenPipeError):
        return EXIT_PIPE
    return _fail(tr("The answer cannot be written: {reason}").format(reason=error.strerror), 1)


def _fail(sentence: str, status: int) -> int:
    _tell(sentence)
    return status


def _print(text: str) -> None:
    print(text, end="", flush=True)


def _tell(sentence: str) -> None:
    print(f"{COMMAND}: {harmless(sentence)}", file=sys.stderr, flush=True)
