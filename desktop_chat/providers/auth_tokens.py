"""Tokens: kept in memory for all tabs together, and asked for once however many wait."""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.providers.auth_base import sendable
from desktop_chat.providers.errors import ErrorReader

DEFAULT_LIFETIME: Final = 300.0
"""Seconds that a token is good for when nobody says."""
_MARGIN: Final = 30.0
"""Seconds before its end at which a token is no longer used; a tenth of its life at most."""
_MAX_LIFETIME: Final = 30 * 24 * 3600.0
_MAX_TOKEN: Final = 16_384


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        value: the token itself; never printed.
        scheme: what stands before it in the header.
        good_until: seconds since the epoch from which it is no longer used.
    """

    value: str = field(repr=False)
    scheme: str
    good_until: float

    @property
    def header(self) -> str:
        """What the header says."""
        return f"{self.scheme} {self.value}"


Fetch: TypeAlias = Callable[[Callable[[], float]], Awaitable[Token]]
"""Takes a clock; returns a new token, or raises ``ProviderError``."""


class TokenSource:
    """The token of one key at one place, for whoever needs it.

    However many wait for it, it is asked for once. One of them that gives up does not disturb the
    others; when all have given up, so does the request.

    Args:
        clock: returns seconds since the epoch.
        hide: called with each token; returns what ends its hiding.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        hide: Callable[[str], Callable[[], None]] | None = None,
    ) -> None:
        self._clock = clock
        self._hide = hide
        self._hidden: list[Callable[[], None]] = []
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token | ErrorInfo] | None = None
        self._tasks: set[asyncio.Task[Token | ErrorInfo]] = set()
        self._waiting = 0
        self.values: list[str] = []
        """The tokens that are good, or were until a moment ago: they are secrets."""

    async def get(self, fetch: Fetch) -> Token:
        """Return a token that is good.

        Args:
            fetch: asks for a new one, if that has to be.

        Raises:
            ProviderError: none could be had.
        """
        token = self._token
        if token is not None and self._clock() < token.good_until:
            return token
        outcome = await self._wait(self._fetching or self._start(fetch))
        if isinstance(outcome, ErrorInfo):
            # An exception of one's own: one that many raise collects all their tracebacks.
            raise ProviderError(outcome)
        return outcome

    def drop(self, header: str = "") -> None:
        """Use a token no more that was refused.

        Args:
            header: what was sent; "" for whichever is in use. One that has been replaced in the
                meantime changes nothing.
        """
        if self._token is not None and header in ("", self._token.header):
            self._token = None

    async def aclose(self) -> None:
        """Ask for nothing any more, and forget the token."""
        self._token = None
        self._fetching = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.values.clear()
        while self._hidden:
            self._hidden.pop()()

    def _start(self, fetch: Fetch) -> asyncio.Task[Token | ErrorInfo]:
        task = asyncio.get_running_loop().create_task(self._fetch(fetch), name="token")
        self._fetching = task
        self._waiting = 0
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _wait(self, task: asyncio.Task[Token | ErrorInfo]) -> Token | ErrorInfo:
        self._waiting += 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._fetching is task and self._waiting == 1:
                self._fetching = None
                task.cancel()
            raise
        finally:
            if self._fetching is task:
                self._waiting -= 1

    async def _fetch(self, fetch: Fetch) -> Token | ErrorInfo:
        try:
            token = await fetch(self._clock)
        except ProviderError as error:
            return error.info
        finally:
            if self._fetching is asyncio.current_task():
                self._fetching = None
        self._keep(token)
        return token

    def _keep(self, token: Token) -> None:
        self._token = token
        if token.value in self.values:
            return
        self.values.append(token.value)
        if self._hide is not None:
            self._hidden.append(self._hide(token.value))
        # The one before it may still be on its way.
        del self.values[:-2]
        while len(self._hidden) > 2:
            self._hidden.pop(0)()


def read_token(payload: Mapping[str, Any], now: float, errors: ErrorReader) -> Token:
    """Return the token in a reply.

    Args:
        payload: of the reply: ``access_token``, ``token_type``, and ``expires_in`` (seconds) or
            ``expires_at`` (seconds or milliseconds since the epoch, or an ISO date).
        now: seconds since the epoch when it was asked for.
        errors: makes the errors of this host.

    Raises:
        ProviderError: PROTOCOL with ``token``: there is none that could be sent.
    """
    value = payload.get("access_token")
    if not isinstance(value, str) or len(value) > _MAX_TOKEN:
        raise errors.error(ErrorKind.PROTOCOL, "token")
    try:
        sendable(value, errors)
    except ProviderError:
        raise errors.error(ErrorKind.PROTOCOL, "token") from None
    life = _lifetime(payload, now)
    return Token(value, _scheme(payload.get("token_type")), now + life - min(_MARGIN, life / 10))


def _lifetime(payload: Mapping[str, Any], now: float) -> float:
    seconds = _number(payload.get("expires_in"))
    if seconds is None:
        moment = _moment(payload.get("expires_at"))
        seconds = DEFAULT_LIFETIME if moment is None else moment - now
    return min(max(seconds, 0.0), _MAX_LIFETIME)


def _moment(value: object) -> float | None:
    number = _number(value)
    if number is not None:
        return number / 1000 if number > 1e11 else number
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _scheme(kind: object) -> str:
    """Return what stands before the token: the service's own word where it is one."""
    if not isinstance(kind, str) or kind.strip().lower() in ("", "bearer"):
        return "Bearer"
    return kind.strip() if re.fullmatch(r"[A-Za-z-]{1,20}", kind.strip()) else "Bearer"
