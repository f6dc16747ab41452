"""What is known of keys and outlives one request: tokens, and which keys rest.

It is in memory alone, and holds no key: keys are told apart by a hash that means nothing outside of
this run.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote, quote_plus

from desktop_chat.core.access import KeyUse
from desktop_chat.core.secret import Secret
from desktop_chat.providers.auth_oauth import TokenPlace
from desktop_chat.providers.auth_tokens import TokenSource
from desktop_chat.providers.key_ring import KeyMemory

_MOST: Final = 256
"""Keys that are remembered; those used longest ago are forgotten first."""
_NAME_LENGTH: Final = 12
"""Shorter names, of a pair's id or user, are no secret: ``admin``."""

_Id: TypeAlias = tuple[str, str, str]


class AuthState:
    """Tokens and the state of keys, by service, origin and key.

    Args:
        hide: called with each token, so that no log shows it; returns what ends its hiding.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self,
        hide: Callable[[str], Callable[[], None]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hide = hide
        self._clock = clock
        self._salt = os.urandom(16)
        self._keys: dict[_Id, KeyMemory] = {}
        self._sources: dict[tuple[_Id, TokenPlace], TokenSource] = {}
        self._old: list[TokenSource] = []

    def memories(self, service_id: str, origin: str, keys: Sequence[Secret]) -> list[KeyMemory]:
        """Return what is known of each key."""
        return [self._memory(self._id(service_id, origin, key)) for key in keys]

    def uses(self, service_id: str, origin: str, keys: Sequence[Secret]) -> tuple[KeyUse, ...]:
        """Return how each key is doing now."""
        known = (self._keys.get(self._id(service_id, origin, key)) for key in keys)
        return tuple(KeyUse() if memory is None else memory.use for memory in known)

    def wake(self, service_id: str, origin: str, keys: Sequence[Secret]) -> None:
        """Let keys be tried again that rest or were refused."""
        for key in keys:
            if memory := self._keys.get(self._id(service_id, origin, key)):
                memory.wake()

    def source(self, service_id: str, origin: str, key: Secret, place: TokenPlace) -> TokenSource:
        """Return the source of a key's tokens."""
        name = (self._id(service_id, origin, key), place)
        source = self._sources.pop(name, None) or TokenSource(self._clock, self._hide)
        self._sources[name] = source
        while len(self._sources) > _MOST:
            self._old.append(self._sources.pop(next(iter(self._sources))))
        return source

    async def forget(self, service_id: str) -> None:
        """Forget the tokens and states of a service: its keys have changed, or it goes."""
        for name in [name for name in self._keys if name[0] == service_id]:
            del self._keys[name]
        gone = [name for name in self._sources if name[0][0] == service_id]
        await _close([self._sources.pop(name) for name in gone])

    async def aclose(self) -> None:
        """Stop asking for tokens, and forget all."""
        sources = [*self._sources.values(), *self._old]
        self._sources.clear()
        self._old.clear()
        self._keys.clear()
        await _close(sources)

    def redacting(
        self, service_id: str, keys: Sequence[Secret], redact: Callable[[str], str]
    ) -> Callable[[str], str]:
        """Return what takes these very keys, and the tokens got with them, out of a text, whoever
        else knows of them.
        """
        known = hidden_values(keys)

        def clean(text: str) -> str:
            for value in (*known, *self._tokens(service_id)):
                text = text.replace(value, "***")
            return redact(text)

        return clean

    def _tokens(self, service_id: str) -> list[str]:
        return [
            value
            for name, source in self._sources.items()
            if name[0][0] == service_id
            for value in source.values
        ]

    def _memory(self, name: _Id) -> KeyMemory:
        memory = self._keys.pop(name, None) or KeyMemory(self._clock)
        self._keys[name] = memory
        while len(self._keys) > _MOST:
            del self._keys[next(iter(self._keys))]
        return memory

    def _id(self, service_id: str, origin: str, key: Secret) -> _Id:
        data = key.reveal().encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(data, key=self._salt, digest_size=16).hexdigest()
        return service_id, origin, digest


def hidden_values(keys: Sequence[Secret]) -> list[str]:
    """Return what of keys must not be shown, the longest first: the whole of a key, and both
    halves of a pair, plain and as a URL or a form has them. A short name is no secret.
    """
    found: set[str] = set()
    for key in keys:
        name, secret = key.parts()
        plain = [secret] if secret else [name]
        if secret and len(name) >= _NAME_LENGTH:
            plain.append(name)
        for value in filter(None, plain):
            data = value.encode("utf-8", "replace")
            found |= {value, quote(data, safe=""), quote_plus(data)}
    return sorted(found, key=len, reverse=True)


async def _close(sources: Sequence[TokenSource]) -> None:
    for source in sources:
        await source.aclose()
