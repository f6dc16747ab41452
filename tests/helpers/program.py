"""The program as a process of its own, and its database looked at from outside."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from tests.helpers.screen import Screen

SERVICES = """
[services.local]
name = {{ "" = "Local" }}
base_url = "{url}"
auth = "none"
default_model = "m"

[[services.local.models]]
id = "m"
"""


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query finds in the database of a home; none while there is no database."""
    path = home / "data" / "conversations.db"
    if not path.exists():
        return []
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(2000)
        return list(connection.execute(sql))
    finally:
        connection.close()


class Program:
    """A running window.

    Args:
        screen: where it is shown.
        home: its DESKTOP_CHAT_HOME.
        arguments: of the command line.
        variables: further environment.
    """

    def __init__(
        self, screen: Screen, home: Path, *arguments: str, variables: dict[str, str] | None = None
    ) -> None:
        self.home = home
        self.screen = screen
        environ = {**screen.environ, "DESKTOP_CHAT_HOME": str(home), "LANGUAGE": "en"}
        environ["PYTHONWARNINGS"] = "error"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "desktop_chat", *arguments],
            env=environ | (variables or {}),
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        """End it the hard way."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def end(self) -> str:
        """End it politely, expect status 0, and return what it wrote to standard error."""
        self.process.send_signal(signal.SIGTERM)
        _out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return err


@contextmanager
def program(
    screen: Screen, home: Path, *arguments: str, variables: dict[str, str] | None = None
) -> Iterator[Program]:
    """Start the window; kill it at the end if it still runs."""
    running = Program(screen, home, *arguments, variables=variables)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def configure(home: Path, url: str) -> None:
    """Give a home one service of its own, without a key, and make it the default."""
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "services.toml").write_text(SERVICES.format(url=url), "utf-8")
    (config / "settings.toml").write_text('[chat]\nservice = "local"\nmodel = "m"\n', "utf-8")


def delta(text: str) -> bytes:
    """Return one event of a stream of chat completions, as a chunk of HTTP."""
    data = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    event = b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(event), event)
