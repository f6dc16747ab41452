"""Examples that others publish: CommonMark's, GFM's and those of markdown-it-py's own tests.

They are taken from source packages when the tests run, through pip as it is set up here, and kept
in pytest's cache; nothing of them stands in this repository.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from markdown_it.utils import read_fixture_file


@dataclass(frozen=True)
class Package:
    """A source package, pinned."""

    name: str
    version: str
    sha256: str

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Example:
    """A piece of Markdown, and the HTML that its publisher makes of it."""

    name: str
    markdown: str
    html: str


MARKDOWN_IT: Final = Package(
    "markdown_it_py",
    "4.3.0",
    "91a58fa5b72c71a40cf7177250fd767480d7a2bb3ac426ccfb76fb90305fdaaa",
)
MARKO: Final = Package(
    "marko",
    "2.2.4",
    "c042c66f835425673123d7536b39b4660de3b68e30078c70fd26245b31170683",
)
_EXAMPLE: Final = re.compile(
    r"^`{32} example ?(\w*)\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL
)


def fetch(package: Package, cache: Path) -> Path:
    """Return the folder of a source package, downloaded into a cache if it is not there."""
    archive = cache / f"{package.stem}.tar.gz"
    if not archive.exists():
        wanted = cache / f"{package.stem}.txt"
        wanted.write_text(f"{package.stem.replace('-', '==')} --hash=sha256:{package.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--require-hashes", "-r", str(wanted)]
        done = subprocess.run(
            [*command, "-d", str(cache)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = f"{package.stem} cannot be had: {done.stderr.strip()[-300:]}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == package.sha256
    folder = cache / package.stem
    if not folder.exists():
        _unpack(archive, f"{package.stem}/tests/", cache)
    return folder


def _unpack(archive: Path, inside: str, target: Path) -> None:
    """Write the plain files of one folder of an archive."""
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            source = opened.extractfile(member) if member.isfile() else None
            if source is None or not member.name.startswith(inside) or ".." in member.name:
                continue
            path = target / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.read())


def commonmark(cache: Path) -> list[Example]:
    """Return the 652 examples of CommonMark."""
    path = fetch(MARKDOWN_IT, cache) / "tests/test_cmark_spec/commonmark.json"
    return [
        Example(f"{item['example']} {item['section']}", item["markdown"], item["html"])
        for item in json.loads(path.read_text("utf-8"))
    ]


def gfm(cache: Path) -> list[Example]:
    """Return the examples of GitHub's own specification that are not in CommonMark's."""
    text = (fetch(MARKO, cache) / "tests/spec/gfm.txt").read_text("utf-8")
    found = []
    for number, match in enumerate(_EXAMPLE.finditer(text), 1):
        kind, source, html = (part.replace("→", "\t") for part in match.groups())
        if kind:
            found.append(Example(f"{number} {kind}", source, html))
    return found


def fixtures(cache: Path, *names: str) -> list[Example]:
    """Return examples of markdown-it-py's own tests, of some files or of all its own ones."""
    folder = fetch(MARKDOWN_IT, cache) / "tests/test_port/fixtures"
    found = []
    for path in sorted(folder.glob("*.md")):
        if path.stem in names or (not names and path.stem != "commonmark_spec"):
            found += [
                Example(f"{path.stem}:{line} {title}".strip(), source, html)
                for line, title, source, html in read_fixture_file(path)
            ]
    return found


def everything(cache: Path) -> list[Example]:
    """Return all of them."""
    return commonmark(cache) + gfm(cache) + fixtures(cache)
