"""What every test gets: a home of its own, no real key, and no leak left behind."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

# Before anything imports Qt or keyring: a test must never touch a real key or a real screen.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"
for _name in [name for name in os.environ if name.endswith("_API_KEY") or "proxy" in name.lower()]:
    del os.environ[_name]

import pytest  # noqa: E402


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKTOP_CHAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(autouse=True)
def _english() -> None:
    """Let no test find the language that another one chose."""
    from desktop_chat.core.i18n import install, language

    if language() != "en":
        install("en", Path(__file__).parents[1] / "resources" / "translations")


@pytest.fixture(autouse=True)
def _no_unhandled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail on what no one caught: in a Qt slot, in a thread, in a ``__del__``."""
    caught: list[str] = []
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, _trace: caught.append(f"{kind.__name__}: {error}")
    )
    yield
    assert not caught, caught


@pytest.fixture
async def _no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = [
        task
        for task in asyncio.all_tasks() - before
        if not task.done() and task is not asyncio.current_task()
    ]
    assert not left, f"tasks left running: {left}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Watch the tasks of every coroutine test."""
    if isinstance(item, pytest.Function) and asyncio.iscoroutinefunction(item.obj):
        item.fixturenames.append("_no_leaked_tasks")


@pytest.fixture(autouse=True, scope="session")
def _collect_at_end() -> Iterator[None]:
    """Let an unclosed file or socket of the last test speak, too."""
    yield
    gc.collect()
