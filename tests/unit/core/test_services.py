import pytest

from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect


@pytest.mark.parametrize(
    ("name", "language", "title"),
    [
        ({"zh_CN": "豆包", "en": "Doubao"}, "zh_CN", "豆包"),
        ({"zh_CN": "豆包", "en": "Doubao"}, "en", "Doubao"),
        ({"": "DeepSeek"}, "zh_CN", "DeepSeek"),
        ({"": "Any", "en": "English"}, "zh_CN", "Any"),
        ({"en": "English"}, "zh_CN", "English"),
        ({"zh_CN": "中文"}, "en", "中文"),
        ({}, "en", "x"),
    ],
)
def test_title(name: dict[str, str], language: str, title: str) -> None:
    assert Service("x", name).title(language) == title


def test_a_known_model() -> None:
    model = Model("m", 128_000)
    assert Service("x", {}, models=(Model("a"), model)).model("m") is model


def test_an_unknown_model_has_the_defaults_of_the_service() -> None:
    thinking = Thinking(ThinkingDialect.ENABLE)
    assert Service("x", {}, thinking=thinking).model("new") == Model("new", thinking=thinking)


def test_headers_are_not_printed() -> None:
    service = Service("own", {"": "Own"}, headers={"X-Team": "a word"})
    assert "a word" not in repr(service)
