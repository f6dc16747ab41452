"""The tables inside a service's table: the way to it, its limits, its backup, its prices.

Each is a frozen dataclass of ``core/services.py``. A file names the fields that differ from the
dataclass's own defaults; an empty table is all defaults.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from desktop_chat.core.secret_names import names_secret
from desktop_chat.core.services import Backup, Limits, Network, Price, PricePeriod
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.redaction import looks_like_key
from desktop_chat.system.service_values import Findings, UnusableError, read_line

P = TypeVar("P", Network, Limits, Backup, Price, PricePeriod)
Read: TypeAlias = Callable[[object], Any]

PROXIES: Final = ("system", "none", "custom")
_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_MOST: Final = 1e9


def _number(value: object, *, least: float = 0.0, most: float = _MOST) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnusableError
    if not least <= value <= most:
        raise UnusableError
    return float(value)


def _count(value: object) -> int:
    if type(value) is not int or not 1 <= value <= _MOST:
        raise UnusableError
    return value


def _above_zero(value: object) -> float:
    if not (number := _number(value)):
        raise UnusableError
    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnusableError
    return value


def _one_of(words: tuple[str, ...], value: object) -> str:
    if value not in words:
        raise UnusableError
    return str(value)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not pattern.fullmatch(text := read_line(value)):
        raise UnusableError
    return text


def read_proxy_url(value: object) -> str:
    """Return the address of a proxy: scheme, host and port; "" is none.

    Raises:
        UnusableError: it is none, or it carries a password, which belongs in the keyring.
    """
    text = read_line(value)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UnusableError from None
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname or port == 0:
        raise UnusableError
    if "@" in text or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise UnusableError
    return text.rstrip("/")


def _models(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UnusableError
    return {str(name): read_line(model) for name, model in value.items()}


def _periods(value: object) -> tuple[PricePeriod, ...]:
    if not isinstance(value, list | tuple):
        raise UnusableError
    findings = Findings()
    found = tuple(_read(PricePeriod, _PERIOD, item, findings, "") for item in value)
    if findings.items:
        raise UnusableError
    return found


def _days(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise UnusableError
    if any(type(day) is not int or not 1 <= day <= 7 for day in value):
        raise UnusableError
    return tuple(value)


_NETWORK: Final[Mapping[str, Read]] = {
    "proxy": partial(_one_of, PROXIES),
    "proxy_url": read_proxy_url,
    "ca_file": read_line,
    "http2": _flag,
}
_LIMITS: Final[Mapping[str, Read]] = {
    "per_minute": _count,
    "per_second": _above_zero,
    "tokens_per_minute": _count,
    "concurrent": _count,
}
_BACKUP: Final[Mapping[str, Read]] = {
    "enabled": _flag,
    "service_id": read_line,
    "models": _models,
    "failures": _count,
    "first_token": _above_zero,
    "hedge": _above_zero,
}
_PERIOD: Final[Mapping[str, Read]] = {
    "start": partial(_matching, _CLOCK),
    "end": partial(_matching, _CLOCK),
    "input": _number,
    "output": _number,
    "cached": _number,
    "days": _days,
}
_PRICE: Final[Mapping[str, Read]] = {
    "currency": partial(_matching, _CURRENCY),
    "input": _number,
    "output": _number,
    "cached": _number,
    "cache_write": _number,
    "image": _number,
    "periods": _periods,
    "time_zone": read_line,
    "as_of": read_line,
}


def read_network(value: object, findings: Findings, place: str) -> Network:
    """Return what a ``network`` table describes; see ``core.services.Network``."""
    return _read(Network, _NETWORK, value, findings, place)


def read_limits(value: object, findings: Findings, place: str) -> Limits:
    """Return what a ``limits`` table describes; see ``core.services.Limits``."""
    return _read(Limits, _LIMITS, value, findings, place)


def read_backup(value: object, findings: Findings, place: str) -> Backup:
    """Return what a ``backup`` table describes; see ``core.services.Backup``."""
    return _read(Backup, _BACKUP, value, findings, place)


def read_price(value: object, findings: Findings, place: str) -> Price | None:
    """Return what a ``price`` table describes; an empty one says that it is not known."""
    if value == {}:
        return None
    return _read(Price, _PRICE, value, findings, place)


def _read(
    kind: type[P], readers: Mapping[str, Read], value: object, findings: Findings, place: str
) -> P:
    if not isinstance(value, Mapping):
        raise UnusableError
    values: dict[str, Any] = {}
    for name, item in value.items():
        inner = f"{place}.{name}"
        if name not in readers:
            findings.add(_kind_of(str(name), item), inner)
            continue
        try:
            values[name] = readers[name](item)
        except UnusableError:
            findings.add(_kind_of("", item), inner)
    needed = [item.name for item in fields(kind) if item.default is MISSING]
    factories = {item.name for item in fields(kind) if item.default_factory is not MISSING}
    if any(name not in values and name not in factories for name in needed):
        raise UnusableError
    return kind(**values)


def _kind_of(name: str, value: object) -> ProblemKind:
    """Tell a key, or an address with a password in it, from a plain mistake."""
    text = value if isinstance(value, str) else ""
    hides = looks_like_key(text) or ("@" in text and "://" in text)
    return ProblemKind.SECRET if hides or names_secret(name) else ProblemKind.FIELD


def write_part(part: Network | Limits | Backup | Price | PricePeriod | None) -> dict[str, Any]:
    """Return the plain table that makes a part when it is read."""
    table: dict[str, Any] = {}
    for item in fields(part) if part is not None else ():
        value = getattr(part, item.name)
        default = item.default
        if item.default_factory is not MISSING:
            default = item.default_factory()
        if value == default:
            continue
        if item.name == "periods":
            value = [write_part(period) for period in value]
        elif isinstance(value, tuple):
            value = list(value)
        table[item.name] = dict(value) if isinstance(value, Mapping) else value
    return table
