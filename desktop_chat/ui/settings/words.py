"""What the settings say of addresses, keys and the keyring."""

import re
from typing import Final
from urllib.parse import urlsplit

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.setup import KeyState
from desktop_chat.core.errors import ChatError, ErrorInfo, SecretStoreError
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.services import Service

SHORTEST_KEY: Final = 8


def key_fault(text: str) -> str:
    """Say what is wrong with a key as typed, or return ""."""
    text = text.strip()
    if not text:
        return tr("Enter a key.")
    if len(text) < SHORTEST_KEY:
        return tr("Key is too short. Copy the whole key.")
    if re.search(r"\s", text):
        return tr("A key has no spaces or line breaks. Copy it again.")
    if not text.isascii() or not text.isprintable():
        return tr("A key has only letters, digits and signs. Copy it again.")
    return ""


def pair_fault(name: str, secret: str) -> tuple[str, bool]:
    """Say what is wrong with an id and its secret as typed, or return ""; and whether it is the
    id that is wrong.
    """
    name, secret = name.strip(), secret.strip()
    for text, at_id in ((name, True), (secret, False)):
        if not text:
            return (tr("Enter the id.") if at_id else tr("Enter the secret.")), at_id
        if re.search(r"\s", text):
            return tr("There are no spaces or line breaks in it. Copy it again."), at_id
        if not text.isascii() or not text.isprintable():
            return tr("It has only letters, digits and signs. Copy it again."), at_id
    return "", False


def address_fault(error: ErrorInfo) -> str:
    """Say what is wrong with a base URL."""
    sentences = {
        "empty": tr("Enter an address, such as https://api.example.com/v1."),
        "space": tr("An address has no spaces or line breaks. Copy it again."),
        "scheme": tr("An address begins with https:// or http://."),
        "host": tr("The host in this address is not valid. Check it for typing errors."),
        "query": tr("An address has no ? or #. Leave out what follows."),
        "user": tr("An address has no user name or password. Enter the key above."),
    }
    fallback = tr("This is not an address. Check it for typing errors.")
    return sentences.get(error.values.get("reason", ""), fallback)


def keyring_fault(reason: str) -> str:
    """Say why the keyring is not used."""
    sentences = {
        "missing": tr("no system keyring was found"),
        "locked": tr("the system keyring is locked"),
        "timeout": tr("the system keyring does not answer"),
    }
    return sentences.get(reason, tr("the system keyring refused"))


def told_in_full(error: ErrorInfo, service: Service) -> str:
    """Return why a service could not be asked and what to do about it here, as running text."""
    told = explain_error(error, service_name=service.title(language()), settings=True)
    if not told.cause:
        return told.title
    return tr("{title}. {cause}").format(title=told.title, cause=told.cause)


def reason_of(error: Exception) -> str:
    """Return why something failed, to stand inside a sentence."""
    if isinstance(error, SecretStoreError):
        return keyring_fault(error.reason)
    if isinstance(error, ChatError):
        return explain_error(error.info).title
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def not_saved(reason: str) -> str:
    """Say that a change was not saved, and what to do."""
    return tr(
        "The change was not saved: {reason}."
        " Make room on the disk or allow writing, then try again."
    ).format(reason=reason)


def key_place(state: KeyState, keyring: str, variables: tuple[str, ...]) -> str:
    """Say where a key is kept; "" when there is none and nothing is wrong."""
    if state.place == KeyPlace.KEYRING:
        if keyring:
            return tr(
                "Saved in the system keyring ({keyring}); never in settings, logs or backups."
            ).format(keyring=keyring)
        return tr("Saved in the system keyring; never in settings, logs or backups.")
    if state.place == KeyPlace.MEMORY:
        return tr("In memory only: {reason}. Enter it again after the next start.").format(
            reason=keyring_fault(state.problem)
        )
    if state.place == KeyPlace.ENVIRONMENT:
        return tr("From the environment ({variables}). A key saved here goes before it.").format(
            variables=", ".join(variables)
        )
    if state.problem == "missing":
        return tr("No system keyring was found: a key stays in memory until the program ends.")
    if state.problem:
        return tr("A key that is saved cannot be read: {reason}.").format(
            reason=keyring_fault(state.problem)
        )
    return ""


def masked(hint: str) -> str:
    """Return a key's hint with dots where it is hidden: ``sk-••••3f9a``."""
    return hint.replace("…", "•" * 24)


def host_in(address: str) -> str:
    """Return the host of an address as typed, without its port; "" where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # the half of an IPv6 address
        return ""


def host_of(origin: str) -> str:
    """Return the host of an origin, with its port where there is one."""
    return urlsplit(origin).netloc or origin
