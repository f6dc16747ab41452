"""What is left on the services' accounts, asked no oftener than every few minutes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from desktop_chat.core.access import Access
from desktop_chat.core.balance import Balance
from desktop_chat.core.ports import Providers

LIFE: Final = 180.0
"""Seconds for which an answer holds."""


@dataclass(frozen=True, slots=True)
class _Kept:
    access: Access
    balance: Balance | None
    until: float


class Balances:
    """Asks for balances and remembers them for a while, each for its key and address alone.

    Args:
        providers: ask the services.
        clock: returns seconds.
    """

    def __init__(self, providers: Providers, clock: Callable[[], float] = time.monotonic) -> None:
        self._providers = providers
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def get(self, access: Access, *, fresh: bool = False) -> Balance | None:
        """Return what is left, or None where a service has no word for it.

        Args:
            access: the service with its keys.
            fresh: ask anew, however short ago that was.

        Raises:
            ProviderError: as for ``Providers.balance``.
        """
        service_id = access.service.id
        kept = self._kept.get(service_id)
        if kept is not None and not fresh and self._holds(kept, access):
            return kept.balance
        self._kept.pop(service_id, None)
        balance = await self._providers.balance(access)
        self._kept[service_id] = _Kept(access, balance, self._clock() + LIFE)
        return balance

    def _holds(self, kept: _Kept, access: Access) -> bool:
        return self._clock() < kept.until and _same(kept.access, access)


def _same(one: Access, other: Access) -> bool:
    """Tell whether two would be asked in the same way for the same account."""
    a, b = one.service, other.service
    return (a.base_url, a.balance, one.keys) == (b.base_url, b.balance, other.keys)
