import pytest

from desktop_chat.markdown.blocks import Span, Style, TextBlock
from desktop_chat.markdown.stream import parse
from tests.unit.markdown.shape import spans_of, styled, text


def spans(source: str) -> list[Span]:
    return [span for block in parse(source) for span in spans_of(block)]


@pytest.mark.parametrize(
    ("source", "bold"),
    [
        ("**重点：**后面", ["重点："]),
        ("**“引用”**，好", ["“引用”"]),
        ("前面**“引用”**后面", ["“引用”"]),
        ("前面**《书》**后面", ["《书》"]),
        ("**注意！**请看", ["注意！"]),
        ("**Python：**一种", ["Python："]),
        ("前**`code`**后", ["code"]),
        ("前**中文(注)**后", ["中文(注)"]),
        ("**100%**正确", ["100%"]),
        ("他说**“甲”**和**“乙”**。", ["“甲”", "“乙”"]),
        ("한국어**강조(強調)**입니다", ["강조(強調)"]),
        ("**bold**text", ["bold"]),
        ("a ** b ** c", []),
        ("** b **", []),
        ('**"quoted"**x', []),
    ],
)
def test_bold_beside_cjk(source: str, bold: list[str]) -> None:
    assert styled(source, Style.BOLD) == bold


def test_underscores_within_words_are_text() -> None:
    assert spans("snake_case_name and 中文_下划_线") == [Span("snake_case_name and 中文_下划_线")]
    assert styled("_it_ and __bold__", Style.ITALIC | Style.BOLD) == ["it", "bold"]


def test_nested_styles() -> None:
    assert spans("**a *b ~~c~~* d**") == [
        Span("a ", Style.BOLD),
        Span("b ", Style.BOLD | Style.ITALIC),
        Span("c", Style.BOLD | Style.ITALIC | Style.STRIKE),
        Span(" d", Style.BOLD),
    ]
    assert styled("*a *b* c*", Style.ITALIC) == ["a b c"]


@pytest.mark.parametrize(
    "source",
    [
        "$5 and $6",
        "from $5-$10",
        "价格从 $100 到 $200",
        "US$5 and US$6",
        "$HOME and $PATH",
        "$HOME/bin:$PATH",
        "${HOME}/x:${PATH}",
        "A $ b $ c",
        "\\$x\\$",
        "$",
        "$$5 and $$6",
        "从$A到$B",
    ],
)
def test_dollars_that_are_no_math(source: str) -> None:
    assert styled(source, Style.MATH) == []
    assert text(parse(source)) == source.replace("\\$", "$")


@pytest.mark.parametrize(
    ("source", "formulas"),
    [
        ("$x$", ["x"]),
        ("设$f(x)$为", ["f(x)"]),
        ("$a_1 * b_1 * c$", ["a_1 * b_1 * c"]),
        ("\\(a+b\\) 和 $c$。", ["a+b", "c"]),
        ("so $$x^2$$ inline", ["x^2"]),
        ("so \\[x^2\\] inline", ["x^2"]),
        ("$\\text{速度}=v$", ["\\text{速度}=v"]),
        ("costs \\$5 and $x\\$y$", ["x\\$y"]),
        ("`$x$` and ``\\(y\\)``", []),
        ("文献\\[1\\]", []),
    ],
)
def test_inline_math(source: str, formulas: list[str]) -> None:
    assert styled(source, Style.MATH) == formulas


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a](https://x.y/z)", Span("a", Style.LINK, "https://x.y/z")),
        ("[a](HTTP://x.y)", Span("a", Style.LINK, "HTTP://x.y")),
        ("[a](mailto:a@b.cn)", Span("a", Style.LINK, "mailto:a@b.cn")),
        ("<https://x.y>", Span("https://x.y", Style.LINK, "https://x.y")),
        ("<a@b.cn>", Span("a@b.cn", Style.LINK, "mailto:a@b.cn")),
        ("[](https://x.y)", Span("https://x.y", Style.LINK, "https://x.y")),
        ("www.x.org", Span("www.x.org", Style.LINK, "https://www.x.org")),
        ("![alt **b**](c.png)", Span("alt b", Style.IMAGE, "c.png")),
        ("[**a**](https://x.y)", Span("a", Style.LINK | Style.BOLD, "https://x.y")),
    ],
)
def test_links_and_images(source: str, expected: Span) -> None:
    assert spans(source) == [expected]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a](javascript:alert(1))", "a (javascript:alert(1))"),
        ("[a](JaVaScRiPt:x)", "a (JaVaScRiPt:x)"),
        ("[a](&#106;avascript:x)", "a (javascript:x)"),
        ("[a](file:///etc/passwd)", "a (file:///etc/passwd)"),
        ("[a](data:text/html,x)", "a (data:text/html,x)"),
        ("[a](./b.md)", "a (./b.md)"),
        ("[a](#b)", "a"),
        ("<javascript:x>", "javascript:x"),
        ("[a](//x.y)", "a (//x.y)"),
        ("[a]( https://x.y", "[a]( https://x.y"),
    ],
)
def test_other_destinations_are_text(source: str, expected: str) -> None:
    assert text(parse(source)) == expected
    assert [s.text for s in spans(source) if s.style & Style.LINK and "a" in s.text] == []


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("见https://example.com/a，然后", "https://example.com/a"),
        ("见 https://example.com/a。", "https://example.com/a"),
        ("（https://example.com/a_b_c）", "https://example.com/a_b_c"),
        ("(https://example.com/a)", "https://example.com/a"),
        ("https://example.com/a_(b)", "https://example.com/a_(b)"),
        ("https://example.com/path查看", "https://example.com/path"),
        ("https://example.com查看", "https://example.com"),
        ("https://zh.wikipedia.org/wiki/维基", "https://zh.wikipedia.org/wiki/维基"),
        ("see https://example.com/.", "https://example.com/"),
        ("https://example.com/**x**?", "https://example.com/**x"),
        ("**https://example.com**", "https://example.com"),
        ("http://localhost:8000/x?y=1&z=2#f", "http://localhost:8000/x?y=1&z=2#f"),
        ("“https://example.com”", "https://example.com"),
    ],
)
def test_bare_addresses(source: str, address: str) -> None:
    assert styled(source, Style.LINK) == [address]


@pytest.mark.parametrize(
    "source", ["xhttps://a.b", "https://", "http:/a.b", "`https://a.b`", "a:b"]
)
def test_what_is_no_address(source: str) -> None:
    assert styled(source, Style.LINK) == []


def test_references_resolve_after_their_definition() -> None:
    source = "[a] first\n\n[a]: https://x.y 'T'\n[bad]: javascript:x\n\n[a], [t][A] and [bad][]\n"
    links = [(s.text, s.href) for s in spans(source) if s.style & Style.LINK]
    assert links == [
        ("https://x.y", "https://x.y"),
        ("a", "https://x.y"),
        ("t", "https://x.y"),
    ]
    assert text(parse(source)).splitlines()[0] == "[a] first"


def test_entities_escapes_and_html_are_text() -> None:
    assert text(parse("&copy; &#35; &#x41; &nope; \\*a\\* \\&amp;")) == "© # A &nope; *a* &amp;"
    source = '<b onclick="**x**">no</b> <!-- *c* --> <script>alert(1)</script> <br>'
    assert spans(source) == [Span(source)]


def test_code_spans() -> None:
    assert spans("`` a ` b `` `**x**` `\\`") == [
        Span("a ` b", Style.CODE),
        Span(" "),
        Span("**x**", Style.CODE),
        Span(" "),
        Span("\\", Style.CODE),
    ]


def test_a_construct_over_lines_keeps_them_in_one_block() -> None:
    first, second = parse("**a\nb** c\nd")
    assert isinstance(first, TextBlock)
    assert first.spans == (Span("a\nb", Style.BOLD), Span(" c"))
    assert text([second]) == "d"


def test_control_characters() -> None:
    assert text(parse("a\0b\ud800c")) == "a\ufffdb\ufffdc"
