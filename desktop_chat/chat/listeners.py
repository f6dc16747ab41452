"""The one way to listen, as every ``subscribe`` of this room offers it."""

from typing import TypeVar

from desktop_chat.core.ports import Unsubscribe

L = TypeVar("L")


def subscription(listeners: list[L], listener: L) -> Unsubscribe:
    """Add a listener, and return what takes it away; that may be called again."""
    listeners.append(listener)

    def unsubscribe() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return unsubscribe
