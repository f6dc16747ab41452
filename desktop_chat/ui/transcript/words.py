"""Words and figures of headers and footers."""

import time

from desktop_chat.chat.words import fill
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.money import money


def clock_time(created_at: float) -> str:
    """Return the time of day, with the date when it is not today.

    Args:
        created_at: seconds since the epoch.
    """
    then = time.localtime(created_at)
    if then[:3] == time.localtime()[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%Y-%m-%d %H:%M", then)


def thinking_title(seconds: float | None, *, live: bool) -> str:
    """Return what the thinking row says.

    Args:
        seconds: how long it took or has taken; None when that is not known.
        live: whether it goes on.
    """
    if live:
        if seconds is None or seconds < 1:
            return tr("Thinking…")
        return tr("Thinking for {seconds} s").format(seconds=int(seconds))
    if seconds is None:
        return tr("Thought")
    return tr("Thought for {seconds} s").format(seconds=max(1, round(seconds)))


def age(since: float) -> str:
    """Return how long ago something was: ``3 min ago``.

    Args:
        since: seconds since the epoch.
    """
    minutes = max(0, int(time.time() - since)) // 60
    if not minutes:
        return tr("just now")
    if minutes < 60:
        return ntr("{count} min ago", "{count} min ago", minutes).format(count=minutes)
    hours = minutes // 60
    if hours < 48:
        return ntr("{count} h ago", "{count} h ago", hours).format(count=hours)
    return ntr("{count} day ago", "{count} days ago", hours // 24).format(count=hours // 24)


def origin(message: Message) -> str:
    """Return which service answered, in whose place, and whether the answer is an earlier one."""
    parts = [message.service_name if message.model else ""]
    if message.asked_service:
        parts.append(fill(tr("backup for {service}"), service=message.asked_service))
    if message.cached_at is not None:
        parts.append(fill(tr("from the cache, {age}"), age=age(message.cached_at)))
    return " · ".join(part for part in parts if part)


def cost_words(message: Message) -> str:
    """Return what an answer cost, or "" where that is not known."""
    return "" if message.cost is None else money(message.cost.amount, message.cost.currency)


def figures(message: Message) -> str:
    """Return the tokens and the cost of an answer, in lines, for a tooltip; "" without any."""
    usage = message.usage
    lines = []
    if usage is not None:
        counts = (
            (tr("Input: {count} tokens"), usage.input_tokens),
            (tr("From the service's cache: {count}"), usage.cached_tokens),
            (tr("Written to the cache: {count}"), usage.cache_write_tokens),
            (tr("Output: {count} tokens"), usage.output_tokens),
            (tr("Of it thinking: {count}"), usage.reasoning_tokens),
            (tr("Pictures: {count}"), usage.images),
        )
        lines = [words.format(count=f"{count:,}") for words, count in counts if count]
    if cost := cost_words(message):
        lines.append(tr("Cost by the price list: {cost}").format(cost=cost))
    elif lines:
        lines.append(tr("Cost unknown: this model has no price here."))
    return "\n".join(lines)


def stats(message: Message) -> list[str]:
    """Return tokens, speed, time to the first token and cost, as far as they are known."""
    parts = []
    usage, timing = message.usage, message.timing
    if usage is not None and (usage.input_tokens or usage.output_tokens):
        parts.append(
            tr("Input {input} · Output {output}").format(
                input=f"{usage.input_tokens:,}", output=f"{usage.output_tokens:,}"
            )
        )
    if timing is not None and timing.first_token is not None:
        if usage is not None and usage.output_tokens and timing.total is not None:
            seconds = timing.total - timing.first_token
            if seconds > 0:
                parts.append(tr("{rate} tok/s").format(rate=f"{usage.output_tokens / seconds:.1f}"))
        parts.append(tr("TTFT {seconds} s").format(seconds=f"{timing.first_token:.2f}"))
    if cost := cost_words(message):
        parts.append(cost)
    return parts
