"""What an answer costs while it streams into the real window.

Run it as ``python -m tests.benchmarks.streaming``.

A server process streams made-up answers; a process with nothing but httpx and this product's
decoder reads them (the *client*); a process with the real window on a real X server reads and
shows them. Each line of output is JSON:

- ``cpu_ms_per_1k``: CPU of the window's process, all threads, for 1,000 tokens, start-up left out.
- ``ratio_to_client``: that against the client's in the same run.
- ``wall_ratio``: from the question to the last token painted, against the server's own time.
- ``gap_*_ms``: distances of a 5 ms heartbeat on the window's loop.
- ``rss_mb``: resident memory of the window's process at the end.

The last line, ``"case":"flat"``, holds CPU for 1,000 tokens at the largest size against the
smallest one.
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

SIZES: Final = (2_000, 8_000, 32_000)
BLOCKS: Final = ("list", "table", "quote", "code")


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


async def run_window(port: int, model: str) -> dict[str, Any]:
    """Ask in the real window and measure until the last token is painted."""
    import psutil
    from PySide6.QtWidgets import QApplication

    from desktop_chat.app import Desk
    from desktop_chat.core.messages import ChatOptions, Message
    from desktop_chat.core.services import Service
    from desktop_chat.wiring import build
    from tests.helpers.qt import until

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    house = build(os.environ)
    await house.open()
    house.catalogue.save(
        Service("bench", {"": "Bench"}, base_url=f"http://127.0.0.1:{port}/v1", auth="none")
    )
    desk = Desk(app, house)
    desk.window.resize(1280, 820)
    desk.window.show()
    page = desk.window.current_page()
    painted: dict[str, int] = {}
    page.transcript.painted.connect(painted.__setitem__)

    async def ask(which: str) -> float:
        await page.session.set_options(ChatOptions(service_id="bench", model=which))
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
        await until(lambda: painted.get(running, 0) >= len(message.text), "the last token")
        return time.perf_counter() - began

    try:
        await ask("answer:500:max")
        heart = Heartbeat()
        heart.start()
        before = time.process_time()
        wall = await ask(model)
        cpu = time.process_time() - before
        gaps = heart.stop()
        rss = psutil.Process().memory_info().rss / 1e6
        return {"cpu_s": cpu, "wall_s": wall, "rss_mb": round(rss), **gaps}
    finally:
        desk.close()
        await house.aclose()


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
        measured = run_on_loop(app, lambda: run_window(arguments.port, arguments.model))
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
    return {
        "bench": "streaming",
        "case": case,
        "tokens": count,
        "rate": rate,
        "cpu_ms_per_1k": round(window["cpu_s"] * 1e6 / count, 1),
        "ratio_to_client": round(window["cpu_s"] / client["cpu_s"], 2),
        "wall_ratio": round(window["wall_s"] / served, 3),
        **{name: window[name] for name in ("gap_p50_ms", "gap_p99_ms", "gap_max_ms", "rss_mb")},
    }


def plan(arguments: argparse.Namespace) -> list[tuple[str, int, str]]:
    """Return the cases to measure: name, tokens, rate."""
    sizes = SIZES[:2] if arguments.quick else SIZES
    cases = [
        ("answer", size, rate)
        for rate in ("max", "200")
        for size in sizes
        if not (arguments.quick and rate == "200" and size > SIZES[0])
    ]
    cases += [(block, size, "max") for block in BLOCKS for size in (SIZES[0], sizes[-1])]
    return [case for case in cases if not arguments.case or case[0] in arguments.case]


def main() -> None:
    """Measure everything and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--case", action="append", help="only this case; may be repeated")
    parser.add_argument("--child", choices=("client", "window"), help=argparse.SUPPRESS)
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
        for case, rate in dict.fromkeys((line["case"], line["rate"]) for line in lines):
            costs = [
                (line["tokens"], line["cpu_ms_per_1k"])
                for line in lines
                if (line["case"], line["rate"]) == (case, rate)
            ]
            flat = {"bench": "streaming", "case": "flat", "of": case, "rate": rate}
            print(json.dumps({**flat, "ratio": round(max(costs)[1] / min(costs)[1], 2)}))


if __name__ == "__main__":
    main()
