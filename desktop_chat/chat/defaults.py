"""What a new conversation asks with, from the settings."""

from desktop_chat.chat.model_lists import first_model
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core import settings as keys
from desktop_chat.core.messages import ChatOptions
from desktop_chat.core.ports import Settings


def default_options(settings: Settings, setup: ServiceSetup) -> ChatOptions:
    """Return the service, model and thinking that were chosen last, as far as they still are.

    Without a choice it is the first usable service; the demo comes last of those.
    """
    usable = {service.id: service for service in setup.usable()}
    chosen = usable.get(settings.get(keys.DEFAULT_SERVICE))
    service = chosen or next(iter(usable.values()), None)
    if service is None:
        return ChatOptions()
    model = settings.get(keys.DEFAULT_MODEL) if chosen else ""
    return ChatOptions(
        service_id=service.id,
        model=model or first_model(service),
        thinking={"on": True, "off": False}.get(settings.get(keys.DEFAULT_THINKING)),
        effort=settings.get(keys.DEFAULT_EFFORT),
    )


def default_rounds(settings: Settings) -> int | None:
    """Return how many earlier rounds are sent, or None for all."""
    return settings.get(keys.CONTEXT_ROUNDS) or None
