"""Pictures of the signed gateway: ``POST /v1/image/create``, answered with bytes or JSON."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.providers.endpoint import endpoint
from desktop_chat.providers.gateway import NO_MODEL, refuse_files
from desktop_chat.providers.images import ImageProtocol, image_prompt

IMAGE_PATH: Final = "/v1/image/create"
MAX_IMAGES: Final = 4


class GatewayImages(ImageProtocol):
    """A ``Provider`` for the pictures of one gateway.

    ``service.options`` may name: ``image_path``, and ``url_encode`` (true sends text that is not
    ASCII as ``%E4%BD%A0``).
    """

    def url(self, request: ChatRequest) -> str:
        """Return where a request goes."""
        del request
        return endpoint(self.service, self.address, "image_path", IMAGE_PATH)

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the fields of a request.

        Raises:
            ProviderError: BAD_REQUEST with ``no_prompt``, or as for ``refuse_files``.
        """
        refuse_files(request, self.errors)
        image = request.image
        text = image_prompt(request.messages, self.errors)
        if self.service.options.get("url_encode") is True:
            text = quote(text.encode("utf-8", "replace"), safe="")
        body: dict[str, JsonValue] = {"text": text}
        if image.size:
            body["size"] = image.size
        if image.count:
            body["num_images"] = min(max(image.count, 1), MAX_IMAGES)
        if image.style:
            body["style"] = image.style
        if request.model and request.model != NO_MODEL:
            body["model"] = request.model
        return body | dict(request.extra)
