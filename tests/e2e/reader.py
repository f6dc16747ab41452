"""Reads and works the window as assistive technology does, and prints what it found as JSON.

It runs on the system's Python with the bindings for AT-SPI, and knows nothing of the program but
what AT-SPI tells. Usage: reader.py ask QUESTION | box | walk | review | repeat
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # type: ignore[import-not-found]  # noqa: E402

SECONDS = 40.0
"""How long anything may take; a safety net, not a measure."""
announced: list[str] = []


def hear(event: Any) -> None:
    """Keep what is announced."""
    announced.append(str(event.any_data))


def wait(condition: Callable[[], Any], what: str) -> Any:
    """Take events until a condition holds, and return what it gave."""
    deadline = time.monotonic() + SECONDS
    context = GLib.MainContext.default()
    while True:
        while context.iteration(False):
            pass
        try:
            found = condition()
        except GLib.GError:
            # What was looked at has just gone.
            found = None
        if found:
            return found
        if time.monotonic() > deadline:
            sys.exit(f"never came: {what}; announced: {announced}")
        time.sleep(0.05)


def children(node: Any) -> list[Any]:
    """Return the children of a node."""
    found = [node.get_child_at_index(index) for index in range(node.get_child_count())]
    return [child for child in found if child is not None]


def everything(node: Any) -> Iterator[Any]:
    """Yield a node and all below it."""
    yield node
    for child in children(node):
        yield from everything(child)


def showing(node: Any) -> bool:
    """Tell whether a node is to be seen."""
    return bool(node.get_state_set().contains(Atspi.StateType.SHOWING))


def named(node: Any, name: str, role: str) -> Any:
    """Return what has a name and a role and is to be seen, or None."""
    for item in everything(node):
        if item.get_name() == name and item.get_role_name() == role and showing(item):
            return item
    return None


def press(node: Any) -> None:
    """Press a button."""
    action = Atspi.Action
    names = [action.get_action_name(node, index) for index in range(action.get_n_actions(node))]
    action.do_action(node, names.index("Press"))


def key(name: str) -> None:
    """Press a key in the focused window."""
    subprocess.run(["xdotool", "key", name], check=True)


def tree(node: Any) -> list[Any]:
    """Return role, name, description and children of a node."""
    parts = [tree(child) for child in children(node)]
    return [node.get_role_name(), node.get_name(), node.get_description(), parts]


def text_of(node: Any) -> str:
    """Return the text of a text widget."""
    return str(Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)))


def program() -> Any:
    """Return the window's program once it is there."""
    desktop = Atspi.get_desktop(0)
    return next((app for app in children(desktop) if "desktop" in app.get_name().lower()), None)


def message_box(app: Any) -> Any:
    """Return the box that one types into."""
    return wait(lambda: named(app, "Message", "text"), "the message box")


def ask(app: Any, question: str) -> Any:
    """Ask, wait for the answer, read it, and copy it."""
    assert Atspi.EditableText.set_text_contents(message_box(app), question), "typing"
    press(wait(lambda: named(app, "Send", "push button"), "the Send button"))
    document = wait(lambda: named(app, "Conversation", "document frame"), "the conversation")

    def finished() -> bool:
        document.clear_cache()
        if document.get_child_count() < 2:
            return False
        answer = document.get_child_at_index(1)
        answer.clear_cache()
        return bool(answer.get_role_name() == "section" and not answer.get_description())

    wait(finished, "the end of the answer")
    wait(lambda: announced, "an announcement")
    document.clear_cache()
    messages = [tree(document.get_child_at_index(index)) for index in range(2)]
    press(wait(lambda: named(document, "Copy message", "push button"), "the Copy button"))
    return {"messages": messages, "announced": announced}


def box(app: Any) -> Any:
    """Paste into the message box, and return what stands in it then."""
    here = message_box(app)
    assert Atspi.Component.grab_focus(here), "the focus"

    def pasted() -> str:
        # A press by AT-SPI takes Qt a tenth of a second.
        key("ctrl+v")
        return text_of(here)

    return wait(pasted, "what was pasted")


def at(edit: Any, offset: int) -> bool:
    """Tell whether the caret of a text widget is at a place."""
    return bool(Atspi.Text.get_caret_offset(edit) == offset)


def review(app: Any) -> Any:
    """Open the last message as text, read it by character, and close it."""
    key("F7")
    edit = wait(lambda: named(app, "Message as text", "text"), "the message as text")
    wait(lambda: edit.get_state_set().contains(Atspi.StateType.FOCUSED), "the focus")
    read = ""
    for offset in range(4):
        wait(partial(at, edit, offset), f"the caret at {offset}")
        read += chr(Atspi.Text.get_character_at_offset(edit, offset))
        key("Right")
    whole = text_of(edit)
    key("Escape")
    wait(lambda: named(app, "Message as text", "text") is None, "the end of the text")
    return {"read": read, "whole": whole}


def walk(app: Any) -> Any:
    """Go to the conversation by Shift+Tab and through its messages; return what got the focus."""
    focused: list[str] = []

    def note(event: Any) -> None:
        if event.detail1:
            focused.append(f"{event.source.get_role_name()} {event.source.get_name()}")

    listener = Atspi.EventListener.new(note)
    listener.register("object:state-changed:focused")
    Atspi.Component.grab_focus(message_box(app))

    def there() -> bool:
        if focused and focused[-1].startswith("section "):
            return True
        key("shift+Tab")
        return False

    wait(there, "a message with the focus")
    passed = list(focused)
    focused.clear()
    key("alt+Prior")
    wait(lambda: focused, "the message before")
    return {"passed": passed, "then": focused}


def repeat(app: Any) -> Any:
    """Have the last announcement repeated."""
    del app
    key("shift+F7")
    wait(lambda: announced, "an announcement")
    return announced


def main(what: str, *arguments: str) -> None:
    """Do one thing and print what came of it."""
    Atspi.init()
    listener = Atspi.EventListener.new(hear)
    listener.register("object:announcement")
    deeds: dict[str, Callable[..., Any]] = {
        "ask": ask,
        "box": box,
        "review": review,
        "walk": walk,
        "repeat": repeat,
    }
    print(json.dumps(deeds[what](wait(program, "the program"), *arguments)))


main(*sys.argv[1:])
