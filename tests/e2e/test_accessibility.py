"""The window worked by assistive technology alone, over the real AT-SPI."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.helpers.assistive import Desktop, desktop
from tests.helpers.program import program
from tests.helpers.screen import Screen, screen

READER = Path(__file__).with_name("reader.py")
COMPLAINT = "AtSpiAdaptor::applicationInterface does not implement"
"""What Qt writes when a library asks it for more than it has; of every Qt program."""


@pytest.fixture
def display() -> Iterator[Screen]:
    with screen() as here:
        yield here


@pytest.fixture
def reading(display: Screen) -> Iterator[Desktop]:
    # A socket's path may be 107 characters long; a test's own folder can be longer.
    with TemporaryDirectory(prefix="dc-") as folder, desktop(display, Path(folder)) as here:
        yield here


def flat(tree: list[Any]) -> Iterator[tuple[str, str, str]]:
    role, name, description, parts = tree
    yield role, name, description
    for part in parts:
        yield from flat(part)


def test_a_question_is_asked_and_its_answer_read(
    display: Screen, reading: Desktop, tmp_path: Path
) -> None:
    with program(display, tmp_path / "home", "--demo", variables=reading.variables) as running:
        display.wait_window("Desktop Chat")
        found = reading.read(READER, "ask", "What can you do?")
        question, answer = found["messages"]
        assert question[1].startswith("You, ")
        assert question[1].endswith(": What can you do?")
        assert answer[1].startswith("demo-rich, ")
        nodes = list(flat(answer))
        assert ("heading", "A piece of code", "Heading level 2") in nodes
        assert ("table cell", "a refused key", "") in nodes
        assert ("table column header", "What happens", "") in nodes
        names = [name for _role, name, _description in nodes]
        assert "code, python, 18 lines" in [name.lower() for name in names]
        assert "class Timing:" in names
        formula = "r = \\frac{n - 1}{t_{\\text{total}} - t_{\\text{first}}}"
        assert formula in [name for _role, name, what in nodes if what == "Formula"]
        assert len(found["announced"]) == 1
        assert found["announced"][0].startswith("The answer is finished.\nThis is a demonstration")
        pasted = reading.read(READER, "box")
        assert pasted.startswith("**This is a demonstration"), "Copy was pressed"
        walked = reading.read(READER, "walk")
        assert "push button Copy message" in walked["passed"]
        assert walked["passed"][-1].startswith("section demo-rich, ")
        assert walked["then"][-1].startswith("section You, ")
        display.key("alt+Next")
        reviewed = reading.read(READER, "review")
        assert reviewed["read"] == "This"
        assert formula in reviewed["whole"]
        assert "class Timing:" in reviewed["whole"]
        assert reading.read(READER, "repeat") == found["announced"]
        said = [line for line in running.end().splitlines() if COMPLAINT not in line]
        assert said == []
