"""Words and figures of headers and footers."""

import time

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message


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


def stats(message: Message) -> list[str]:
    """Return tokens, speed and time to the first token, as far as they are known."""
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
    return parts
