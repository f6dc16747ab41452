"""What keeps a connection from being made, told exactly: proxies, certificates, authorities."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.i18n import tr

_Sentence: TypeAlias = Callable[[], str]

_CAUSES: Final[Mapping[str, _Sentence]] = {
    "proxy": lambda: tr("The address of the proxy cannot be used: {proxy}"),
    "proxy_auth": lambda: tr("The proxy {proxy} wants another user or password."),
    "proxy_unreachable": lambda: tr("Nothing answers at the proxy {proxy}."),
    "proxy_refused": lambda: tr("The proxy {proxy} did not make the connection."),
    "ca_file unreadable": lambda: tr("The file of certificate authorities cannot be read: {path}"),
    "ca_file not_pem": lambda: tr("There are no certificates in PEM format in this file: {path}"),
    "tls expired": lambda: tr("The certificate of {host} has expired."),
    "tls not_yet_valid": lambda: tr("The certificate of {host} is not valid yet."),
    "tls self_signed": lambda: tr("The certificate of {host} is signed by nobody but itself."),
    "tls unknown_issuer": lambda: tr(
        "The certificate of {host} is signed by an authority that is not known here."
    ),
    "tls host": lambda: tr("The certificate is for another name than {host}."),
    "tls not_tls": lambda: tr("There is no https at this address of {host}."),
    "tls too_old": lambda: tr("{host} offers only outdated encryption."),
}
_ADVICE: Final[Mapping[str, _Sentence]] = {
    "proxy": lambda: tr("Check the proxy in the settings of the service or of the system."),
    "proxy_auth": lambda: tr("Check the proxy in the settings of the service or of the system."),
    "proxy_unreachable": lambda: tr(
        "Check that it runs, or the proxy in the settings of the service or of the system."
    ),
    "ca_file unreadable": lambda: tr("Choose another file in the settings of the service."),
    "ca_file not_pem": lambda: tr("Choose another file in the settings of the service."),
    "tls expired": lambda: tr("Check this computer's date; else only the service can renew it."),
    "tls not_yet_valid": lambda: tr("Check this computer's date."),
    "tls self_signed": lambda: tr(
        "If you trust it, name its certificate as a file of authorities in the settings of the "
        "service."
    ),
    "tls unknown_issuer": lambda: tr(
        "If you trust it, name that authority's file in the settings of the service."
    ),
    "tls host": lambda: tr("Check the base URL in the settings."),
    "tls not_tls": lambda: tr("Check whether it begins with http, and its port."),
    "tls too_old": lambda: tr("Only the service can mend that."),
}


def network_cause(error: ErrorInfo) -> _Sentence | None:
    """Return why there is no connection, or None where nothing exact is known.

    Its values are those of the error and ``host``.
    """
    return _found(_CAUSES, error)


def network_advice(error: ErrorInfo) -> _Sentence | None:
    """Return what to do about it, or None for the usual."""
    return _found(_ADVICE, error)


def _found(table: Mapping[str, _Sentence], error: ErrorInfo) -> _Sentence | None:
    if error.kind is not ErrorKind.NETWORK:
        return None
    return table.get(f"{error.code} {error.values.get('reason', '')}".strip())
