"""The colours of tokens.css for drawings that no style sheet reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zhizhi.web import contrast

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
    shades: tuple[str, ...]  # from no case to many
    severities: Mapping[str, str]


def _theme(token: Mapping[str, str]) -> Theme:
    severities = {name: token[name] for name in ("urgent", "important", "normal")}
    plain = {name: token[name.replace("_", "-")] for name in _PLAIN}
    shades = [token[f"shade-{number}"] for number in range(5)]
    return Theme(ground=token["bg"], shades=tuple(shades), severities=severities, **plain)


_PLAIN = ("panel", "ink", "muted", "hatch", "water", "water_edge", "grid", "town")
THEMES: Mapping[str, Theme] = {name: _theme(token) for name, token in contrast.themes().items()}
