"""A desktop for assistive technology: a bus of its own, and the registry that programs report to.

What reads the screen there runs on the system's Python, which has the bindings for AT-SPI; the
tests' own environment has none.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.helpers.screen import Screen, wait_for

LAUNCHERS: Final = (
    Path("/usr/libexec/at-spi-bus-launcher"),
    Path("/usr/lib/at-spi2-core/at-spi-bus-launcher"),
)
PYTHON: Final = "/usr/bin/python3"


class Desktop:
    """A screen with a bus on which assistive technology and programs meet.

    Args:
        screen: where the windows are.
        address: of the session bus.
        folder: a private one.
    """

    def __init__(self, screen: Screen, address: str, folder: Path) -> None:
        self.variables = {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "XDG_RUNTIME_DIR": str(folder),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "NO_AT_BRIDGE": "0",
        }
        self.environ = {**screen.environ, **self.variables}

    def read(self, script: Path, *arguments: str, seconds: float = 60) -> Any:
        """Run a script on the system's Python and return what it printed, read as JSON.

        Args:
            script: which.
            arguments: for it.
            seconds: after which the test fails; a safety net, not a measure.
        """
        done = subprocess.run(
            [PYTHON, str(script), *arguments],
            env={name: value for name, value in self.environ.items() if "PYTHON" not in name},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)


@contextmanager
def desktop(screen: Screen, folder: Path) -> Iterator[Desktop]:
    """Start a bus and the registry of AT-SPI on a screen; end them after.

    Args:
        screen: where.
        folder: a private one for sockets; its path must be short enough for them.
    """
    launcher = next((path for path in LAUNCHERS if path.exists()), None)
    have = launcher is not None and shutil.which("dbus-daemon") and Path(PYTHON).exists()
    assert have, "at-spi2-core, dbus or python3 is missing: run `make test`, which installs them"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    read, write = os.pipe()
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--print-address={write}"]
    environ = {**screen.environ, "XDG_RUNTIME_DIR": str(folder)}
    quiet = subprocess.DEVNULL
    bus = subprocess.Popen(command, env=environ, pass_fds=[write], stdout=quiet, stderr=quiet)
    os.close(write)
    with os.fdopen(read) as addresses:
        address = addresses.readline().strip()
    here = Desktop(screen, address, folder)
    registry = subprocess.Popen(
        [str(launcher), "--launch-immediately"], env=here.environ, stdout=quiet, stderr=quiet
    )

    def ready() -> bool:
        assert bus.poll() is None, "the bus ended"
        assert registry.poll() is None, "the launcher of AT-SPI ended"
        asked = subprocess.run(
            [
                *("dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus"),
                *("/org/a11y/bus", "org.a11y.Bus.GetAddress"),
            ],
            env=here.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return "unix:" in asked.stdout

    try:
        wait_for(ready, "the bus of AT-SPI")
        yield here
    finally:
        for process in (registry, bus):
            process.terminate()
            process.wait(10)
