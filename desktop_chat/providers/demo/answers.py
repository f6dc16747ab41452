"""What each demo model answers: a plan that the server plays."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from desktop_chat.providers.demo import models

_PIECE: Final = re.compile(
    r" ?[A-Za-z]{1,7}|\s?[0-9]{1,3}|[\u3040-\u30ff\u4e00-\u9fff]{1,2}|\s+|.", re.DOTALL
)
_CJK: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SECTION: Final = re.compile(r"^(?=## )", re.MULTILINE)
_DEFAULT_LENGTH: Final = 4_000
_MAX_LENGTH: Final = 200_000
_MAX_REMEMBERED: Final = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer to be played.

    Attributes:
        thinking: its thinking, in pieces of about a token.
        answer: its text, likewise.
        rate: pieces per second.
        wait: seconds before the first piece.
        reason: the finish reason.
        drop: True breaks the connection off in place of the end.
    """

    thinking: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    rate: float = 70.0
    wait: float = 0.3
    reason: str = "stop"
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error to be answered.

    Attributes:
        status: HTTP status.
        code: of the error.
        message: of the error.
        retry_after: value of the header, or "".
    """

    status: int
    code: str
    message: str
    retry_after: str = ""


def pieces(text: str) -> tuple[str, ...]:
    """Cut text into pieces of about a token; joined they are the text again."""
    return tuple(_PIECE.findall(text))


class Answers:
    """Chooses what to answer.

    Args:
        texts: the folder with ``<name>.<language>.md``.
    """

    def __init__(self, texts: Path) -> None:
        self._texts = texts
        self._limited: dict[str, None] = {}

    def plan(self, request: dict[str, Any]) -> Plan | Refusal:
        """Return what to answer to the body of a request.

        Raises:
            OSError: a text is missing.
        """
        model = request.get("model")
        messages = request.get("messages")
        if not isinstance(messages, list) or not messages:
            return Refusal(400, "invalid_request_error", "messages: at least one is needed")
        question = _question(messages)
        language = "zh_CN" if _CJK.search(question) else "en"
        count = sum(isinstance(m, dict) and m.get("role") != "system" for m in messages)
        if model == models.REFUSED:
            return Refusal(401, "invalid_api_key", self._text("401", language).strip())
        if model == models.LIMITED and self._limit(messages):
            message = self._text("429.refusal", language).strip()
            return Refusal(429, "rate_limit_exceeded", message, retry_after="2")
        plan = self._answer(str(model), question, language, count)
        if plan is None:
            return Refusal(404, "model_not_found", f"The demo has no model {model}")
        if _thinking_off(request):
            plan = replace(plan, thinking=())
        return _limited(plan, request.get("max_tokens"))

    def _answer(self, model: str, question: str, language: str, count: int) -> Plan | None:
        name = model.removeprefix("demo-")
        if model not in {known.id for known in models.MODELS}:
            return None
        if model == models.LONG:
            return Plan(answer=self._long(question, language, count), rate=200.0)
        answer = pieces(self._text(name, language, messages=count))
        match model:
            case models.RICH:
                return Plan(self._thinking(name, language, count), answer)
            case models.SLOW:
                return Plan(self._thinking(name, language, count), answer, rate=8.0, wait=5.0)
            case models.DROP:
                return Plan(answer=answer, drop=True)
            case models.LENGTH:
                return Plan(answer=answer, reason="length")
            case _:
                return Plan(answer=answer)

    def _thinking(self, name: str, language: str, count: int) -> tuple[str, ...]:
        return pieces(self._text(f"{name}.thinking", language, messages=count).strip())

    def _long(self, question: str, language: str, count: int) -> tuple[str, ...]:
        """Repeat the sections of the text until there are as many pieces as the question says."""
        found = re.search(r"\d[\d,]*", question)
        wanted = int(found[0].replace(",", "")[:9]) if found else 0
        wanted = min(wanted or _DEFAULT_LENGTH, _MAX_LENGTH)
        head, *sections = _SECTION.split(self._text("long", language, messages=count))
        answer = [*pieces(head.replace("%TOKENS%", str(wanted)))]
        number = 0
        while len(answer) < wanted:
            section = sections[number % len(sections)]
            number += 1
            answer += pieces(section.replace("%SECTION%", str(number)))
        return tuple(answer)

    def _limit(self, messages: list[Any]) -> bool:
        """Tell whether to refuse a question: the first time it is asked, not the second."""
        mark = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
        if mark in self._limited:
            del self._limited[mark]
            return False
        self._limited[mark] = None
        if len(self._limited) > _MAX_REMEMBERED:
            del self._limited[next(iter(self._limited))]
        return True

    def _text(self, name: str, language: str, *, messages: int = 0) -> str:
        text = (self._texts / f"{name}.{language}.md").read_text("utf-8")
        return text.replace("%MESSAGES%", str(messages))


def _question(messages: list[Any]) -> str:
    """Return the text of the last message of the user."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return ""


def _thinking_off(request: dict[str, Any]) -> bool:
    thinking = request.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") == "disabled"


def _limited(plan: Plan, limit: object) -> Plan:
    """Cut a plan to a number of pieces."""
    if not isinstance(limit, int) or len(plan.thinking) + len(plan.answer) <= limit:
        return plan
    room = max(limit - len(plan.thinking), 0)
    return replace(plan, thinking=plan.thinking[:limit], answer=plan.answer[:room], reason="length")
