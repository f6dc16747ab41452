"""Where a protocol asks, for protocols whose paths differ from service to service."""

from urllib.parse import urlsplit

from desktop_chat.core.services import Service
from desktop_chat.providers.address import Address


def endpoint(service: Service, address: Address, option: str, default: str) -> str:
    """Return the address of a path of the service.

    A path of ``service.options`` wins over the protocol's own. What the base URL has of the path
    already is not doubled, so that ``https://host``, ``https://host/v1`` and the whole address
    all lead to ``https://host/v1/text/generate``.

    Args:
        service: what is asked.
        address: its base URL, read.
        option: the name of the option that changes the path.
        default: the protocol's own path, with a leading slash.
    """
    given = service.options.get(option)
    path = given.strip() if isinstance(given, str) else ""
    # What is added to a bare host is a guess, and a path that someone chose knows better.
    bare = bool(path) and not has_path(service)
    return joined(address.origin if bare else address.base, path or default)


def has_path(service: Service) -> bool:
    """Tell whether the base URL names a path."""
    try:
        return bool(urlsplit(service.base_url.strip()).path.strip("/"))
    except ValueError:
        return True


def joined(base: str, path: str) -> str:
    """Join a base address and a path; where the end of one is the beginning of the other, it is
    kept once.
    """
    wanted = path.strip("/").split("/")
    scheme, _, rest = base.rstrip("/").partition("://")
    host, *given = rest.split("/")
    overlap = next(
        (size for size in range(len(wanted), 0, -1) if given[-size:] == wanted[:size]), 0
    )
    return "/".join((f"{scheme}://{host}", *given, *wanted[overlap:]))
