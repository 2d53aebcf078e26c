"""Ask axe about a page that is open: what is broken, and what it cannot decide by itself."""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

REVIEWED = Path(__file__).with_name("incomplete.toml")
THEMES = ("light", "dark")
# What a change of colours can break; everything else is the same in every theme.
CONTRAST = "color-contrast"
OF_COLOURS = (CONTRAST, "link-in-text-block")
RUN = """async (rules) => {
  const options = { resultTypes: ["violations", "incomplete"], preload: false };
  if (rules.length) options.runOnly = { type: "rule", values: rules };
  const answer = await axe.run(document, options);

  const parts = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    const full = text.startsWith("color(") ? 255 : 1;
    return [r * full, g * full, b * full, a];
  };
  const light = (colour) => {
    const even = (x) => (x <= 10 ? x / 3294.6 : ((x / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map(even);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((x, place) => x * a + below[place] * (1 - a));
  function ground(one) {  // what lies behind it, from the nearest ground that lets nothing through
    const sheets = [];
    for (let at = one; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      sheets.push(parts(style.backgroundColor));
      if (sheets.at(-1)[3] === 1) return sheets.reduceRight((below, above) => over(above, below));
    }
    return null;
  }
  function share(one) {  // its contrast as a part of what is needed; null when it cannot be told
    const behind = one && ground(one);
    if (!behind) return null;
    const style = getComputedStyle(one);
    const ink = one instanceof SVGElement ? style.fill : style.color;
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const [text, paper] = [light(over(parts(ink), behind)), light(behind)];
    const [low, high] = [Math.min(text, paper), Math.max(text, paper)];
    return (high + 0.05) / (low + 0.05) / needed;
  }

  const found = { wrong: [], doubts: [] };
  for (const [name, rows] of [["wrong", answer.violations], ["doubts", answer.incomplete]]) {
    for (const row of rows) {
      for (const node of row.nodes) {
        const [check] = [...node.any, ...node.all, ...node.none];
        const isContrast = name === "doubts" && row.id === "color-contrast";
        found[name].push({
          rule: row.id, kind: check?.data?.messageKey ?? check?.id ?? "", why: check?.message ?? "",
          where: `${node.target.join(" ")} ${node.html.slice(0, 80)}`,
          share: isContrast ? share(document.querySelector(node.target.at(-1))) : null,
        });
      }
    }
  }
  return found;
}"""


@dataclass(frozen=True)
class Finding:
    """One rule at one element; ``kind`` says which of its checks.

    Where axe cannot tell a contrast, ``share`` is that of the colours that the style sheets give,
    as a part of what is needed.
    """

    rule: str
    kind: str
    where: str
    why: str
    share: float | None = None

    def __str__(self) -> str:
        measured = "" if self.share is None else f", measured {self.share:.2f} of what is needed"
        return f"{self.rule}.{self.kind}: {self.where} ({self.why}{measured})"

    def is_reviewed(self) -> bool:
        """Return whether somebody looked into this kind of doubt, and a contrast is measured."""
        is_fine = self.rule != CONTRAST or (self.share is not None and self.share >= 1)
        return self.kind in reviewed().get(self.rule, {}) and is_fine


@dataclass(frozen=True)
class Answer:
    """What axe found broken, and what it doubts."""

    wrong: list[Finding]
    doubts: list[Finding]

    def new(self) -> list[Finding]:
        """Return what is broken and each doubt of a kind that nobody looked into."""
        return [*self.wrong, *(one for one in self.doubts if not one.is_reviewed())]


@functools.cache
def reviewed() -> dict[str, dict[str, str]]:
    """Return the kinds of doubt that somebody looked into, by rule, with why each is fine."""
    listed: dict[str, dict[str, str]] = tomllib.loads(REVIEWED.read_text(encoding="utf-8"))
    return listed


def ask(page: Page, theme: str = "", rules: tuple[str, ...] = ()) -> Answer:
    """Run every rule, or some, on the page as it stands, or in a theme."""
    if theme:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, list[dict[str, Any]]] = page.evaluate(RUN, list(rules))
    return Answer(**{part: [Finding(**row) for row in rows] for part, rows in found.items()})


def in_both_themes(page: Page) -> set[str]:
    """Return what is broken or of a new kind of doubt, in light and in dark colours."""
    return {f"{theme}: {one}" for theme in THEMES for one in ask(page, theme).new()}


def report(doubts: Counter[tuple[str, str]]) -> list[str]:
    """Return how often each kind of doubt was met, and which of the list was not."""
    listed = {(rule, kind) for rule, kinds in reviewed().items() for kind in kinds}
    lines = [f"{count:7,} {rule}.{kind}" for (rule, kind), count in sorted(doubts.items())]
    return [*lines, *(f"  never {rule}.{kind}" for rule, kind in sorted(listed - set(doubts)))]
