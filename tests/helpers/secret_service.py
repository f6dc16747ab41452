"""A real Secret Service for a test: gnome-keyring on a bus of its own, in a home of its own.

The test's body is a script that runs as a child process on that bus. It can reach neither the
bus nor the keyring of whoever runs the tests.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PASSWORD: Final = "test keyring password"
_START: Final = """
printf '%s' "$KEYRING_PASSWORD" | gnome-keyring-daemon --unlock --components=secrets --daemonize \
    > "$XDG_RUNTIME_DIR/daemon.env"
unset KEYRING_PASSWORD
exec "$@"
"""


@dataclass(frozen=True)
class Finished:
    """How a child ended."""

    code: int
    out: str
    err: str


def keyring_environment(folder: Path) -> dict[str, str]:
    """Return an environment with a private home, in which keyring picks its own backend."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
    }
    for name, part in (
        ("HOME", "home"),
        ("XDG_DATA_HOME", "home/data"),
        ("XDG_CONFIG_HOME", "home/config"),
        ("XDG_CACHE_HOME", "home/cache"),
        ("XDG_RUNTIME_DIR", "run"),
    ):
        path = folder / part
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment[name] = str(path)
    environment["DESKTOP_CHAT_HOME"] = str(folder / "desktop-chat")
    environment["PYTHONPATH"] = str(ROOT)
    environment["PYTHONWARNINGS"] = "error"
    return environment


def run_python(
    script: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> Finished:
    """Run a script in a child process without any D-Bus session.

    Args:
        script: Python source.
        folder: a private one for everything that the child keeps.
        arguments: for the script.
        environment: added to, and winning over, the private one.
    """
    command = [sys.executable, "-c", script, *arguments]
    return _run(command, keyring_environment(folder) | (environment or {}))


def run_with_keyring(
    script: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> Finished:
    """Run a script in a child process with an unlocked Secret Service.

    The daemon ends with the script; a second run in the same folder finds what the first kept.

    Args:
        script: Python source.
        folder: a private one for everything that the child and the daemon keep.
        arguments: for the script.
        environment: added to, and winning over, the private one.
    """
    command = ["dbus-run-session", "--", "bash", "-c", _START, "bash"]
    command += [sys.executable, "-c", script, *arguments]
    private = keyring_environment(folder) | {"KEYRING_PASSWORD": PASSWORD}
    return _run(command, private | (environment or {}))


def _run(command: list[str], environment: dict[str, str]) -> Finished:
    done = subprocess.run(
        command,
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
