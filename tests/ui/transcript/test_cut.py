import pytest

from desktop_chat.markdown.blocks import Span, Style
from desktop_chat.ui.transcript.text.cut import cut_spans, span_at
from desktop_chat.ui.transcript.text.runs import make_run
from desktop_chat.ui.transcript.text.units import split_pairs

SPANS = (
    Span("Some 😀 "),
    Span("bold", Style.BOLD),
    Span(" and "),
    Span("x = 1", Style.CODE),
    Span("中"),
    Span("words", Style.IMAGE, "https://e.example/i.png"),
    Span("1", Style.FOOTNOTE, "#1"),
    Span("x^2", Style.MATH),
    Span("link", Style.LINK, "https://e.example"),
)


def test_every_cut_joins_again() -> None:
    run = make_run(SPANS)
    whole = "".join(span.text for span in SPANS)
    for at in range(len(run.text) + 1):
        if "\udc00" <= run.text[at : at + 1] <= "\udfff":
            continue
        before, after = cut_spans(SPANS, run, 0, at), cut_spans(SPANS, run, at, len(run.text))
        if before and after and before[-1] == after[0]:
            # It is taken as a whole, by either side.
            after = after[1:]
        assert "".join(span.text for span in (*before, *after)) == whole
        assert {span.style for span in (*before, *after)} == {span.style for span in SPANS}


@pytest.mark.parametrize("style", [Style.IMAGE, Style.FOOTNOTE, Style.MATH])
def test_a_part_of_what_is_one_takes_all_of_it(style: Style) -> None:
    span = next(item for item in SPANS if item.style == style)
    run = make_run((Span("a"), span, Span("b")))
    assert cut_spans((Span("a"), span, Span("b")), run, 1, 2) == (span,)
    assert span_at((Span("a"), span, Span("b")), run, 1) == span


def test_text_and_code_are_cut_to_characters() -> None:
    run = make_run(SPANS)
    start = len(split_pairs("Some "))
    assert cut_spans(SPANS, run, start, start + 2) == (Span("😀"),)
    start = len(split_pairs("Some 😀 bo"))
    assert cut_spans(SPANS, run, start, start + 4) == (Span("ld", Style.BOLD), Span(" a"))
    code = run.text.index("x = 1")
    assert cut_spans(SPANS, run, code, code + 3) == (Span("x =", Style.CODE),)


def test_all_of_it_is_the_same_object() -> None:
    run = make_run(SPANS)
    assert cut_spans(SPANS, run, 0, len(run.text)) is SPANS
    assert cut_spans(SPANS, run, 3, 3) == ()
    assert span_at(SPANS, run, len(run.text)) is None
