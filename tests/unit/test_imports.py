"""The house has rooms, and a room may import what its line in CONTRIBUTING.md names, no more."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "desktop_chat"

ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "providers": {"core"},
    "store": {"core"},
    "markdown": {"core"},
    "system": {"core"},
    "chat": {"core", "markdown"},
    "ui": {"core", "chat", "markdown"},
    "desktop": {"core"},
    "wiring": {"core", "providers", "store", "markdown", "system", "chat"},
    "cli": {"core", "chat", "wiring"},
    "app": {
        "core", "providers", "store", "markdown", "system", "chat", "ui", "desktop", "wiring",
    },
    "__main__": {"cli", "app", "core"},
}  # fmt: skip

ONLY_IN: dict[str, tuple[str, ...]] = {
    "PySide6": ("ui/", "desktop/", "app.py"),
    "qasync": ("ui/bridge.py", "ui/loop.py"),
    "httpx": ("providers/",),
    "websockets": ("providers/",),
    "apsw": ("store/",),
    "sqlite3": ("store/",),
    "keyring": ("system/secrets.py",),
    "gettext": ("core/i18n.py",),
}

CORE_MAY_IMPORT = set(sys.stdlib_module_names)


def _imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute in this project"
            assert node.module is not None
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def violations(path: Path, source: str) -> list[str]:
    """Return every arrow from a file that the plan of the house does not have."""
    room = _room(path)
    place = path.relative_to(PACKAGE).as_posix()
    if room == "__init__":
        return []
    found: list[str] = []
    for name in sorted(_imports(ast.parse(source))):
        top, _, rest = name.partition(".")
        if top == "desktop_chat" and rest:
            target = rest.split(".")[0]
            if target != room and target not in ALLOWED[room] and target != "__version__":
                found.append(f"{place}: {room} may not import {target}")
        elif top in ONLY_IN and not place.startswith(ONLY_IN[top]):
            found.append(f"{place}: {top} lives only in {', '.join(ONLY_IN[top])}")
        elif room == "core" and top != "desktop_chat" and top not in CORE_MAY_IMPORT:
            found.append(f"{place}: core may not import {top}")
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_arrow_is_in_the_plan(path: Path) -> None:
    assert violations(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("store/x.py", "from desktop_chat.providers import http"),
        ("providers/x.py", "import apsw"),
        ("core/x.py", "import httpx"),
        ("core/x.py", "import yaml"),
        ("chat/x.py", "from desktop_chat import ui"),
        ("ui/x.py", "import desktop_chat.desktop.tray"),
        ("ui/x.py", "import qasync"),
        ("system/settings.py", "import keyring"),
        ("cli.py", "from PySide6 import QtCore"),
    ],
)
def test_a_wrong_arrow_is_found(place: str, source: str) -> None:
    assert violations(PACKAGE / place, source) != []


def test_no_file_is_too_long() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix(): count
        for path in FILES
        if (count := len(path.read_text("utf-8").splitlines())) > 700
    }
    assert long == {}


def test_the_main_window_stays_small() -> None:
    path = PACKAGE / "ui" / "main_window.py"
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= 400
    (window,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name == "MainWindow"
    ]
    assert len([node for node in window.body if isinstance(node, ast.FunctionDef)]) <= 25


@pytest.mark.parametrize("room", ["markdown", "ui/transcript"])
def test_no_class_has_too_many_methods(room: str) -> None:
    large = {
        f"{path.relative_to(PACKAGE).as_posix()}: {node.name}": count
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        if (count := sum(isinstance(part, ast.FunctionDef) for part in node.body)) > 30
    }
    assert large == {}
