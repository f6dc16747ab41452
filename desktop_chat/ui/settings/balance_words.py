"""What is said of what is left on an account."""

from collections.abc import Mapping
from typing import Final

from desktop_chat.core.balance import Balance
from desktop_chat.core.i18n import tr
from desktop_chat.ui.settings.model_words import sign

LOW: Final[Mapping[str, float]] = {"CNY": 5.0, "USD": 1.0}
"""Below this little is left, by currency; others are never called low."""


def balance_label(balance: Balance) -> str:
    """Return what is left: ``balance ¥48.20``; "" where there is no figure for it."""
    if not balance.amounts:
        return ""
    amounts = ", ".join(money_left(amount, currency) for currency, amount in balance.amounts)
    return tr("balance {amount}").format(amount=amounts)


def balance_warning(balance: Balance) -> str:
    """Return what to do about a balance that is low or gone; "" where it is neither."""
    if not balance.available:
        return tr("The account has no balance left. Top it up on the service's site.")
    if not balance.amounts:
        return ""
    if all(amount <= 0 for _currency, amount in balance.amounts):
        return tr("The account has no balance left. Top it up on the service's site.")
    # What is paid in another currency still pays.
    if all(amount < LOW.get(currency, 0.0) for currency, amount in balance.amounts):
        return tr("Little is left on the account. Top it up before it runs out.")
    return ""


def money_left(amount: float, currency: str) -> str:
    """Return an amount to the cent, with its currency; below a cent to what tells anything."""
    shown = f"{abs(amount):,.2f}" if abs(amount) >= 0.01 or not amount else f"{abs(amount):.4f}"
    minus = "−" if amount < 0 and float(shown.replace(",", "")) else ""
    return f"{minus}{sign(currency)}{shown}"
