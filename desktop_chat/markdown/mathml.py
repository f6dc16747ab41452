"""LaTeX as MathML, for documents that are pasted into. Nothing of it reaches the page unchecked."""

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any, Final

MAX_FORMULA: Final = 4000
"""A longer formula stays LaTeX."""

_NAMESPACE: Final = "http://www.w3.org/1998/Math/MathML"
_TAGS: Final = frozenset(
    re.findall(
        r"\w+",
        """math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom
        mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr
        munder munderover none""",
    )
)
_ATTRIBUTES: Final = frozenset(
    re.findall(
        r"\w+",
        """accent accentunder close columnalign columnlines columnspacing depth display
        displaystyle fence form height largeop linebreak linethickness lspace mathbackground
        mathcolor mathsize mathvariant maxsize minsize movablelimits notation open rowlines
        rowspacing rspace scriptlevel separator separators stretchy symmetric voffset width""",
    )
)
_CHILDREN: Final = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "msubsup": 3,
    "munderover": 3,
}  # fmt: skip
_ALIKE: Final = (
    (
        re.compile(r"\\(begin|end)\{(?:aligned|alignedat|align|split|gathered|gather)\*?\}"),
        "align*",
    ),
    (re.compile(r"\\(begin|end)\{(?:dcases|rcases)\*?\}"), "cases"),
)
_TAG_COMMAND: Final = re.compile(r"\\(?:tag\*?|label)\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])")


def mathml(latex: str, *, block: bool) -> str | None:
    """Return a formula as a ``<math>`` element, which also holds its LaTeX as ``alttext``.

    Args:
        latex: without its delimiters.
        block: whether it stands by itself.

    Returns:
        None when it cannot be said in MathML.
    """
    if not latex.strip() or len(latex) > MAX_FORMULA:
        return None
    # 40 ms to import, and not needed before something with a formula is copied.
    from latex2mathml.converter import convert_to_element

    source = _TAG_COMMAND.sub("", latex)
    for pattern, name in _ALIKE:
        source = pattern.sub(rf"\\\1{{{name}}}", source)
    try:
        element = convert_to_element(source, display="block" if block else "inline")
    except Exception:
        # It raises its own errors, and IndexError, KeyError and RecursionError besides.
        return None
    parts = list(_written(element))
    if None in parts:
        return None
    inner = "".join([part for part in parts if part is not None])
    opening = f'<math xmlns="{_NAMESPACE}" display="{"block" if block else "inline"}"'
    return f'{opening} alttext="{escape(latex)}">{inner}</math>'


def _written(element: Any) -> Iterator[str | None]:
    r"""Yield what stands in an element; None for what must not or cannot be said.

    The library's own writer turns ``\text{<script>}`` into a tag, and knows ``\href``.
    """
    text = unescape(element.text or "")
    if text.startswith("\\") and len(text) > 1:
        yield None  # a command that it does not know
    yield escape(text, quote=False)
    for child in element:
        tag = str(child.tag)
        if tag not in _TAGS or len(child) != _CHILDREN.get(tag, len(child)):
            yield None
            continue
        given = "".join(
            f' {name}="{escape(str(value))}"'
            for name, value in child.attrib.items()
            if name in _ATTRIBUTES
        )
        yield f"<{tag}{given}>"
        yield from _written(child)
        yield f"</{tag}>"
        yield escape(unescape(child.tail or ""), quote=False)
