"""Sentences in the reader's language, through gettext; no Qt, so the terminal speaks it too.

The source text is English. ``install`` chooses the language of this process: like the locale of
the C library it is one for all, because a half-switched program helps no one.
"""

import gettext
import locale
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh_CN", "en")
_DOMAIN: Final = "desktop_chat"


class _State:
    language = "en"
    translations: gettext.NullTranslations = gettext.NullTranslations()


def system_language(environ: Mapping[str, str] | None = None) -> str:
    """Return ``zh_CN`` or ``en``, whichever the environment's locale is nearer to.

    The variables are those of gettext: LANGUAGE, LC_ALL, LC_MESSAGES, LANG. Where none is set,
    as on Windows and in a macOS application, the C library's locale decides.
    """
    environ = os.environ if environ is None else environ
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "").split(":")[0]
        if value:
            return "zh_CN" if value.lower().startswith("zh") else "en"
    return "zh_CN" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def install(language: str, directory: Path) -> None:
    """Choose the language of every later ``tr``.

    Args:
        language: ``zh_CN``, ``en`` or ``system``.
        directory: holds ``<language>/LC_MESSAGES/desktop_chat.mo``.
    """
    if language == "system":
        language = system_language()
    _State.language = language
    _State.translations = gettext.translation(
        _DOMAIN, localedir=str(directory), languages=[language], fallback=True
    )


def language() -> str:
    """Return the language in use: ``zh_CN`` or ``en``."""
    return _State.language


def tr(message: str) -> str:
    """Return a sentence in the language in use."""
    return _State.translations.gettext(message)


def ntr(singular: str, plural: str, count: int) -> str:
    """Return a sentence in the form that a count needs."""
    return _State.translations.ngettext(singular, plural, count)


def ctr(context: str, message: str) -> str:
    """Return a word that means different things in different places."""
    return _State.translations.pgettext(context, message)
