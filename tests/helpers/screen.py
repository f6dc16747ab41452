"""A real X server with a window manager, for tests that look at windows from outside."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait, in a test without an event loop, until a condition holds.

    Args:
        condition: looked at again and again; anything truthy ends the wait.
        what: named in the failure.
        seconds: after which the test fails; a safety net, not a measure.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


class Screen:
    """One X server.

    Attributes:
        environ: for the programs that shall be on it.
    """

    def __init__(self, display: str) -> None:
        self.environ = {
            **{key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"},
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
        }

    def run(self, *command: str) -> str:
        """Run a program on this screen and return what it printed."""
        done = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout

    def window(self, name: str) -> str:
        """Return the id of the visible window with a name, or ""."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", name).strip().split("\n")[0]

    def wait_window(self, name: str) -> str:
        """Return the id of a window with a name, once it is there and has the focus."""
        wait_for(lambda: self.window(name), f"a window named {name}")
        window = self.window(name)
        self.run("xdotool", "windowactivate", "--sync", window)
        return window

    def type(self, text: str) -> None:
        """Type into the focused window."""
        self.run("xdotool", "type", "--delay", "5", text)

    def key(self, *names: str) -> None:
        """Press keys in the focused window."""
        self.run("xdotool", "key", *names)

    def picture(self, path: Path) -> None:
        """Save what is on the screen as a PNG."""
        self.run("import", "-window", "root", str(path))


@contextmanager
def screen(size: str = "1400x900") -> Iterator[Screen]:
    """Start Xvfb and openbox on a display of their own; end them after."""
    for tool in ("Xvfb", "openbox", "xdotool"):
        assert shutil.which(tool), f"{tool} is missing: run `make test`, which installs it"
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as numbers:
        display = f":{numbers.readline().strip()}"
    here = Screen(display)
    quiet = subprocess.DEVNULL
    manager = subprocess.Popen(["openbox"], env=here.environ, stdout=quiet, stderr=quiet)

    def managed() -> bool:
        assert server.poll() is None, "Xvfb ended"
        assert manager.poll() is None, "openbox ended"
        return "_NET_SUPPORTING_WM_CHECK(WINDOW)" in here.run("xprop", "-root")

    try:
        wait_for(managed, "openbox")
        yield here
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait(10)
