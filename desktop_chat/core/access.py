"""A service together with the secrets that open the way to it."""

from dataclasses import dataclass, field

from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service


@dataclass(frozen=True, slots=True)
class Access:
    """A service that can be asked.

    Attributes:
        service: what is asked.
        keys: its keys for its present origin, the first one first; empty where it wants none. One
            of ``hmac`` and of ``oauth`` is a pair (see ``Secret.pair``).
        proxy: user and password of its own proxy, a pair, or None.
    """

    service: Service
    keys: tuple[Secret, ...] = ()
    proxy: Secret | None = field(default=None, repr=False)
