import locale
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_chat.core.i18n import ctr, install, language, ntr, system_language, tr

TRANSLATIONS = Path(__file__).parents[3] / "resources" / "translations"


@pytest.fixture(autouse=True)
def _english_after() -> Iterator[None]:
    yield
    install("en", TRANSLATIONS)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "zh"}, "zh_CN"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN:en", "LC_ALL": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "en:zh_CN", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "", "LC_ALL": "", "LANG": "zh_CN"}, "zh_CN"),
    ],
)
def test_language_of_the_environment(environ: dict[str, str], expected: str) -> None:
    assert system_language(environ) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("zh_CN", "zh_CN"), ("Chinese (Simplified)_China", "zh_CN"), ("en_US", "en"), (None, "en")],
)
def test_without_variables_the_library_decides(
    monkeypatch: pytest.MonkeyPatch, name: str | None, expected: str
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda *_: (name, "UTF-8"))
    assert system_language({}) == expected


def test_chinese_and_back() -> None:
    install("zh_CN", TRANSLATIONS)
    assert language() == "zh_CN"
    assert tr("Retry") == "重试"
    install("en", TRANSLATIONS)
    assert language() == "en"
    assert tr("Retry") == "Retry"


def test_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    install("system", TRANSLATIONS)
    assert language() == "zh_CN"


def test_a_sentence_nobody_translated_stays_english() -> None:
    install("zh_CN", TRANSLATIONS)
    assert tr("no such sentence anywhere") == "no such sentence anywhere"
    assert ntr("{n} no such thing", "{n} no such things", 2) == "{n} no such things"
    assert ctr("nowhere", "no such word") == "no such word"


def test_without_any_catalogue_everything_is_english(tmp_path: Path) -> None:
    install("zh_CN", tmp_path)
    assert tr("Retry") == "Retry"


def test_english_counts() -> None:
    install("en", TRANSLATIONS)
    assert ntr("{n} chat", "{n} chats", 1) == "{n} chat"
    assert ntr("{n} chat", "{n} chats", 0) == "{n} chats"
