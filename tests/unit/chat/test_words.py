from pathlib import Path

import pytest

from desktop_chat.chat.words import fill, sentences
from desktop_chat.core.i18n import install


@pytest.mark.parametrize(
    ("template", "value", "result"),
    [
        ("密钥无效，{service}拒绝了请求", "DeepSeek", "密钥无效，DeepSeek 拒绝了请求"),
        ("密钥无效，{service}拒绝了请求", "硅基流动", "密钥无效，硅基流动拒绝了请求"),
        ("无法连接到{service}", "Ollama", "无法连接到 Ollama"),
        ("{service}没有应答。", "localhost:11434", "localhost:11434 没有应答。"),
        ("{service}：好", "A", "A：好"),
        ("No key for {service}", "豆包 · 火山方舟", "No key for 豆包 · 火山方舟"),
        ("{service}", "", ""),
    ],
)
def test_a_space_stands_where_chinese_meets_latin(template: str, value: str, result: str) -> None:
    assert fill(template, service=value) == result


def test_braces_in_a_value_are_text() -> None:
    assert fill("says: {words}", words="{x} {") == "says: {x} {"


def test_sentences_are_joined_as_the_language_wants(tmp_path: Path) -> None:
    install("en", tmp_path)
    assert sentences("One.", "", "Two.") == "One. Two."
    install("zh_CN", tmp_path)
    try:
        assert sentences("一。", "二。") == "一。二。"
    finally:
        install("en", tmp_path)
