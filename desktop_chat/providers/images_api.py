"""Pictures by ``POST /images/generations``, in the fields that each service has for it.

The fields are those of the documentation of OpenAI ("Images"), Volcengine Ark ("Seedream image
generation API") and SiliconFlow ("Create image generation").
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from desktop_chat.core.attachments import Attached
from desktop_chat.core.json import JsonValue
from desktop_chat.core.requests import ChatRequest
from desktop_chat.providers.attached import data_uri
from desktop_chat.providers.endpoint import endpoint
from desktop_chat.providers.exchange import encoded
from desktop_chat.providers.images import ImageProtocol, image_prompt, input_pictures

PATH: Final = "/images/generations"
EDIT_PATH: Final = "/images/edits"

Body: TypeAlias = dict[str, JsonValue]
Fields: TypeAlias = Callable[[ChatRequest, str, Sequence[Attached]], Body]
"""Takes a request, its prompt and the pictures that go along; returns the service's fields."""


class ImagesApi(ImageProtocol):
    """A ``Provider`` for the pictures of one service.

    ``service.options`` may name: ``image_fields`` (``openai``, ``ark`` or ``siliconflow``: how
    size, count and the like are called), ``image_path`` and ``image_edit_path``, ``image_stream``
    (true asks Ark to send each picture as soon as it is made), ``image_body`` (further fields).
    """

    def url(self, request: ChatRequest) -> str:
        """Return where a request goes."""
        if self._edits(request):
            return endpoint(self.service, self.address, "image_edit_path", EDIT_PATH)
        return endpoint(self.service, self.address, "image_path", PATH)

    def body(self, request: ChatRequest) -> Mapping[str, JsonValue]:
        """Return the fields of a request."""
        prompt = image_prompt(request.messages, self.errors)
        attached = [] if self._edits(request) else input_pictures(request.messages)
        body: Body = {"model": request.model}
        body |= _FIELDS.get(self._dialect, openai_fields)(request, prompt, attached)
        if self._dialect == "ark" and self.service.options.get("image_stream") is True:
            body["stream"] = True
        further = self.service.options.get("image_body")
        return body | (further if isinstance(further, dict) else {}) | dict(request.extra)

    def content(self, request: ChatRequest) -> tuple[str, bytes]:
        """Return the body: a form where OpenAI is to change a picture, JSON everywhere else."""
        if not self._edits(request):
            return "application/json", encoded(self.body(request))
        return form(self.body(request), "image[]", input_pictures(request.messages))

    @property
    def _dialect(self) -> str:
        return str(self.service.options.get("image_fields", "openai"))

    def _edits(self, request: ChatRequest) -> bool:
        return self._dialect not in _FIELDS and bool(input_pictures(request.messages))


def openai_fields(request: ChatRequest, prompt: str, attached: Sequence[Attached]) -> Body:
    """Return the fields as OpenAI and most local servers call them."""
    del attached
    image = request.image
    return _given(
        {
            "prompt": prompt,
            "n": image.count,
            "size": image.size,
            "style": image.style,
            "seed": image.seed,
            "negative_prompt": image.negative_prompt,
        }
    )


def ark_fields(request: ChatRequest, prompt: str, attached: Sequence[Attached]) -> Body:
    """Return the fields as Ark calls them; several pictures are a sequence there."""
    image = request.image
    body = _given({"prompt": _styled(prompt, image.style), "size": image.size, "seed": image.seed})
    if image.negative_prompt:
        body["negative_prompt"] = image.negative_prompt
    if attached:
        pictures: list[JsonValue] = [data_uri(item) for item in attached]
        body["image"] = pictures[0] if len(pictures) == 1 else pictures
    if image.count > 1:
        body["sequential_image_generation"] = "auto"
        body["sequential_image_generation_options"] = {"max_images": image.count}
    return body


def siliconflow_fields(request: ChatRequest, prompt: str, attached: Sequence[Attached]) -> Body:
    """Return the fields as SiliconFlow calls them; without an input it wants a size."""
    image = request.image
    size = image.size or ("" if attached else "1024x1024")
    body = _given(
        {
            "prompt": _styled(prompt, image.style),
            "image_size": size,
            "batch_size": image.count,
            "seed": image.seed,
            "negative_prompt": image.negative_prompt,
        }
    )
    for number, item in enumerate(attached[:3], 1):
        body["image" if number == 1 else f"image{number}"] = data_uri(item)
    return body


_FIELDS: Final[Mapping[str, Fields]] = {"ark": ark_fields, "siliconflow": siliconflow_fields}


def form(
    fields: Mapping[str, JsonValue], name: str, files: Sequence[Attached]
) -> tuple[str, bytes]:
    """Return fields and files as ``multipart/form-data``, and before it its media type."""
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for field, value in fields.items():
        said = value.encode("utf-8", "replace") if isinstance(value, str) else _bare(value)
        parts.append(
            f'Content-Disposition: form-data; name="{_token(field)}"\r\n\r\n'.encode() + said
        )
    for number, item in enumerate(files, 1):
        kind = _token(item.file.media_type)
        file = f"{number}.{kind.rpartition('/')[2]}"
        head = (
            f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        parts.append(head.encode() + item.data)
    line = b"--" + boundary.encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return f"multipart/form-data; boundary={boundary}", body


def _bare(value: JsonValue) -> bytes:
    """Return a value of a form that is no text: a number as it is, the rest as JSON."""
    return encoded({"": value})[4:-1]


def _token(text: str) -> str:
    """Return what can stand within the head of a part."""
    return "".join(sign for sign in text if sign.isprintable() and sign not in '"\\')


def _given(fields: Mapping[str, JsonValue]) -> Body:
    """Return the fields that were chosen: what is 0, None or "" is left to the service. A seed of
    0 is one.
    """
    return {
        name: value
        for name, value in fields.items()
        if value not in (None, "", 0) or (name == "seed" and value == 0)
    }


def _styled(prompt: str, style: str) -> str:
    """Put a style into words, for services that have no field for it."""
    return f"{prompt}\n{style}" if style else prompt
