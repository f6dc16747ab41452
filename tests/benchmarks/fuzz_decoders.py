"""Feeds every decoder with what no service should send, made of what services do send.

Run it as ``python -m tests.benchmarks.fuzz_decoders --minutes 10``: so long for each decoder. The
bodies are those of the tests, cut, swapped, repeated, spliced, with odd tokens put in, bytes
flipped and values of their JSON exchanged. Looked for:

- ``raised``: an exception; a decoder never raises.
- ``unsettled``: an end that is neither a reason nor an error, or both.
- ``differs``: a body that means something else when it is cut into other reads.
- ``heavy``: more than ``MOST_HELD`` bytes in a decoder after ``FLOOD_BYTES`` of the same again and
  again.
- ``slow``: more than a second of CPU for one body.

Each line of output is JSON, one for each decoder, with ``rss_mb`` before and after. With
``--keep FOLDER`` the bodies that failed are written there. The exit status is 1 if any did.
"""

import argparse
import json
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.events import (
    ChoiceDelta,
    Done,
    Echo,
    ImagePart,
    ReasoningDelta,
    RemoteId,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from desktop_chat.providers.anthropic_decoder import AnthropicDecoder
from desktop_chat.providers.chat_decoder import ChatDecoder
from desktop_chat.providers.echoes import EchoMaker
from desktop_chat.providers.errors import MAX_MESSAGE, MAX_RAW, ErrorReader, retry_after
from desktop_chat.providers.exchange import Decoder, model_entries
from desktop_chat.providers.gateway_decoder import GatewayDecoder
from desktop_chat.providers.gemini_decoder import GeminiDecoder
from desktop_chat.providers.image_reply import read_images
from desktop_chat.providers.ollama_decoder import OllamaDecoder
from desktop_chat.providers.openai_responses_decoder import ResponsesDecoder
from tests.unit.providers.contract import (
    recordings_anthropic,
    recordings_gateway,
    recordings_gemini,
    recordings_images,
    recordings_ollama,
    recordings_openai_chat,
    recordings_openai_responses,
    recordings_websocket,
)
from tests.unit.providers.streams import CASES

MOST_HELD: Final = 24 * 1024 * 1024
"""Bytes: a frame may have 16 MB, an echo 4."""
FLOOD_BYTES: Final = 40 * 1024 * 1024
FLOOD_SECONDS: Final = 15.0
"""How long one flood may take before it is left at that."""
READ_BYTES: Final = 64 * 1024
MOST_BODY: Final = 32 * 1024
SLOW_SECONDS: Final = 1.0
ERRORS: Final = ErrorReader("fuzz.test", lambda text: text.replace("sk-secret", "***"))
ECHOES: Final = EchoMaker("fuzz", "fuzz", "m")


def deep(size: int, name: str) -> Any:
    """Return arrays in arrays, or objects in objects."""
    value: Any = "x"
    for _ in range(size):
        value = {name: value} if name else [value]
    return value


TOKENS: Final = (
    b"", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\n\r\n", b"\0", b"\xff", b"\xe4\xbd",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\\ud83d", b"\\udc4b", b"\\u0000", b"\\n",
    b"data:", b"data: ", b"data", b": ", b":", b"event: error\n", b"event: ping\n", b"id: 1\n",
    b"retry: 5\n", b"data: [DONE]\n\n", b"[DONE]", b'data: "[DONE]"\n\n', b"data: error: x\n\n",
    b"upstream error: gone\n", b"<html><title>x</title>", b"<think>", b"</think>", b"<thi", b"nk>",
    b"{", b"}", b"[", b"]", b'"', b",", b"null", b"true", b"false", b"0", b"-1", b"1e999", b"NaN",
    b"Infinity", b"-Infinity", b"9" * 30, b"9" * 5000, b'"9"', b'""', b"[]", b"{}", b"[[]]",
    b"[" * 400, b"[" * 3000, b'{"content":' * 300, b'{"error":' * 300, b'"a' * 50,
    b"[" * 300 + b"1" + b"]" * 300, b"[" * 900 + b"1" + b"]" * 900,
    b'{"text":' * 450 + b'"x"' + b"}" * 450, b'{"error":"x"}', b'{"error":{"message":""}}',
    b'{"error":{"code":"' + b"9" * 5000 + b'","message":"x"}}', b'"finish_reason":"stop"',
    b'"finish_reason":"error"', b'"stop_reason":"end_turn"', b'"done":true', b'"index":-1',
    b'"index":99999999999', b'"usage":{"prompt_tokens":"7","completion_tokens":-3}',
    b'"tool_calls":[{}]', b'"function_call":{"arguments":"x"}', b'"type":"error"', b'"message":',
    b"Traceback (most recent call last):\n  File", b'"<html>"', b'{"message":"<!doctype html>"}',
    b'"delta":', b'"content":', b'"choices":', b'"item_id":"z"', b'"extra_content":{"a":NaN}',
)  # fmt: skip
JUNK: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**70, 0.5, float("inf"), float("nan"), "", "x", "\ud800",
    "\udc00", "a" * 3000, "<think>", "</think>", "stop", "error", "9" * 5000, [], {}, [[]], [None],
    {"": None}, {"text": "t"}, [{"text": "t"}], {"type": None}, {"type": "text", "text": 5},
    {"url": "data:,"},
    ["a", ["b", ["c"]]], {"message": {"message": {}}}, {"error": []}, {"content": [[[["x"]]]]},
    *(deep(size, name) for size in (90, 300, 600, 850) for name in ("", "text", "error", "msg")),
)  # fmt: skip


@dataclass
class Found:
    """What was found wrong with one decoder.

    Attributes:
        counts: how often, by what it was.
        bodies: one example for each place or kind.
    """

    counts: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def add(self, what: str, where: str, body: bytes) -> None:
        """Take note of one."""
        self.counts[what] += 1
        self.bodies.setdefault(f"{what} {where}".strip(), body)


@dataclass(frozen=True)
class Target:
    """What is fed.

    Attributes:
        seeds: bodies as services send them.
        make: a fresh decoder, or None.
        read: takes a whole body in place of a decoder.
    """

    seeds: Sequence[bytes]
    make: Callable[[], Decoder] | None = None
    read: Callable[[bytes], None] | None = None


def targets() -> dict[str, Target]:
    """Return all of them by name."""
    chat = [case.body for case in CASES.values() if len(case.body) < MOST_BODY]
    chat += bodies(recordings_openai_chat)
    gateway = bodies(recordings_gateway) + chat[:20]
    told = [refusal.body for module in MODULES for refusal in refusals(module)]
    return {
        "openai-chat": Target(chat, lambda: ChatDecoder(ERRORS, {}, ECHOES, keeps_thinking=True)),
        "openai-responses": Target(
            bodies(recordings_openai_responses),
            lambda: ResponsesDecoder(ERRORS, {}, ECHOES, keeps_thinking=True),
        ),
        "anthropic": Target(
            bodies(recordings_anthropic), lambda: AnthropicDecoder(ERRORS, {}, ECHOES)
        ),
        "gemini": Target(bodies(recordings_gemini), lambda: GeminiDecoder(ERRORS, {}, ECHOES)),
        "ollama": Target(bodies(recordings_ollama), lambda: OllamaDecoder(ERRORS, {})),
        "gateway": Target(gateway, lambda: GatewayDecoder(ERRORS, {})),
        "websocket": Target(bodies(recordings_websocket) + gateway, read=read_messages),
        "images": Target(bodies(recordings_images) + told, read=read_pictures),
        "errors": Target(told + [case.body[6:] for case in CASES.values()], read=read_error),
        "models": Target([b'{"data":[{"id":"a","context_length":9}]}', *told], read=read_models),
    }


MODULES: Final = (
    recordings_anthropic,
    recordings_gateway,
    recordings_gemini,
    recordings_images,
    recordings_ollama,
    recordings_openai_chat,
    recordings_openai_responses,
    recordings_websocket,
)


def bodies(module: Any) -> list[bytes]:
    """Return the bodies of a module of recordings."""
    return [recording.body for recording in module.RECORDINGS]


def refusals(module: Any) -> list[Any]:
    """Return the refusals of a module of recordings."""
    return [refusal for recording in module.RECORDINGS for refusal in recording.refusals]


# Bodies


class Mutator:
    """Makes bodies of bodies.

    Args:
        seeds: to begin with.
        dice: says what comes next.
    """

    def __init__(self, seeds: Sequence[bytes], dice: random.Random) -> None:
        self._seeds = seeds
        self._dice = dice
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._cut,
            self._swap,
            self._again,
            self._insert,
            self._insert,
            self._flip,
            self._splice,
            self._value,
            self._value,
            self._value,
        )

    def body(self) -> bytes:
        """Return a body that was changed one to six times."""
        body = self._dice.choice(self._seeds)
        for _ in range(self._dice.randint(1, 6)):
            body = self._dice.choice(self._ways)(body)[:MOST_BODY]
        return body

    def cuts(self, length: int) -> list[int]:
        """Return places to cut at."""
        if self._dice.random() < 0.1:
            return list(range(1, length))
        return sorted(self._dice.randint(0, length) for _ in range(self._dice.randint(1, 12)))

    def _span(self, body: bytes) -> tuple[int, int]:
        start = self._dice.randint(0, len(body))
        return start, min(len(body), start + int(self._dice.expovariate(1 / 40)))

    def _cut(self, body: bytes) -> bytes:
        start, end = self._span(body)
        return body[:start] if self._dice.random() < 0.2 else body[:start] + body[end:]

    def _swap(self, body: bytes) -> bytes:
        frames = body.split(b"\n")
        a, b = (self._dice.randrange(len(frames)) for _ in range(2))
        frames[a], frames[b] = frames[b], frames[a]
        return b"\n".join(frames)

    def _again(self, body: bytes) -> bytes:
        start, end = self._span(body)
        if self._dice.random() < 0.5:
            start, end = body.rfind(b"\n", 0, start) + 1, body.find(b"\n", end) + 1
        times = self._dice.choice((1, 1, 2, 5, 40))
        return body[:start] + body[start:end] * times + body[start:]

    def _insert(self, body: bytes) -> bytes:
        at = self._dice.randint(0, len(body))
        return body[:at] + self._dice.choice(TOKENS) + body[at:]

    def _flip(self, body: bytes) -> bytes:
        changed = bytearray(body)
        for _ in range(self._dice.randint(1, 4)):
            if changed:
                changed[self._dice.randrange(len(changed))] = self._dice.randrange(256)
        return bytes(changed)

    def _splice(self, body: bytes) -> bytes:
        other = self._dice.choice(self._seeds)
        return body[: self._span(body)[0]] + other[self._span(other)[0] :]

    def _value(self, body: bytes) -> bytes:
        lines = body.split(b"\n")
        at = self._dice.randrange(len(lines))
        prefix, bare = (
            (b"data: ", lines[at][6:]) if lines[at][:6] == b"data: " else (b"", lines[at])
        )
        try:
            value = json.loads(bare)
            ascii_only = self._dice.random() < 0.5
            text = json.dumps(self._other(value), ensure_ascii=ascii_only)
        except (ValueError, RecursionError):
            return body
        lines[at] = prefix + text.encode("utf-8", "replace")
        return b"\n".join(lines)

    def _other(self, value: Any) -> Any:
        if not isinstance(value, dict | list) or not value or self._dice.random() < 0.15:
            return self._dice.choice(JUNK)
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        at = self._dice.choice(places)
        copy: Any = value.copy()
        what = self._dice.random()
        if what < 0.1:
            del copy[at]
        elif what < 0.2 and isinstance(copy, list):
            copy.insert(at, self._dice.choice(JUNK))
        elif what < 0.25 and isinstance(copy, dict):
            copy[self._dice.choice(places)] = value[at]
        else:
            copy[at] = self._other(value[at])
        return copy


def flood(frame: bytes) -> Iterator[bytes]:
    """Give the same again and again, in reads as they come from a socket."""
    block = (frame * (READ_BYTES // len(frame) + 1)) if len(frame) < READ_BYTES else frame
    for _ in range(FLOOD_BYTES // len(block)):
        yield block


# Feeding


def decoded(decoder: Decoder, pieces: Iterable[bytes]) -> list[StreamEvent]:
    """Feed a decoder as ``HttpProtocol`` does."""
    events: list[StreamEvent] = []
    for piece in pieces:
        events += decoder.feed(piece)
        if decoder.failure is not None or decoder.ended:
            break
    return events + decoder.close()


def meaning(events: Sequence[StreamEvent], failure: ErrorInfo | None) -> dict[str, Any]:
    """Return what events mean, however they were cut."""
    calls: dict[int, list[str]] = {}
    told: dict[str, Any] = {"text": "", "thought": "", "images": 0, "calls": calls}
    choices: dict[int, list[str]] = {}
    for event in events:
        match event:
            case TextDelta(text):
                told["text"] += text
            case ReasoningDelta(text):
                told["thought"] += text
            case ToolCallDelta(index, id_, name, arguments):
                known = calls.setdefault(index, ["", "", ""])
                calls[index] = [known[0] + id_, known[1] + name, known[2] + arguments]
            case ChoiceDelta(index, text, thought):
                said = choices.setdefault(index, ["", ""])
                choices[index] = [said[0] + text, said[1] + thought]
            case ImagePart():
                told["images"] += 1
            case Usage() | RemoteId() | Done():
                told[type(event).__name__] = event
    told["choices"] = choices
    told["failure"] = (failure.kind, failure.code, failure.message) if failure else None
    return told


def settle(events: Sequence[StreamEvent], failure: ErrorInfo | None) -> None:
    """Fail unless there is exactly one end, the last, and nothing that cannot be stored.

    Raises:
        UnsettledError: it says why.
    """
    ends = [event for event in events if isinstance(event, Done)]
    if failure is not None:
        check_error(failure)
    if len(ends) != (failure is None) or (ends and events[-1] is not ends[0]):
        raise UnsettledError("end")
    for event in events:
        check_texts(event)


class UnsettledError(Exception):
    """What came out is not what a reader may be given."""


def check_texts(event: StreamEvent) -> None:
    """Fail for text that is none."""
    texts: tuple[str, ...] = ()
    match event:
        case TextDelta(text) | ReasoningDelta(text):
            texts = (text,)
            if not text:
                raise UnsettledError("empty delta")
        case ToolCallDelta(_, id_, name, arguments):
            texts = (id_, name, arguments)
        case ChoiceDelta(_, text, thought):
            texts = (text, thought)
        case ImagePart(_, _, prompt):
            texts = (prompt,)
        case RemoteId(id_):
            texts = (id_,)
        case Echo(data):
            texts = (json.dumps(data, ensure_ascii=False, allow_nan=False),)
        case Usage():
            counts = (event.input_tokens, event.output_tokens, event.cached_tokens)
            if min(*counts, event.reasoning_tokens) < 0 or max(counts) > 2**60:
                raise UnsettledError("usage")
    storable(texts, "surrogate in " + type(event).__name__)


def storable(texts: Sequence[str], what: str) -> None:
    """Fail for half a surrogate pair."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise UnsettledError(what) from None


def check_error(info: ErrorInfo) -> None:
    """Fail unless an error is bounded, can be stored and printed, and shows no page."""
    texts = (info.message, info.code, info.raw, info.request_id, *info.values.values())
    storable(texts, "surrogate in an error")
    shown = "".join(texts).lower()
    if "<!doctype html" in shown or "<html" in shown:
        raise UnsettledError("page")
    if "Traceback (most recent call last):\n" in "".join(texts):
        raise UnsettledError("stack trace")
    if len(info.message) > MAX_MESSAGE or len(info.raw) > MAX_RAW or len(info.code) > 200:
        raise UnsettledError("error too long")


def read_messages(body: bytes) -> None:
    """Take each line as a message of a WebSocket."""
    decoder = GatewayDecoder(ERRORS, {})
    events: list[StreamEvent] = []
    for line in body.split(b"\n"):
        events += decoder.feed_message(line.decode("utf-8", "replace"))
        if decoder.failure is not None or decoder.ended:
            break
    else:
        decoder.closed_well()
    events += decoder.close()
    settle(events, decoder.failure)


def read_pictures(body: bytes) -> None:
    """Take a reply with pictures."""
    read = read_images(body)
    for told in read.failures:
        check_error(ERRORS.from_payload(told, {}))
    for picture in read.pictures:
        (picture.url + picture.prompt).encode("utf-8", "surrogatepass")


def read_error(body: bytes) -> None:
    """Take a reply with a status of 400 or more, and what its headers might say."""
    line = body[:80].decode("latin-1").replace("\n", " ")
    headers = {"retry-after": line, "retry-after-ms": line[:8], "x-request-id": line}
    for status in (400, 429, 500):
        check_error(ERRORS.from_reply(status, headers, body))
    check_error(ERRORS.from_text(body.decode("utf-8", "replace"), headers))
    retry_after({"retry-after": line[3:40]})


def read_models(body: bytes) -> None:
    """Take a list of models."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return
    if model_entries(payload) is None:
        check_error(ERRORS.from_payload(payload, {}))


def held(value: object, seen: set[int] | None = None) -> int:
    """Return about how many bytes an object keeps, with all that it refers to."""
    seen = set() if seen is None else seen
    size, stack = 0, [value]
    while stack:
        item = stack.pop()
        if id(item) in seen or isinstance(item, type | ErrorReader) or callable(item):
            continue
        seen.add(id(item))
        size += sys.getsizeof(item)
        if isinstance(item, str | bytes | bytearray | int | float):
            continue
        if isinstance(item, Mapping):
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            stack += item
        stack += getattr(item, "__dict__", {}).values()
        for kind in type(item).__mro__:
            names = getattr(kind, "__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                stack.append(getattr(item, name, None))
    return size


def rss_mb() -> float:
    """Return the memory of this process at its highest, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def place(error: BaseException) -> str:
    """Return what was raised, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {Path(last.filename).name}:{last.lineno}"


# Runs


class Run:
    """One decoder for some time.

    Args:
        target: what is fed.
        dice: says what comes next.
    """

    def __init__(self, target: Target, dice: random.Random) -> None:
        self._target = target
        self._dice = dice
        self._mutator = Mutator(target.seeds, dice)
        self.found = Found()
        self.bodies = 0
        self.bytes = 0
        self.floods = 0
        self.most_held = 0
        self.slowest = 0.0

    def go(self, seconds: float) -> None:
        """Feed until the time is over; a flood in between once in a while."""
        end = time.monotonic() + seconds
        next_flood = time.monotonic() + min(5.0, seconds / 2)
        while (now := time.monotonic()) < end:
            if self._target.make is not None and now >= next_flood:
                self._flood(self._target.make)
                next_flood = time.monotonic() + max(10.0, time.monotonic() - now)
                continue
            # CPU, for the clock runs on while others have the processor.
            before = time.process_time()
            body = self._mutator.body()
            self.bodies += 1
            self.bytes += len(body)
            self.take(body)
            spent = time.process_time() - before
            self.slowest = max(self.slowest, spent)
            if spent > SLOW_SECONDS:
                self.found.add("slow", "", body)

    def some(self, count: int) -> None:
        """Feed so many bodies."""
        for _ in range(count):
            self.take(self._mutator.body())

    def take(self, body: bytes) -> None:
        """Feed one body and look at what comes of it."""
        try:
            if self._target.read is not None:
                self._target.read(body)
            elif self._target.make is not None:
                self._both_ways(self._target.make, body)
        except UnsettledError as error:
            self.found.add("unsettled", str(error), body)
        except Exception as error:
            self.found.add("raised", place(error), body)

    def _both_ways(self, make: Callable[[], Decoder], body: bytes) -> None:
        decoder = make()
        events = decoded(decoder, [body])
        settle(events, decoder.failure)
        other = make()
        places = [0, *self._mutator.cuts(len(body)), len(body)]
        pieces = [body[a:b] for a, b in pairwise(places)]
        if meaning(decoded(other, pieces), other.failure) != meaning(events, decoder.failure):
            self.found.add("differs", "", body)

    def _flood(self, make: Callable[[], Decoder]) -> None:
        """Feed parts of one body again and again, as a service that never ends would."""
        self.floods += 1
        body = self._mutator.body()
        frames = body.split(b"\n\n") if self._dice.random() < 0.8 else [body]
        frame = self._dice.choice(frames) + self._dice.choice((b"\n\n", b"\n\n", b"\n", b""))
        decoder = make()
        end = time.monotonic() + FLOOD_SECONDS
        most = 0
        try:
            for number, block in enumerate(flood(frame or b"\n")):
                decoder.feed(block)
                if number % 64 == 0:
                    most = max(most, held(decoder))
                if decoder.failure is not None or decoder.ended or time.monotonic() > end:
                    break
            most = max(most, held(decoder))
            decoder.close()
        except Exception as error:
            self.found.add("raised", "flood " + place(error), frame)
        self.most_held = max(self.most_held, most)
        if most > MOST_HELD:
            self.found.add("heavy", "", frame)


def main() -> int:
    """Fuzz what was asked for and tell of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="decoders; all if none is named")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=None, help="a folder for bodies that failed")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    known = targets()
    failed = False
    for name in options.names or known:
        before = rss_mb()
        run = Run(known[name], random.Random(f"{seed} {name}"))
        began = time.monotonic()
        run.go(options.minutes * 60)
        told = {
            "bench": "fuzz",
            "decoder": name,
            "seed": seed,
            "seconds": round(time.monotonic() - began),
            "bodies": run.bodies,
            "megabytes": round(run.bytes / 1e6, 1),
            "floods": run.floods,
            "most_held_mb": round(run.most_held / 1e6, 1),
            "slowest_ms": round(run.slowest * 1000, 1),
            "rss_mb": [before, rss_mb()],
            "found": dict(run.found.counts),
            "where": sorted(run.found.bodies),
        }
        print(json.dumps(told), flush=True)
        failed = failed or bool(run.found.bodies)
        if options.keep is not None:
            keep(options.keep / name, run.found)
    return int(failed)


def keep(folder: Path, found: Found) -> None:
    """Write bodies that failed."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (what, body) in enumerate(sorted(found.bodies.items())):
        (folder / f"{number:03} {what.replace('/', ' ').replace(':', ' ')}").write_bytes(body)


if __name__ == "__main__":
    sys.exit(main())
