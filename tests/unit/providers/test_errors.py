import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorKind
from desktop_chat.providers.errors import (
    MAX_MESSAGE,
    MAX_RAW,
    RULES,
    ErrorReader,
    is_error_payload,
    retry_after,
)
from tests.unit.providers.support import reader

K = ErrorKind


def said(message: str, code: Any = None, type_: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def anthropic(kind: str, message: str) -> dict[str, Any]:
    error = {"type": kind, "message": message}
    return {"type": "error", "error": error, "request_id": "req_1"}


def gemini(code: int, status: str, message: str) -> list[Any]:
    return [{"error": {"code": code, "message": message, "status": status}}]


SERVICES: list[tuple[str, int, Any, ErrorKind]] = [
    # Gemini
    ("gemini", 400, gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API "
     "key."), K.AUTHENTICATION),
    ("gemini", 400, gemini(400, "FAILED_PRECONDITION", "User location is not supported for the "
     "API use."), K.PERMISSION),
    ("gemini", 403, gemini(403, "PERMISSION_DENIED", "no"), K.PERMISSION),
    ("gemini", 404, gemini(404, "NOT_FOUND", "models/m is not found"), K.NOT_FOUND),
    ("gemini", 429, gemini(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
     K.RATE_LIMIT),
    ("gemini", 503, gemini(503, "UNAVAILABLE", "The model is overloaded."), K.OVERLOADED),
    # DeepSeek
    ("deepseek", 400, said("Invalid max_tokens value", "invalid_request_error"), K.BAD_REQUEST),
    ("deepseek", 400, said("Model Not Exist", "invalid_request_error"), K.NOT_FOUND),
    ("deepseek", 400, said("Content Exists Risk", "invalid_request_error"), K.CONTENT_FILTER),
    ("deepseek", 400, said("This model's maximum context length is 131072 tokens. However, you "
     "requested 140000 tokens.", "invalid_request_error"), K.CONTEXT_LENGTH),
    ("deepseek", 401, said("Authentication Fails, Your api key: ****1234 is invalid",
     "invalid_request_error", "authentication_error"), K.AUTHENTICATION),
    ("deepseek", 402, said("Insufficient Balance", "invalid_request_error", "unknown_error"),
     K.BALANCE),
    ("deepseek", 422, said("Failed to deserialize the JSON body"), K.BAD_REQUEST),
    ("deepseek", 429, said("Too many concurrent requests"), K.RATE_LIMIT),
    ("deepseek", 500, said("Internal error"), K.SERVER),
    ("deepseek", 503, said("Service is too busy. Please try again later"), K.OVERLOADED),
    # Volcengine Ark
    ("ark", 400, said("a parameter is missing", "MissingParameter", "BadRequest"), K.BAD_REQUEST),
    ("ark", 400, said("no", "SensitiveContentDetected.Violence", "BadRequest"), K.CONTENT_FILTER),
    ("ark", 400, said("no", "InputTextSensitiveContentDetected", "BadRequest"), K.CONTENT_FILTER),
    ("ark", 400, said("closed", "InvalidEndpoint.ClosedEndpoint", "BadRequest"), K.NOT_FOUND),
    ("ark", 401, said("no", "AuthenticationError", "Unauthorized"), K.AUTHENTICATION),
    ("ark", 403, said("no", "AccountOverdueError", "Forbidden"), K.BALANCE),
    ("ark", 403, said("no", "OperationDenied.ServiceOverdue", "Forbidden"), K.BALANCE),
    ("ark", 403, said("no", "AccessDenied", "Forbidden"), K.PERMISSION),
    ("ark", 404, said("no", "InvalidEndpointOrModel.NotFound", "NotFound"), K.NOT_FOUND),
    ("ark", 404, said("no", "ModelNotOpen", "NotFound"), K.NOT_FOUND),
    ("ark", 429, said("no", "RateLimitExceeded.EndpointTPMExceeded", "TooManyRequests"),
     K.RATE_LIMIT),
    ("ark", 429, said("no", "ModelAccountRpmRateLimitExceeded", "TooManyRequests"), K.RATE_LIMIT),
    ("ark", 429, said("no", "SetLimitExceeded", "TooManyRequests"), K.RATE_LIMIT),
    ("ark", 429, said("no", "ServerOverloaded", "TooManyRequests"), K.OVERLOADED),
    ("ark", 500, said("no", "InternalServiceError", "InternalServerError"), K.SERVER),
    ("ark in a stream", 200, said("no", "AccountOverdueError"), K.BALANCE),
    ("ark in a stream", 200, said("no", "RateLimitExceeded.EndpointRPMExceeded"), K.RATE_LIMIT),
    # SiliconFlow
    ("siliconflow", 400, {"code": 20012, "message": "Model does not exist. Please check it "
     "carefully.", "data": None}, K.NOT_FOUND),
    ("siliconflow", 400, {"code": 20015, "message": "length of prompt_tokens (9) must be less than "
     "max_seq_len (8).", "data": None}, K.CONTEXT_LENGTH),
    ("siliconflow", 400, {"code": 20013, "message": "max_total_tokens is wrong"}, K.BAD_REQUEST),
    ("siliconflow", 401, "Invalid token", K.AUTHENTICATION),
    ("siliconflow", 401, "Api key is invalid", K.AUTHENTICATION),
    ("siliconflow", 403, {"code": 30001, "message": "Sorry, your account balance is insufficient",
     "data": None}, K.BALANCE),
    ("siliconflow", 403, "账户余额不足，请充值后重试", K.BALANCE),
    ("siliconflow", 403, {"code": 30003, "message": "Model disabled.", "data": None},
     K.PERMISSION),
    ("siliconflow", 429, {"message": "Request was rejected due to rate limiting. Details:TPM limit "
     "reached.", "data": None}, K.RATE_LIMIT),
    ("siliconflow", 503, {"code": 50505, "message": "Model service overloaded. Please try again "
     "later.", "data": None}, K.OVERLOADED),
    ("siliconflow", 500, {"code": 50505, "message": "x", "data": None}, K.OVERLOADED),
    ("siliconflow in a reply", 200, {"code": 20012, "message": "Model does not exist"},
     K.NOT_FOUND),
    # OpenAI
    ("openai", 400, said("too long", "context_length_exceeded", "invalid_request_error"),
     K.CONTEXT_LENGTH),
    ("openai", 400, said("no", "content_policy_violation"), K.CONTENT_FILTER),
    ("openai", 400, said("Unsupported parameter: 'max_tokens'", "unsupported_parameter"),
     K.BAD_REQUEST),
    ("openai", 401, said("Incorrect API key provided: sk-x", "invalid_api_key"), K.AUTHENTICATION),
    ("openai", 403, said("no", "unsupported_country_region_territory", "request_forbidden"),
     K.PERMISSION),
    ("openai", 404, said("The model `x` does not exist", "model_not_found"), K.NOT_FOUND),
    ("openai", 429, said("Rate limit reached for x", "rate_limit_exceeded", "requests"),
     K.RATE_LIMIT),
    ("openai", 429, said("You exceeded your current quota, please check your plan and billing "
     "details.", "insufficient_quota", "insufficient_quota"), K.BALANCE),
    ("openai", 500, said("The server had an error", None, "server_error"), K.SERVER),
    ("openai", 503, said("The engine is currently overloaded"), K.OVERLOADED),
    # OpenRouter
    ("openrouter", 400, said("x is not a valid model ID", 400), K.BAD_REQUEST),
    ("openrouter", 401, said("No auth credentials found", 401), K.AUTHENTICATION),
    ("openrouter", 402, said("Insufficient credits", 402), K.BALANCE),
    ("openrouter", 403, said("Your input was flagged", 403), K.CONTENT_FILTER),
    ("openrouter", 408, said("Your request timed out", 408), K.TIMEOUT),
    ("openrouter", 502, said("Provider returned error", 502), K.SERVER),
    ("openrouter", 503, said("No available model provider", 503), K.OVERLOADED),
    ("openrouter in a stream", 200, said("Rate limited upstream", 429), K.RATE_LIMIT),
    ("openrouter in a stream", 200, said("Provider disconnected", "server_error"), K.SERVER),
    ("openrouter in a stream", 200, said("Insufficient credits", "402"), K.BALANCE),
    # Anthropic
    ("anthropic", 401, anthropic("authentication_error", "invalid x-api-key"), K.AUTHENTICATION),
    ("anthropic", 400, anthropic("invalid_request_error", "Your credit balance is too low to "
     "access the API"), K.BALANCE),
    ("anthropic", 402, anthropic("billing_error", "no"), K.BALANCE),
    ("anthropic", 403, anthropic("permission_error", "no"), K.PERMISSION),
    ("anthropic", 404, anthropic("not_found_error", "model: x"), K.NOT_FOUND),
    ("anthropic", 400, anthropic("invalid_request_error", "max_tokens: Field required"),
     K.BAD_REQUEST),
    ("anthropic", 400, anthropic("invalid_request_error", "prompt is too long: 9 tokens > 8 "
     "maximum"), K.CONTEXT_LENGTH),
    ("anthropic", 400, anthropic("invalid_request_error", "input length and `max_tokens` exceed "
     "context limit: 9 + 8 > 10"), K.CONTEXT_LENGTH),
    ("anthropic", 413, anthropic("request_too_large", "no"), K.CONTEXT_LENGTH),
    ("anthropic", 429, anthropic("rate_limit_error", "no"), K.RATE_LIMIT),
    ("anthropic", 500, anthropic("api_error", "Internal server error"), K.SERVER),
    ("anthropic", 529, anthropic("overloaded_error", "Overloaded"), K.OVERLOADED),
    ("anthropic in a stream", 200, anthropic("overloaded_error", "Overloaded"), K.OVERLOADED),
    ("anthropic in a stream", 200, anthropic("rate_limit_error", "no"), K.RATE_LIMIT),
    ("anthropic in a stream", 200, anthropic("billing_error", "no"), K.BALANCE),
    ("anthropic in a stream", 200, anthropic("timeout_error", "no"), K.TIMEOUT),
    ("anthropic in a stream", 200, anthropic("api_error", "no"), K.SERVER),
    # Ollama, vLLM, llama.cpp, Gemini, gateways
    ("ollama", 404, {"error": "model 'x' not found, try pulling it first"}, K.NOT_FOUND),
    ("ollama", 404, said('model "x" not found', None, "not_found_error"), K.NOT_FOUND),
    ("ollama", 500, {"error": "llama runner process has terminated"}, K.SERVER),
    ("ollama", 400, {"error": "prompt too long; exceeded max context length by 9 tokens"},
     K.CONTEXT_LENGTH),
    ("ollama", 400, {"error": '"x" does not support thinking'}, K.BAD_REQUEST),
    ("ollama", 503, {"error": "server busy, please try again. maximum pending requests exceeded"},
     K.OVERLOADED),
    ("ollama in a stream", 200, {"error": "model requires more system memory (8 GiB) than is "
     "available (3 GiB)"}, K.SERVER),
    ("vllm", 400, {"object": "error", "message": "This model's maximum context length is 8 tokens",
     "type": "BadRequestError", "param": None, "code": 400}, K.CONTEXT_LENGTH),
    ("vllm", 404, {"object": "error", "message": "The model `x` does not exist.",
     "type": "NotFoundError", "code": 404}, K.NOT_FOUND),
    ("llama.cpp", 503, said("Loading model", 503, "unavailable_error"), K.OVERLOADED),
    ("gemini", 400, [said("API key not valid. Please pass a valid API key.", 400)],
     K.AUTHENTICATION),
    ("gemini", 429, [said("You exceeded your current quota", 429)], K.BALANCE),
    ("gemini", 503, [said("The model is overloaded", 503)], K.OVERLOADED),
    ("fastapi", 401, {"detail": "Not authenticated"}, K.AUTHENTICATION),
    ("fastapi", 422, {"detail": [{"loc": ["body", "model"], "msg": "field required"}]},
     K.BAD_REQUEST),
    ("one-api", 403, said("用户额度不足", "insufficient_user_quota", "new_api_error"), K.BALANCE),
    ("one-api", 401, said("无效的令牌", "", "one_api_error"), K.AUTHENTICATION),
    ("gateway", 400, {"message": "Invalid API key"}, K.AUTHENTICATION),
    ("gateway", 403, {"code": "INSUFFICIENT_BALANCE", "message": "no"}, K.BALANCE),
    ("gateway", 413, "Payload Too Large", K.CONTEXT_LENGTH),
    ("gateway", 404, "404 page not found", K.NOT_FOUND),
    ("gateway", 405, "", K.BAD_REQUEST),
    ("gateway", 429, "", K.RATE_LIMIT),
    ("gateway", 502, "Bad Gateway", K.SERVER),
    ("gateway", 504, "", K.SERVER),
    ("gateway", 529, "", K.OVERLOADED),
    ("gateway", 451, "", K.PERMISSION),
    ("gateway", 410, "", K.NOT_FOUND),
    ("gateway in a stream", 200, said("slow", "timeout"), K.TIMEOUT),
    ("gateway in a stream", 200, said("Rate limit: 3 RPM"), K.RATE_LIMIT),
    ("gateway", 403, {"message": "请求过于频繁"}, K.RATE_LIMIT),
    ("gateway in a stream", 200, said("bad", None, "invalid_request_error"), K.BAD_REQUEST),
    ("gateway in a stream", 200, {"error": "something"}, K.SERVER),
]  # fmt: skip


@pytest.mark.parametrize(("service", "status", "payload", "kind"), SERVICES)
def test_kinds(service: str, status: int, payload: Any, kind: ErrorKind) -> None:
    errors = reader()
    if status == 200:
        info = errors.from_payload(payload, {})
        assert is_error_payload(payload)
    else:
        body = payload if isinstance(payload, str) else json.dumps(payload)
        info = errors.from_reply(status, {}, body.encode())
        assert info.status == status
    assert info.kind is kind, info
    assert info.host == "here.test"


def test_every_row_of_the_table_is_used() -> None:
    """A row that no service above needs would be a guess."""
    import re

    used = set()
    for _, status, payload, kind in SERVICES:
        errors = reader()
        text = payload if isinstance(payload, str) else json.dumps(payload)
        info = (
            errors.from_payload(payload, {})
            if status == 200
            else errors.from_reply(status, {}, text.encode())
        )
        for number, rule in enumerate(RULES):
            fits = rule.kind is kind
            fits &= not rule.statuses or (info.status in rule.statuses)
            if rule.codes:
                code = payload[0] if isinstance(payload, list) else payload
                inner = code.get("error", code) if isinstance(code, dict) else {}
                inner = inner if isinstance(inner, dict) else {}
                codes = [str(inner.get(name)) for name in ("code", "type", "status")]
                fits &= any(re.fullmatch(rule.codes, c, re.IGNORECASE) for c in codes)
            if rule.words:
                fits &= re.search(rule.words, info.message, re.IGNORECASE) is not None
            if fits:
                used.add(number)
    assert sorted(set(range(len(RULES))) - used) == []


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (said("words", "c"), "words", "c"),
        (said("words", 1234), "words", "1234"),
        (said("words", None, "t"), "words", "t"),
        ({"error": "words"}, "words", ""),
        ({"error": {"code": "c"}, "message": "words"}, "words", "c"),
        ({"object": "error", "message": "words", "code": "c"}, "words", "c"),
        ([said("words", "c")], "words", "c"),
        ({"errors": [{"message": "words", "code": "c"}]}, "words", "c"),
        ({"detail": "words"}, "words", ""),
        (
            {"detail": [{"loc": ["body", 0], "msg": "a"}, {"loc": ["body"], "msg": "b"}]},
            "body.0: a; body: b",
            "",
        ),
        ({"code": 7, "msg": "words"}, "words", "7"),
        ({"error_code": 7, "error_msg": "words"}, "words", "7"),
        ("words", "words", ""),
        (
            {"error": {"message": "Provider returned error", "metadata": {"raw": "words"}}},
            "Provider returned error: words",
            "",
        ),
        ({"error": {"message": {"x": 1}}}, "", ""),
        ({}, "", ""),
        ([], "", ""),
        (None, "", ""),
    ],
)
def test_shapes(body: Any, message: str, code: str) -> None:
    info = reader().from_reply(400, {}, json.dumps(body).encode())
    assert (info.message, info.code) == (message, code)
    assert info.raw == json.dumps(body)


def test_plain_text_and_events_as_a_body() -> None:
    errors = reader()
    assert errors.from_reply(500, {}, b" broken \n").message == "broken"
    info = errors.from_reply(429, {}, b'data: {"error":{"message":"slow"}}\n\ndata: [DONE]\n\n')
    assert info.message == "slow"
    assert errors.from_reply(500, {}, b"\xff\xfe").message == "\ufffd\ufffd"
    assert errors.from_reply(500, {}, b"").kind is K.SERVER


PAGE = b"""<!DOCTYPE html>
<html><head><title>
 api.test | 502: Bad gateway from 203.0.113.7</title></head>
<body>Your IP: 198.51.100.23, 2001:db8:0:0:1::1 Ray ID: 8aa</body></html>"""


@pytest.mark.parametrize("status", [502, 403, 200])
def test_a_page_is_told_by_its_title_alone(status: int) -> None:
    errors = reader()
    if status == 200:
        info = errors.from_text(PAGE.decode(), {"cf-ray": "8aa-FRA"})
    else:
        info = errors.from_reply(status, {"cf-ray": "8aa-FRA"}, PAGE)
    assert info.kind is {502: K.SERVER, 403: K.PERMISSION, 200: K.PROTOCOL}[status]
    assert info.code == "html_page"
    assert info.request_id == "8aa-FRA"
    assert info.message == ""
    assert info.values["title"] == "api.test | 502: Bad gateway from …"
    for part in ("<html", "<title", "Your IP", "198.51", "203.0", "2001:db8"):
        assert part not in repr(info)


def test_a_piece_of_a_page_is_none_to_show_either() -> None:
    errors = reader()
    kind = {"content-type": "text/html; charset=utf-8"}
    piece = b"<center><h1>403 Forbidden</h1>Your IP: 198.51.100.23</center>"
    info = errors.from_reply(403, kind, piece)
    assert (info.kind, info.code) == (K.PERMISSION, "html_page")
    assert "198.51" not in repr(info)
    # What only claims to be a page is read as ever.
    said = errors.from_reply(400, kind, b'{"error": {"message": "<b> is not allowed"}}')
    assert said.message == "<b> is not allowed"
    assert errors.from_reply(400, kind, b"wrong key").message == "wrong key"


def test_values_are_redacted_too() -> None:
    errors = ErrorReader("h", lambda text: text.replace("sk-secret", "***"))
    info = errors.error(K.REDIRECT, target="sk-secret.example").info
    assert info.values == {"target": "***.example"}


def test_request_ids() -> None:
    errors = reader()
    for name in ("x-request-id", "x-siliconcloud-trace-id", "x-ds-trace-id", "x-tt-logid"):
        assert errors.from_reply(500, {name: "r1"}, b"{}").request_id == "r1"
    body = b'{"error":{"message":"m"},"request_id":"r2"}'
    assert errors.from_reply(500, {"cf-ray": "r1"}, body).request_id == "r2"
    inner = b'{"error":{"message":"m","request_id":"r3"}}'
    assert errors.from_reply(500, {}, inner).request_id == "r3"


def test_secrets_are_taken_out_before_anything_is_cut() -> None:
    errors = reader()
    for at in range(MAX_RAW - 12, MAX_RAW + 2):
        body = json.dumps(said("x" * (at - 23) + "sk-secret" + "y" * 50, "sk-secret"))
        info = errors.from_reply(401, {"x-request-id": "sk-secret"}, body.encode())
        assert "sk-s" not in repr(info)
        assert len(info.raw) <= MAX_RAW
    message = "x" * (MAX_MESSAGE - 2) + "sk-secret"
    info = errors.from_payload(said(message), {})
    assert len(info.message) == MAX_MESSAGE
    assert "sk-" not in info.message


def test_an_enormous_body_is_bounded() -> None:
    info = reader().from_reply(500, {}, b"[" * 1_000_000)
    assert len(info.raw) <= MAX_RAW
    assert len(info.message) <= MAX_MESSAGE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1.2.3"}, None),
        ({"retry-after-ms": "inf"}, None),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True)
    seconds = retry_after({"retry-after": date})
    assert seconds is not None
    assert 900 < seconds <= 1000


@pytest.mark.parametrize(
    "payload",
    [
        {"choices": []},
        {"choices": [], "error": None},
        {"choices": [{}], "code": 0, "message": ""},
        {"code": 0, "message": "ok"},
        {"code": 20000, "message": "OK", "data": {}},
        {"type": "ping"},
        {"message": "hello"},
        {},
        [],
        3,
        None,
    ],
)
def test_what_is_no_error(payload: Any) -> None:
    assert not is_error_payload(payload)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("36s", 36.0), ("0.5s", 0.5), ("36", None), (36, None), ("-1s", None), ("9" * 99 + "s", None)],
)
def test_a_wait_that_the_body_asks_for(delay: Any, seconds: float | None) -> None:
    details = ["no", {"@type": "Help"}, {"@type": "RetryInfo", "retryDelay": delay}]
    error = {"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED", "details": details}
    for payload in ({"error": error}, [{"error": error}]):
        info = reader().from_reply(429, {}, json.dumps(payload).encode())
        assert info.retry_after == seconds
    assert reader().from_reply(429, {"retry-after": "7"}, b"{}").retry_after == 7
