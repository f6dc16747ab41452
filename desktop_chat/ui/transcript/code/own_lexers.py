"""Lexers for what Pygments reads only as a whole, made of tables, so that they go line by line.

Imported where lexers are looked up: beside the UI thread, with the first code block.
"""

from typing import Any, ClassVar, Final

from pygments import lexer as tables
from pygments.lexer import RegexLexer
from pygments.lexers.css import CssLexer
from pygments.lexers.html import HtmlLexer
from pygments.lexers.javascript import JavascriptLexer
from pygments.lexers.shell import BashLexer
from pygments.token import Comment, Generic, Keyword, Name, Number, Punctuation, String, Text

# They have no types.
bygroups: Final[Any] = tables.bygroups
using: Final[Any] = tables.using


class JsonLexer(RegexLexer):
    """JSON, with comments and with keys that need no quotes."""

    name = "JSON"
    complete = True
    filenames: ClassVar[list[str]] = ["*.json", "*.jsonc", "*.json5", "*.jsonl", "*.geojson"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"[\s\[\]{},:]+", Punctuation),
            (r'"(?:[^"\\\n]|\\.)*"(?=\s*:)', Name.Tag),
            (r'"(?:[^"\\\n]|\\.)*"?', String),
            (r"'(?:[^'\\\n]|\\.)*'(?=\s*:)", Name.Tag),
            (r"'(?:[^'\\\n]|\\.)*'?", String),
            (r"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", Number),
            (r"(?:true|false|null|NaN|[-+]?Infinity)\b", Keyword.Constant),
            (r"//[^\n]*", Comment),
            (r"#[^\n]*", Comment),
            (r"/\*", Comment, "comment"),
            (r"[A-Za-z_$][\w$]*(?=\s*:)", Name.Tag),
            (r"\w+|.", Text),
        ],
        "comment": [(r"\*/", Comment, "#pop"), (r"[^*\n]+|\*|\n", Comment)],
    }


class DiffLexer(RegexLexer):
    """Differences between files, each line by its first characters."""

    name = "Diff"
    complete = True
    filenames: ClassVar[list[str]] = ["*.diff", "*.patch"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (
                r"(?:(?:diff|index|Index:|old mode|new mode|deleted file|new file|similarity"
                r"|rename (?:from|to)|---|\+\+\+) |={9}).*\n",
                Generic.Heading,
            ),
            (r"(@@+[^@\n]*@@+)(.*\n)", bygroups(Generic.Subheading, Comment)),
            (r"[+>].*\n", Generic.Inserted),
            (r"[-<].*\n", Generic.Deleted),
            (r"\\ .*\n", Comment),
            (r".*\n", Text),
        ]
    }  # fmt: skip


class ConsoleLexer(RegexLexer):
    """What stands in a terminal: commands behind a prompt, and what they answered."""

    name = "Console"
    complete = True
    filenames: ClassVar[list[str]] = ["*.txt"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (
                r"((?:\([\w.-]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[^\n$#%]{0,80})?[$%❯➜»] )(.*\n)",
                bygroups(Generic.Prompt, using(BashLexer)),
            ),
            (
                r"([\w.-]+@[\w.-]+[^\n$#%]{0,80}# )(.*\n)",
                bygroups(Generic.Prompt, using(BashLexer)),
            ),
            (r"(PS [^\n>]*> |[A-Z]:\\[^\n>]*>|> )(.*\n)", bygroups(Generic.Prompt, Text)),
            (r"#.*\n", Comment),
            (r".*\n", Text),
        ]
    }


class MarkupLexer(HtmlLexer):
    """HTML as ``MarkupMachine`` reads it."""

    complete = True
    inner: tuple[RegexLexer, RegexLexer]


def html_lexer() -> MarkupLexer:
    """Return a lexer of HTML that has those of what stands in it, ready to be used."""
    lexer = MarkupLexer(stripnl=False)
    lexer.inner = (JavascriptLexer(stripnl=False), CssLexer(stripnl=False))
    for inside in lexer.inner:
        list(inside.get_tokens("a { b: c }\n"))
    return lexer
