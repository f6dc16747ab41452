"""The tree that assistive technology walks: what is in it, and how long its nodes live."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QPushButton

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.messages import Message, MessageHead, MessageState, Role
from desktop_chat.markdown.stream import MarkdownStream, parse
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.access.accessible_content import Content
from desktop_chat.ui.transcript.access.accessible_outline import Entry, Group, outline
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle
from tests.ui.transcript.support import (
    answer,
    button,
    one,
    question,
    run,
    send,
    shown,
    streaming,
    think,
)

Kind = QAccessible.Role
TEXT = """\
# First *things*

One line,
and [another](https://example.org/a) with $x^2$.

1. one
2. two
   - deep
   - deeper
3. three

- [x] done
- [ ] not yet

| Part | Cost |
|---|--:|
| Decoder | `low` |
| Painter | high |

```python
def f():
    return 1
```

$$
\\frac{a}{b}
$$

> [!WARNING]
> Careful.

![A cat](https://example.org/cat.png)

---

See[^n].

[^n]: The note.
"""


@pytest.fixture(autouse=True)
def _active() -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def root(view: TranscriptView) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(view)


def name(node: QAccessibleInterface) -> str:
    return node.text(QAccessible.Text.Name)


def description(node: QAccessibleInterface) -> str:
    return node.text(QAccessible.Text.Description)


def children(node: QAccessibleInterface) -> list[QAccessibleInterface]:
    return [node.child(index) for index in range(node.childCount())]


def everything(node: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Yield a node and all below it, and check that they belong together."""
    yield node
    for index, child in enumerate(children(node)):
        assert child is not None
        assert child.isValid()
        assert node.indexOfChild(child) == index
        assert QAccessible.uniqueId(child.parent()) == QAccessible.uniqueId(node)
        yield from everything(child)


def find(node: QAccessibleInterface, role: QAccessible.Role) -> QAccessibleInterface:
    return next(item for item in everything(node) if item.role() is role)


def names(node: QAccessibleInterface, role: QAccessible.Role) -> list[str]:
    return [name(item) for item in everything(node) if item.role() is role]


def drawn(entry: Entry) -> Any:
    """An outline as plain data."""
    parts = tuple(drawn(entry.part(index)) for index in range(entry.count()))
    return (entry.role, entry.name, entry.description, entry.checked, parts)


# What is in it


def test_the_view_is_a_document_with_a_child_for_each_message(theme: Theme) -> None:
    view = shown(theme, [question("q", "How?"), answer("a", TEXT, model="m-pro")])
    top = root(view)
    assert top.role() is Kind.Document
    assert name(top) == "Conversation"
    first, second = top.child(0), top.child(1)
    assert name(first).startswith("You, ")
    assert name(first).endswith(": How?")
    assert name(second).startswith("m-pro, ")
    assert "First things One line" in name(second)
    assert description(second) == ""
    assert first.state().focusable
    assert QAccessible.uniqueId(root(view)) == QAccessible.uniqueId(first.parent())


def test_headings_lists_tables_code_and_formulas_are_nodes(theme: Theme) -> None:
    view = shown(theme, [answer("a", TEXT)])
    message = root(view).child(0)
    heading = find(message, Kind.Heading)
    assert (name(heading), description(heading)) == ("First things", "Heading level 1")
    assert names(message, Kind.ListItem) == [
        "1. one",
        "2. two",
        "• deep",
        "• deeper",
        "3. three",
        "done",
        "not yet",
    ]
    tasks = [item for item in everything(message) if item.state().checkable]
    assert [bool(item.state().checked) for item in tasks] == [True, False]
    table = find(message, Kind.Table)
    assert name(table) == "Table, 3 rows, 2 columns"
    cells = [[name(cell) for cell in children(row)] for row in children(table)]
    assert cells == [["Part", "Cost"], ["Decoder", "low"], ["Painter", "high"]]
    assert [item.role() for item in children(table.child(0))] == [Kind.ColumnHeader] * 2
    assert [item.role() for item in children(table.child(1))] == [Kind.Cell] * 2
    code = next(item for item in everything(message) if name(item).startswith("Code, "))
    assert name(code).lower() == "code, python, 2 lines"
    assert [name(line) for line in children(code)] == ["def f():", "    return 1"]
    assert names(message, Kind.Equation) == ["x^2", "\\frac{a}{b}"]
    assert names(message, Kind.Graphic) == ["A cat"]
    assert names(message, Kind.BlockQuote) == ["Warning"]
    assert "The note." in names(find(message, Kind.Note), Kind.Paragraph)
    link = find(message, Kind.Link)
    assert (name(link), description(link)) == ("another", "https://example.org/a")
    assert "One line,\nand another with x^2." in names(message, Kind.Paragraph)


def test_a_question_is_read_whole_and_as_it_was_typed(theme: Theme) -> None:
    text = "# no heading\n\n" + "\n".join(f"line {number}" for number in range(100))
    message = root(shown(theme, [question("q", text)])).child(0)
    said = "\n\n".join(names(message, Kind.Paragraph))
    assert said == text


def test_thinking_is_there_and_its_text_while_it_is_unfolded(theme: Theme) -> None:
    view = shown(theme, [answer("a", "Text.", reasoning="First.\n\nThen.")])
    thinking = find(root(view).child(0), Kind.Grouping)
    assert name(thinking) == "Thought"
    assert thinking.state().collapsed
    assert children(thinking) == []
    button(view, "a", "thinking").click()
    run(view)
    thinking = find(root(view).child(0), Kind.Grouping)
    assert thinking.state().expanded
    assert [name(item) for item in children(thinking)] == ["First.", "Then."]


def test_a_failure_is_told_as_the_message_and_in_it(theme: Theme) -> None:
    failed = answer("a", "Half", state=MessageState.FAILED, error=ErrorInfo(ErrorKind.RATE_LIMIT))
    view = shown(theme, [question("q"), failed])
    message = root(view).child(1)
    assert description(message) == "Too many requests"
    alert = find(message, Kind.AlertMessage)
    assert name(alert) == "Too many requests"
    assert "continue from here" in description(alert)


def test_the_widgets_over_the_view_stay_within_reach(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", TEXT)])
    view.scroll_to(0)
    run(view)
    pressed = {name(item) for item in everything(root(view)) if item.role() is Kind.Button}
    assert {"Copy message", "Jump to latest"} <= pressed
    assert "Questions" in {name(item) for item in children(root(view))}
    assert Kind.ScrollBar in {item.role() for item in everything(root(view))}


def test_what_is_at_a_place_is_found(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "# Title\n\nA paragraph.")])
    top = root(view)
    heading = find(top.child(1), Kind.Heading)
    middle = heading.rect().center()
    message = top.childAt(middle.x(), middle.y())
    assert name(message) == name(top.child(1))
    assert name(message.childAt(middle.x(), middle.y())) == "Title"
    copy = button(view, "a", "do:copy")
    spot = copy.mapToGlobal(QPoint(5, 5))
    found = top.childAt(spot.x(), spot.y())
    assert found.object() is view.viewport()
    assert top.childAt(-1000, -1000) is None


def test_places_are_those_of_the_screen(theme: Theme) -> None:
    texts = [answer(f"a{number}", f"Text {number}.\n\n" * 30) for number in range(9)]
    view = shown(theme, texts)
    view.scroll_to(0)
    run(view)
    top = root(view)
    assert not top.child(0).state().offscreen
    assert top.child(8).state().offscreen
    before = top.child(8).rect()
    view.scroll_to_end()
    run(view)
    assert not top.child(8).state().offscreen
    assert top.child(8).rect().top() < before.top()


def test_other_widgets_are_left_to_qt(theme: Theme) -> None:
    shown(theme)
    push = QPushButton("Push")
    found = QAccessible.queryAccessibleInterface(push)
    assert (found.role(), name(found)) == (Kind.Button, "Push")
    shiboken6.delete(push)


# Many messages, and texts that come later


def heads(count: int) -> list[Message | MessageHead]:
    roles = (Role.USER, Role.ASSISTANT)
    return [
        MessageHead(f"m{number}", None, roles[number % 2], MessageState.DONE, 0.0, 500)
        for number in range(count)
    ]


def test_ten_thousand_messages_are_walked_without_drawing_any(theme: Theme) -> None:
    branch = [answer(f"a{number}", f"Answer {number}.") for number in range(10_000)]
    view = shown(theme, branch)
    built = sum(item.body is not None for item in view.column.items)
    top = root(view)
    assert top.childCount() >= 10_000
    for number in range(10_000):
        message = top.child(number)
        QAccessible.uniqueId(message)
        assert name(message).endswith(f": Answer {number}.")
    assert name(top.child(5_000).child(0)) == "Answer 5000."
    assert sum(item.body is not None for item in view.column.items) == built


def test_what_was_walked_through_is_not_kept_without_bound(theme: Theme) -> None:
    branch = [answer(f"a{number}", TEXT) for number in range(300)]
    view = shown(theme, branch)
    top = root(view)
    nodes = [top.child(number).child(0) for number in range(300)]
    assert all(node.isValid() for node in nodes), "none goes while someone asks"
    while view.accessible._later.isActive():
        settle()
    left = [node for node in nodes if shiboken6.isValid(node)]
    assert 0 < len(left) <= 64
    assert name(top.child(0).child(0)) == "First things", "it is made again"


def test_a_text_that_is_not_there_is_asked_for_once(theme: Theme) -> None:
    view = shown(theme, heads(4_000))
    settle()
    asked: list[list[str]] = []
    view.texts_needed.connect(asked.append)
    top = root(view)
    for number in range(10):
        assert top.child(number).childCount() == 1
        assert name(top.child(number)) == ("Answer, loading" if number % 2 else "You, loading")
    settle()
    assert asked == [], "names and numbers need no text"
    assert name(top.child(7).child(0)) == "Loading…"
    assert name(top.child(7).child(0)) == "Loading…"
    settle()
    assert asked == [["m7"]]
    view.supply([answer("m7", "# There")])
    assert name(top.child(7).child(0)) == "There"
    assert name(top.child(7)).endswith(": There")


def test_a_very_long_text_is_read_in_parts(theme: Theme) -> None:
    long = "".join(f"## Part {number}\n\nText of it.\n\n" for number in range(60_000))
    branch = [answer("a", long), *(answer(f"b{number}", "x\n\n" * 40) for number in range(30))]
    view = shown(theme, branch)
    message = root(view).child(0)
    assert 0 < message.childCount() < 100_000
    assert name(message.child(message.childCount() - 1)) == "Loading…"
    while view.accessible._later.isActive():
        settle()
    assert message.childCount() == 120_000
    assert name(message.child(119_998)) == "Part 59999"


# Growing


def test_finished_nodes_stay_while_an_answer_grows(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    message = root(view).child(1)
    assert description(message) == "Being written"
    assert message.state().busy
    send(view, "a", "# Title\n\n- one\n- two\n")
    title, items = message.child(0), message.child(1)
    assert names(items, Kind.ListItem) == ["• one", "• two"]
    second = items.child(0)
    send(view, "a", "- three\n\nAfter it, ")
    assert message.child(0) is title
    assert message.child(1) is items, "a list that grows is the same list"
    assert items.child(0) is second
    assert names(items, Kind.ListItem) == ["• one", "• two", "• three"]
    paragraph = message.child(2)
    send(view, "a", "more.")
    assert name(message.child(2)) == "After it, more."
    assert not paragraph.isValid() or paragraph is message.child(2)
    final = answer("a", "# Title\n\n- one\n- two\n- three\n\nAfter it, more.")
    view.finish_message(final)
    run(view)
    assert message.child(0) is title
    assert description(message) == ""


def test_thinking_grows_too(theme: Theme) -> None:
    view = shown(theme, [question("q"), streaming("a")])
    think(view, "a", "First I")
    thinking = find(root(view).child(1), Kind.Grouping)
    assert names(thinking, Kind.Paragraph) == ["First I"]
    think(view, "a", " look.\n\nThen")
    assert names(thinking, Kind.Paragraph) == ["First I look.", "Then"]


@pytest.mark.parametrize("seed", range(12))
def test_an_outline_that_grew_equals_one_made_at_once(seed: int) -> None:
    chance = random.Random(seed)
    text = TEXT + "\n\n1. a\n\n   b\n2. c\n\n> q\n>\n> - x\n> - y\n\nterm\n: meaning\n\n" + TEXT
    tree = _grown(text, chance)
    assert drawn(tree) == drawn(outline(parse(text), str))


def _grown(text: str, chance: random.Random) -> Group:
    stream = MarkdownStream()
    content = Content(str)
    start = 0
    while start < len(text):
        end = start + chance.randint(1, 60)
        stream.feed(text[start:end])
        content._body.take(stream.blocks)
        if chance.random() < 0.5:
            drawn(content.tree)
        start = end
    stream.finish()
    content._body.take(stream.blocks)
    return content.tree


# Lives


def test_a_message_that_goes_takes_its_nodes_along(theme: Theme) -> None:
    branch = [question("q"), answer("a", TEXT), question("r"), answer("b", TEXT)]
    view = shown(theme, branch)
    top = root(view)
    gone = list(everything(top.child(3)))
    stays = list(everything(top.child(1)))
    numbers = [QAccessible.uniqueId(node) for node in gone]
    view.set_branch(branch[:2], one)
    assert not any(node.isValid() for node in gone)
    settle()
    assert not any(shiboken6.isValid(node) for node in gone)
    assert all(QAccessible.accessibleInterface(number) is None for number in numbers)
    assert all(node.isValid() for node in stays)
    assert root(view).child(1) is stays[0]


def test_a_view_that_closes_leaves_nothing_in_qts_cache(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", TEXT)])
    top = root(view)
    number = QAccessible.uniqueId(top)
    nodes = list(everything(top.child(1)))
    numbers = [QAccessible.uniqueId(node) for node in nodes]
    shiboken6.delete(view)
    assert QAccessible.accessibleInterface(number) is None
    assert all(QAccessible.accessibleInterface(item) is None for item in numbers)
    assert not any(shiboken6.isValid(node) for node in nodes)


EXIT = """
import gc, sys
from PySide6.QtGui import QAccessible
from tests.helpers.qt import application, settle
from tests.helpers.theme import make_theme
from tests.ui.transcript.support import answer, question, shown, one
from tests.ui.transcript.test_accessible import TEXT, everything, root
app = application()
QAccessible.setActive(True)
branch = [answer(str(number), TEXT) for number in range(200)]
view = shown(make_theme(), branch)
kept = [node for number in range(200) for node in everything(root(view).child(number))]
for node in kept:
    QAccessible.uniqueId(node)
print(len(kept))
if "collect" in sys.argv:
    del view
    gc.collect()
    settle()
    gc.collect()
if "branch" in sys.argv:
    view.set_branch([question("x")], one)
if "shutdown" in sys.argv:
    app.shutdown()
"""


@pytest.mark.parametrize("how", ["", "collect", "branch", "shutdown", "branch shutdown"])
def test_the_process_ends_well_with_nodes_left(how: str) -> None:
    here = Path(__file__).resolve().parents[3]
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(here)}
    command = [sys.executable, "-c", EXIT, *how.split()]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5_000
    assert done.stderr == ""
