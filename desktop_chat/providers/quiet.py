"""Keeps the libraries below us from writing down what we send.

httpx writes every URL at the level INFO, and a key may stand in one; httpcore and websockets write
headers at DEBUG. Whatever level a program chooses, nothing below WARNING of theirs is written.
"""

import logging
from typing import Final

_LOUD: Final = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack",
    "hpack.hpack",
    "hpack.table",
    "h2",
    "websockets",
    "websockets.client",
)


def silence_libraries() -> None:
    """Drop what the libraries of the network say below WARNING, for the rest of the program."""
    for name in _LOUD:
        logger = logging.getLogger(name)
        if _drop_talk not in logger.filters:
            logger.addFilter(_drop_talk)


def _drop_talk(record: logging.LogRecord) -> bool:
    # A filter and no level: a level can be set anew by whoever sets up logging.
    return record.levelno >= logging.WARNING
