"""What is left on an account, in the shapes that services have for it.

They are those of the documentation of DeepSeek ("Get User Balance"), SiliconFlow ("Get user
account information") and OpenRouter ("Get current API key").
"""

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from desktop_chat.core.balance import Balance
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.providers.address import Address
from desktop_chat.providers.errors import ErrorReader

GetJson = Callable[[str], Awaitable[tuple[Any, Mapping[str, str]]]]
"""Fetches JSON from an address, with the headers of its reply."""
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST_CURRENCIES: Final = 4
_MOST: Final = 1e12
_SUCCESS: Final = (20000, "20000")


async def fetch_balance(
    shape: str, address: Address, get_json: GetJson, errors: ErrorReader
) -> Balance | None:
    """Return what is left, or None where a service has no word for it.

    Args:
        shape: see ``Service.balance``.
        address: of the service.
        get_json: asks it.
        errors: makes the errors of its host.

    Raises:
        ProviderError: it could not be asked, or refused; PROTOCOL with ``no_balance_told`` for a
            reply of another shape.
    """
    if shape not in _SHAPES:
        return None
    place, read = _SHAPES[shape]
    payload, headers = await get_json(place(address))
    if not isinstance(payload, dict):
        raise errors.error(ErrorKind.PROTOCOL, "no_balance_told")
    if _is_refusal(shape, payload):
        raise ProviderError(errors.from_payload(payload, headers))
    found = read(payload)
    if found is None:
        raise errors.error(ErrorKind.PROTOCOL, "no_balance_told")
    return found


def _is_refusal(shape: str, payload: Mapping[str, Any]) -> bool:
    if payload.get("error"):
        return True
    return shape == "siliconflow" and (
        payload.get("code", 20000) not in _SUCCESS or payload.get("status") is False
    )


def _deepseek(payload: Mapping[str, Any]) -> Balance | None:
    told = payload.get("balance_infos")
    amounts: list[tuple[str, float]] = []
    for item in told[:_MOST_CURRENCIES] if isinstance(told, list) else ():
        if isinstance(item, dict):
            currency, amount = item.get("currency"), _amount(item.get("total_balance"))
            if isinstance(currency, str) and _CURRENCY.fullmatch(currency) and amount is not None:
                amounts.append((currency, amount))
    available = payload.get("is_available")
    if not amounts and not isinstance(available, bool):
        return None
    return Balance(tuple(amounts), available is not False)


def _siliconflow(payload: Mapping[str, Any]) -> Balance | None:
    """Read an account in yuan: ``totalBalance`` is what was given and what was paid in."""
    data = payload.get("data")
    if not isinstance(data, dict):
        return None
    total = _amount(data.get("totalBalance"))
    if total is None:
        parts = [_amount(data.get(name)) for name in ("balance", "chargeBalance")]
        if parts[0] is None and parts[1] is None:
            return None
        total = sum(part or 0.0 for part in parts)
    return Balance((("CNY", total),), total > 0)


def _openrouter(payload: Mapping[str, Any]) -> Balance | None:
    """Read what a key may still spend, in dollars; a key without a limit has no such figure."""
    data = payload.get("data")
    if not isinstance(data, dict) or not {"limit_remaining", "limit", "usage"} & set(data):
        return None
    left = _amount(data.get("limit_remaining"))
    if left is None:
        limit, used = _amount(data.get("limit")), _amount(data.get("usage"))
        if limit is None or used is None:
            return Balance(())
        left = limit - used
    return Balance((("USD", left),), left > 0)


def _amount(value: object) -> float | None:
    """Return a number, or a text of one; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value[:40] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < _MOST else None


_Shape = tuple[Callable[[Address], str], Callable[[Mapping[str, Any]], Balance | None]]
_SHAPES: Final[Mapping[str, _Shape]] = {
    "deepseek": (lambda address: f"{address.origin}/user/balance", _deepseek),
    "siliconflow": (lambda address: address.below("user/info"), _siliconflow),
    "openrouter": (lambda address: address.below("key"), _openrouter),
}
