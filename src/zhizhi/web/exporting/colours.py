"""The colours of tokens.css for drawings that no style sheet reaches; a test compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FONT = (
    "PingFang SC, HarmonyOS Sans SC, Microsoft YaHei, Noto Sans CJK SC, WenQuanYi Micro Hei, "
    "sans-serif"
)


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, by what they are for."""

    panel: str
    ground: str
    ink: str
    muted: str
    hatch: str
    water: str
    water_edge: str
    grid: str
    town: str
    shades: tuple[str, str, str, str, str]
    severities: Mapping[str, str]


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        panel="#ffffff",
        ground="#f4f6f8",
        ink="#15202b",
        muted="#4b5b6b",
        hatch="#7a3e9d",
        water="#c3dff2",
        water_edge="#8cb9da",
        grid="#ffffff",
        town="#8fa1b2",
        shades=("#edf0f1", "#ccd6df", "#a3b4c3", "#768da2", "#4c6680"),
        severities={"urgent": "#b8330b", "important": "#8a5a00", "normal": "#0a6a8a"},
    ),
    "dark": Theme(
        panel="#17212d",
        ground="#0f1720",
        ink="#e8eef5",
        muted="#a9b8c8",
        hatch="#c79be8",
        water="#123f5e",
        water_edge="#2a6a94",
        grid="#0f1720",
        town="#5b6f84",
        shades=("#1a2530", "#33475a", "#4c667e", "#6d8aa4", "#9bb4ca"),
        severities={"urgent": "#ff7a59", "important": "#f2c14e", "normal": "#5cc8e8"},
    ),
}
