"""Protocols for pictures under the contract."""

import base64
import json

from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import Usage
from desktop_chat.providers.gateway_images import GatewayImages
from desktop_chat.providers.images_api import ImagesApi
from tests.helpers.byte_server import event
from tests.unit.providers.contract.recording import Recording, Refusal, over_http
from tests.unit.providers.test_pictures import PNG

CODED = base64.b64encode(PNG).decode()
TWO = json.dumps(
    {
        "data": [{"b64_json": CODED, "revised_prompt": "A cat."}, {"b64_json": CODED}],
        "usage": {"input_tokens": 5, "output_tokens": 90},
    }
).encode()
EVENTS = (
    event({"type": "image_generation.partial_succeeded", "image_index": 0, "b64_json": CODED})
    + event({"type": "image_generation.partial_succeeded", "image_index": 1, "b64_json": CODED})
    + event({"type": "image_generation.completed", "usage": {"output_tokens": 90}})
    + event("[DONE]")
)

RECORDINGS = (
    Recording(
        "images",
        make=over_http(ImagesApi),
        decoder=None,
        body=TWO,
        images=(PNG, PNG),
        usage=Usage(5, 90, images=2),
        content_type="application/json",
        refusals=(
            Refusal(
                400,
                b'{"error": {"code": "OutputImageSensitiveContentDetected", "message": "no"}}',
                ErrorKind.CONTENT_FILTER,
                "no",
            ),
            Refusal(401, b'{"error": {"message": "bad key"}}', ErrorKind.AUTHENTICATION),
        ),
    ),
    Recording(
        "images, streamed",
        make=over_http(ImagesApi),
        decoder=None,
        body=EVENTS,
        images=(PNG, PNG),
        usage=Usage(0, 90, images=2),
    ),
    Recording(
        "images, bytes",
        make=over_http(GatewayImages),
        decoder=None,
        body=PNG,
        images=(PNG,),
        usage=Usage(images=1),
        content_type="image/png",
    ),
)
