"""The wheel, in an empty environment, finds its resources and gives a working command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, **variables: str) -> str:
    """Run a command in the checkout, with no display and no path of this environment."""
    environ = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONPATH")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the locked dependencies and the wheel; returns its ``bin``."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, HOME=str(folder))
    (wheel,) = folder.glob("*.whl")
    uv: list[str | Path] = [sys.executable, "-m", "uv", "-q"]
    run(*uv, "venv", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    install = [*uv, "pip", "install", "--python", python]
    run(*install, "--require-hashes", "-r", ROOT / "packaging" / "locks" / "run.txt")
    run(*install, "--no-deps", wheel)
    return python.parent


@pytest.mark.timeout(600)
def test_the_wheel_runs(installed: Path, tmp_path: Path) -> None:
    home = {"DESKTOP_CHAT_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "error"}
    command = installed / "desktop-chat"
    assert run(command, "--version", **home).startswith("desktop-chat 0.")
    assert "DeepSeek" in run(command, "services", **home)
    picture = tmp_path / "demo.png"
    printed = run(command, "--demo", "--screenshot", picture, **home)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in printed
