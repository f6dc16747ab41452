"""The protocols and the ways to prove who one is, as the settings name and begin them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from desktop_chat.core.access import AUTH_WAYS, ProtocolKind
from desktop_chat.core.access import PROTOCOLS as PROTOCOL_KINDS
from desktop_chat.core.i18n import ctr, tr
from desktop_chat.core.services import Service

KINDS: Final[Mapping[str, ProtocolKind]] = {
    **PROTOCOL_KINDS,
    "images": ProtocolKind(images="openai-images"),
}
"""By the word that stands for it when a service is added."""

PROTOCOLS: Final = tuple(PROTOCOL_KINDS)
AUTHS: Final = AUTH_WAYS
IMAGES: Final = ("", "openai-images", "gateway-images")


def kind_title(kind: str) -> str:
    """Return what people call a protocol, or a kind of service to add."""
    return {
        "openai-chat": tr("OpenAI chat completions"),
        "openai-responses": tr("OpenAI Responses"),
        "anthropic": tr("Anthropic Messages"),
        "gemini": "Gemini generateContent",
        "ollama": "Ollama",
        "gateway": tr("Signed gateway"),
        "websocket": "WebSocket",
        "images": tr("Pictures at an OpenAI address"),
    }.get(kind, kind)


def kind_note(kind: str) -> str:
    """Say where a kind of service is found."""
    return {
        "openai-chat": tr("Most services and local servers speak it: /chat/completions."),
        "openai-responses": tr("The newer protocol of OpenAI: /responses."),
        "anthropic": tr("The protocol of Claude; other services offer it too: /v1/messages."),
        "gemini": tr("Google's own protocol: :generateContent."),
        "ollama": tr("Models on this computer or in your network: /api/chat."),
        "gateway": tr("A company's gateway with a key id and a secret: /v1/text/generate."),
        "websocket": tr("Answers come over one open connection: wss://."),
        "images": tr("Only pictures, no chat: /images/generations."),
    }.get(kind, "")


def auth_title(auth: str) -> str:
    """Return what people call a way of proving who one is."""
    return {
        "bearer": tr("API key (Bearer)"),
        "header": tr("API key in a header"),
        "query": tr("API key in the address"),
        "oauth": tr("OAuth, form"),
        "oauth-json": tr("OAuth, JSON"),
        "hmac": tr("Key pair, signed (HMAC)"),
        "none": ctr("authentication", "None"),
    }.get(auth, auth)


def auth_note(auth: str) -> str:
    """Say what a way of proving does."""
    return {
        "query": tr("Addresses are written to logs on the way. Use a header where you can."),
        "oauth": tr("Client id and secret are traded for a token, sent as a form."),
        "oauth-json": tr("Client id and secret are traded for a token, sent as JSON."),
        "hmac": tr("Each request is signed; the secret itself is never sent."),
    }.get(auth, "")


def images_title(images: str) -> str:
    """Return what people call a protocol of pictures."""
    return {
        "": ctr("pictures", "None"),
        "openai-images": "OpenAI /images/generations",
        "gateway-images": tr("Signed gateway"),
    }.get(images, images)


def protocol_of(kind: str) -> str:
    """Return the protocol by which services of a kind are asked."""
    return kind if kind in PROTOCOL_KINDS else "openai-chat"


def kind_of(service: Service) -> ProtocolKind:
    """Return what services of its protocol begin with."""
    return KINDS.get(service.protocol, KINDS["openai-chat"])


def with_protocol(service: Service, protocol: str) -> Service:
    """Return a service with another protocol. What it still had from the old one, unchanged by
    anyone, follows.
    """
    old, new = kind_of(service), KINDS[protocol]
    changed = replace(service, protocol=protocol)
    if (service.auth, dict(service.auth_fields)) == (old.auth, dict(old.auth_fields)):
        changed = replace(changed, auth=new.auth, auth_fields=dict(new.auth_fields))
    if service.models_path == old.models_path:
        changed = replace(changed, models_path=new.models_path)
    if service.images == old.images:
        changed = replace(changed, images=new.images)
    return changed


def with_auth(service: Service, auth: str) -> Service:
    """Return a service with another way of proving; what that way needs begins as usual."""
    fields = dict(service.auth_fields)
    if auth == "header":
        fields.setdefault("header", kind_of(service).auth_fields.get("header", "x-api-key"))
    if auth == "query":
        fields.setdefault("query", "key")
    return replace(service, auth=auth, auth_fields=fields)
