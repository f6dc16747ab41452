"""What a model writes cannot harm: nothing becomes a link or an image to fetch but what may."""

import pytest

from desktop_chat.markdown.blocks import ImageBlock, Style
from desktop_chat.markdown.stream import MarkdownStream, parse
from tests.unit.markdown.shape import spans_of, text

ADDRESSES = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "jAvAsCrIpT&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#x6A&#x61&#x76&#x61script:alert(1)",
    "java\tscript:alert(1)",
    "java\x0bscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript\u200b:alert(1)",
    "javascript%3Aalert(1)",
    "\\javascript:alert(1)",
    "vbscript:msgbox(1)",
    "livescript:x",
    "file:///etc/passwd",
    "FILE://host/share",
    "smb://host/share",
    "\\\\host\\share",
    "//host/share",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:application/javascript,alert(1)",
    "blob:https://x.y/1",
    "view-source:https://x.y",
    "about:blank",
    "chrome://settings",
    "ms-settings:privacy",
    "vscode://file/x",
    "ssh://x.y",
    "ftp://x.y",
    "tel:123",
    "intent://x#Intent;scheme=http;end",
    "feed:javascript:alert(1)",
]

FORMS = [
    "[a]({})",
    "[a](<{}>)",
    '[a]({} "title")',
    "<{}>",
    "[a][r]\n",
    "[r]: {}\n\n[a][r] [r] [r][]",
    "[r]: <{}> 'x'\n\n[a][r]",
    "| x |\n|---|\n| [a]({}) |",
    "> - [**a**]({})",
    "[![i]({})]({})",
    "[^1]: [a]({})",
    "T\n: [a]({})",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_other_schemes_never_become_links(address: str) -> None:
    for form in FORMS:
        for block in parse(form.replace("{}", address)):
            for span in spans_of(block):
                if span.style & Style.LINK:
                    assert span.href.lower().startswith(("http://", "https://", "mailto:")), span
                    assert "script" not in span.href.lower()


@pytest.mark.parametrize("address", ADDRESSES)
def test_other_schemes_never_become_images_that_are_shown(address: str) -> None:
    for form in ("![a]({})", "![a](<{}>)", "[![a]({})](https://x.y)", "![a][r]\n\n[r]: {}"):
        for source in (form, f"{form}\n", f"- {form}\n"):
            blocks = parse(source.replace("{}", address))
            assert not any(isinstance(block, ImageBlock) for block in blocks), source
            stream = MarkdownStream()
            for char in source.replace("{}", address):
                stream.feed(char)
                assert not any(isinstance(block, ImageBlock) for block in stream.blocks)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">click</a>',
        "<svg><script>alert(1)</script></svg>",
        '<iframe src="https://x.invalid"></iframe>',
        "<style>*{display:none}</style>",
        "<math><mtext></mtext></math>",
        "<!--[if IE]><script>alert(1)</script><![endif]-->",
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_html_is_text(source: str) -> None:
    shown = text(parse(source))
    assert shown == source.replace("&lt;", "<").replace("&gt;", ">")
    blocks = parse(source)
    links = [s for b in blocks for s in spans_of(b) if s.style & (Style.LINK | Style.IMAGE)]
    assert all(link.href.startswith("https://x.invalid") for link in links)


def test_code_stays_code() -> None:
    source = "```html\n<script>alert(1)</script>\n```\n\n```svg\n<svg>&a;</svg>\n```\n"
    assert [text([block]) for block in parse(source)] == [
        "<script>alert(1)</script>",
        "<svg>&a;</svg>",
    ]


@pytest.mark.parametrize(
    "character",
    ["\u202e", "\u2066", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u0007", "\x1b"],
)
def test_invisible_characters_stay_for_the_view_to_mark(character: str) -> None:
    source = f"a{character}b **c{character}d** `e{character}f`\n\n```\ng{character}h\n```\n"
    assert text(parse(source)).count(character) == 4
    (link, *_) = (
        span for block in parse(f"[x{character}y](https://a.b/)") for span in spans_of(block)
    )
    assert link.text == f"x{character}y"


def test_a_label_cannot_pretend_to_be_another_address() -> None:
    """The view compares the label with the host; both have to be there unchanged."""
    (span,) = spans_of(
        parse("[https://bank.example](https://evil.example/?https://bank.example)")[0]
    )
    assert (span.text, span.href) == (
        "https://bank.example",
        "https://evil.example/?https://bank.example",
    )
    (span,) = spans_of(parse("<https://b\u0430nk.example/>")[0])
    assert "xn--" in span.href
    assert span.text == "https://b\u0430nk.example/"


def test_control_characters_do_not_reach_an_address() -> None:
    for character in "\x00\x07\x1b\x7f\n\r":
        for block in parse(f"[a](https://x.y/{character}z) <https://x.y/{character}z>"):
            for span in spans_of(block):
                assert not set(span.href) & set("\x00\x07\x1b\n\r"), repr(span)
