"""How many tokens a request may have, guessed on the safe side without a tokenizer."""

from collections.abc import Iterable
from typing import Final

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.providers.attached import decoded

LATIN: Final = 2.5
"""ASCII characters of one token: prose has four, code and tables have fewer."""
IMAGE: Final = 1600
"""Tokens of a picture."""
PDF_BYTES: Final = 40
"""Bytes of a PDF file for one token: a page of text has some 2,000 tokens in 80 KB."""
_FRAME: Final = 16
"""Tokens that the form of a message takes."""


def request_tokens(request: ChatRequest) -> int:
    """Return the tokens that a request may have at most, as far as can be guessed."""
    tools = (tool.name + tool.description + str(tool.parameters) for tool in request.tools)
    return _tokens(tools) + sum(_message(message) for message in request.messages)


def text_tokens(text: str) -> int:
    """Return the tokens that a text may have at most: one for each character that is not ASCII,
    as Chinese and emoji have.
    """
    # The count of ASCII characters, at the speed of the codec.
    ascii_count = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return len(text) - ascii_count + int(ascii_count / LATIN) + 1


def _message(message: ChatMessage) -> int:
    texts = [message.text, *(call.name + call.arguments for call in message.tool_calls)]
    total = _FRAME + _tokens(texts)
    for file in message.attached:
        match file.file.kind:
            case AttachmentKind.IMAGE:
                total += IMAGE
            case AttachmentKind.PDF:
                total += len(file.data) // PDF_BYTES
            case AttachmentKind.TEXT:
                total += text_tokens(decoded(file.data))
    return total


def _tokens(texts: Iterable[str]) -> int:
    return sum(text_tokens(text) for text in texts if text)
