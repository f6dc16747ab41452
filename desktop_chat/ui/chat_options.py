"""Which service, model and thinking a chat asks with, from its own options and the defaults."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from desktop_chat.chat.model_lists import first_model
from desktop_chat.core.identity import DEMO_SERVICE_ID
from desktop_chat.core.messages import ChatOptions, Conversation
from desktop_chat.core.ports import Settings
from desktop_chat.core.services import Service, ThinkingDialect
from desktop_chat.core.settings import (
    DEFAULT_EFFORT,
    DEFAULT_MODEL,
    DEFAULT_SERVICE,
    DEFAULT_THINKING,
)

_THINKING = {"default": None, "on": True, "off": False}


def effective(
    chat: Conversation, usable: Sequence[Service], settings: Settings
) -> tuple[Service, ChatOptions] | None:
    """Fill what a chat's options leave open.

    Args:
        chat: the conversation.
        usable: the services that pickers offer.
        settings: hold the defaults for new chats.

    Returns:
        The service and the options filled, or None when nothing is set up: the demo counts only
        once it was chosen.
    """
    by_id = {service.id: service for service in usable}
    options = chat.options
    service = by_id.get(options.service_id)
    if service is not None and (chat.leaf_id is not None or _chosen(service, settings)):
        model = options.model or first_model(service)
        return service, fitted(service, replace(options, service_id=service.id, model=model))
    service = by_id.get(settings.get(DEFAULT_SERVICE)) or next(
        (item for item in usable if item.id != DEMO_SERVICE_ID), None
    )
    if service is None:
        return None
    chosen = service.id == settings.get(DEFAULT_SERVICE)
    model = (settings.get(DEFAULT_MODEL) if chosen else "") or first_model(service)
    filled = replace(
        options,
        service_id=service.id,
        model=model,
        thinking=_THINKING[settings.get(DEFAULT_THINKING)],
        effort=settings.get(DEFAULT_EFFORT),
    )
    return service, fitted(service, filled)


def _chosen(service: Service, settings: Settings) -> bool:
    """Tell whether a new chat may ask a service: the demo is asked only on demand."""
    return service.id != DEMO_SERVICE_ID or settings.get(DEFAULT_SERVICE) == DEMO_SERVICE_ID


def prefer_new(known: Collection[str], usable: Sequence[Service], settings: Settings) -> None:
    """Make a service that was just set up the default, unless the user chose another one.

    Args:
        known: ids of the services that were usable before.
        usable: those that are now.
        settings: hold the default.
    """
    new = [service for service in usable if service.id not in known]
    if new and settings.get(DEFAULT_SERVICE) in ("", DEMO_SERVICE_ID):
        settings.set(DEFAULT_SERVICE, new[0].id)
        settings.set(DEFAULT_MODEL, first_model(new[0]))


def fitted(service: Service, options: ChatOptions) -> ChatOptions:
    """Drop what the model does not offer in the way of thinking."""
    offered = service.model(options.model).thinking
    thinking = options.thinking
    if offered.dialect is ThinkingDialect.NONE or (thinking is False and not offered.can_disable):
        thinking = None
    effort = options.effort if options.effort in offered.efforts else ""
    return replace(options, thinking=thinking, effort=effort)


def remember(settings: Settings, options: ChatOptions) -> None:
    """Make a chat's choice the default for new ones."""
    settings.set(DEFAULT_SERVICE, options.service_id)
    settings.set(DEFAULT_MODEL, options.model)
    words = {value: word for word, value in _THINKING.items()}
    settings.set(DEFAULT_THINKING, words[options.thinking])
    settings.set(DEFAULT_EFFORT, options.effort)
