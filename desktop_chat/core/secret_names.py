"""Names of fields and headers whose values prove who we are: such values are kept in no file."""

import re
from typing import Final

_FIELD: Final = re.compile(
    r"(.*(apikey|secret|secretkey|accesskey|privatekey|password|passwd|credentials?|authorization"
    r"|accesstoken|refreshtoken|authtoken|apitoken|sessiontoken|bearertoken|cookie))"
    r"|x?key|token|auth|bearer|signature|xauth|xauthtoken|xtoken|accesskeyid"
)
_HEADER: Final = re.compile(r".*(key|token|signature)|.*auth(?!or).*")


def names_secret(name: str) -> bool:
    """Tell whether a field of this name would carry a key."""
    return _FIELD.fullmatch(_letters(name)) is not None


def names_secret_header(name: str) -> bool:
    """Tell whether a header of this name would carry a key; of headers more are taken for one."""
    return names_secret(name) or _HEADER.fullmatch(_letters(name)) is not None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
