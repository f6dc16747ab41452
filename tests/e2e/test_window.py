"""The window as a process on a real screen: asked by keyboard, killed, started again."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.byte_server import HANG, SSE_HEAD, ByteServer, Script
from tests.helpers.program import configure, delta, program, rows
from tests.helpers.screen import Screen, screen, wait_for

TITLE = "Desktop Chat"


@pytest.fixture(scope="module")
def display() -> Iterator[Screen]:
    with screen() as here:
        yield here


@contextmanager
def serving(script: Script) -> Iterator[ByteServer]:
    """A scripted service on a loop and a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ByteServer([script])
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        leaving = server.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(leaving, loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def answers(home: Path) -> list[tuple[str, str, str]]:
    """Return state, text and appended pieces of every answer."""
    found = rows(
        home,
        "SELECT state, text, (SELECT group_concat(text, '') FROM (SELECT text FROM pieces"
        " WHERE message_id = messages.id ORDER BY seq)) FROM messages WHERE role = 'assistant'",
    )
    return [(state, text, pieces or "") for state, text, pieces in found]


def test_asked_killed_and_started_again(display: Screen, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving([SSE_HEAD, delta("The first part. "), delta("令牌桶。"), HANG]) as server:
        configure(home, server.url)
        with program(display, home) as running:
            display.wait_window(TITLE)
            display.type("What is a token bucket?")
            display.key("Return")
            wait_for(lambda: server.requests, "the request")
            assert server.requests[0].json()["messages"][-1]["content"] == "What is a token bucket?"
            assert rows(home, "SELECT text FROM messages WHERE role = 'user'") == [
                ("What is a token bucket?",)
            ], "the question is saved before it is sent"
            wait_for(
                lambda: answers(home) == [("streaming", "", "The first part. 令牌桶。")],
                "what arrived, in the database",
            )
            running.kill()
        assert answers(home) == [("streaming", "", "The first part. 令牌桶。")]
        with program(display, home) as again:
            display.wait_window(TITLE)
            wait_for(
                lambda: answers(home) == [("interrupted", "The first part. 令牌桶。", "")],
                "the answer marked as interrupted, whole",
            )
            assert "Traceback" not in again.end()


def test_a_draft_survives_a_kill(display: Screen, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(b"") as server:
        configure(home, server.url)
        with program(display, home) as running:
            display.wait_window(TITLE)
            display.type("half a thought")
            wait_for(lambda: rows(home, "SELECT text FROM drafts"), "the draft")
            wait_for(
                lambda: rows(home, "SELECT text FROM drafts") == [("half a thought",)],
                "the whole draft",
            )
            running.kill()
        with program(display, home):
            display.wait_window(TITLE)

            def sent() -> bool:
                # The draft comes a moment after the window; Return in an empty box does nothing.
                display.key("Return")
                return bool(server.requests)

            wait_for(sent, "the request")
            assert server.requests[0].json()["messages"][-1]["content"] == "half a thought"


def test_a_broken_display_is_told(tmp_path: Path) -> None:
    nowhere = Screen(":4242")
    del nowhere.environ["QT_QPA_PLATFORM"]
    with program(nowhere, tmp_path / "home") as running:
        _out, err = running.process.communicate(timeout=30)
        assert running.process.returncode == 69
        assert "There is no display here" in err


def test_a_polite_end_leaves_nothing_behind(display: Screen, tmp_path: Path) -> None:
    with program(display, tmp_path / "home", "--demo") as running:
        display.wait_window(TITLE)
        assert running.end() == ""
