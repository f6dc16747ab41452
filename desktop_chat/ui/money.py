"""Amounts of money as they are shown."""

import math
from collections.abc import Mapping

from desktop_chat.ui.settings.model_words import sign


def money(amount: float, currency: str) -> str:
    """Return an amount with its currency: ``¥0.0071``, ``$1.25``, and never 0 for what is more.

    Args:
        amount: in units of the currency.
        currency: its code.
    """
    digits = 2 if amount >= 1 else 4
    if 0 < amount < 0.0001:
        # Two figures of something very small.
        digits = 1 - math.floor(math.log10(amount))
    text = f"{amount:,.{digits}f}" if amount else "0"
    return f"{sign(currency)}{text}"


def sums(costs: Mapping[str, float]) -> str:
    """Return amounts in several currencies: ``¥0.12 + $0.0030``; "" for none."""
    return " + ".join(money(amount, currency) for currency, amount in sorted(costs.items()))
