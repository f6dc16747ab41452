"""What can be pressed on a code card, from the window."""

import json
import os
import stat
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.browser_page import (
    POLICY,
    PREFIX,
    BrowserPages,
    remove_left,
    sandboxed,
)
from desktop_chat.ui.transcript.code.code_files import file_name, safe_name
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.pieces import PieceKeys
from desktop_chat.ui.transcript.view import TranscriptView
from desktop_chat.ui.transcript.write import NoBrowserError, explain_write, write_whole
from tests.helpers.qt import on_qt_loop, settle, until
from tests.ui.transcript.support import answer, body, button, come_near, press, question, run, shown
from tests.ui.transcript.test_controls import hover

LONG = "```go\n" + "".join(f"x{number}\n" for number in range(100)) + "```\n"
WIDE = "```js\n" + "x" * 300 + "\n```\n"


def icons_of(view: TranscriptView, name: str = "a") -> list[str]:
    return [key[1] for key in view.overlay.shown() if key[0] == name and "piece:" in key[1]]


def piece_in(view: TranscriptView, name: str = "a") -> CodePiece:
    return next(p for p in body(view, name).text.body.pieces if isinstance(p, CodePiece))


# The header


def test_quiet_tools_appear_under_the_pointer(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", WIDE), question("r"), answer("b", "two")])
    assert icons_of(view) == ["piece:0:copy"]
    hover(view, view.viewport().rect().topLeft() + button(view, "a", "piece:0:copy").pos())
    assert sorted(icons_of(view)) == ["piece:0:copy", "piece:0:save", "piece:0:wrap"]
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    run(view)
    assert icons_of(view) == ["piece:0:copy"]


def test_tools_stand_in_a_row_and_say_what_they_do(theme: Theme) -> None:
    text = "```html\n" + ("<p>" + "x" * 200 + "</p>\n") * 50 + "```\n"
    view = shown(theme, [question("q"), answer("a", text)])
    names = ["browse", "wrap", "fold", "save", "copy"]
    row = [button(view, "a", f"piece:0:{name}") for name in names]
    assert [widget.accessibleName() for widget in row] == [
        "Open in browser",
        "Wrap long lines",
        "Show all 50 lines",
        "Save as…",
        "Copy code",
    ]
    for before, after in pairwise(row):
        assert before.geometry().right() < after.geometry().left()
        assert before.nextInFocusChain() is after
    assert all(widget.toolTip() == widget.accessibleName() for widget in row[:-1])
    assert len({widget.geometry().center().y() for widget in row}) == 1


def test_a_tool_that_would_do_nothing_is_not_there(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", "```python\nx\n```\n")])
    assert icons_of(view) == ["piece:0:copy"], "the others come with the pointer"
    come_near(view, "a")
    assert sorted(icons_of(view)) == ["piece:0:copy", "piece:0:save"]


def test_a_narrow_card_has_icons_only(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", WIDE)], size=(420, 600))
    copy = button(view, "a", "piece:0:copy")
    assert copy.width() == 24
    assert copy.text() == ""
    assert copy.toolTip() == "Copy code"
    view.resize(900, 600)
    run(view)
    assert button(view, "a", "piece:0:copy").width() > 40


def test_wrapping_is_switched_and_shown(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", WIDE + "\nEnd")])
    widget = button(view, "a", "piece:0:wrap")
    assert widget.isCheckable()
    assert not widget.isChecked()
    height = view.column.height
    y = widget.y()
    press(view, "a", "piece:0:wrap")
    assert view.column.height > height
    widget = button(view, "a", "piece:0:wrap")
    assert widget.isChecked()
    assert widget.y() == y
    press(view, "a", "piece:0:wrap")
    assert view.column.height == height
    assert not button(view, "a", "piece:0:wrap").isChecked()


def test_folding_below_keeps_the_row_under_the_pointer(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", LONG + "word\n\n" * 40)])
    view.scroll_to_message("a")
    run(view)
    row = button(view, "a", "piece:0:more")
    assert row.text() == "Show all 100 lines"
    y = row.y()
    press(view, "a", "piece:0:more")
    view.scroll_by(piece_in(view).height - 300)
    run(view)
    row = button(view, "a", "piece:0:more")
    assert row.text() == "Show less"
    assert row.isChecked()
    y = row.y()
    press(view, "a", "piece:0:more")
    assert button(view, "a", "piece:0:more").text() == "Show all 100 lines"
    assert button(view, "a", "piece:0:more").y() == y


def test_controls_are_made_once_while_nothing_changes(theme: Theme) -> None:
    view = shown(theme, [question("q"), answer("a", WIDE)])
    piece = piece_in(view)
    keys = PieceKeys("a", 0, 10, 20, (0, 600), True)
    made = piece.controls(keys, view.page)
    assert piece.controls(keys, view.page) is made
    assert piece.controls(replace(keys, y=30), view.page) != made
    still = piece.controls(replace(keys, active=False), view.page)
    assert [control.key[1] for control in still] == ["piece:0:copy"]


def test_scrolling_leaves_widgets_to_qt(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    view = shown(theme, [question("q"), answer("a", "word\n\n" * 30 + WIDE + "word\n\n" * 30)])
    view.scroll_to_message("a")
    view.scroll_by(700)
    run(view)
    copy = button(view, "a", "piece:30:copy")
    y = copy.y()
    changed: list[str] = []
    change = view.overlay._change

    def note(widget: QAbstractButton, control: Control) -> None:
        changed.append(control.key[1])
        change(widget, control)

    monkeypatch.setattr(view.overlay, "_change", note)
    view.scroll_by(40)
    assert button(view, "a", "piece:30:copy") is copy
    assert copy.y() == y - 40
    assert changed == []
    view.viewport().scroll(0, -8)
    view.overlay.moved(-8)
    view.overlay.confirm(("a", "piece:30:copy"))
    assert copy.y() == y - 48


# Names of files


@pytest.mark.parametrize(
    ("language", "lines", "patterns", "name"),
    [
        ("python", ["x = 1"], ["*.py"], "code.py"),
        ("python", ["# app/main.py", "x"], ["*.py"], "main.py"),
        ("python", ["#!/usr/bin/env python3", "# run.py"], ["*.py"], "run.py"),
        ("js", ["// file: src/index.test.js"], [], "index.test.js"),
        ("css", ["/* styles.css */"], [], "styles.css"),
        ("html", ["<!-- about.html -->"], [], "about.html"),
        ("html", ["<html>"], [], "index.html"),
        ("dockerfile", ["FROM x"], [], "Dockerfile"),
        ("make", ["all:"], [], "Makefile"),
        ("", ["text"], [], "code.txt"),
        ("erlang", ["-module(x)."], ["*.erl", "*.hrl"], "code.erl"),
        ("src/app.py", ["x"], ["*.py"], "app.py"),
        ("python", ["# setup.exe"], ["*.py"], "code.py"),
        ("python", ["# ../../.bashrc"], ["*.py"], "code.py"),
        ("sh", ["# ../..//evil.sh"], [], "evil.sh"),
        ("python", ["# windows\\x.py"], ["*.py"], "x.py"),
        ("python", ["# a note that mentions main.py here and there"], ["*.py"], "code.py"),
        ("no-such", [], [], "code.txt"),
    ],
)
def test_a_file_has_a_fitting_name(
    language: str, lines: list[str], patterns: list[str], name: str
) -> None:
    assert file_name(language, lines, patterns) == name


@pytest.mark.parametrize(
    "name", ["..", ".", "...", "con", "NUL.txt", "a" * 200, "", "com1.py", "/", "\u202e"]
)
def test_no_name_is_better_than_a_bad_one(name: str) -> None:
    assert safe_name(name) == ""


def test_a_name_has_nothing_that_could_harm() -> None:
    assert safe_name("../a/.b\x00\x1b\u202ec<>:|?*.py. ") == "bc.py"


# Saving


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    write_whole(path, b"one")
    assert path.read_bytes() == b"one"
    path.chmod(0o640)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_full_disk_is_named() -> None:
    with (
        pytest.raises(OSError, match="No space") as raised,
        open("/dev/full", "wb", buffering=0) as file,
    ):
        file.write(b"x")
    title, text = explain_write("a.py", raised.value)
    assert title == "a.py was not saved"
    assert "disk is full" in text


def test_a_write_that_fails_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"one")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


@pytest.mark.parametrize("number", [1, 2, 5, 13, 20, 21, 22, 27, 28, 30, 36, 84, 122, 110])
def test_every_failure_has_its_words(number: int) -> None:
    title, text = explain_write("a.py", OSError(number, os.strerror(number)))
    assert "a.py" in title
    assert text.endswith((".", "。"))
    assert "{" not in title + text


def test_a_missing_browser_has_its_words() -> None:
    assert "browser" in explain_write("page", NoBrowserError("page"))[0]


def dialog_of(view: TranscriptView) -> QFileDialog:
    return next(child for child in view.findChildren(QFileDialog) if child.isVisible())


@on_qt_loop
async def test_code_is_saved_as_it_is(tmp_path: Path) -> None:
    from tests.helpers.theme import make_theme

    text = "# täst.py\nif x:\n\tprint('中🚀')  "
    view = shown(make_theme(), [question("q"), answer("a", f"```python\n{text}\n```\n")])
    await until(lambda: view.lexers.get("python"), "the lexer")
    press(view, "a", "piece:0:save")
    dialog = dialog_of(view)
    assert Path(dialog.selectedFiles()[0]).name == "täst.py"
    dialog.setDirectory(str(tmp_path))
    dialog.fileSelected.emit(str(tmp_path / "out.py"))
    dialog.close()
    await until((tmp_path / "out.py").exists, "the file")
    await until(lambda: not view.deeds.worker.busy, "the worker")
    assert (tmp_path / "out.py").read_text("utf-8") == text + "\n"


@on_qt_loop
async def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    from tests.helpers.theme import make_theme

    view = shown(make_theme(), [question("q"), answer("a", "```python\nx\n```\n")])
    told: list[tuple[str, OSError]] = []
    view.write_failed.connect(lambda name, error: told.append((name, error)))
    press(view, "a", "piece:0:save")
    dialog = dialog_of(view)
    dialog.fileSelected.emit(str(tmp_path / "gone" / "out.py"))
    dialog.close()
    await until(lambda: told, "the failure")
    assert told[0][0] == "out.py"
    assert isinstance(told[0][1], FileNotFoundError)


# In the browser


def read(name: str) -> str:
    return Path(name).read_text("utf-8")


class Tags(HTMLParser):
    """What a browser sees of a document: tags with their attributes, decoded."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


HOSTILE = [
    "<p>plain</p>",
    "</iframe><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" srcdoc="<script>alert(1)</script>',
    "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#34;&#62;<script>alert(1)</script>",
    "&amp;quot;><b>",
    "<!doctype html><html><head><meta http-equiv=refresh content='0;url=https://x.test'>",
    "--><script>alert(1)</script><!--",
    "<plaintext>",
    "]]></style></title></textarea></noscript>",
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    '<!DOCTYPE svg [<!ENTITY x "y">]><svg>&x;</svg>',
    "\x00\x1b\ud800 \u202e</iframe>",
    '<meta http-equiv=Content-Security-Policy content="default-src *">',
    "`${}`\\\"'",
]


@pytest.mark.parametrize("page", HOSTILE)
def test_a_page_cannot_leave_its_frame(page: str) -> None:
    document = sandboxed(page, "</title><script>1</script>")
    seen = Tags(document)
    tags = [tag for tag, _attributes in seen.found]
    assert tags == ["html", "head", "meta", "meta", "meta", "meta", "title", "style", "body",
                    "iframe"]  # fmt: skip
    frame = seen.found[-1][1]
    assert set(frame) == {"sandbox", "referrerpolicy", "srcdoc"}
    assert frame["sandbox"] == "allow-scripts"
    inner = frame["srcdoc"] or ""
    start = page[page.find(">") + 1 :] if page.lower().startswith("<!doctype") else page
    assert inner.endswith(start), "the page itself is whole"
    before = Tags(inner[: len(inner) - len(start)])
    assert [attributes.get("http-equiv") for _tag, attributes in before.found] == [
        "Content-Security-Policy",
        "x-dns-prefetch-control",
    ]
    assert before.found[0][1]["content"] == POLICY


def test_the_policy_allows_no_network_and_no_way_out() -> None:
    document = Tags(sandboxed("<p>", "t"))
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["frame-src"] == "'none'"
    assert rules["form-action"] == "'none'"
    assert not any("http" in value or "*" in value or "'self'" in value for value in rules.values())
    policies = [
        attributes["content"]
        for _tag, attributes in document.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == [POLICY], "the outer document has it, too"
    assert json.dumps(document.found).count("allow-") == 1


def test_pages_are_files_of_this_user_alone_and_go_with_the_process(tmp_path: Path) -> None:
    pages = BrowserPages(tmp_path)
    first, second = pages.write("<p>1</p>", "t"), pages.write("<p>2</p>", "t")
    assert first != second
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    assert first.parent.name.startswith(PREFIX)
    remove_left(tmp_path)
    assert first.exists(), "they are in use"
    del pages
    assert not list(tmp_path.iterdir())


def test_what_a_process_left_behind_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}abc"
    left.mkdir()
    (left / "lock").touch()
    (left / "page-1.html").touch()
    other = tmp_path / "other"
    other.mkdir()
    (other / "lock").touch()
    linked = tmp_path / f"{PREFIX}link"
    linked.symlink_to(other)
    being_made = tmp_path / f"{PREFIX}new"
    being_made.mkdir()
    BrowserPages(tmp_path).write("<p>", "t")
    assert not left.exists()
    assert other.exists()
    assert linked.is_symlink()
    assert being_made.exists()


@on_qt_loop
async def test_a_page_is_opened_in_the_browser_and_nothing_else_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.helpers.theme import make_theme

    seen: list[QUrl] = []

    def open_url(url: QUrl | str) -> bool:
        seen.append(QUrl(url))
        return True

    text = "<p>héllo</p>\n<script>document.title = 'x'</script>"
    view = shown(make_theme(), [question("q"), answer("a", f"```html\n{text}\n```\n")])
    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    settle()
    assert not seen
    press(view, "a", "piece:0:browse")
    await until(lambda: seen, "the browser")
    (url,) = seen
    assert url.isLocalFile()
    document = read(url.toLocalFile())
    inner = Tags(document).found[-1][1]["srcdoc"]
    assert inner is not None
    assert inner.endswith(text)


def test_a_first_line_of_many_blanks_is_read_at_once() -> None:
    line = "#" + " " * 100 + "a" * 95 + "!"
    assert file_name("python", [line]) == "code.py"
    assert file_name("python", ["#   my_tool.py  "]) == "my_tool.py"
    assert file_name("css", ["/* site.css */"]) == "site.css"
