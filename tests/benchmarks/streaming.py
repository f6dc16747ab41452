"""What an answer costs while it streams into the real window.

Run it as ``python -m tests.benchmarks.streaming``.

A server process streams made-up answers; a process with nothing but httpx and this product's
decoder reads them (the *client*); a process with the real window on a real X server reads and
shows them. Each line of output is JSON:

- ``cpu_ms_per_1k``: CPU of the window's process, all threads, for 1,000 tokens, start-up left out.
- ``ratio_to_client``: that against the client's in the same run.
- ``above_client``: the difference, in percent of a core while it streams (for a fixed rate).
- ``wall_ratio``: from the question to the last token painted, against the server's own time.
- ``gap_*_ms``: distances of a 5 ms heartbeat on the window's loop.
- ``rss_mb``: resident memory of the window's process at the end.
- ``frames_per_s``: how often the transcript painted.

Lines ``"case":"flat"`` hold CPU for 1,000 tokens at a size against that of the smallest one, at
one rate. The line ``"case":"tabs"`` is ten tabs that stream at once; ``hidden_paints`` counts what
the nine that are not in front painted.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from typing import Any, Final

from tests.helpers.screen import screen

SMALL, MIDDLE, LARGE, HUGE = 2_000, 8_000, 32_000, 128_000
BLOCKS: Final = ("list", "table", "quote", "code", "paragraph")
FLAT_RATE: Final = "2000"
"""Tokens a second at which sizes are compared: fast, but with as many frames for each token."""
TABS: Final = 10
TAB_TOKENS: Final = 1_000
SETTLE_SECONDS: Final = 2.0


class Paints:
    """Counts what a transcript paints."""

    def __init__(self, view: Any) -> None:
        self.count = 0
        self._view = view
        self._paint = view.paintEvent
        view.paintEvent = self._counted

    def _counted(self, event: Any) -> None:
        self.count += 1
        self._paint(event)


class Heartbeat:
    """Measures how long the loop of this process did not turn."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Beat every 5 ms on the running loop."""
        self._last = time.perf_counter()
        self._again()

    def _again(self) -> None:
        self._handle = asyncio.get_running_loop().call_later(0.005, self._beat)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now
        self._again()

    def stop(self) -> dict[str, float]:
        """Stop, and return median, 99th percentile and maximum in milliseconds."""
        if self._handle is not None:
            self._handle.cancel()
        ordered = sorted(self.gaps) or [0.0]
        return {
            "gap_p50_ms": round(statistics.median(ordered), 1),
            "gap_p99_ms": round(ordered[int(len(ordered) * 0.99) - 1], 1),
            "gap_max_ms": round(ordered[-1], 1),
        }


async def run_client(port: int, model: str, repeat: int) -> dict[str, Any]:
    """Read the stream with httpx and the product's decoder, and do nothing with it."""
    import httpx

    from desktop_chat.providers.chat_decoder import ChatDecoder
    from desktop_chat.providers.errors import ErrorReader

    used = []
    errors = ErrorReader("bench", str)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for _ in range(repeat):
            seen = 0
            heart = Heartbeat()
            heart.start()
            before = time.process_time()
            async with client.stream(
                "POST",
                f"http://127.0.0.1:{port}/v1/chat/completions",
                json={"model": model, "messages": [{"role": "user", "content": "go"}]},
            ) as response:
                decoder = ChatDecoder(errors, response.headers)
                async for data in response.aiter_raw():
                    seen += len(decoder.feed(data))
            used.append(time.process_time() - before)
            heart.stop()
            assert seen > 0
    return {"cpu_s": min(used)}


class Bench:
    """The real window with a service that is the benchmark's server.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._painted: dict[str, int] = {}

    async def open(self) -> None:
        """Open the house and its window."""
        from PySide6.QtWidgets import QApplication

        from desktop_chat.app import Desk
        from desktop_chat.core.services import Service
        from desktop_chat.wiring import build

        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.house = build(os.environ)
        await self.house.open()
        address = f"http://127.0.0.1:{self._port}/v1"
        self.house.catalogue.save(Service("bench", {"": "Bench"}, base_url=address, auth="none"))
        self.desk = Desk(app, self.house)
        self.window = self.desk.window
        self.window.resize(1280, 820)
        self.window.show()

    async def close(self) -> None:
        """Close both."""
        self.desk.close()
        await self.house.aclose()

    async def ask(self, page: Any, model: str) -> float:
        """Ask in a tab; return the seconds until the last token is painted, or is there to be
        painted in a tab that is hidden.
        """
        from desktop_chat.core.messages import ChatOptions, Message
        from tests.helpers.qt import until

        page.transcript.painted.connect(self._painted.__setitem__)
        await page.session.set_options(ChatOptions(service_id="bench", model=model))
        began = time.perf_counter()
        page.composer.submitted.emit("go")
        await until(lambda: page.session.running_id, "a turn")
        running = str(page.session.running_id)
        await page.session.wait()
        (message,) = (
            item
            for item in page.session.branch()
            if isinstance(item, Message) and item.id == running
        )
        if page.isVisible():
            size = len(message.text)
            await until(lambda: self._painted.get(running, 0) >= size, "the last token")
        return time.perf_counter() - began


async def run_window(port: int, model: str) -> dict[str, Any]:
    """Ask in the real window and measure until the last token is painted."""
    import psutil

    bench = Bench(port)
    await bench.open()
    page = bench.window.current_page()
    paints = Paints(page.transcript)
    try:
        await bench.ask(page, "answer:500:max")
        # The first formula and the first code bring in what draws them.
        await asyncio.sleep(SETTLE_SECONDS)
        best: dict[str, Any] = {}
        for _ in range(3 if model.endswith(":max") else 1):
            heart = Heartbeat()
            heart.start()
            painted, before = paints.count, time.process_time()
            wall = await bench.ask(page, model)
            cpu = time.process_time() - before
            measured = {
                "cpu_s": cpu,
                "wall_s": wall,
                **heart.stop(),
                "frames_per_s": round((paints.count - painted) / wall, 1),
            }
            if not best or cpu < best["cpu_s"]:
                best = measured
        best["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
        return best
    finally:
        await bench.close()


async def run_tabs(port: int, model: str) -> dict[str, Any]:
    """Stream into ten tabs at once, of which one is in front."""
    import psutil

    bench = Bench(port)
    await bench.open()
    try:
        pages = []
        for _ in range(TABS):
            bench.window.tabs.new_tab()
            pages.append(bench.window.current_page())
            # An empty tab would be taken for the next one.
            await bench.ask(pages[-1], "answer:500:max")
        paints = [Paints(page.transcript) for page in pages[:-1]]
        heart = Heartbeat()
        heart.start()
        before = time.process_time()
        began = time.perf_counter()
        await asyncio.gather(*(bench.ask(page, model) for page in pages))
        return {
            "cpu_s": time.process_time() - before,
            "wall_s": time.perf_counter() - began,
            **heart.stop(),
            "hidden_paints": sum(item.count for item in paints),
            "rss_mb": round(psutil.Process().memory_info().rss / 1e6),
        }
    finally:
        await bench.close()


def run_child(arguments: argparse.Namespace) -> None:
    """Be the client or the window, and print what was measured."""
    if arguments.child == "client":
        repeat = 3 if arguments.model.endswith(":max") else 1
        print(json.dumps(asyncio.run(run_client(arguments.port, arguments.model, repeat))))
        return
    from desktop_chat.app import make_application, run_on_loop

    with tempfile.TemporaryDirectory() as home:
        os.environ["DESKTOP_CHAT_HOME"] = home
        app = make_application()
        run = run_tabs if arguments.child == "tabs" else run_window
        measured = run_on_loop(app, lambda: run(arguments.port, arguments.model))
        print(json.dumps(measured))
        app.shutdown()


def child(kind: str, port: int, model: str, environ: dict[str, str]) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.streaming", "--child", kind]
    command += ["--port", str(port), "--model", model]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def measure(port: int, case: str, count: int, rate: str, environ: dict[str, str]) -> dict[str, Any]:
    """Measure one case against the client and return its line."""
    model = f"{case}:{count}:{rate}"
    client = child("client", port, model, environ)
    window = child("window", port, model, environ)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/timing") as reply:
        served = json.load(reply)["seconds"]
    line = {
        "bench": "streaming",
        "case": case,
        "tokens": count,
        "rate": rate,
        "cpu_ms_per_1k": round(window["cpu_s"] * 1e6 / count, 1),
        "ratio_to_client": round(window["cpu_s"] / client["cpu_s"], 2),
        "wall_ratio": round(window["wall_s"] / served, 3),
    }
    if rate != "max":
        above = (window["cpu_s"] - client["cpu_s"]) / window["wall_s"]
        line["above_client"] = round(100 * above, 1)
    names = ("gap_p50_ms", "gap_p99_ms", "gap_max_ms", "frames_per_s", "rss_mb")
    return {**line, **{name: window[name] for name in names}}


def measure_tabs(port: int, environ: dict[str, str]) -> dict[str, Any]:
    """Measure ten tabs and return their line."""
    window = child("tabs", port, f"answer:{TAB_TOKENS}:100", environ)
    cpu = round(100 * window.pop("cpu_s") / window["wall_s"], 1)
    wall = round(window.pop("wall_s"), 2)
    line = {"bench": "streaming", "case": "tabs", "tabs": TABS, "rate": "100"}
    return {**line, "cpu_percent": cpu, "wall_s": wall, **window}


def plan(arguments: argparse.Namespace) -> list[tuple[str, int, str]]:
    """Return the cases to measure: name, tokens, rate."""
    cases = [("answer", size, "max") for size in (SMALL, MIDDLE, LARGE)]
    cases += [("answer", size, "200") for size in (SMALL, LARGE)]
    cases += [("answer", size, FLAT_RATE) for size in (SMALL, LARGE, HUGE)]
    cases += [(block, size, FLAT_RATE) for block in BLOCKS for size in (SMALL, LARGE)]
    if arguments.quick:
        cases = [case for case in cases if case[1] <= MIDDLE]
    return [case for case in cases if not arguments.case or case[0] in arguments.case]


def flat(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, for every size, what 1,000 tokens cost against the smallest one of its kind."""
    first: dict[tuple[str, str], float] = {}
    found = []
    for line in lines:
        kind = (line["case"], line["rate"])
        cost = line["cpu_ms_per_1k"]
        if kind in first:
            found.append(
                {
                    "bench": "streaming",
                    "case": "flat",
                    "of": kind[0],
                    "rate": kind[1],
                    "tokens": line["tokens"],
                    "ratio": round(cost / first[kind], 2),
                }
            )
        first.setdefault(kind, cost)
    return found


def main() -> None:
    """Measure everything and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--case", action="append", help="only this case; may be repeated")
    parser.add_argument("--child", choices=("client", "window", "tabs"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments)
        return
    with ExitStack() as stack:
        here = stack.enter_context(screen())
        server = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.server"],
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(server.terminate)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        lines = []
        for case, count, rate in plan(arguments):
            lines.append(measure(port, case, count, rate, here.environ))
            print(json.dumps(lines[-1]), flush=True)
        if not arguments.case or "tabs" in arguments.case:
            print(json.dumps(measure_tabs(port, here.environ)), flush=True)
        for found in flat(lines):
            print(json.dumps(found))


if __name__ == "__main__":
    main()
