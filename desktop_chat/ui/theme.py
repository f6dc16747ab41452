"""Colours, fonts and measures of the window, light and dark. The one place where they are read.

The values are ``resources/theme/tokens.json``; ``setColorScheme`` of Qt is not used, because it
does nothing on some platforms, so the palette is our own.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette

RADIUS_TAG: Final = 4
RADIUS_CONTROL: Final = 6
RADIUS_CODE: Final = 8
RADIUS_CARD: Final = 10
RADIUS_POPUP: Final = 12


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one scheme; the names are those of the design."""

    window: QColor
    canvas: QColor
    raised: QColor
    sunken: QColor
    hover: QColor
    hover2: QColor
    selected: QColor
    line: QColor
    line2: QColor
    ctl: QColor
    text: QColor
    text2: QColor
    text3: QColor
    disabled: QColor
    accent: QColor
    accenth: QColor
    accentp: QColor
    onaccent: QColor
    soft: QColor
    softline: QColor
    bubble: QColor
    ok: QColor
    oksoft: QColor
    warn: QColor
    warnsoft: QColor
    warnline: QColor
    danger: QColor
    dangersoft: QColor
    dangerline: QColor
    syn_kw: QColor
    syn_str: QColor
    syn_num: QColor
    syn_fn: QColor
    syn_com: QColor
    c1: QColor
    c2: QColor
    c3: QColor
    c4: QColor
    c5: QColor
    caret: QColor
    sel: QColor


def load_tokens(resources: Path) -> Mapping[str, Tokens]:
    """Read both schemes.

    Args:
        resources: the resources folder.

    Returns:
        ``light`` and ``dark``.
    """
    data = json.loads((resources / "theme" / "tokens.json").read_text("utf-8"))
    names = [field.name for field in fields(Tokens)]
    return {
        scheme: Tokens(**{name: QColor(data[scheme][name]) for name in names})
        for scheme in ("light", "dark")
    }


def _families() -> tuple[list[str], list[str]]:
    if sys.platform == "win32":
        return ["Segoe UI", "Microsoft YaHei UI"], ["Cascadia Mono", "Consolas"]
    if sys.platform == "darwin":
        return [".AppleSystemUIFont", "PingFang SC"], ["SF Mono", "Menlo", "PingFang SC"]
    return (
        ["Inter", "Noto Sans", "Noto Sans CJK SC"],
        ["JetBrains Mono", "Noto Sans Mono", "Noto Sans Mono CJK SC"],
    )


class Theme(QObject):
    """The scheme in use. Widgets read it when they paint and repaint on ``changed``.

    Args:
        tokens: what ``load_tokens`` returned.
    """

    changed = Signal()

    def __init__(self, tokens: Mapping[str, Tokens]) -> None:
        super().__init__()
        self._schemes = tokens
        self._choice = "system"
        self._sans, self._mono = _families()
        self.reduced_motion = False
        self.tokens = tokens[self._resolve()]
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)

    @property
    def dark(self) -> bool:
        """Whether the dark scheme is in use."""
        return self.tokens is self._schemes["dark"]

    def choose(self, choice: str) -> None:
        """Use ``light``, ``dark`` or ``system``, at once."""
        self._choice = choice
        self._apply()

    def _resolve(self) -> str:
        if self._choice != "system":
            return self._choice
        scheme = QGuiApplication.styleHints().colorScheme()
        return "dark" if scheme == Qt.ColorScheme.Dark else "light"

    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        self.tokens = self._schemes[self._resolve()]
        QGuiApplication.setPalette(self.palette())
        self.changed.emit()

    def palette(self) -> QPalette:
        """Return the scheme as Qt's own palette, for what Qt draws itself."""
        t = self.tokens
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: t.window,
            QPalette.ColorRole.WindowText: t.text,
            QPalette.ColorRole.Base: t.canvas,
            QPalette.ColorRole.AlternateBase: t.sunken,
            QPalette.ColorRole.Text: t.text,
            QPalette.ColorRole.PlaceholderText: t.text3,
            QPalette.ColorRole.Button: t.raised,
            QPalette.ColorRole.ButtonText: t.text,
            QPalette.ColorRole.BrightText: t.danger,
            QPalette.ColorRole.Highlight: t.sel,
            QPalette.ColorRole.HighlightedText: t.text,
            QPalette.ColorRole.ToolTipBase: t.raised,
            QPalette.ColorRole.ToolTipText: t.text,
            QPalette.ColorRole.Link: t.accent,
            QPalette.ColorRole.LinkVisited: t.accent,
            QPalette.ColorRole.Accent: t.accent,
            QPalette.ColorRole.Light: t.raised,
            QPalette.ColorRole.Midlight: t.line,
            QPalette.ColorRole.Mid: t.line2,
            QPalette.ColorRole.Dark: t.ctl,
            QPalette.ColorRole.Shadow: t.text,
        }
        for role, colour in roles.items():
            palette.setColor(role, colour)
        for role in (
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
            QPalette.ColorRole.WindowText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, t.disabled)
        return palette

    def font(self, pixels: int = 13, *, bold: bool = False, mono: bool = False) -> QFont:
        """Return a font of the window.

        Args:
            pixels: its size in logical pixels: 12 meta, 13 controls and code, 15 body, 18 titles.
            bold: weight 600 in place of 400.
            mono: the code font.
        """
        font = QFont()
        font.setFamilies([*self._mono, *self._sans] if mono else self._sans)
        font.setPixelSize(pixels)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
        if mono:
            font.setStyleHint(QFont.StyleHint.Monospace)
            font.setFixedPitch(True)
        return font

    def number_font(self, pixels: int = 12) -> QFont:
        """Return a font whose digits are all of one width."""
        font = self.font(pixels)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font
