"""What the window and its pages are built upon, handed on as one."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop_chat.chat.history import History
from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.sessions import Sessions
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.ports import Catalogue, PictureFetcher, SecretStore, Settings
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The parts that the window speaks to. ``app`` fills it once.

    Attributes:
        theme: colours and fonts.
        bridge: starts coroutines and tells of changes.
        settings: of the program.
        catalogue: of services.
        sessions: the conversations that are open or running.
        history: every conversation there is.
        setup: services, their keys and models.
        lists: the services' own lists of models.
        secrets: the keyring, to tell whether it works.
        pictures: fetches images that a reader asks for.
        redact: takes keys out of a text that a person may pass on.
    """

    theme: Theme
    bridge: Bridge
    settings: Settings
    catalogue: Catalogue
    sessions: Sessions
    history: History
    setup: ServiceSetup
    lists: ModelLists
    secrets: SecretStore
    pictures: PictureFetcher
    redact: Callable[[str], str]
