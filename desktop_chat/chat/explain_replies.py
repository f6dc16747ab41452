"""What was wrong with a reply that holds no answer, in a sentence."""

from collections.abc import Callable, Mapping
from typing import Final

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.i18n import tr

REPLY_CAUSES: Final[Mapping[tuple[ErrorKind, str], Callable[[], str]]] = {
    (ErrorKind.PROTOCOL, "no_picture"): lambda: tr("There is no picture in it."),
    (ErrorKind.PROTOCOL, "not_image"): lambda: tr("There is no picture in it."),
    (ErrorKind.PROTOCOL, "picture"): lambda: tr("The picture at {target} could not be fetched."),
    (ErrorKind.PROTOCOL, "private_address"): lambda: tr(
        "The picture is said to be at {target}, which is a private address."
    ),
    (ErrorKind.PROTOCOL, "no_websocket"): lambda: tr("No WebSocket was opened at {host}."),
}
"""By kind and code."""
