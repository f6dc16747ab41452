"""Collects the sentences of the source, merges them into each catalogue and compiles it.

``make translations`` runs it. The source text is English, so English needs no catalogue. To add
a language, make ``resources/translations/<code>/LC_MESSAGES/`` and run it: an empty catalogue
appears there.
"""

import io
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[2]
TRANSLATIONS: Final = ROOT / "resources" / "translations"
KEYWORDS: Final = {"tr": None, "ntr": (1, 2), "ctr": ((1, "c"), 2)}


def collect(package: Path = ROOT / "desktop_chat") -> Catalog:
    """Return every sentence in the source of a package."""
    template = Catalog(fuzzy=False)
    found = extract_from_dir(package, [("**.py", "python")], keywords=KEYWORDS)
    for name, _line, message, _comments, context in found:
        template.add(message, locations=[(f"desktop_chat/{name}", 1)], context=context)
    return template


def read(path: Path) -> Catalog:
    """Return the catalogue in a ``.po`` file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def missing(template: Catalog, catalogue: Catalog) -> list[str]:
    """Return the sentences of the source that a catalogue does not translate."""
    lacking = []
    for message in template:
        if not message.id:
            continue
        there = catalogue.get(message.id, message.context)
        texts = there.string if there is not None else ""
        if not all(texts if isinstance(texts, tuple | list) else [texts]):
            lacking.append(str(message.id))
    return lacking


def merge(template: Catalog, catalogue: Catalog) -> None:
    """Bring a catalogue up to the source: new sentences come empty, unused ones go."""
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()


def compiled(catalogue: Catalog) -> bytes:
    """Return the ``.mo`` form of a catalogue."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main() -> None:
    """Bring every catalogue up to date and say what it lacks."""
    template = collect()
    for folder in sorted(TRANSLATIONS.glob("*/LC_MESSAGES")):
        path = folder / "desktop_chat.po"
        catalogue = read(path) if path.exists() else Catalog(locale=folder.parent.name)
        merge(template, catalogue)
        with path.open("wb") as file:
            write_po(file, catalogue, width=96, sort_output=True, omit_header=False)
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        lacking = missing(template, catalogue)
        print(f"{folder.parent.name}: {len(catalogue)} sentences, {len(lacking)} missing")
        for sentence in lacking:
            print(f"  {sentence!r}")


if __name__ == "__main__":
    main()
