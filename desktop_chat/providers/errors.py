"""What services say when they fail, read in all their shapes and mapped to the few kinds.

``RULES`` is the one table: the first row that fits names the kind, and ``_BY_STATUS`` is what
remains when no row does. The shapes and codes are those of DeepSeek, Volcengine Ark, SiliconFlow,
OpenAI, Anthropic, OpenRouter, Ollama, vLLM and the usual gateways.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.providers.texts import MOST, in_short, is_html, page_title, whole

MAX_RAW: Final = 2_000
"""Characters of a reply that are kept for the folded detail."""
MAX_MESSAGE: Final = 300
_MOST_SENT: Final = 24
"""Values, each in three ways, that are looked for in what comes back."""
_MAX_DEPTH: Final = 4
"""How deep the words of a fault are looked for."""

_REQUEST_ID_HEADERS: Final = (
    "x-request-id",
    "request-id",
    "x-siliconcloud-trace-id",
    "x-ds-trace-id",
    "x-tt-logid",
    "cf-ray",
)
_ID: Final = re.compile(r"[^\s<>]{1,500}")
_SUCCESS_CODES: Final = frozenset(("", "0", "200", "20000"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. What is left out fits anything; what is given must all fit.

    Attributes:
        kind: what it means.
        statuses: HTTP statuses (or codes that are used as such).
        codes: fits the whole of the service's code or type, without regard to case.
        words: found in the service's message, without regard to case.
    """

    kind: ErrorKind
    statuses: tuple[int, ...] = ()
    codes: str = ""
    words: str = ""


RULES: Final = (
    # Gemini says "quota" of what it allows in a minute, too.
    Rule(ErrorKind.RATE_LIMIT, statuses=(429,), codes="resource_exhausted"),
    Rule(ErrorKind.BALANCE, statuses=(402,)),
    Rule(
        ErrorKind.BALANCE,
        codes=r"insufficient_(user_)?(quota|balance|credits)|billing_(hard_limit_reached|not_active)"
        r"|accountoverdueerror|operationdenied\.serviceoverdue|30001|exceeded_current_quota_error"
        r"|billing_error",
    ),
    Rule(
        ErrorKind.BALANCE,
        statuses=(400, 401, 403, 429, 200),
        words=r"insufficient (account )?(balance|credits?|funds)"
        r"|balance is (insufficient|not enough|overdue|too low)|overdue balance"
        r"|exceeded your current quota"
        r"|余额不足|余额已用尽|欠费|额度不足|请充值",
    ),
    Rule(ErrorKind.CONTEXT_LENGTH, codes=r"context_length_exceeded|string_above_max_length|20015"),
    Rule(ErrorKind.CONTEXT_LENGTH, statuses=(413,)),
    Rule(
        ErrorKind.CONTEXT_LENGTH,
        statuses=(400, 422, 500, 200),
        words=r"context (length|window|size)|maximum (context|input|prompt) length|max_seq_len"
        r"|prompt is too long|too many (input )?tokens|(input|prompt) (token )?(length|count)"
        r".{0,40}exceed|上下文.{0,12}(超|过长)|输入.{0,12}过长",
    ),
    Rule(
        ErrorKind.CONTENT_FILTER,
        codes=r".*sensitivecontentdetected.*|content_(filter|policy_violation)"
        r"|data_inspection_failed|responsibleaipolicyviolation|moderation_blocked|.*riskdetection.*",
    ),
    Rule(
        ErrorKind.CONTENT_FILTER,
        statuses=(400, 403, 451, 200),
        words=r"content exists risk|sensitive (information|content|words)|content (policy|filter)"
        r"|requires moderation|input was flagged|flagged by|敏感|违规",
    ),
    Rule(
        ErrorKind.OVERLOADED,
        codes=r"serveroverloaded|server_overloaded|overloaded_error|engine_overloaded(_error)?"
        r"|insufficient_system_resource|50505|modelserviceoverloaded",
    ),
    Rule(
        ErrorKind.OVERLOADED,
        statuses=(429, 500, 502, 503, 200),
        words=r"overloaded|server is busy|service is too busy|at capacity|engine is currently"
        r"|服务器?(繁忙|过载)|系统繁忙",
    ),
    Rule(
        ErrorKind.AUTHENTICATION,
        codes=r"invalid_?api_?key|api_key_invalid|authentication_?(error|fails)?"
        r"|invalid_authentication(_error)?|unauthori[sz]ed|unauthenticated|invalid_token",
    ),
    Rule(
        ErrorKind.AUTHENTICATION,
        statuses=(400, 403, 404, 422, 500, 200),
        words=r"(invalid|incorrect|wrong|missing|no|bad) (api|access)[ _-]?(key|token)"
        r"|api[ _-]?key (is |was )?(not valid|invalid|incorrect|missing|expired|not found|required)"
        r"|authentication (fails|failed|required)|invalid (bearer )?token|token is invalid"
        r"|(api ?key|密钥|令牌).{0,6}(无效|错误|不正确|过期|不存在)|无效的(api ?key|密钥|令牌)",
    ),
    Rule(
        ErrorKind.NOT_FOUND,
        codes=r"model_not_found|invalidendpointormodel\.(notfound|modelidaccessdisabled)"
        r"|modelnotopen|notfound\..*|not_found(_error)?|20012|invalidendpoint\.closedendpoint"
        r"|unsupportedmodel",
    ),
    Rule(
        ErrorKind.NOT_FOUND,
        statuses=(400, 403, 422, 500, 503, 200),
        words=r"model (does )?not exist|model .{1,80} (does not exist|not found|is not found)"
        r"|no such model|unknown model|模型不存在",
    ),
    Rule(
        ErrorKind.RATE_LIMIT,
        codes=r"rate_?limit(_|ed|exceeded|ing)?.*|.*ratelimitexceeded.*|too_?many_?requests"
        r"|setlimitexceeded|quotaexceeded|tokens_per_min|requests_per_min|throttling.*",
    ),
    Rule(
        ErrorKind.RATE_LIMIT,
        statuses=(400, 403, 503, 200),
        words=r"rate limit|too many requests|(rpm|tpm) limit|请求过于频繁|限流|速率限制",
    ),
    Rule(
        ErrorKind.PERMISSION, codes=r"accessdenied|permission_?(denied|error)|unsupported_country.*"
    ),
    Rule(ErrorKind.PERMISSION, statuses=(400,), words=r"location is not supported"),
    Rule(
        ErrorKind.TIMEOUT,
        codes=r"timeout(_error)?|request_?timeout|deadline_exceeded",
        statuses=(200,),
    ),
    Rule(
        ErrorKind.BAD_REQUEST, statuses=(200,), codes=r"invalid_?(request|parameter).*|badrequest"
    ),
)
"""Order matters: money before limits (OpenAI says both with 429), meaning before status."""

_BY_STATUS: Final[Mapping[int, ErrorKind]] = {
    401: ErrorKind.AUTHENTICATION,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.NOT_FOUND,
    407: ErrorKind.NETWORK,
    408: ErrorKind.TIMEOUT,
    410: ErrorKind.NOT_FOUND,
    429: ErrorKind.RATE_LIMIT,
    451: ErrorKind.PERMISSION,
    503: ErrorKind.OVERLOADED,
    529: ErrorKind.OVERLOADED,
}


def classify(status: int, codes: tuple[str, ...] = (), message: str = "") -> ErrorKind:
    """Return the kind of a failure.

    Args:
        status: the HTTP status; 200 for an error inside a successful reply.
        codes: the service's code and type, as text; empty ones count for nothing.
        message: the service's words.
    """
    for rule in RULES:
        if rule.statuses and status not in rule.statuses:
            continue
        if rule.codes and not any(_fits(rule.codes, code) for code in codes if code):
            continue
        if rule.words and not re.search(rule.words, message, re.IGNORECASE):
            continue
        return rule.kind
    if kind := _BY_STATUS.get(status):
        return kind
    return ErrorKind.BAD_REQUEST if 400 <= status < 500 else ErrorKind.SERVER


def _fits(pattern: str, code: str) -> bool:
    return re.fullmatch(pattern, code, re.IGNORECASE) is not None


def is_error_payload(payload: object) -> bool:
    """Tell whether parsed JSON of a successful reply is an error in one of its shapes."""
    if isinstance(payload, str):
        return True
    if isinstance(payload, list):
        payload = _first(payload)
        return payload is not None and is_error_payload(payload)
    if not isinstance(payload, dict):
        return False
    if payload.get("error") or payload.get("object") == "error" or payload.get("type") == "error":
        return True
    if "choices" in payload:
        return False
    if payload.get("detail") or payload.get("errors") or payload.get("error_msg"):
        return True
    says = payload.get("message") or payload.get("msg")
    return bool(says) and "code" in payload and _text(payload["code"]) not in _SUCCESS_CODES


class ErrorReader:
    """Makes ``ErrorInfo`` from the replies of one host.

    Args:
        host: that was asked.
        redact: takes secrets out of text.
    """

    def __init__(self, host: str, redact: Callable[[str], str]) -> None:
        self._host = host
        self._redact = redact
        self._sent: deque[str] = deque(maxlen=_MOST_SENT)

    def hide(self, value: str) -> None:
        """Take what was sent to prove who we are out of what comes back; the last few are kept."""
        self._sent.extend((value, value.replace("/", "\\/"), quote(value, safe="")))

    def redacted(self, text: str) -> str:
        """Return a text without secrets, whole."""
        for value in self._sent:
            text = text.replace(value, "***")
        return self._redact(text)

    def error(
        self,
        kind: ErrorKind,
        code: str = "",
        *,
        status: int | None = None,
        raw: str = "",
        **values: str,
    ) -> ProviderError:
        """Return the error for a failure that the service said nothing about."""
        raw = self._clean(in_short(raw))
        told = {name: self._clean(value) for name, value in values.items()}
        return ProviderError(
            ErrorInfo(kind, status, code=code, host=self._host, raw=raw, values=told)
        )

    def from_reply(self, status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
        """Read a reply whose status is 400 or more.

        Args:
            status: of the reply.
            headers: of the reply; names in lower case.
            body: of the reply, or its beginning.
        """
        text = body[:MOST].decode("utf-8", "replace").strip()
        if text.startswith("data:"):
            text = text.removeprefix("data:").split("\n\n")[0].strip()
        return self._read(status, text, headers)

    def from_payload(
        self, payload: object, headers: Mapping[str, str], *, status: int = 200
    ) -> ErrorInfo:
        """Read an error that came as JSON inside a successful reply."""
        try:
            raw = json.dumps(payload, ensure_ascii=False, default=str)[:MOST]
        except (ValueError, RecursionError):
            raw = ""
        return self._build(status, _facts(payload), headers, raw)

    def from_text(self, text: str, headers: Mapping[str, str], *, status: int = 200) -> ErrorInfo:
        """Read an error that came as anything else inside a successful reply."""
        return self._read(status, text[:MOST].strip(), headers)

    def _read(self, status: int, text: str, headers: Mapping[str, str]) -> ErrorInfo:
        if not text.startswith(("{", "[")) and is_html(text):
            return self._page(status, text, headers)
        try:
            payload = json.loads(text)
        except (ValueError, RecursionError):
            if is_html(text) or (status >= 400 and _is_marked_up(text, headers)):
                return self._page(status, text, headers)
            payload = text
        return self._build(status, _facts(payload), headers, text)

    def _page(self, status: int, text: str, headers: Mapping[str, str]) -> ErrorInfo:
        """Tell of a gateway's page by its title alone: the rest may carry the user's address."""
        title = page_title(text)
        kind = classify(status) if status >= 400 else ErrorKind.PROTOCOL
        return ErrorInfo(
            kind,
            status=status,
            code="html_page",
            request_id=self._clean(_request_id({}, headers))[:120],
            host=self._host,
            retry_after=retry_after(headers),
            raw=self._clean(f"text/html · {title}" if title else "text/html"),
            values={"title": self._clean(title)} if title else {},
        )

    def _build(
        self, status: int, facts: "_Facts", headers: Mapping[str, str], raw: str
    ) -> ErrorInfo:
        if status < 400 and re.fullmatch(r"[45]\d\d", facts.code, re.ASCII):
            status = int(facts.code)
        message = in_short(facts.message)
        short = in_short(raw)
        if short != raw:
            raw = message or short
        return ErrorInfo(
            classify(status, (facts.code, facts.type), message),
            status=status,
            message=self._clean(message)[:MAX_MESSAGE],
            code=self._clean(in_short(facts.code or facts.type))[:80],
            request_id=self._clean(facts.request_id or _request_id(facts.body, headers))[:120],
            host=self._host,
            retry_after=retry_after(headers) or _retry_delay(facts.body),
            raw=self._clean(raw),
        )

    def _clean(self, text: str) -> str:
        """Redact first and cut afterwards, so that no half of a secret is left."""
        return self.redacted(whole(text[:MOST]))[:MAX_RAW]


def _is_marked_up(text: str, headers: Mapping[str, str]) -> bool:
    """Tell whether text is a piece of a page: some gateways leave out how a page begins."""
    kind = headers.get("content-type", "").lower()
    return "html" in kind and re.search(r"<[a-z!/]", text, re.IGNORECASE) is not None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a service asks us to wait, or None.

    ``retry-after-ms`` wins over ``retry-after``, which is a number of seconds or an HTTP date.
    """
    try:
        if value := headers.get("retry-after-ms"):
            return _seconds(float(value) / 1000)
        value = headers.get("retry-after")
        if not value:
            return None
        if re.fullmatch(r"\s*[+-]?[\d.]+\s*", value):
            return _seconds(float(value))
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return _seconds((moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _retry_delay(body: Mapping[str, Any] | None) -> float | None:
    """Return the seconds that a body asks us to wait: Google's ``RetryInfo``, as ``36.5s``."""
    inner = body.get("error") if body else None
    details = inner.get("details") if isinstance(inner, dict) else None
    for detail in details if isinstance(details, list) else ():
        told = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(told, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})?s", told):
            return float(told[:-1])
    return None


def _seconds(value: float) -> float | None:
    return max(value, 0.0) if value < float("inf") else None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What an error reply says, whatever its shape."""

    message: str = ""
    code: str = ""
    type: str = ""
    request_id: str = ""
    body: Mapping[str, Any] | None = None


def _facts(payload: object) -> _Facts:
    payload = _first(payload)
    if not isinstance(payload, dict):
        return _Facts(message=_text(payload))
    inner = payload.get("error") or payload.get("errors")
    inner = _first(inner)
    if isinstance(inner, dict):
        return _Facts(
            message=_message(inner) or _message(payload),
            code=_text(inner.get("code")) or _text(inner.get("status")),
            type=_text(inner.get("type")) or _text(inner.get("status")),
            request_id=_request_id(inner, {}),
            body=payload,
        )
    return _Facts(
        message=_text(inner) or _message(payload),
        code=_text(payload.get("code")) or _text(payload.get("error_code")),
        type="" if payload.get("type") == "error" else _text(payload.get("type")),
        body=payload,
    )


def _message(body: Mapping[str, Any]) -> str:
    for name in ("message", "msg", "detail", "error_msg", "error_description", "reason"):
        if said := _words(body.get(name)):
            break
    else:
        said = ""
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and (raw := _words(metadata.get("raw"))):
        # A router says "Provider returned error" and puts the provider's own words here.
        said = f"{said}: {raw}" if said else raw
    return said


def _words(value: object, depth: int = 0) -> str:
    """Return what a message field says: text, or FastAPI's list of faults."""
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(item, depth + 1) for item in value[:5])))
    if isinstance(value, dict):
        said = _words(value.get("msg") or value.get("message"), depth + 1)
        where = value.get("loc")
        return f"{'.'.join(map(_text, where[:10]))}: {said}" if isinstance(where, list) else said
    return _text(value)


def _first(value: object) -> object:
    """Return the first thing in a list, or in lists of lists; None where there is none."""
    while isinstance(value, list):
        value = value[0] if value else None
    return value


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | dict | list):
        return ""
    try:
        return str(value)[:MOST].strip()
    except ValueError:
        return ""  # a number with more digits than Python writes


def _request_id(body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> str:
    for name in ("request_id", "requestId", "trace_id"):
        if body and _ID.fullmatch(found := _text(body.get(name))):
            return found
    for name in _REQUEST_ID_HEADERS:
        if _ID.fullmatch(found := headers.get(name, "").strip()):
            return found
    return ""
