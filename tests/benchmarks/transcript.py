"""What reading costs: opening, scrolling, jumping, another width or theme, and monsters.

Run it as ``python -m tests.benchmarks.transcript``.

Conversations are written into a real database first; then a process with the real window on a
real X server reads them. Each line of output is JSON with a ``case``; times are in milliseconds,
from the call that a click or a key makes to the end of the painting that shows its result.

- ``open``: ``first_paint_ms`` from the click, with ``messages`` messages of 500 tokens;
  ``all_known_ms`` until the scroll bar knows them all; ``rss_mb`` above what the window took
  before.
- ``read``: in the largest one, ``step`` is a notch of the wheel, ``jump`` goes to the middle, to
  other places, to a search hit and to the end. ``bar_back_px`` is how far the thumb of the scroll
  bar ever moved against the direction of scrolling.
- ``change``: another width, another theme.
- ``monster``: one message of a kind that kills others. ``frame_max_ms`` is the longest time that
  the loop did not turn while it was opened, scrolled through and selected.
- ``idle``: CPU and wake-ups of a window in which nothing happens.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from tests.benchmarks.corpus import tokens
from tests.benchmarks.streaming import Bench, Heartbeat
from tests.helpers.screen import screen

SMALL, LARGE = 10, 10_000
TOKENS: Final = 500
NEEDLE: Final = "Schrödinger 的猫"
IDLE_SECONDS: Final = 10.0

MONSTERS: Final[dict[str, Callable[[], str]]] = {
    "code_50000_lines": lambda: (
        "```python\n" + "".join(f"value_{n} = compute({n}, 'x')\n" for n in range(50_000)) + "```\n"
    ),
    "table_5000_rows": lambda: (
        "| name | 方案 | calls/s |\n|---|---|---:|\n"
        + "".join(f"| row {n} | 方案 {n % 7} | {n * 37 % 1000} |\n" for n in range(5_000))
    ),
    "line_1000000": lambda: "令牌桶 refills steadily " * 50_000,
    "code_line_1000000": lambda: "```\n" + "x = compute(1); " * 62_500 + "\n```\n",
    "quotes_10000": lambda: ">" * 10_000 + " end",
    "brackets_10000": lambda: "[" * 10_000 + " end",
    "stars_10000": lambda: "*" * 10_000 + " end",
    "joiners_1000000": lambda: "a" + "\u200d" * 1_000_000 + "b",
    "formulas_500": lambda: "\n\n".join(
        f"有 $x_{{{n}}}^2$，则\n\n$$\\frac{{{n}}}{{1+x_{{{n}}}}}$$" for n in range(500)
    ),
}


async def seed(cases: dict[str, int]) -> None:
    """Write conversations: by name, so many messages; a monster has two."""
    from desktop_chat.core.messages import Conversation, Message, Role
    from desktop_chat.wiring import build

    house = build(os.environ)
    await house.open()
    store = house.store
    for name, count in cases.items():
        parent: str | None = None
        last = f"{name}-{count - 1:06}"
        await store.save_conversation(Conversation(name, name, 1.0, 1.0, last))
        texts = _texts(name, count)
        for number in range(count):
            role = Role.ASSISTANT if number % 2 else Role.USER
            identity = f"{name}-{number:06}"
            message = Message(identity, name, parent, role, texts[number], 1000.0 + number)
            await store.finish(message)
            parent = identity
    await house.aclose()


def _texts(name: str, count: int) -> list[str]:
    if name in MONSTERS:
        return ["go", MONSTERS[name]()]
    answers = ["".join(tokens("answer", TOKENS))]
    for block in ("list", "table", "code"):
        answers.append("".join(tokens(block, TOKENS)))
    texts = [f"{number}: {answers[number % len(answers)]}" for number in range(count)]
    texts[count // 3] += f"\n\n{NEEDLE}"
    return texts


class Reader:
    """The window, its transcript, and waiting until it has painted.

    Args:
        bench: open.
    """

    def __init__(self, bench: Bench) -> None:
        self.window = bench.window
        self.view: Any = None
        self._painted = asyncio.Event()

    def watch(self) -> None:
        """Look at the transcript of the tab in front."""
        self.view = self.window.current_page().transcript
        paint = self.view.paintEvent

        def counted(event: Any) -> None:
            paint(event)
            self._painted.set()

        self.view.paintEvent = counted

    async def painted(
        self, act: Callable[[], object], done: Callable[[], bool] = lambda: True
    ) -> float:
        """Do something; return the milliseconds until its result is painted, text and all.

        Args:
            act: what is done.
            done: tells whether it has come about; what was painted before does not count.
        """
        from tests.helpers.qt import until

        self._painted.clear()
        began = time.perf_counter()
        act()
        async with asyncio.timeout(60):
            while not self._painted.is_set() or not done():
                self._painted.clear()
                await self._painted.wait()
            await until(self.complete, "text in sight", 60)
        return (time.perf_counter() - began) * 1000

    def complete(self) -> bool:
        """Tell whether every message in sight is drawn."""
        view = self.view
        top = view.scroller.top
        between = view.column.between(top, top + view.scroller.height)
        return bool(between) and all(view.column.items[index].body for index in between)

    async def open(self, name: str) -> float:
        """Open a conversation by its name; return the milliseconds to its first paint."""
        from tests.helpers.qt import until

        began = time.perf_counter()
        self.window.tabs.open(name)
        self.watch()
        await until(lambda: self._painted.is_set() and self.complete(), name, 60)
        return (time.perf_counter() - began) * 1000

    async def whole(self, count: int) -> None:
        """Wait until the view knows all messages, not those at the end alone."""
        from tests.helpers.qt import until

        await until(lambda: len(self.view.column.items) >= count, "all messages", 60)

    async def quiet(self) -> None:
        """Wait until the view asks for no more frames."""
        from tests.helpers.qt import until

        await until(lambda: not self.view._frame_timer.isActive(), "a quiet view", 120)


def _times(values: list[float], what: str) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"{what}_p50_ms": round(ordered[len(ordered) // 2], 1),
        f"{what}_p99_ms": round(ordered[int(len(ordered) * 0.99) - 1], 1),
        f"{what}_max_ms": round(ordered[-1], 1),
    }


def _rss() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


async def measure_open(reader: Reader, name: str) -> list[dict[str, Any]]:
    """Open a conversation and return its line."""
    await reader.open("warm")
    await reader.quiet()
    before = _rss()
    began = time.perf_counter()
    first = await reader.open(name)
    count = int(name.removeprefix("talk"))
    await reader.whole(count)
    whole = (time.perf_counter() - began) * 1000
    await reader.quiet()
    return [
        {
            "case": "open",
            "messages": count,
            "first_paint_ms": round(first, 1),
            "all_known_ms": round(whole, 1),
            "rss_mb": round(_rss() - before, 1),
        }
    ]


async def measure_read(reader: Reader, name: str) -> list[dict[str, Any]]:
    """Scroll, jump and change the looks of a long conversation."""
    await reader.open(name)
    await reader.whole(LARGE)
    view, bar = reader.view, reader.view.verticalScrollBar()
    steps, back = [], 0
    for direction, count in ((-96, 300), (96, 300), (-600, 100)):
        for _ in range(count):
            top = bar.thumb().top()
            steps.append(await reader.painted(partial(view.scroll_by, direction)))
            moved = bar.thumb().top() - top
            back = max(back, moved if direction < 0 else -moved)
    lines = [{"case": "read", "what": "step", **_times(steps, "step"), "bar_back_px": back}]
    places: dict[str, Callable[[], object]] = {
        "middle": lambda: view.scroll_to(view.scroller.lowest // 2),
        "tenth": lambda: view.scroll_to(view.scroller.lowest // 10),
        "start": lambda: view.scroll_to(0),
        "end": view.scroll_to_end,
    }
    for what, go in places.items():
        taken = round(await reader.painted(go), 1)
        lines.append({"case": "read", "what": f"jump to {what}", "jump_ms": taken})
        await reader.quiet()
    lines += await _find(reader)
    await reader.painted(places["middle"])
    await reader.quiet()
    theme, window = view.theme, reader.window
    changes: dict[str, Callable[[], object]] = {
        "dark": lambda: theme.choose("dark"),
        "light": lambda: theme.choose("light"),
        "narrow": lambda: window.resize(1000, 820),
        "wide": lambda: window.resize(1280, 820),
    }
    for what, change in changes.items():
        taken = await reader.painted(change, partial(_other, view, view.page))
        lines.append({"case": "change", "what": what, "change_ms": round(taken, 1)})
        await reader.quiet()
    return lines


def _other(view: Any, page: object) -> bool:
    return view.page is not page


async def _find(reader: Reader) -> list[dict[str, Any]]:
    """Search for a text that one message holds, and jump there."""
    from desktop_chat.ui.transcript.find.needle import Needle
    from tests.helpers.qt import until

    view, search = reader.view, reader.view.search
    heart = Heartbeat()
    heart.start()
    began = time.perf_counter()
    search.look_for(Needle(NEEDLE))
    await until(lambda: not search.looking, "the end of the search", 120)
    seconds = time.perf_counter() - began
    gaps = heart.stop()
    await reader.painted(view.scroll_to_end)
    await reader.quiet()
    taken = await reader.painted(lambda: search.step(-1), lambda: not search.visiting)
    return [
        {
            "case": "read",
            "what": "find in all messages",
            "found_s": round(seconds, 2),
            "gap_p99_ms": gaps["gap_p99_ms"],
        },
        {"case": "read", "what": "jump to a search hit", "jump_ms": round(taken, 1)},
    ]


async def measure_monster(reader: Reader, name: str) -> list[dict[str, Any]]:
    """Open a message of an unusual kind, go through it and select it."""
    await reader.open("warm")
    heart = Heartbeat()
    heart.start()
    await reader.open(name)
    await reader.quiet()
    view = reader.view

    def go(part: int) -> None:
        view.scroll_to(view.scroller.lowest * part // 20 - 1)
        # What fits into the window does not move.
        view.viewport().update()

    for part in range(21):
        await reader.painted(partial(go, part))
        for _ in range(5):
            view.scroll_by(-96)
            await asyncio.sleep(0.01)
    view.setFocus()
    view.pointer.select_message(view.column.items[-1].id)
    await reader.quiet()
    await asyncio.sleep(0.1)
    gaps = heart.stop()
    return [
        {
            "case": "monster",
            "what": name,
            "frame_p99_ms": gaps["gap_p99_ms"],
            "frame_max_ms": gaps["gap_max_ms"],
            "rss_mb": round(_rss()),
        }
    ]


async def measure_idle(reader: Reader, name: str) -> list[dict[str, Any]]:
    """Do nothing for a while."""
    import psutil

    await reader.open(name)
    await reader.quiet()
    await asyncio.sleep(2)
    process = psutil.Process()
    switches, used = process.num_ctx_switches(), time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    after = process.num_ctx_switches()
    return [
        {
            "case": "idle",
            "seconds": IDLE_SECONDS,
            "cpu_ms": round((time.process_time() - used) * 1000, 1),
            "wake_ups": after.voluntary - switches.voluntary,
        }
    ]


MEASURES: Final[dict[str, Callable[[Reader, str], Awaitable[list[dict[str, Any]]]]]] = {
    "open": measure_open,
    "read": measure_read,
    "monster": measure_monster,
    "idle": measure_idle,
}


async def run_case(case: str, name: str) -> list[dict[str, Any]]:
    """Measure one case in the real window."""
    bench = Bench(0)
    await bench.open()
    try:
        return await MEASURES[case](Reader(bench), name)
    finally:
        await bench.close()


def run_child(case: str, name: str) -> None:
    """Measure, and print the lines."""
    if case == "seed":
        asyncio.run(seed(json.loads(name)))
        return
    from desktop_chat.app import make_application, run_on_loop

    app = make_application()
    for line in run_on_loop(app, lambda: run_case(case, name)):
        print(json.dumps({"bench": "transcript", **line}))
    app.shutdown()


def child(case: str, name: str, environ: dict[str, str]) -> list[dict[str, Any]]:
    """Run one case in a process of its own, and return its lines."""
    command = [sys.executable, "-m", "tests.benchmarks.transcript", "--child", case, "--name", name]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        print(json.dumps(line), flush=True)
    return lines


def main() -> None:
    """Measure everything and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=MEASURES, help="may be repeated")
    parser.add_argument("--monster", action="append", choices=MONSTERS, help="may be repeated")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--name", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments.child, arguments.name)
        return
    wanted = arguments.case or list(MEASURES)
    monsters = (arguments.monster or list(MONSTERS)) if "monster" in wanted else []
    with ExitStack() as stack:
        here = stack.enter_context(screen())
        home = stack.enter_context(tempfile.TemporaryDirectory())
        environ = {**here.environ, "DESKTOP_CHAT_HOME": home}
        small, large = f"talk{SMALL}", f"talk{LARGE}"
        sizes = {"warm": 4, small: SMALL}
        if {"open", "read"} & set(wanted):
            sizes[large] = LARGE
        child("seed", json.dumps({**sizes, **dict.fromkeys(monsters, 2)}), environ)
        if "open" in wanted:
            (few,) = child("open", small, environ)
            (many,) = child("open", large, environ)
            ratio = round(many["first_paint_ms"] / few["first_paint_ms"], 2)
            print(json.dumps({"bench": "transcript", "case": "open", "ratio": ratio}), flush=True)
        if "read" in wanted:
            child("read", large, environ)
        for name in monsters:
            child("monster", name, environ)
        if "idle" in wanted:
            child("idle", small, environ)


if __name__ == "__main__":
    main()
