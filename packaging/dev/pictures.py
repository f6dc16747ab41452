"""Makes the pictures of the README from the real window: ``make pictures``.

With ``--all FOLDER`` it makes every page in both languages and both themes there, to be looked at
beside the design.

The window opens on the offscreen platform over a home of its own, with sample conversations in a
real database; services are never asked.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from desktop_chat.app import Desk, make_application, run_on_loop  # noqa: E402
from desktop_chat.core import settings as keys  # noqa: E402
from desktop_chat.core.errors import ErrorInfo, ErrorKind  # noqa: E402
from desktop_chat.core.events import FinishReason, Usage  # noqa: E402
from desktop_chat.core.ids import new_id  # noqa: E402
from desktop_chat.core.messages import (  # noqa: E402
    ChatOptions,
    Conversation,
    Cost,
    Message,
    MessageState,
    Role,
    Timing,
)
from desktop_chat.wiring import House, build  # noqa: E402

PICTURES: Final = ROOT / "packaging" / "pictures"
SAMPLES: Final = Path(__file__).parent / "samples"
IN_README: Final = ("main-light-zh", "main-dark-en", "errors-light-zh", "settings-light-en")
DAY: Final = 86_400.0

TITLES: Final = {
    "zh_CN": (
        (0, "PostgreSQL 死锁排查"),
        (0, "Summarise RFC 9114 in 10 points"),
        (0, "把这段 C++ 改写成 Rust"),
        (1, "K8s 滚动更新时的 502"),
        (1, "面试题：LRU 的三种实现"),
        (1, "豆包视觉模型读发票"),
        (4, "Terraform state 迁移步骤"),
        (4, "英文邮件润色：延期说明"),
        (5, "CUDA 12 与 PyTorch 版本对照"),
    ),
    "en": (
        (0, "Postgres deadlock triage"),
        (0, "总结 RFC 9114 的十个要点"),
        (0, "Port this C++ loop to Rust"),
        (1, "502s during K8s rolling update"),
        (1, "Three ways to write an LRU"),
        (1, "Invoice OCR with Doubao vision"),
        (4, "Terraform state migration"),
        (4, "Polish: delay notice to client"),
        (5, "CUDA 12 vs PyTorch matrix"),
    ),
}
ERRORS: Final = {"zh_CN": "出错时的样子", "en": "What errors look like"}
MAIN: Final = {
    "zh_CN": (
        "网关限流：令牌桶还是滑动窗口",
        "每个 API key 平均 100 QPS，允许短时突发到 200。令牌桶和滑动窗口怎么选？",
        "两个参数都给了：平均速率和突发上限。",
    ),
    "en": (
        "Rate limiting: which algorithm?",
        "With 8 gateway replicas, will a Redis-backed bucket become the bottleneck? "
        "One round trip is about 0.4 ms.",
        "8 replicas × 100 QPS per key. Round trip 0.4 ms adds to every request, but Redis itself "
        "does ~100k simple scripts per second on one core. So the ceiling is hot keys, not totals.",
    ),
}


class Writer:
    """Puts finished conversations into the store.

    Args:
        house: whose store.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def conversation(self, title: str, at: float, answers: Sequence[Message]) -> str:
        """Save a conversation; each answer brings its question in ``run_id``."""
        chat = Conversation(
            new_id(),
            title,
            at,
            at,
            options=ChatOptions(service_id="deepseek", model="deepseek-v4-pro"),
        )
        parent: str | None = None
        for answer in answers:
            question = Message(new_id(), chat.id, parent, Role.USER, answer.run_id, at)
            row = replace(
                answer, id=new_id(), conversation_id=chat.id, parent_id=question.id, created_at=at
            )
            streaming = replace(
                row, state=MessageState.STREAMING, run_id=self._house.store.run_id, text=""
            )
            await self._house.store.begin_turn(chat, question, streaming)
            await self._house.store.finish(replace(row, run_id=""))
            parent = row.id
        await self._house.store.save_conversation(replace(chat, leaf_id=parent))
        return chat.id


def answer(question: str, text: str, **values: object) -> Message:
    """Return an answer with its question in ``run_id``."""
    given = {
        "service_id": "deepseek",
        "service_name": "DeepSeek",
        "model": "deepseek-v4-pro",
        "reason": FinishReason.STOP,
        "usage": Usage(1842, 1126, 0, 214),
        "cost": Cost(0.0235, "CNY"),
        "timing": Timing(0.62, 6.0, 27.55),
        **values,
    }
    return Message("", "", None, Role.ASSISTANT, text, 0.0, run_id=question, **given)  # type: ignore[arg-type]


def failures(language: str) -> list[Message]:
    """Return answers that ended in the ways that cards tell of."""
    asked = MAIN[language][1]
    nothing = {"usage": None, "timing": None, "reason": None, "state": MessageState.FAILED}
    return [
        answer(
            asked,
            "",
            error=ErrorInfo(
                ErrorKind.AUTHENTICATION, 401, "Invalid token", "invalid_api_key", "req-81b2"
            ),
            service_id="siliconflow",
            service_name="硅基流动" if language == "zh_CN" else "SiliconFlow",
            model="Qwen/Qwen3-Coder-480B-A35B-Instruct",
            **nothing,
        ),
        answer(
            asked,
            (SAMPLES / f"{language}.md").read_text("utf-8").split("\n\n")[0],
            error=ErrorInfo(ErrorKind.DROPPED),
            **nothing,
        ),
        answer(asked, "……" if language == "zh_CN" else "…", reason=FinishReason.LENGTH),
    ]


async def fill(house: House, language: str) -> tuple[str, str]:
    """Save the sample conversations; return the main one's id and that of the one that failed."""
    now = datetime.now().astimezone().replace(hour=14, minute=32, second=0).timestamp()
    write = Writer(house)
    title, question, thought = MAIN[language]
    text = (SAMPLES / f"{language}.md").read_text("utf-8")
    for number, (days, other) in enumerate(TITLES[language], 1):
        await write.conversation(other, now - days * DAY - number, [answer(other, "…")])
    failed = await write.conversation(ERRORS[language], now - 0.5, failures(language))
    main = await write.conversation(title, now, [answer(question, text, reasoning=thought)])
    await house.history.refresh()
    return main, failed


async def quiet(rounds: int = 60) -> None:
    """Let the loop run until what was started has been shown."""
    for _ in range(rounds):
        await asyncio.sleep(0.01)
        QCoreApplication.sendPostedEvents()


async def shoot(app: QApplication, language: str, theme: str, folder: Path | None) -> None:
    """Make the pictures of one language and theme: every one, or those of the README."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESKTOP_CHAT_HOME"] = home
        house = build(os.environ)
        await house.open()
        house.settings.set(keys.LANGUAGE, language)
        house.settings.set(keys.THEME, theme)
        desk = Desk(app, house)

        async def picture(page: str) -> None:
            await quiet()
            name = f"{page}-{theme}-{language[:2]}"
            if folder is not None or name in IN_README:
                desk.window.grab().save(str((folder or PICTURES) / f"{name}.png"))

        try:
            desk.window.resize(1280, 820)
            desk.window.tabs.restore()
            desk.window.show()
            await picture("welcome")
            service = house.catalogue.service("deepseek")
            assert service is not None
            house.catalogue.save(service)
            main, failed = await fill(house, language)
            desk.window.open_conversation(main)
            await picture("main")
            desk.window.open_conversation(failed)
            await picture("errors")
            desk.window.open_settings("deepseek")
            await picture("settings")
        finally:
            desk.close()
            await house.aclose()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description="Make the pictures of the README.")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="make every page there")
    folder = parser.parse_args().all
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    app = make_application()

    async def every() -> None:
        for language in ("zh_CN", "en"):
            for theme in ("light", "dark"):
                await shoot(app, language, theme, folder)

    run_on_loop(app, every)
    app.shutdown()


if __name__ == "__main__":
    main()
