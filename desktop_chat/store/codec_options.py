"""What a conversation asks with, as JSON. What says nothing is not written."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from desktop_chat.core.messages import ChatOptions, ImageOptions, Sampling
from desktop_chat.core.secret_names import names_secret, names_secret_header
from desktop_chat.store.fields import float_of, int_of, object_of, read_object, str_of, strings_of

_PROOF: Final = re.compile(r"\s*(bearer|basic|token)\s+\S{6,}\s*|sk-\S{6,}", re.IGNORECASE)


def options_json(options: ChatOptions) -> str:
    """Return options as JSON. Fields and headers that prove who we are are left out: they stay in
    memory, whoever typed them here.
    """
    headers = {
        name: value
        for name, value in options.extra_headers.items()
        if not names_secret_header(name) and not _PROOF.fullmatch(value)
    }
    data: dict[str, Any] = {
        "service_id": options.service_id,
        "model": options.model,
        "system": options.system,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "max_tokens": options.max_tokens,
        "thinking": options.thinking,
        "effort": options.effort,
        "rounds": options.rounds,
        "sampling": _said(options.sampling, Sampling()),
        "image": _said(options.image, ImageOptions()),
        "extra": _without_secrets(options.extra),
        "extra_headers": headers,
    }
    return json.dumps({name: value for name, value in data.items() if value != {}})


def options_from(text: str) -> ChatOptions:
    """Return what JSON says of options."""
    data = read_object(text)
    thinking = data.get("thinking")
    return ChatOptions(
        service_id=str_of(data, "service_id"),
        model=str_of(data, "model"),
        system=str_of(data, "system"),
        temperature=float_of(data, "temperature"),
        top_p=float_of(data, "top_p"),
        max_tokens=int_of(data, "max_tokens"),
        thinking=thinking if isinstance(thinking, bool) else None,
        effort=str_of(data, "effort"),
        rounds=int_of(data, "rounds"),
        sampling=_sampling(object_of(data, "sampling")),
        image=_image(object_of(data, "image")),
        extra=object_of(data, "extra"),
        extra_headers=strings_of(data.get("extra_headers")),
    )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _without_secrets(item)
            for name, item in value.items()
            # What a schema says of a field called so is none.
            if isinstance(item, Mapping) or not names_secret(name)
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _said(options: Sampling | ImageOptions, nothing: Sampling | ImageOptions) -> dict[str, Any]:
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {name: value for name, value in values.items() if value != getattr(nothing, name)}


def _sampling(data: Mapping[str, Any]) -> Sampling:
    stop = data.get("stop")
    return Sampling(
        n=int_of(data, "n"),
        stop=tuple(item for item in stop if isinstance(item, str))
        if isinstance(stop, list)
        else (),
        top_k=int_of(data, "top_k"),
        min_p=float_of(data, "min_p"),
        frequency_penalty=float_of(data, "frequency_penalty"),
        presence_penalty=float_of(data, "presence_penalty"),
        seed=int_of(data, "seed"),
        response_format=str_of(data, "response_format"),
        json_schema=object_of(data, "json_schema"),
    )


def _image(data: Mapping[str, Any]) -> ImageOptions:
    return ImageOptions(
        size=str_of(data, "size"),
        count=int_of(data, "count") or 0,
        seed=int_of(data, "seed"),
        negative_prompt=str_of(data, "negative_prompt"),
        style=str_of(data, "style"),
    )
