"""What is said of waiting, switching and giving up: pieces of sentences for ``explain``."""

import math

from desktop_chat.chat.words import fill
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import Notice
from desktop_chat.core.i18n import tr

_CIRCUIT_OPEN = "circuit_open"


def told_code(error: ErrorInfo) -> str:
    """Return the code of the failure itself, where another one tells that it was not retried."""
    return error.values.get("code", "") if error.code == _CIRCUIT_OPEN else error.code


def rest_advice(error: ErrorInfo) -> str:
    """Say that nothing is retried by itself for a while; "" where that is not so."""
    seconds = error.values.get("probe", "")
    if error.code != _CIRCUIT_OPEN or not seconds:
        return ""
    return fill(
        tr(
            "It failed several times in a row and is not asked again by itself for {seconds} s. "
            "Retry when you like, or choose another model."
        ),
        seconds=seconds,
    )


def failed_backup(error: ErrorInfo) -> tuple[ErrorInfo, str] | None:
    """Return why the backup failed as well, and its name; None where none was asked."""
    name = error.values.get("backup", "")
    try:
        kind = ErrorKind(error.values.get("backup_kind", ""))
    except ValueError:
        return None
    return (ErrorInfo(kind), name) if name else None


def queue_title(notice: Notice) -> str:
    """Say that a limit is waited for, how many are ahead, and about how long it takes."""
    ahead = str(notice.place)
    seconds = str(max(1, math.ceil(notice.delay)))
    if notice.place and notice.delay > 0:
        title = tr("Waiting for the rate limit, {ahead} ahead, about {seconds} s")
    elif notice.delay > 0:
        title = tr("Waiting for the rate limit, about {seconds} s")
    elif notice.place:
        title = tr("Waiting for another answer to end, {ahead} ahead")
    else:
        title = tr("Waiting for another answer to end")
    return fill(title, ahead=ahead, seconds=seconds)


def queue_cause(notice: Notice, limited: str) -> str:
    """Say why; where no time is known, answers at the same time are what is limited.

    Args:
        notice: of the queue.
        limited: what is said of limits in general.
    """
    if notice.delay > 0:
        return limited
    return tr("Only so many answers of this service run at the same time.")


def switch_title(notice: Notice, what: str, service_name: str) -> str:
    """Say that another service is asked now.

    Args:
        notice: of the switch.
        what: what happened to the first one.
        service_name: the service that was meant.
    """
    if notice.service == service_name:
        return fill(tr("The backup failed, asking {service} after all"), service=service_name)
    return fill(tr("{what}, asking {service} instead"), what=what, service=notice.service)
