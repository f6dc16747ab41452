from typing import Any

import pytest
from pygments.lexer import RegexLexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import Number, Text

from desktop_chat.ui.transcript.code import languages
from desktop_chat.ui.transcript.code.highlight import Highlighter, Lexers, find_lexer
from desktop_chat.ui.transcript.code.languages import ALIASES, lexer_of, shown_name, suffix_of
from desktop_chat.ui.transcript.code.machines import Tokens

SAMPLE = [
    "/* a comment */ def f(x): return 1",
    "# another  // one more  -- and one",
    'let name = "text" + 42;',
    "<tag a='b'>text</tag>",
    "if x then y end",
]


def colours(language: str, lines: list[str]) -> list[Tokens]:
    lexer = find_lexer(language)
    assert lexer is not None, language
    highlighter = Highlighter(lexer)
    while not highlighter.extend(lines, len(lines), 9):
        pass
    return [highlighter.line(index) for index in range(len(lines))]


def test_more_than_two_hundred_languages_get_colours() -> None:
    coloured: set[str] = set()
    for name, aliases, _files, _types in get_all_lexers():
        # Every second one: building all tables takes a while.
        if not aliases or len(coloured) > 220:
            continue
        highlighter = Highlighter(find_lexer(aliases[0]))
        lines = [*SAMPLE] * 4
        for count in range(1, len(lines) + 1):
            highlighter.touch(count - 1)
            assert highlighter.extend(lines[:count], count, 9)
        while not highlighter.finish(lines, len(lines), 9):
            pass
        if any(highlighter.line(index) for index in range(len(lines))):
            coloured.add(name)
    assert len(coloured) >= 200


def test_every_spelling_leads_to_a_lexer() -> None:
    for spelling, name in ALIASES.items():
        if name != languages.PLAIN and not name.startswith("own:"):
            assert get_lexer_by_name(name), spelling


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("c++", "C++"),
        ("objective-c", "Objective-C"),
        ("shell-session", "Console"),
        ("vue", "Vue"),
        ("jsonc", "JSON with comments"),
        ("tsx", "TSX"),
        ("golang", "Go"),
        ("py3", "Python"),
        ("plaintext", "Text"),
        ("mermaid", "Mermaid"),
        ("c#", "C#"),
        ("sh", "Shell"),
        ("dockerfile", "Dockerfile"),
    ],
)
def test_spellings_of_models_have_names_that_people_write(
    written: str, named: str, lexers: Lexers
) -> None:
    assert lexers.name(written) == named
    if lexer_of(written) != languages.PLAIN:
        assert find_lexer(written) is not None


def test_what_has_no_colours_is_not_looked_up(lexers: Lexers) -> None:
    assert lexers.get("mermaid") is None
    assert not lexers._asked


@pytest.mark.parametrize(
    ("written", "lexer"),
    [
        ("python3.12", "Python"),
        ("language-rust", "Rust"),
        ("src/app.py", "Python"),
        ("Main.java".lower(), "Java"),
    ],
)
def test_versions_prefixes_and_file_names_are_understood(written: str, lexer: str) -> None:
    assert find_lexer(written).name == lexer


def test_a_language_that_no_one_knows_has_no_lexer() -> None:
    assert find_lexer("no-such-language") is None
    assert find_lexer("../../etc/passwd") is None
    assert shown_name("no-such-language") == ""
    assert suffix_of("no-such-language") == ""


def test_json_gets_its_colours_line_by_line() -> None:
    lines = ["{", '  "a": [1, 2.5e3, true], // note', "  /* over", "  lines */ 'b': null", "}"]
    found = colours("jsonc", lines)
    assert found[0] == ()
    assert (2, 3, "kw") in found[1]
    assert (8, 1, "num") in found[1]
    assert (18, 4, "kw") in found[1]
    assert found[1][-1] == (25, 7, "com")
    assert found[2] == ((2, 7, "com"),)
    assert found[3][0] == (0, 10, "com")
    assert (11, 3, "kw") in found[3]


def test_a_diff_is_coloured_by_its_first_characters() -> None:
    lines = ["--- a/x", "+++ b/x", "@@ -1 +1 @@ f", " same", "-old", "+new", "--- ", "-- sql"]
    found = [tokens[0][2] if tokens else "" for tokens in colours("diff", lines)]
    assert found == ["kw", "kw", "fn", "", "del", "add", "kw", "del"]


def test_commands_in_a_terminal_are_coloured_and_answers_are_not() -> None:
    found = colours("console", ["$ echo 'hi' # say", "hi", "me@host:~$ if true; then"])
    assert found[0][0] == (0, 2, "com")
    assert any(kind == "str" for _start, _length, kind in found[0])
    assert found[1] == ()
    assert any(kind == "kw" for _start, _length, kind in found[2])


@pytest.mark.parametrize(
    ("language", "lines", "inside"),
    [
        ("c", ["int x; /* a", "   b * c", "*/ int y;"], "com"),
        ("javascript", ["/**", " * @param x", " */", "let y"], "com"),
        ("css", ["a { } /* x", "y: z", "*/ b { }"], "com"),
        ("html", ["<p> <!-- a", "<b>", "--> </p>"], "com"),
        ("go", ["s := `a", "if b", "` + x"], "str"),
        ("bash", ["curl -d '{", '  "if": 1', "}' -v"], "str"),
        ("haskell", ["x = 1 {- a", "where", "-} y"], "com"),
    ],
)
def test_what_goes_on_over_lines_is_known_while_it_is_open(
    language: str, lines: list[str], inside: str
) -> None:
    for count in range(2, len(lines)):
        found = colours(language, lines[:count])
        assert {kind for _start, _length, kind in found[1]} == {inside}, count
    found = colours(language, lines)
    assert {kind for _start, _length, kind in found[1]} == {inside}
    assert found[-1] != ((0, len(lines[-1]), inside),), "it ends where it ends"


def test_scripts_and_styles_in_html_have_their_own_colours() -> None:
    lines = [
        "<style>",
        "/* x",
        "*/ .a { color: red }",
        "</style><script>",
        "const s = `a",
        "b`; return 1",
        "</script><p class='x'>return</p>",
    ]
    found = colours("html", lines)
    assert found[1] == ((0, 4, "com"),)
    assert (0, 5, "kw") in found[4]
    assert (0, 2, "str") in found[5]
    assert (4, 6, "kw") in found[5]
    assert (2, 6, "kw") in found[6]
    assert all(start < 22 or start > 27 for start, _length, _kind in found[6]), "text is plain"


def test_yaml_ruby_and_terraform_are_coloured_while_they_arrive() -> None:
    assert colours("yaml", ["a:", "  - b: 1  # note", "  - |", "    text: no"])[1][-1][2] == "com"
    assert colours("ruby", ["def f", "  # note", "end"])[1] == ((2, 6, "com"),)
    assert colours("terraform", ["/* a", "b", "*/", 'x = "y"'])[3]


def test_php_needs_no_opening_tag() -> None:
    assert any(kind == "kw" for _s, _l, kind in colours("php", ["function f() { return 1; }"])[0])
    found = colours("php", ["<?php", "function f() {}"])
    assert any(kind == "kw" for _s, _l, kind in found[1])


def test_types_of_c_are_known_while_it_arrives() -> None:
    assert (0, 6, "kw") in colours("c", ["size_t n;"])[0]


def test_an_open_block_of_a_lexer_that_needs_the_whole_is_lexed_when_it_has_doubled() -> None:
    lexer = find_lexer("pycon")
    runs: list[str] = []
    whole = lexer.get_tokens

    def note(text: str) -> Any:
        runs.append(text)
        return whole(text)

    lexer.get_tokens = note
    highlighter = Highlighter(lexer)
    lines: list[str] = []
    for number in range(200):
        lines.append(f">>> x = {number}")
        highlighter.touch(len(lines) - 1)
        while not highlighter.extend(lines, len(lines), 9):
            pass
    assert 4 <= len(runs) <= 6
    assert highlighter.line(0) != ()


def test_code_that_goes_on_after_it_was_finished_gets_colours_again() -> None:
    lines = ["def f():", "    return 1"]
    highlighter = Highlighter(find_lexer("python"))
    while not highlighter.finish(lines, 2, 9):
        pass
    first = highlighter.line(0)
    lines[1] += "0"
    lines.append("return 2")
    highlighter.touch(1)
    assert highlighter.line(0) == first
    assert highlighter.extend(lines, 3, 9)
    assert highlighter.line(0) == first
    assert highlighter.line(2) == ((0, 6, "kw"), (7, 1, "num"))


def test_lines_far_ahead_are_coloured_at_once_and_rightly_later() -> None:
    lines = ['"""', *["x = 1"] * 5000, '"""', *["y = 2"] * 100]
    highlighter = Highlighter(find_lexer("python"))
    assert not highlighter.extend(lines, 4000, 0.0)
    assert highlighter.line(3990) == ((4, 1, "num"),), "as if the text began there"
    assert highlighter.line(10) == ()
    assert not highlighter.extend(lines, 4010, 0.0)
    assert highlighter.line(4009) == ((4, 1, "num"),)
    assert 4009 in highlighter.take_changes()
    while not highlighter.extend(lines, 4010, 9):
        pass
    assert highlighter.line(3990) == ((0, 5, "str"),), "it is in a text"
    assert 3990 in highlighter.take_changes()


def test_what_only_looks_like_an_open_comment_is_none() -> None:
    lines = ["x = `a", "/* c", "d`; return 1"]
    assert (4, 6, "kw") in colours("javascript", lines)[2]
    assert (6, 6, "kw") in colours("c", ['"/* ";', '" */";return;'])[1]


def test_a_whole_that_takes_several_frames_is_done_while_more_arrives() -> None:
    highlighter = Highlighter(find_lexer("pycon"))
    lines = [f">>> x = {number}" for number in range(40)]
    for _ in range(2000):
        lines[-1] += "0"
        highlighter.touch(len(lines) - 1)
        highlighter.extend(lines, len(lines), 1e-6)
    assert highlighter.line(0) != ()


def test_a_wrong_guess_is_taken_back() -> None:
    class Spy(RegexLexer):
        name = "Spy"
        tokens = {  # noqa: RUF012
            "root": [(r"BEGIN", Text, "inside"), (r"\d", Number), (r"[^\d]", Text)],
            "inside": [(r".|\n", Text)],
        }

    lines = ["BEGIN", *["1"] * 1000]
    highlighter = Highlighter(Spy(stripnl=False))
    highlighter.extend(lines, 1001, 0.0)
    assert highlighter.line(1000) == ((0, 1, "num"),)
    highlighter.take_changes()
    while not highlighter.extend(lines, 1001, 9):
        pass
    assert highlighter.line(1000) == ()
    assert 1000 in highlighter.take_changes()
