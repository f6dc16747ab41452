"""Colours, fonts and measures of the window, light and dark. The one place where they are read.

The values are ``resources/theme/tokens.json``; ``setColorScheme`` of Qt is not used, because it
does nothing on some platforms, so the palette is our own.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette

RADIUS_TAG: Final = 4
RADIUS_CONTROL: Final = 6
RADIUS_CODE: Final = 8
RADIUS_CARD: Final = 10
RADIUS_POPUP: Final = 12


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one scheme; the names are those of the design.

    Attributes:
        strong: whether contrast is high: edges say then what quiet fills say otherwise.
    """

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
    strong: bool = False

    @property
    def edge(self) -> QColor | None:
        """The outline of what a quiet fill alone sets off: none, unless contrast is high."""
        return self.text if self.strong else None


def load_tokens(resources: Path) -> Mapping[str, Tokens]:
    """Read the schemes.

    Args:
        resources: the resources folder.

    Returns:
        ``light`` and ``dark``, and their forms of high contrast: ``light_high``, ``dark_high``.
    """
    data = json.loads((resources / "theme" / "tokens.json").read_text("utf-8"))
    names = [field.name for field in fields(Tokens) if field.name != "strong"]
    schemes = {}
    for scheme in ("light", "dark"):
        for name, values in (
            (scheme, data[scheme]),
            (f"{scheme}_high", data[scheme] | data[f"{scheme}_high"]),
        ):
            colours: Any = {token: QColor(values[token]) for token in names}
            schemes[name] = Tokens(**colours, strong=name != scheme)
    return schemes


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

    Attributes:
        reduced_motion: whether nothing fades, turns or blinks.
        text_scale: of the messages' text; 1 is 15 px. Only the transcript reads it.
        code_family: what code is set in; "" takes the theme's.
        high_contrast: whether the tokens are those of high contrast.
    """

    changed = Signal()

    def __init__(self, tokens: Mapping[str, Tokens]) -> None:
        super().__init__()
        self._schemes = tokens
        self._choice = "system"
        self._contrast = "system"
        self._sans, self._mono = _families()
        self.reduced_motion = False
        self.text_scale = 1.0
        self.code_family = ""
        self.high_contrast = False
        self._scheme = self._resolve()
        self.tokens = tokens[self._scheme]
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        if hasattr(hints, "accessibility"):  # Since Qt 6.10.
            hints.accessibility().contrastPreferenceChanged.connect(self._contrast_changed)

    @property
    def paper(self) -> Tokens:
        """The light colours, whatever is in use: for what is copied into documents."""
        return self._schemes["light"]

    @property
    def dark(self) -> bool:
        """Whether the dark scheme is in use."""
        return self._scheme == "dark"

    def choose(
        self,
        choice: str | None = None,
        *,
        contrast: str | None = None,
        text_scale: float | None = None,
        code_family: str | None = None,
    ) -> None:
        """Use other colours or fonts, at once. What is not given stays.

        Args:
            choice: ``light``, ``dark`` or ``system``.
            contrast: ``normal``, ``high`` or ``system``.
            text_scale: of the messages' text.
            code_family: what code is set in; "" takes the theme's.
        """
        self._choice = self._choice if choice is None else choice
        self._contrast = self._contrast if contrast is None else contrast
        self.text_scale = self.text_scale if text_scale is None else text_scale
        self.code_family = self.code_family if code_family is None else code_family
        self._apply()

    def _resolve(self) -> str:
        if self._choice != "system":
            return self._choice
        scheme = QGuiApplication.styleHints().colorScheme()
        return "dark" if scheme == Qt.ColorScheme.Dark else "light"

    def _resolve_contrast(self) -> bool:
        if self._contrast != "system":
            return self._contrast == "high"
        hints = QGuiApplication.styleHints()
        if not hasattr(hints, "accessibility"):
            return False
        return hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast

    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._choice == "system":
            self._apply()

    def _contrast_changed(self, _preference: object) -> None:
        if self._contrast == "system":
            self._apply()

    def _apply(self) -> None:
        self._scheme = self._resolve()
        self.high_contrast = self._resolve_contrast()
        self.tokens = self._schemes[f"{self._scheme}_high" if self.high_contrast else self._scheme]
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
        chosen = [self.code_family] if mono and self.code_family else []
        font.setFamilies([*chosen, *self._mono, *self._sans] if mono else self._sans)
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
