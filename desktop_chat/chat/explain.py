"""What an error kind or the end of an answer means, and what to do: for window and terminal alike.

A title says what happened, a cause why and what to do about it. The service's own words stand in
it where they tell more than ours; codes and the raw reply are for the fold.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from desktop_chat.chat.explain_files import explain_file, is_about_file
from desktop_chat.chat.explain_network import network_advice, network_cause
from desktop_chat.chat.explain_replies import REPLY_CAUSES
from desktop_chat.chat.explain_tries import (
    failed_backup,
    queue_cause,
    queue_title,
    rest_advice,
    switch_title,
    told_code,
)
from desktop_chat.chat.words import fill, has_values, sentences
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Notice, NoticeKind
from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import KEY_ID_VARIABLE, KEY_SECRET_VARIABLE, KEY_VARIABLE
from desktop_chat.core.messages import Message, MessageState

_WORDS_LIMIT: Final = 240


class Action(StrEnum):
    """What a card offers to do."""

    RETRY = "retry"
    REGENERATE = "regenerate"
    CONTINUE = "continue"
    UPDATE_KEY = "update_key"
    CHANGE_MODEL = "change_model"
    OPEN_SETTINGS = "open_settings"
    OPEN_SITE = "open_site"
    RAISE_LIMIT = "raise_limit"
    RETRY_NOW = "retry_now"
    CANCEL = "cancel"
    STOP = "stop"
    COPY = "copy"


class Tone(StrEnum):
    """How grave it is; chooses the colour of the icon's tile."""

    DANGER = "danger"
    WARN = "warn"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The content of a card.

    Attributes:
        title: what happened, one line.
        cause: why, and what to do; or "".
        actions: in the order of the buttons, the primary one last.
        icon: a Phosphor name.
        tone: how grave it is.
        detail: ``HTTP 401 · invalid_api_key · request id``, then the raw reply; or "".
    """

    title: str
    cause: str
    actions: tuple[Action, ...]
    icon: str
    tone: Tone
    detail: str = ""


_Sentence: TypeAlias = Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Card:
    """What is said of an error kind; sentences are functions, for the language may change."""

    title: _Sentence
    cause: _Sentence
    advice: _Sentence
    actions: tuple[Action, ...]
    icon: str
    tone: Tone
    own_words: bool = False


def _nothing() -> str:
    return ""


_CARDS: Final[Mapping[ErrorKind, _Card]] = {
    ErrorKind.NO_KEY: _Card(
        lambda: tr("No key for {service}"),
        lambda: tr("A key goes only to the address it was saved for."),
        lambda: tr("Add one and this message is sent again."),
        (Action.CHANGE_MODEL, Action.UPDATE_KEY),
        "key",
        Tone.DANGER,
    ),
    ErrorKind.AUTHENTICATION: _Card(
        lambda: tr("Invalid key, {service} refused the request"),
        lambda: tr("The key may have been deleted or copied incompletely."),
        lambda: tr("Update it and this message is sent again."),
        (Action.CHANGE_MODEL, Action.UPDATE_KEY),
        "key",
        Tone.DANGER,
    ),
    ErrorKind.PERMISSION: _Card(
        lambda: tr("No permission, {service} refused the request"),
        lambda: tr("The key may not use this model."),
        lambda: tr("Choose another model, or another key."),
        (Action.UPDATE_KEY, Action.CHANGE_MODEL),
        "lock-key",
        Tone.DANGER,
        own_words=True,
    ),
    ErrorKind.BALANCE: _Card(
        lambda: tr("No balance left at {service}"),
        _nothing,
        lambda: tr("Top up on the service's site, or choose another model."),
        (Action.CHANGE_MODEL, Action.OPEN_SITE, Action.RETRY),
        "warning-circle",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.RATE_LIMIT: _Card(
        lambda: tr("Too many requests"),
        lambda: tr("{service} limits how much may be asked at a time."),
        lambda: tr("Wait a moment and retry."),
        (Action.CHANGE_MODEL, Action.RETRY),
        "hourglass-medium",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.CONTEXT_LENGTH: _Card(
        lambda: tr("The conversation is too long for this model"),
        _nothing,
        lambda: tr("Choose a model that reads more, or start a new chat."),
        (Action.RETRY, Action.CHANGE_MODEL),
        "scissors",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.BAD_REQUEST: _Card(
        lambda: tr("{service} did not accept the request"),
        _nothing,
        lambda: tr("Check the parameters and the address in the settings."),
        (Action.OPEN_SETTINGS, Action.RETRY),
        "warning-circle",
        Tone.DANGER,
        own_words=True,
    ),
    ErrorKind.NOT_FOUND: _Card(
        lambda: tr("Model or address not found"),
        _nothing,
        lambda: tr("Check the model's name and the base URL."),
        (Action.OPEN_SETTINGS, Action.CHANGE_MODEL),
        "warning-circle",
        Tone.DANGER,
        own_words=True,
    ),
    ErrorKind.SERVER: _Card(
        lambda: tr("{service} has a fault"),
        lambda: tr("The fault is on its side."),
        lambda: tr("Retry in a moment, or choose another model."),
        (Action.CHANGE_MODEL, Action.RETRY),
        "warning-circle",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.OVERLOADED: _Card(
        lambda: tr("{service} is overloaded"),
        _nothing,
        lambda: tr("Retry in a moment, or choose another model."),
        (Action.CHANGE_MODEL, Action.RETRY),
        "hourglass-medium",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.NETWORK: _Card(
        lambda: tr("No connection to {service}"),
        lambda: tr("Nothing answers at {host}."),
        lambda: tr("Check the network, the proxy and the address."),
        (Action.OPEN_SETTINGS, Action.RETRY),
        "wifi-slash",
        Tone.WARN,
    ),
    ErrorKind.DROPPED: _Card(
        lambda: tr("Connection lost before the answer"),
        lambda: tr("The service or a proxy closed the connection."),
        lambda: tr("Check the network and retry."),
        (Action.RETRY,),
        "wifi-slash",
        Tone.WARN,
    ),
    ErrorKind.TIMEOUT: _Card(
        lambda: tr("{service} took too long to answer"),
        lambda: tr("Nothing arrived for {seconds} s."),
        lambda: tr("Retry, or allow more time in the settings."),
        (Action.OPEN_SETTINGS, Action.RETRY),
        "hourglass-medium",
        Tone.WARN,
    ),
    ErrorKind.CONTENT_FILTER: _Card(
        lambda: tr("{service} refused this content"),
        _nothing,
        lambda: tr("Reword the question, or choose another model."),
        (Action.CHANGE_MODEL, Action.RETRY),
        "warning-circle",
        Tone.WARN,
        own_words=True,
    ),
    ErrorKind.REDIRECT: _Card(
        lambda: tr("{service} points to another host"),
        lambda: tr("Neither the question nor the key was sent to {target}."),
        lambda: tr("Check the base URL in the settings."),
        (Action.OPEN_SETTINGS,),
        "swap",
        Tone.DANGER,
    ),
    ErrorKind.PROTOCOL: _Card(
        lambda: tr("The reply could not be read"),
        lambda: tr("It is not what a compatible service sends."),
        lambda: tr("Check the base URL in the settings, or retry."),
        (Action.OPEN_SETTINGS, Action.RETRY),
        "warning-circle",
        Tone.DANGER,
        own_words=True,
    ),
    ErrorKind.CANCELLED: _Card(
        lambda: tr("Cancelled"),
        _nothing,
        lambda: tr("The question was not answered."),
        (Action.RETRY,),
        "circle-dashed",
        Tone.NEUTRAL,
    ),
    ErrorKind.INTERNAL: _Card(
        lambda: tr("Something went wrong in Desktop Chat"),
        lambda: tr("The log has the details."),
        lambda: tr("Retry; if it happens again, report it."),
        (Action.RETRY,),
        "x-circle",
        Tone.DANGER,
    ),
}

_CODE_CARDS: Final[Mapping[tuple[ErrorKind, str], _Card]] = {
    (ErrorKind.AUTHENTICATION, "clock"): _Card(
        lambda: tr("The clock of this computer is {minutes} minutes off"),
        lambda: tr("{service} refuses what is signed more than five minutes off."),
        lambda: tr("Set the clock and retry."),
        (Action.CHANGE_MODEL, Action.RETRY),
        "clock",
        Tone.DANGER,
    ),
}
"""Where a code means something else than its kind: the advice is the same everywhere."""

_TERMINAL_ADVICE: Final[Mapping[ErrorKind, _Sentence]] = {
    ErrorKind.NO_KEY: lambda: tr(
        "Give one for {host} in {variable}, in the environment or in a .env file, or save it in "
        "the window."
    ),
    ErrorKind.AUTHENTICATION: lambda: tr("Give another one in {variable}, or update it."),
    ErrorKind.CONTEXT_LENGTH: lambda: tr("Choose a model that reads more, or ask with less."),
    ErrorKind.BAD_REQUEST: lambda: tr("Check the parameters, the model and the address."),
    ErrorKind.REDIRECT: lambda: tr("Check the base URL."),
    ErrorKind.PROTOCOL: lambda: tr("Check the base URL."),
    ErrorKind.TIMEOUT: lambda: tr("Wait a moment and retry."),
}
"""Where the window's advice names what a terminal does not have."""

_SETTINGS_ADVICE: Final[Mapping[ErrorKind, _Sentence]] = {
    ErrorKind.NO_KEY: lambda: tr("Enter the key for this address."),
    ErrorKind.AUTHENTICATION: lambda: tr("Enter it again."),
    ErrorKind.BAD_REQUEST: lambda: tr("Check the model and the base URL."),
    ErrorKind.PROTOCOL: lambda: tr("Check the base URL."),
    ErrorKind.REDIRECT: lambda: tr("Check the base URL."),
}
"""Where the advice of a card speaks of a message, or of the settings as of another place."""

_KEY_PROBLEMS: Final[Mapping[str, _Sentence]] = {
    "plain_http": lambda: tr("No key is sent over plain http beyond this machine."),
    "locked": lambda: tr("The system keyring is locked."),
    "timeout": lambda: tr("The system keyring did not answer."),
    "failed": lambda: tr("The system keyring did not answer."),
}

_CODE_CAUSES: Final[Mapping[tuple[ErrorKind, str], _Sentence]] = {
    (ErrorKind.NETWORK, "tls"): lambda: tr("No secure connection could be made to {host}."),
    (ErrorKind.NETWORK, "dns"): lambda: tr("The name {host} was not found."),
    (ErrorKind.NETWORK, "closed"): lambda: tr("{host} closed the connection."),
    (ErrorKind.NETWORK, "proxy_refused"): lambda: tr("The proxy did not make the connection."),
    (ErrorKind.TIMEOUT, "connect"): lambda: tr("There was no connection within {seconds} s."),
    (ErrorKind.TIMEOUT, "first_token"): lambda: tr("No answer began within {seconds} s."),
    (ErrorKind.TIMEOUT, "total"): lambda: tr("The answer was not complete within {seconds} s."),
    (ErrorKind.TIMEOUT, "idle"): lambda: tr("The answer stood still for {seconds} s."),
    (ErrorKind.AUTHENTICATION, "token"): lambda: tr("{host} did not accept the ID and the secret."),
    (ErrorKind.AUTHENTICATION, "not_a_pair"): lambda: tr(
        "It wants an ID and a secret, and only one of them was given."
    ),
    (ErrorKind.NOT_FOUND, "token"): lambda: tr("The token URL was not found at {host}."),
    (ErrorKind.PROTOCOL, "token"): lambda: tr("{host} sent no token that can be used."),
    (ErrorKind.BAD_REQUEST, "auth_header"): lambda: tr(
        "The name or the prefix of the header for the key is not valid."
    ),
    (ErrorKind.BAD_REQUEST, "token_url"): lambda: tr("The token URL is missing or not valid."),
    (ErrorKind.BAD_REQUEST, "token_url_http"): lambda: tr(
        "The token URL must begin with https://, because the secret goes there."
    ),
    (ErrorKind.BAD_REQUEST, "base_url"): lambda: tr("The base URL is not valid: {url}"),
    (ErrorKind.PROTOCOL, "too_large"): lambda: tr("It is too large."),
    **REPLY_CAUSES,
}
"""What the program's own codes tell more exactly than the kind."""

_STORAGE: Final[Mapping[str, tuple[_Sentence, _Sentence]]] = {
    "full": (
        lambda: tr("The disk is full"),
        lambda: tr("The text is kept in memory and saved as soon as there is room."),
    ),
    "readonly": (
        lambda: tr("The history cannot be written"),
        lambda: tr("The text is kept in memory; check the permissions of the data folder."),
    ),
    "busy": (
        lambda: tr("Another program is using the history"),
        lambda: tr("The text is kept in memory and saved as soon as it is free."),
    ),
    "corrupt": (
        lambda: tr("The history file is damaged"),
        lambda: tr("The text is kept in memory; a backup lies in the data folder."),
    ),
    "newer": (
        lambda: tr("The history was made by a newer version"),
        lambda: tr("Update Desktop Chat to open it; nothing was changed."),
    ),
    "": (
        lambda: tr("The history could not be saved"),
        lambda: tr("The text is kept in memory and saving is tried again."),
    ),
}

_LABELS: Final[Mapping[Action, _Sentence]] = {
    Action.RETRY: lambda: tr("Retry"),
    Action.REGENERATE: lambda: tr("Regenerate"),
    Action.CONTINUE: lambda: tr("Continue"),
    Action.UPDATE_KEY: lambda: tr("Update key"),
    Action.CHANGE_MODEL: lambda: tr("Change model"),
    Action.OPEN_SETTINGS: lambda: tr("Open settings"),
    Action.OPEN_SITE: lambda: tr("Open site"),
    Action.RAISE_LIMIT: lambda: tr("Raise limit"),
    Action.RETRY_NOW: lambda: tr("Retry now"),
    Action.CANCEL: lambda: tr("Cancel"),
    Action.STOP: lambda: tr("Stop"),
    Action.COPY: lambda: tr("Copy"),
}


def explain_error(
    error: ErrorInfo,
    *,
    service_name: str = "",
    kept_chars: int = 0,
    terminal: bool = False,
    settings: bool = False,
) -> Explanation:
    """Say what an error means and what to do.

    Args:
        error: the failure.
        service_name: as shown; "" says "the service".
        kept_chars: characters of the answer that had arrived and stay.
        terminal: advise what can be done without the window.
        settings: advise what can be done where services are set up: there is no message yet.
    """
    if error.kind is ErrorKind.STORAGE:
        return _storage(error)
    if error.kind is ErrorKind.INTERNAL and error.code == "busy":
        return _busy()
    if is_about_file(error):
        return _file(error)
    exact = _CODE_CARDS.get((error.kind, told_code(error)))
    card = exact or _CARDS[error.kind]
    if (how := network_advice(error)) is not None:
        card = replace(card, advice=how)
    values = _values(error, service_name)
    title = fill(card.title(), **values)
    cause = sentences(_cause(card, error, values), _backup_cause(error))
    advice = card.advice()
    actions = card.actions
    if settings and exact is None:
        advice = _SETTINGS_ADVICE.get(error.kind, card.advice)()
    elif terminal and exact is None:
        advice = fill(_terminal_advice(card, error)(), **values)
        if kept_chars > 0 and error.kind is ErrorKind.DROPPED:
            title = tr("Connection lost before the end of the answer")
    elif kept_chars > 0:
        count = f"{kept_chars:,}"
        kept = tr("The {count} characters received are kept.").format(count=count)
        if error.kind is ErrorKind.DROPPED:
            title = tr("Connection lost, {count} characters kept").format(count=count)
            cause = kept = ""
        advice = sentences(kept, tr("You can continue from here, or regenerate the answer."))
        if Action.RETRY in actions:
            actions = (Action.REGENERATE, Action.CONTINUE)
    advice = rest_advice(error) or advice
    return Explanation(
        title, sentences(cause, advice), actions, card.icon, card.tone, _detail(error)
    )


def explain_notice(notice: Notice, *, service_name: str = "") -> Explanation | None:
    """Say what is being waited for; None when there is nothing to tell.

    The title holds ``notice.delay``, rounded up. For a countdown call it again with
    ``dataclasses.replace(notice, delay=seconds_left)``.

    Args:
        notice: as the stream gave it.
        service_name: as shown; "" says "the service".
    """
    if notice.kind is NoticeKind.QUEUED:
        values = {"service": service_name or tr("the service")}
        cause = fill(_CARDS[ErrorKind.RATE_LIMIT].cause(), **values)
        title = queue_title(notice)
        return Explanation(
            title, queue_cause(notice, cause), (Action.STOP,), "hourglass-medium", Tone.NEUTRAL
        )
    if notice.kind is NoticeKind.CONNECTING or notice.error is None:
        return None
    error = notice.error
    if notice.kind is NoticeKind.SWITCHED:
        what = explain_error(error, service_name=service_name).title
        title = switch_title(notice, what, service_name)
        return Explanation(title, "", (), "swap", Tone.NEUTRAL)
    seconds = str(max(1, math.ceil(notice.delay)))
    base = explain_error(error, service_name=service_name)
    card = _CARDS.get(error.kind)
    what = tr("Connection lost") if error.kind is ErrorKind.DROPPED else base.title
    return Explanation(
        fill(tr("{what}, retrying in {seconds} s"), what=what, seconds=seconds),
        _cause(card, error, _values(error, service_name)) if card else "",
        (Action.CANCEL, Action.RETRY_NOW),
        base.icon,
        Tone.WARN,
        base.detail,
    )


def retry_count(notice: Notice) -> str:
    """Say which retry is coming, for beside the bar: ``Retry 2 of 5``."""
    return tr("Retry {attempt} of {attempts}").format(
        attempt=notice.attempt, attempts=notice.attempts
    )


def explain_end(message: Message, *, terminal: bool = False) -> Explanation | None:
    """Say why an answer is not whole; None for one that is, or that still streams.

    Args:
        message: an answer.
        terminal: advise what can be done without the window.
    """
    kept = len(message.text)
    if message.state is MessageState.FAILED:
        error = message.error or ErrorInfo(ErrorKind.INTERNAL)
        return explain_error(
            error, service_name=message.service_name, kept_chars=kept, terminal=terminal
        )
    if message.state is MessageState.INTERRUPTED:
        return _interrupted(kept)
    if message.state is MessageState.STOPPED:
        return _stopped(kept)
    if message.state is MessageState.DONE:
        return _finished(message, "" if terminal else tr("You can continue from here."))
    return None


def action_label(action: Action) -> str:
    """Return what stands on the button of an action."""
    return _LABELS[action]()


_STATUS: Final[Mapping[ErrorKind | FinishReason, int]] = {
    FinishReason.STOP: 0,
    FinishReason.TOOL_CALLS: 0,
    FinishReason.LENGTH: 7,
    FinishReason.CONTENT_FILTER: 7,
    FinishReason.UNKNOWN: 7,
    FinishReason.STOPPED: 130,
    ErrorKind.NO_KEY: 3,
    ErrorKind.AUTHENTICATION: 3,
    ErrorKind.PERMISSION: 3,
    ErrorKind.BALANCE: 4,
    ErrorKind.RATE_LIMIT: 4,
    ErrorKind.NETWORK: 5,
    ErrorKind.TIMEOUT: 5,
    ErrorKind.DROPPED: 7,
    ErrorKind.CONTENT_FILTER: 7,
    ErrorKind.CANCELLED: 130,
    ErrorKind.STORAGE: 1,
    ErrorKind.INTERNAL: 1,
}


def exit_status(outcome: ErrorKind | FinishReason) -> int:
    """Return the exit status of the terminal commands for the end of an answer.

    0 done, 1 a fault on this machine, 3 no key or refused, 4 no balance or limit, 5 network,
    6 any other error of the service, 7 incomplete, 130 stopped. (2, wrong usage, is argparse's.)
    """
    return _STATUS.get(outcome, 6)


def _backup_cause(error: ErrorInfo) -> str:
    """Say why the backup failed as well, if one did."""
    found = failed_backup(error)
    if found is None:
        return ""
    failure, name = found
    title = explain_error(failure, service_name=name).title
    return fill(tr("The backup failed, too: {what}."), what=title)


def _values(error: ErrorInfo, service_name: str) -> dict[str, str]:
    service = service_name or tr("the service")
    variable = KEY_VARIABLE
    if "pair" in error.values or error.code in ("token", "not_a_pair"):
        variable = tr("{first} and {second}").format(
            first=KEY_ID_VARIABLE, second=KEY_SECRET_VARIABLE
        )
    fixed = {"service": service, "variable": variable, "host": error.host}
    return {**error.values, **fixed}


def _cause(card: _Card, error: ErrorInfo, values: Mapping[str, str]) -> str:
    """Return why it happened: the service's own words where they tell more than ours."""
    words = " ".join(error.message.split())
    if words and (card.own_words or error.code == "token"):
        if len(words) > _WORDS_LIMIT:
            words = words[:_WORDS_LIMIT].rstrip() + "…"
        # A sentence brings its own full stop.
        words = words.removesuffix(".").removesuffix("。")
        return fill(tr("{service} says: “{words}”."), service=values["service"], words=words)
    exact = _KEY_PROBLEMS.get(values.get("problem", ""))
    general = _CODE_CAUSES.get((error.kind, told_code(error)))
    for sentence in (exact, network_cause(error), general, card.cause):
        if sentence is not None and has_values(sentence(), values):
            return fill(sentence(), **values)
    return ""


def _terminal_advice(card: _Card, error: ErrorInfo) -> _Sentence:
    if error.kind is ErrorKind.NO_KEY and error.values.get("problem") == "plain_http":
        return lambda: tr("Use https, or save a key for {host} in the window.")
    return _TERMINAL_ADVICE.get(error.kind, card.advice)


def _detail(error: ErrorInfo) -> str:
    head = " · ".join(
        part
        for part in (
            f"HTTP {error.status}" if error.status else "",
            told_code(error),
            error.request_id,
        )
        if part
    )
    return "\n".join(part for part in (head, error.raw) if part)


def _storage(error: ErrorInfo) -> Explanation:
    title, cause = _STORAGE.get(error.code, _STORAGE[""])
    detail = " · ".join(part for part in (error.code, error.message) if part)
    return Explanation(
        title(), cause(), (Action.COPY, Action.RETRY), "database", Tone.DANGER, detail
    )


def _busy() -> Explanation:
    return Explanation(
        tr("An answer is still on its way"),
        tr("Stop it, or wait for its end."),
        (),
        "circle-dashed",
        Tone.NEUTRAL,
    )


def _file(error: ErrorInfo) -> Explanation:
    # A title brings no full stop.
    title = explain_file(error).removesuffix(".").removesuffix("。")
    return Explanation(title, "", (Action.RETRY, Action.CHANGE_MODEL), "warning-circle", Tone.WARN)


def _stopped(kept: int) -> Explanation:
    if not kept:
        title, advice, actions = tr("Stopped before the answer"), "", (Action.REGENERATE,)
        return Explanation(title, advice, actions, "circle-dashed", Tone.NEUTRAL)
    return Explanation(
        tr("You stopped the answer"),
        tr("You can continue from here."),
        (Action.REGENERATE, Action.CONTINUE),
        "circle-dashed",
        Tone.NEUTRAL,
    )


def _interrupted(kept: int) -> Explanation:
    title = tr("Interrupted: the program ended during the answer")
    if not kept:
        return Explanation(title, "", (Action.REGENERATE,), "warning-circle", Tone.WARN)
    return Explanation(
        title,
        sentences(
            tr("The {count} characters received are kept.").format(count=f"{kept:,}"),
            tr("You can continue from here, or regenerate the answer."),
        ),
        (Action.REGENERATE, Action.CONTINUE),
        "warning-circle",
        Tone.WARN,
    )


def _finished(message: Message, go_on: str) -> Explanation | None:
    if message.reason is FinishReason.STOP and (message.attachments or message.tool_calls):
        return None
    proceed = Action.CONTINUE
    if not message.text:
        proceed, go_on = Action.REGENERATE, ""
    if message.reason is FinishReason.LENGTH:
        used = message.usage.output_tokens if message.usage else 0
        cause = (
            tr("All {tokens} tokens allowed for it are used.").format(tokens=f"{used:,}")
            if used
            else ""
        )
        return Explanation(
            tr("The answer reached its length limit"),
            sentences(cause, go_on),
            (Action.RAISE_LIMIT, proceed),
            "scissors",
            Tone.NEUTRAL,
        )
    if message.reason is FinishReason.CONTENT_FILTER:
        return Explanation(
            tr("The service's filter ended the answer"),
            tr("Reword the question, or choose another model."),
            (Action.CHANGE_MODEL, Action.REGENERATE),
            "warning-circle",
            Tone.WARN,
        )
    if message.reason is FinishReason.UNKNOWN:
        return Explanation(
            tr("The answer may be incomplete"),
            sentences(tr("The service ended it without saying why."), go_on),
            (Action.REGENERATE, proceed) if message.text else (proceed,),
            "warning-circle",
            Tone.WARN,
        )
    if message.reason is FinishReason.STOP and not message.text:
        title = tr("Only thinking arrived") if message.reasoning else tr("The answer is empty")
        return Explanation(title, "", (Action.REGENERATE,), "circle-dashed", Tone.NEUTRAL)
    return None
