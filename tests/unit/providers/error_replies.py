"""How services refuse, word by word, and what must be told of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from desktop_chat.core.errors import ErrorKind

K = ErrorKind


@dataclass(frozen=True)
class Refused:
    """One reply.

    Attributes:
        service: and what is special.
        status: 200 for an error in a successful reply.
        body: JSON, or text as it is.
        kind: what it means.
        words: the service's own, as they are shown.
        code: the service's own.
        id: of the request.
        headers: of the reply.
    """

    service: str
    status: int
    body: Any
    kind: ErrorKind
    words: str
    code: str = ""
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def openai(message: str, code: Any = None, type_: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def claude(type_: str, message: str) -> dict[str, Any]:
    error = {"type": type_, "message": message}
    return {"type": "error", "error": error, "request_id": "req_1"}


def google(code: int, status: str, message: str) -> list[Any]:
    return [{"error": {"code": code, "message": message, "status": status}}]


_PYTHON = """Internal Server Error
Traceback (most recent call last):
  File "/srv/app/routes.py", line 88, in generate
    await engine.run(prompt)
          ^^^^^^^^^^^^^^^^^
  File "/srv/app/engine.py", line 12, in run
    raise EngineDeadError("the engine is dead")
app.errors.EngineDeadError: the engine is dead
"""
_JAVA = """java.lang.IllegalStateException: request failed
\tat com.example.Gate.handle(Gate.java:41)
\tat com.example.Gate$1.run(Gate.java:7)
\t... 12 more
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/java.net.Socket.read(Socket.java:1)
"""
_NODE = """TypeError: Cannot read properties of undefined (reading 'choices')
    at handler (/app/server.js:10:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
"""
_GO = (
    "panic: runtime error: index out of range [3]\n\n"
    "goroutine 7 [running]:\nmain.serve()\n\t/app/main.go:10 +0x1d\n"
)
_NGINX = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway"
    "</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n"
)
_CLOUDFLARE = (
    '<!DOCTYPE html>\n<html lang="en-US"><head>'
    "<title>Attention Required! | Cloudflare</title></head>"
    "<body>Your IP: 198.51.100.23 &bull; Ray ID: 8aa</body></html>"
)

TRACES = [
    Refused("a stack of Python", 500, _PYTHON, K.SERVER,
            "app.errors.EngineDeadError: the engine is dead"),
    Refused("a stack of Python in JSON", 500, {"detail": _PYTHON}, K.SERVER,
            "app.errors.EngineDeadError: the engine is dead"),
    Refused("a stack of Java", 500, _JAVA, K.SERVER,
            "java.net.SocketTimeoutException: Read timed out"),
    Refused("a stack of Java beside the words", 500,
            {"status": 500, "error": "Internal Server Error", "trace": _JAVA, "path": "/v1"},
            K.SERVER, "Internal Server Error"),
    Refused("a stack of Node", 500, _NODE, K.SERVER,
            "TypeError: Cannot read properties of undefined (reading 'choices')"),
    Refused("a stack of Node in JSON", 500, {"error": {"message": "gone", "stack": _NODE}},
            K.SERVER, "gone"),
    Refused("a stack of Go", 500, _GO, K.SERVER,
            "panic: runtime error: index out of range [3]"),
    Refused("a stack in a stream", 200, {"error": {"message": _PYTHON, "code": 500}}, K.SERVER,
            "app.errors.EngineDeadError: the engine is dead", "500"),
]  # fmt: skip

PAGES = [
    Refused("nginx", 502, _NGINX, K.SERVER, "", "html_page"),
    Refused("cloudflare", 403, _CLOUDFLARE, K.PERMISSION, "", "html_page", "8aa-FRA",
            {"cf-ray": "8aa-FRA"}),
    Refused("a page with 200", 200, _CLOUDFLARE, K.PROTOCOL, "", "html_page"),
    Refused("a page in the words", 502, openai(_NGINX, 502), K.SERVER, "502 Bad Gateway", "502"),
]  # fmt: skip

REFUSED = [
    # DeepSeek ("Error Codes")
    Refused("deepseek", 400, openai("Invalid max_tokens value, the valid range is [1, 8192]",
                                    "invalid_request_error", "invalid_request_error"),
            K.BAD_REQUEST, "Invalid max_tokens value, the valid range is [1, 8192]",
            "invalid_request_error", "ds-1", {"x-ds-trace-id": "ds-1"}),
    Refused("deepseek", 401, openai("Authentication Fails (no such user)", "invalid_request_error",
                                    "authentication_error"),
            K.AUTHENTICATION, "Authentication Fails (no such user)", "invalid_request_error"),
    Refused("deepseek", 402, openai("Insufficient Balance", "invalid_request_error",
                                    "unknown_error"),
            K.BALANCE, "Insufficient Balance", "invalid_request_error"),
    Refused("deepseek", 422, "Failed to deserialize the JSON body into the target type: "
            "messages[0]: missing field `role`", K.BAD_REQUEST,
            "Failed to deserialize the JSON body into the target type: messages[0]: missing field "
            "`role`"),
    Refused("deepseek", 429, openai("Rate limit reached"), K.RATE_LIMIT, "Rate limit reached"),
    Refused("deepseek", 500, openai("Internal error", None, "internal_error"), K.SERVER,
            "Internal error", "internal_error"),
    Refused("deepseek", 503, openai("Service is too busy."), K.OVERLOADED, "Service is too busy."),
    # Volcengine Ark
    Refused("ark", 400, openai("The parameter `thinking.type` is not valid. Request id: 02",
                               "InvalidParameter", "BadRequest"), K.BAD_REQUEST,
            "The parameter `thinking.type` is not valid. Request id: 02", "InvalidParameter",
            "2026-1", {"x-tt-logid": "2026-1"}),
    Refused("ark", 401, openai("the API key is missing or invalid", "AuthenticationError",
                               "Unauthorized"), K.AUTHENTICATION,
            "the API key is missing or invalid", "AuthenticationError"),
    Refused("ark", 403, openai("overdue", "AccountOverdueError", "Forbidden"), K.BALANCE, "overdue",
            "AccountOverdueError"),
    Refused("ark", 404, openai("The model or endpoint ep-1 does not exist",
                               "InvalidEndpointOrModel.NotFound", "NotFound"), K.NOT_FOUND,
            "The model or endpoint ep-1 does not exist", "InvalidEndpointOrModel.NotFound"),
    Refused("ark", 429, openai("busy", "ServerOverloaded", "TooManyRequests"), K.OVERLOADED, "busy",
            "ServerOverloaded"),
    Refused("ark in a stream", 200, openai("stopped", "OutputTextSensitiveContentDetected"),
            K.CONTENT_FILTER, "stopped", "OutputTextSensitiveContentDetected"),
    # SiliconFlow: 403 is told apart by its words and its code
    Refused("siliconflow", 400, {"code": 20012, "message": "Model does not exist. Please check it "
            "carefully.", "data": None}, K.NOT_FOUND,
            "Model does not exist. Please check it carefully.", "20012", "ti_1",
            {"x-siliconcloud-trace-id": "ti_1"}),
    Refused("siliconflow", 401, '"Invalid token"', K.AUTHENTICATION, "Invalid token"),
    Refused("siliconflow", 403, {"code": 30001, "message": "Sorry, your account balance is "
            "insufficient", "data": None}, K.BALANCE,
            "Sorry, your account balance is insufficient", "30001"),
    Refused("siliconflow", 403, '"账户余额不足"', K.BALANCE, "账户余额不足"),
    Refused("siliconflow", 403, {"code": 30003, "message": "Model disabled.", "data": None},
            K.PERMISSION, "Model disabled.", "30003"),
    Refused("siliconflow", 429, {"message": "TPM limit reached.", "data": None}, K.RATE_LIMIT,
            "TPM limit reached."),
    Refused("siliconflow", 504, '"504 Gateway Time-out"', K.SERVER, "504 Gateway Time-out"),
    # OpenAI
    Refused("openai", 401, openai("Incorrect API key provided: sk-x", "invalid_api_key",
                                  "invalid_request_error"), K.AUTHENTICATION,
            "Incorrect API key provided: sk-x", "invalid_api_key", "req_9",
            {"x-request-id": "req_9"}),
    Refused("openai", 429, openai("You exceeded your current quota", "insufficient_quota",
                                  "insufficient_quota"), K.BALANCE,
            "You exceeded your current quota", "insufficient_quota"),
    # Anthropic ("Errors")
    Refused("anthropic", 529, claude("overloaded_error", "Overloaded"), K.OVERLOADED, "Overloaded",
            "overloaded_error", "req_1"),
    Refused("anthropic in a stream", 200, claude("overloaded_error", "Overloaded"), K.OVERLOADED,
            "Overloaded", "overloaded_error", "req_1"),
    Refused("anthropic", 400, claude("invalid_request_error", "prompt is too long: 9 tokens > 8 "
            "maximum"), K.CONTEXT_LENGTH, "prompt is too long: 9 tokens > 8 maximum",
            "invalid_request_error", "req_1"),
    # Gemini: an array, or the object in it
    Refused("gemini", 400, google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid "
            "API key."), K.AUTHENTICATION, "API key not valid. Please pass a valid API key.",
            "400"),
    Refused("gemini", 503, google(503, "UNAVAILABLE", "The model is overloaded.")[0], K.OVERLOADED,
            "The model is overloaded.", "503"),
    # OpenRouter
    Refused("openrouter", 429, {"error": {"message": "Provider returned error", "code": 429,
            "metadata": {"raw": "x is rate-limited upstream", "provider_name": "X"}}},
            K.RATE_LIMIT, "Provider returned error: x is rate-limited upstream", "429"),
    Refused("openrouter in a stream", 200, {"error": {"message": "Insufficient credits",
            "code": 402}}, K.BALANCE, "Insufficient credits", "402"),
    # Ollama, vLLM, FastAPI
    Refused("ollama", 404, {"error": "model 'x' not found, try pulling it first"}, K.NOT_FOUND,
            "model 'x' not found, try pulling it first"),
    Refused("vllm", 400, {"object": "error", "message": "This model's maximum context length is 8",
            "type": "BadRequestError", "code": 400}, K.CONTEXT_LENGTH,
            "This model's maximum context length is 8", "400"),
    Refused("fastapi", 422, {"detail": [{"loc": ["body", "model"], "msg": "Field required"},
            {"loc": ["body", "messages", 0], "msg": "bad"}]}, K.BAD_REQUEST,
            "body.model: Field required; body.messages.0: bad"),
    # Gateways
    Refused("gateway", 401, {"code": 401, "message": "signature mismatch"}, K.AUTHENTICATION,
            "signature mismatch", "401"),
    Refused("gateway", 403, {"code": "INSUFFICIENT_BALANCE", "message": "no"}, K.BALANCE, "no",
            "INSUFFICIENT_BALANCE"),
    Refused("gateway in a reply", 200, {"code": 429, "message": "slow", "trace_id": "t"},
            K.RATE_LIMIT, "slow", "429", "t"),
    Refused("gateway", 502, "upstream connect error or disconnect/reset before headers", K.SERVER,
            "upstream connect error or disconnect/reset before headers"),
    *PAGES,
    *TRACES,
]  # fmt: skip
