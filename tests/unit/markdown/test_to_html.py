"""What is written as HTML is harmless, and a browser reads it as what was meant."""

import re
from html.parser import HTMLParser

import pytest

from desktop_chat.markdown.blocks import CodeBlock, ImageBlock, Span, Style, TextBlock
from desktop_chat.markdown.mathml import MAX_FORMULA, mathml
from desktop_chat.markdown.stream import parse
from desktop_chat.markdown.to_html import plain_to_html, to_html
from desktop_chat.markdown.to_text import to_text
from tests.unit.markdown.corpus import ANSWERS
from tests.unit.markdown.shape import spans_of

MATHML = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot", "msub",
    "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle",
    "mpadded", "mphantom", "menclose", "mfenced", "merror", "mmultiscripts", "mprescripts", "none",
}  # fmt: skip
TAGS = MATHML | {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "strong", "em", "s", "code", "pre",
    "span", "a", "ul", "ol", "li", "blockquote", "table", "tr", "th", "td", "img", "sup", "div",
    "dl", "dt", "dd",
}  # fmt: skip
ATTRIBUTES = {
    "style", "href", "src", "alt", "start", "border", "cellspacing", "cellpadding",
}  # fmt: skip
VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Collects elements and text, and fails on what is not closed in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))

    def within(self, tag: str) -> list[str]:
        return [text for path, text in self.texts if tag in path]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(source: str) -> Reader:
    return Reader(to_html(parse(source)))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_element_is_known_and_closed(name: str) -> None:
    reader = read(ANSWERS[name])
    for tag, attributes in reader.elements:
        assert tag in TAGS
        for attribute, value in attributes.items():
            if tag not in MATHML:
                assert attribute in ATTRIBUTES
            if attribute == "href":
                assert re.match(r"(https?|mailto):", value or "")


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_no_text_is_lost(name: str) -> None:
    blocks = parse(ANSWERS[name])
    said = "".join(text for _path, text in read(ANSWERS[name]).texts)
    said = "".join(said.split())
    at = 0
    for block in blocks:
        lines = list(block.lines) if isinstance(block, CodeBlock) else []
        texts = [
            span.text for span in spans_of(block) if not span.style & (Style.MATH | Style.IMAGE)
        ]
        for text in [*texts, *lines]:
            wanted = "".join(text.split())
            found = said.find(wanted, at)
            assert found >= 0, wanted
            at = found + len(wanted)


def test_blocks() -> None:
    assert to_html(parse("# One\n\ntwo\nthree\n\n---")) == (
        "<h1>One</h1>\n<p>two<br>three</p>\n<hr>"
    )
    assert to_html(parse("3. a\n4. b\n   - c\n   - [x] d\n")) == (
        '<ol start="3">\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n<li>☑ d</li>\n</ul></li>\n</ol>'
    )
    assert to_html(parse("- a\n\n  b\n- c")) == ("<ul>\n<li>a\n<p>b</p></li>\n<li>c</li>\n</ul>")


def test_terms_and_notes() -> None:
    assert to_html(parse("Term\n: one\n: two")) == (
        "<dl><dt><strong>Term</strong></dt>\n<dd>one</dd>\n<dd>two</dd></dl>"
    )
    assert to_html(parse("x[^1]\n\n[^1]: note")) == (
        "<p>x<sup>[1]</sup></p>\n<div><sup>[1] </sup>note</div>"
    )


def test_an_alert_has_its_title() -> None:
    html = to_html(parse("> [!WARNING]\n> Mind."), alerts={"warning": "Vorsicht"})
    assert "<p><strong>Vorsicht</strong></p>\n<p>Mind.</p>\n</blockquote>" in html


def test_a_table_has_its_alignment() -> None:
    reader = read("| a | b |\n|---|--:|\n| **c** | d |")
    assert [len(reader.all(tag)) for tag in ("table", "tr", "th", "td")] == [1, 2, 2, 2]
    assert "text-align:right" in (reader.all("td")[1]["style"] or "")
    assert reader.within("strong") == ["c"]


def test_code_keeps_every_character() -> None:
    lines = ["  if a < b && c:", '\t"x" \'', "", "end  "]
    source = "```py\n" + "\n".join(lines) + "\n```"
    assert "".join(read(source).within("pre")) == "\n".join(lines)
    html = to_html(
        parse(source), highlight=lambda _language, lines: [("\n".join(lines), "#123456")]
    )
    reader = Reader(html)
    assert reader.all("span") == [{"style": "color:#123456"}]
    assert "".join(reader.within("pre")) == "\n".join(lines)


def test_plain_text_keeps_lines_and_spaces() -> None:
    assert plain_to_html("a\n  b  <c>\n\n\nd") == (
        "<p>a<br>&nbsp;&nbsp;b &nbsp;&lt;c&gt;</p>\n<p>d</p>"
    )


# Harm

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) [y](data:text/html,z) [z](file:///etc/passwd)",
    "![x](javascript:alert(1)) ![y](https://tracker.example/p.png)",
    '[x](https://e.example/"onmouseover="alert(1))',
    "`<b>` and ```<i>```",
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$ $\\style{x:url(y)}{x}$",
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>\nx\n```',
    "| <script> | b |\n|---|---|\n| </td><script> | x |",
    "> [!NOTE]\n> </blockquote><script>",
    "$</math><script>x^2$",
]


@pytest.mark.parametrize("source", EVIL)
def test_nothing_runs_and_nothing_is_fetched(source: str) -> None:
    reader = read(source)
    for tag, attributes in reader.elements:
        assert tag in TAGS
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "img"
        href = attributes.get("href") or ""
        assert not href or href.startswith(("https://", "http://", "mailto:"))


def test_images_are_shown_only_when_they_are_here() -> None:
    data = "data:image/png;base64,iVBORw0KGgo="
    assert to_html([ImageBlock("a<b", data)]) == f'<p><img src="{data}" alt="a&lt;b"></p>'
    svg = "data:image/svg+xml;base64,PHN2Zz4="
    assert to_html([ImageBlock("words", svg)]) == "<p>words</p>"
    remote = to_html([TextBlock((Span("words", Style.IMAGE, "https://e.example/i.png"),))])
    assert remote == '<p><a href="https://e.example/i.png">words</a></p>'


# Formulas


def test_a_formula_is_mathml_with_its_latex() -> None:
    reader = read("$\\frac{a}{b}$")
    assert reader.all("math")[0]["alttext"] == "\\frac{a}{b}"
    assert reader.within("mfrac") == ["a", "b"]


@pytest.mark.parametrize(
    "latex",
    ["\\unknowncommand{x}", "\\frac{a", "{" * 500, "", " ", "x" * (MAX_FORMULA + 1)],
)
def test_what_is_no_formula_stays_latex(latex: str) -> None:
    assert mathml(latex, block=True) is None


@pytest.mark.parametrize(
    "latex",
    [
        "\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}",
        "\\begin{gathered} a \\\\ b \\end{gathered}",
        "\\begin{cases} a & b \\\\ c & d \\end{cases}",
        "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}",
    ],
)
def test_environments_have_rows(latex: str) -> None:
    written = mathml(latex, block=True)
    assert written is not None
    assert written.count("<mtr>") == 2
    assert "&amp;" not in re.sub(r'alttext="[^"]*"', "", written)


def test_a_number_of_an_equation_is_left_out() -> None:
    written = mathml("x = 1 \\tag{1} \\label{eq}", block=True)
    assert written is not None
    assert "tag" not in written.replace('alttext="x = 1 \\tag{1} \\label{eq}"', "")


# Plain text


def test_plain_text_is_what_a_reader_sees() -> None:
    source = """# Title

Some **bold**, `code`, $x^2$ and [a link](https://e.example).

1. one
   - inner
   - [ ] open
2. two

> quoted

| a | b |
|---|---|
| c | d |

```py
x = 1
```
"""
    assert to_text(parse(source)) == (
        "Title\n\nSome bold, code, x^2 and a link.\n\n1. one\n   • inner\n   ☐ open\n2. two\n\n"
        "quoted\n\na\tb\nc\td\n\nx = 1"
    )
