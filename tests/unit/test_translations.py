"""Every sentence of the source stands in every language, and what ships is what was written."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _script() -> ModuleType:
    path = ROOT / "packaging" / "dev" / "translations.py"
    spec = importlib.util.spec_from_file_location("translations_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
CATALOGUES = sorted((ROOT / "resources" / "translations").glob("*/LC_MESSAGES/desktop_chat.po"))
PLACEHOLDER = re.compile(r"\{[a-z_]*(?::[^}]*)?\}")


def test_chinese_is_there() -> None:
    assert [path.parents[1].name for path in CATALOGUES] == ["zh_CN"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_nothing_is_missing(path: Path) -> None:
    assert SCRIPT.missing(SCRIPT.collect(), SCRIPT.read(path)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_the_compiled_catalogue_is_up_to_date(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == SCRIPT.compiled(SCRIPT.read(path))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_placeholders_are_kept(path: Path) -> None:
    wrong = []
    for message in SCRIPT.read(path):
        sources = message.id if isinstance(message.id, tuple | list) else [message.id]
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        wanted = {name for source in sources for name in PLACEHOLDER.findall(source)}
        wrong += [text for text in texts if text and set(PLACEHOLDER.findall(text)) - wanted]
        wrong += [text for text in texts if text and wanted - set(PLACEHOLDER.findall(text))]
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_the_tone_is_kept(path: Path) -> None:
    """No exclamation, no apology, in either language."""
    for message in SCRIPT.read(path):
        for text in (str(message.id), str(message.string)):
            assert not re.search(r"[!！]|抱歉|[Ss]orry", text), text


def test_a_missing_sentence_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text('tr("A sentence that no catalogue has")\n', "utf-8")
    assert SCRIPT.missing(SCRIPT.collect(tmp_path), SCRIPT.read(CATALOGUES[0])) == [
        "A sentence that no catalogue has"
    ]
