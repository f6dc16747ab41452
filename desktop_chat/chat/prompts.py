"""What is said to a model on the program's own account: text files in ``resources/prompts``."""

import re
from pathlib import Path
from typing import Final

_CHINESE: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


class Prompts:
    """Reads prompts when they are needed, in the language of what they follow.

    Args:
        directory: holds ``<name>.zh_CN.txt`` and ``<name>.en.txt``.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def continuing(self, partial: str) -> str:
        """Return what asks for the rest of an answer that was cut.

        Args:
            partial: the answer so far; the end of it decides the language.
        """
        code = "zh_CN" if _CHINESE.search(partial[-400:]) else "en"
        return (self._directory / f"continue.{code}.txt").read_text("utf-8").strip()
