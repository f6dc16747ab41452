import re
import threading

import pytest
from pygments.lexer import RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Text

from desktop_chat.ui.transcript.code.highlight import LONGEST_LINE, Highlighter, Lexers
from tests.helpers.qt import on_qt_loop, signal

PYTHON = [
    "def allow(self, rate: float = 1.5) -> bool:",
    '    """Doc',
    '    over lines"""',
    "    # note",
    '    return "yes" if rate > 0x1F else None',
    "",
    "class Bucket(object):",
    "    @property",
    "    def full(self): return True",
    "",
]
LUA = ['local t = unpack(redis.call("HMGET", 12))  -- note', "function f(x) return x end"]
C = ["static int f(char *s) {", "  return s[0] == 'a' ? 0x1f : printf(\"%d\\n\", 3);  // note", "}"]
BASH = ["for f in *.txt; do", '  echo "$f" | sort -n  # note', "done"]
JSON = ['{"a": [1, 2.5e3, true], "b": null}']


def incremental(language: str, lines: list[str]) -> list[object]:
    """Colours as they come while the lines arrive, character by character."""
    highlighter = Highlighter(get_lexer_by_name(language, stripnl=False))
    grown: list[str] = []
    for line in lines:
        grown.append("")
        for end in range(len(line) + 1):
            grown[-1] = line[:end]
            highlighter.touch(len(grown) - 1)
            assert highlighter.extend(grown, len(grown), 9)
    return [highlighter.line(index) for index in range(len(lines))]


def at_once(language: str, lines: list[str]) -> list[object]:
    highlighter = Highlighter(get_lexer_by_name(language, stripnl=False))
    while not highlighter.finish(lines, len(lines), 9):
        pass
    return [highlighter.line(index) for index in range(len(lines))]


@pytest.mark.parametrize(
    ("language", "lines"),
    [("python", PYTHON), ("lua", LUA), ("c", C), ("bash", BASH)],
)
def test_code_that_arrives_gets_the_colours_of_the_whole(language: str, lines: list[str]) -> None:
    if language == "lua":
        # Its lexer names built-in functions in a second pass, which comes when it is finished.
        lines = [line.replace("unpack", "f").replace("redis.call", "g") for line in lines]
    assert incremental(language, lines) == at_once(language, lines)


def test_code_of_a_lexer_without_tables_stays_plain_until_it_is_finished() -> None:
    assert incremental("json", JSON) == [()]
    assert at_once("json", JSON) != [()]


def test_kinds_are_those_of_the_theme() -> None:
    first, *_rest, last = at_once("python", PYTHON[:5])
    assert (0, 3, "kw") in first  # type: ignore[operator]
    assert (4, 5, "fn") in first  # type: ignore[operator]
    assert any(kind == "num" for _s, _l, kind in first)  # type: ignore[attr-defined]
    assert any(kind == "str" for _s, _l, kind in last)  # type: ignore[attr-defined]
    assert at_once("python", PYTHON)[3] == ((4, 6, "com"),)


def test_a_finished_line_is_not_lexed_again() -> None:
    seen: list[str] = []

    def note(_lexer: object, match: re.Match[str]) -> list[object]:
        seen.append(match.group())
        return []

    class Spy(RegexLexer):
        name = "Spy"
        tokens = {"root": [(r".*\n", note)]}  # noqa: RUF012

    highlighter = Highlighter(Spy(stripnl=False))
    lines: list[str] = []
    for number in range(50):
        lines.append(f"line {number}")
        highlighter.touch(len(lines) - 1)
        highlighter.extend(lines, len(lines), 9)
    assert len(seen) == 50


def test_a_pattern_over_lines_is_right_once_the_block_is_finished() -> None:
    lines = ["cat <<EOF", "for all", "EOF"]
    assert at_once("bash", lines)[1] == ((0, 7, "str"),)
    highlighter = Highlighter(get_lexer_by_name("bash", stripnl=False))
    highlighter.extend(lines, 3, 9)
    highlighter.take_changes()
    while not highlighter.finish(lines, len(lines), 9):
        pass
    assert 1 in highlighter.take_changes()


def test_a_lexer_that_fails_or_hangs_leaves_the_code_plain() -> None:
    def fail(_lexer: object, _match: object) -> None:
        raise ZeroDivisionError

    class Broken(RegexLexer):
        name = "Broken"
        tokens = {"root": [(r"x", fail), (r".", Text)]}  # noqa: RUF012

    class Endless(RegexLexer):
        name = "Endless"
        tokens = {"root": [(r"(?=x)", Text, "root")]}  # noqa: RUF012

    for lexer in (Broken(), Endless()):
        highlighter = Highlighter(lexer)
        assert highlighter.extend(["abc", "x", "abc"], 3, 9)
        assert highlighter.line(1) == ()


def test_a_long_line_stays_plain_and_the_next_has_colours() -> None:
    lines = ["x = '" + "a" * LONGEST_LINE + "'", "return 1"]
    found = at_once("python", lines)
    assert found[0] == ()
    assert found[1] == ((0, 6, "kw"), (7, 1, "num"))


def test_slices_keep_to_their_time() -> None:
    lines = [f"x{number} = {number}" for number in range(1500)]
    highlighter = Highlighter(get_lexer_by_name("python", stripnl=False))
    slices = 0
    while not highlighter.finish(lines, len(lines), 0.0005):
        slices += 1
    assert slices > 3
    assert highlighter.line(1499)


@on_qt_loop
async def test_lexers_are_loaded_off_the_ui_thread() -> None:
    lexers = Lexers()
    assert lexers.name("ceylon") == "ceylon"
    assert lexers.get("ceylon") is None
    assert await signal(lexers.loaded) == ("ceylon",)
    assert lexers.get("ceylon") is not None
    assert lexers.name("ceylon") == "Ceylon"
    assert threading.current_thread() is threading.main_thread()
    assert lexers.get("no-such-language") is None
    assert await signal(lexers.loaded) == ("no-such-language",)
    assert lexers.get("no-such-language") is None
    assert lexers.name("no-such-language") == "no-such-language"
    assert lexers.get("") is None
