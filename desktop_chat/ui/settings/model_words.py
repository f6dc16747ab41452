"""What is said of a model: what it can do, and what it costs."""

from collections.abc import Sequence
from typing import Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Model, Price, PricePeriod, ThinkingDialect

_SIGNS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def sign(currency: str) -> str:
    """Return the sign of a currency, or its code."""
    return _SIGNS.get(currency, f"{currency} " if currency else "")


def amount(value: float) -> str:
    """Return an amount without needless zeros: ``2``, ``0.25``, ``12.5``."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def money(price: Price, value: float) -> str:
    """Return an amount with its currency."""
    return f"{sign(price.currency)}{amount(value)}"


def common_currency(models: Sequence[Model]) -> str:
    """Return the currency that all prices are in, or "" where there are several or none."""
    found = {model.price.currency for model in models if model.price is not None}
    return found.pop() if len(found) == 1 else ""


def price_label(model: Model, currency: str) -> str:
    """Return input and output price as a row shows them; "" when unknown.

    Args:
        model: the model.
        currency: the one that the head of the table names, or "".
    """
    price = model.price
    if price is None:
        return ""
    lead = "" if price.currency == currency else sign(price.currency)
    if model.makes == "image" and price.image is not None:
        return tr("{price} a picture").format(price=lead + amount(price.image))
    return f"{lead}{amount(price.input)} / {amount(price.output)}"


def abilities(model: Model) -> list[tuple[str, str]]:
    """Return icon and name of each thing that a model can do."""
    draws = model.makes == "image"
    thinks = model.thinking.dialect is not ThinkingDialect.NONE
    found = (
        # What a service says of all its models does not hold for those that draw.
        ("brain", tr("Thinking"), thinks and not draws),
        ("wrench", tr("Calls tools"), bool(model.tools)),
        ("eye", tr("Takes images"), bool(model.images)),
        ("file-pdf", tr("Takes PDF files"), bool(model.files)),
        ("image", tr("Makes pictures"), draws),
    )
    return [(icon, name) for icon, name, holds in found if holds]


def told_of(model: Model) -> str:
    """Return all there is to say of a model, in lines, for a tooltip."""
    lines = [model.id]
    if model.name and model.name != model.id:
        lines.append(model.name)
    if names := [name for _icon, name in abilities(model)]:
        lines.append(" · ".join(names))
    if model.output_tokens:
        lines.append(tr("Writes up to {count} tokens").format(count=f"{model.output_tokens:,}"))
    return "\n".join(lines + price_lines(model.price))


def price_lines(price: Price | None) -> list[str]:
    """Return every price of a model, with what it is for and the day on which it was read."""
    if price is None:
        return [tr("Price unknown")]
    lines = [
        tr("Input {input}, output {output} per million tokens").format(
            input=money(price, price.input), output=money(price, price.output)
        )
    ]
    if price.cached is not None:
        line = tr("Input from the service's cache {price}")
        lines.append(line.format(price=money(price, price.cached)))
    if price.cache_write is not None:
        line = tr("Input written to the cache {price}")
        lines.append(line.format(price=money(price, price.cache_write)))
    if price.image is not None:
        lines.append(tr("{price} a picture").format(price=money(price, price.image)))
    lines += [_period_line(price, period) for period in price.periods]
    if price.as_of:
        lines.append(tr("As of {date}").format(date=price.as_of))
    return lines


def _period_line(price: Price, period: PricePeriod) -> str:
    values = {
        "start": period.start,
        "end": period.end,
        "input": money(price, period.input),
        "output": money(price, period.output),
    }
    if period.cached is None:
        return tr("{start} to {end}: input {input}, output {output}").format(**values)
    line = tr("{start} to {end}: input {input}, from the cache {cached}, output {output}")
    return line.format(**values, cached=money(price, period.cached))
