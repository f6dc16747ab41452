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
        ("**注意**：不要", ["注意"]),
        ("**注意：**正文", ["注意："]),
        ("**不变。**源码", ["不变。"]),
        ("含**「重点」**内容", ["「重点」"]),
        ("**加粗测试（含括号）**", ["加粗测试（含括号）"]),
        ("**历经10年发展，**a", ["历经10年发展，"]),
        ("**Markdown（マークダウン）**は", ["Markdown（マークダウン）"]),
        ("**重要提示（Important Notice）：**请", ["重要提示（Important Notice）："]),
        ("前**“a”**b", ["“a”"]),
        ("前**……**后", ["……"]),
        ("**甲——**乙", ["甲——"]),
        ("（**重点**）", ["重点"]),
        ("**a**。**b**，**c**", ["a", "b", "c"]),
        ("**1.**第一", ["1."]),
        ("**完成✅**下一步", ["完成✅"]),
        ("**[链接](https://a.b)**文字", ["链接"]),
        ("**$x$：**公式", ["x", "："]),
        ("__重点：__后面", ["重点："]),
        ("**重点 **后", []),
        ("a ** b ** c", []),
        ("** b **", []),
        ('**"quoted"**x', []),
    ],
)
def test_bold_beside_cjk(source: str, bold: list[str]) -> None:
    assert styled(source, Style.BOLD) == bold


@pytest.mark.parametrize(
    ("source", "style", "expected"),
    [
        ("*（强调）*后", Style.ITALIC, ["（强调）"]),
        ("*这是斜体（带括号）。*这句", Style.ITALIC, ["这是斜体（带括号）。"]),
        ("~~删除的（带括号）。~~这个", Style.STRIKE, ["删除的（带括号）。"]),
        ("价格~~“旧”~~新", Style.STRIKE, ["“旧”"]),
        ("约~5分钟，10~20个", Style.STRIKE, []),
    ],
)
def test_italics_and_strikes_beside_cjk(source: str, style: Style, expected: list[str]) -> None:
    assert styled(source, style) == expected


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
        "$5.12 on soda and $4.42 on sweets",
        "$/PR is down but $/session is up",
        "cost ≈ $8–18 across (the node cost $1.45)",
        "$AAPL is 123$ today",
        "Cuesta $5 y vale 10$",
        "花了$5和$6",
        "$HOME/$USER",
        "${A}_$B",
        "$5M–$10M",
        "~$5/~$6",
        "between $x and $y dollars",
        "$1,000 vs. $2,000",
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
        ("$a$、$b$和$c$", ["a", "b", "c"]),
        ("the $k$th item, the $n$-gram", ["k", "n"]),
        ("a $100 b $x$ c", ["x"]),
        ("$-5$ to $5", ["-5"]),
        ("$C \\rightarrow S$", ["C \\rightarrow S"]),
        ("$P(A \\mid B)$", ["P(A \\mid B)"]),
        ("$a + b$ and $n \\log n$", ["a + b", "n \\log n"]),
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


@pytest.mark.parametrize(
    ("source", "notes"),
    [
        ("a[^1] b[^note]。", ["1", "note"]),
        ("**a[^1]**", ["1"]),
        ("[^注1] and [^a-b.c:d]", ["注1", "a-b.c:d"]),
        ("| a[^1] | b |\n|---|---|", ["1"]),
        ("`[^1]` [x [^1]](https://a.b) ![y [^1]](https://a.b/c.png) z", []),
        ("\\[^1] [^] [^a b] [^a\n", []),
        (f"[^{'x' * 41}]", []),
        ("[^1](https://a.b)", []),
    ],
)
def test_marks_of_footnotes(source: str, notes: list[str]) -> None:
    found = [span for span in spans(source) if span.style & Style.FOOTNOTE]
    assert [span.text for span in found] == notes
    assert [span.href for span in found] == [f"#{note}" for note in notes]


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
