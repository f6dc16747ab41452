"""Which parameters reach a service, found out by looking at what would be sent."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from desktop_chat.core.errors import ProviderError
from desktop_chat.core.messages import ChatOptions, ImageOptions, Role, Sampling
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.services import Service
from desktop_chat.core.trace import TraceRequest

Preview = Callable[[Service, ChatRequest], TraceRequest]
"""Returns what would be sent (``Providers.preview``)."""
Change = Callable[[ChatRequest], ChatRequest]


def _sampling(sampling: Sampling) -> Change:
    return lambda request: replace(request, sampling=sampling)


def _image(image: ImageOptions) -> Change:
    return lambda request: replace(request, image=image)


_PROBES: Final[Mapping[str, Change]] = {
    "temperature": lambda request: replace(request, temperature=0.25),
    "top_p": lambda request: replace(request, top_p=0.25),
    "max_tokens": lambda request: replace(request, max_tokens=77),
    "n": _sampling(Sampling(n=2)),
    "stop": _sampling(Sampling(stop=("@@",))),
    "top_k": _sampling(Sampling(top_k=7)),
    "min_p": _sampling(Sampling(min_p=0.25)),
    "frequency_penalty": _sampling(Sampling(frequency_penalty=0.25)),
    "presence_penalty": _sampling(Sampling(presence_penalty=0.25)),
    "seed": _sampling(Sampling(seed=7)),
    "json_object": _sampling(Sampling(response_format="json_object")),
    "json_schema": _sampling(
        Sampling(response_format="json_schema", json_schema={"type": "object"})
    ),
    "image_size": _image(ImageOptions(size="768x512")),
    "image_count": _image(ImageOptions(count=2)),
    "image_seed": _image(ImageOptions(seed=7)),
    "negative_prompt": _image(ImageOptions(negative_prompt="@@")),
    "style": _image(ImageOptions(style="@@")),
}
ALL: Final = frozenset(_PROBES) | {"system", "rounds"}
"""Every parameter that there is a word for here."""


def sent_parameters(
    preview: Preview, service: Service | None, options: ChatOptions
) -> frozenset[str]:
    """Return the parameters that change what is sent, when a chat asks as it does now.

    What a protocol has no word for, and what a model does not take while it thinks, changes
    nothing. Where nothing can be found out, all are taken for sent.

    Args:
        preview: returns what would be sent; nothing is.
        service: that is asked, or None.
        options: with the model and its thinking.
    """
    if service is None:
        return ALL
    request = ChatRequest(
        model=options.model,
        messages=(ChatMessage(Role.USER, "Hi"),),
        thinking=options.thinking,
        effort=options.effort,
    )
    try:
        plain = _body(preview, service, request)
        found = {
            name
            for name, change in _PROBES.items()
            if _body(preview, service, change(request)) != plain
        }
    except ProviderError:
        return ALL
    if service.model(options.model).makes == "image":
        return frozenset(found)  # Such a model reads a prompt, not a conversation.
    return frozenset(found) | {"system", "rounds"}


def _body(preview: Preview, service: Service, request: ChatRequest) -> bytes:
    return preview(service, request).body
