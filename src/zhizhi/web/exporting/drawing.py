"""The map of the district as one drawing (SVG), made by the server: for paper and without scripts.

Lines are simplified to about half a dot of the picture and written as whole numbers, so that 2,000
grid cells stay far below 400 KB. Words stay words, in whatever Chinese font the reader has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from zhizhi.engine.models import Case, Severity
from zhizhi.kernel.shapes import Bounds
from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.exporting.colours import FONT, THEMES, Theme
from zhizhi.web.icons import SHAPES
from zhizhi.web.queue import QueueFilter

WIDE = 1600  # units of the drawing; a screen shows about half as many dots
FINE = 1.5  # units; a border is drawn no finer than this
MARK = 26  # units across the shape of an alert
COARSE = 0.0005  # degrees of a unit; above it single cells are too small to be drawn
LIMITS = (0, 1, 3, 6)  # more cases than this: one shade darker, as on the live map
METRES_A_DEGREE = 111_320.0
AROUND_A_CASE = 0.03  # degrees to each side, at least
BOLD, MIDDLE, END = ' font-weight="600"', ' text-anchor="middle"', ' text-anchor="end"'
ROUND_KM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Viewport:
    """The part of the world that a drawing shows, and how many units it measures."""

    bounds: Bounds
    wide: int = WIDE

    @property
    def unit(self) -> float:
        """Degrees of latitude of one unit."""
        west, _south, east, _north = self.bounds
        return (east - west) * self._narrowing / self.wide

    @property
    def high(self) -> int:
        return math.ceil((self.bounds[3] - self.bounds[1]) / self.unit)

    @property
    def _narrowing(self) -> float:
        """How much shorter a degree of longitude is here than one of latitude."""
        return math.cos(math.radians((self.bounds[1] + self.bounds[3]) / 2))

    def place(self, lonlat: Any) -> Any:
        """Return positions as whole units from the upper left corner."""
        lonlat = np.asarray(lonlat, float).reshape(-1, 2)
        x = (lonlat[:, 0] - self.bounds[0]) * self._narrowing / self.unit
        return np.column_stack([x, (self.bounds[3] - lonlat[:, 1]) / self.unit]).round().astype(int)

    def km(self, length: float) -> float:
        """Return how many units ``length`` kilometres are."""
        return length * 1000 / METRES_A_DEGREE / self.unit


def district_map(
    scope: Scope,
    wanted: QueueFilter,
    *,
    now: datetime,
    theme: str = "light",
    is_small: bool = False,
) -> str:
    """Return the map of what ``scope`` answers for: cases by grid cell and one by one.

    A small one has half the units, so that its words can be read on a telephone.
    """
    view = Viewport(_padded(places.bounds_of(scope), 0.02), WIDE // 2 if is_small else WIDE)
    points = places.alert_points(scope, wanted, now=now)
    marks = list(zip(points["kind"], points["lon"], points["lat"], strict=True))
    title = _("{area}: cases in work").format(area=places.name_of(scope) or _("Zhizhi"))
    told = _("{n} cases on the map, {date}").format(n=len(marks), date=_stamp(now))
    layers = [*_layers(view, places.counts(scope), now, THEMES[theme]), *_marks(view, marks)]
    return _drawing(view, layers, title, told, THEMES[theme])


def case_map(case: Case, *, now: datetime) -> str:
    """Return the surroundings of one case, which is the only one drawn."""
    view = Viewport(_around(case), wide=WIDE // 2)
    kind = places.RANKS.get(case.severity, len(places.RANKS) - 1)
    layers = [
        *_layers(view, {}, now, THEMES["light"]),
        *_marks(view, [(kind, case.lon, case.lat)]),
        _ring(view, case),
    ]
    return _drawing(view, layers, case.code, _stamp(now), THEMES["light"])


def place_map(
    bounds: Bounds, mark: tuple[float, float] | None, *, now: datetime, wide: int, theme: str
) -> str:
    """Return the ground alone, without any case, and the one place that somebody has marked.

    Here residents choose a place: head and key are left out, so that every dot is a place.
    """
    view, colours = Viewport(bounds, wide), THEMES[theme]
    layers = [*_layers(view, None if view.unit > COARSE else {}, now, colours)]
    if mark is not None:
        layers.append(_pin(view, mark, colours))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {view.high}" '
        f'width="{wide}" height="{view.high}" font-family="{escape(FONT)}">'
        f'{_definitions(view, colours)}<g clip-path="url(#sheet)">'
        f'<rect width="{wide}" height="{view.high}" fill="{colours.ground}"/>'
        f"{''.join(layers)}</g></svg>"
    )


def _pin(view: Viewport, mark: tuple[float, float], theme: Theme) -> str:
    [(x, y)] = view.place([mark]).tolist()
    return (
        f'<circle cx="{x}" cy="{y}" r="16" fill="none" stroke="{theme.panel}" stroke-width="9"/>'
        f'<circle cx="{x}" cy="{y}" r="16" fill="none" stroke="{theme.ink}" stroke-width="5"/>'
        f'<circle cx="{x}" cy="{y}" r="4" fill="{theme.ink}"/>'
    )


def _ring(view: Viewport, case: Case) -> str:
    [(x, y)] = view.place([(case.lon, case.lat)]).tolist()
    colour = THEMES["light"].ink
    return f'<circle cx="{x}" cy="{y}" r="{MARK}" fill="none" stroke="{colour}" stroke-width="3"/>'


def _around(case: Case) -> Bounds:
    """Return a square around the case."""
    high = AROUND_A_CASE
    wide = high / math.cos(math.radians(case.lat))
    return (case.lon - wide, case.lat - high, case.lon + wide, case.lat + high)


def _padded(bounds: Bounds, share: float) -> Bounds:
    west, south, east, north = bounds
    x, y = (east - west) * share, (north - south) * share
    return (west - x, south - y, east + x, north + y)


def _stamp(now: datetime) -> str:
    return f"{timezone.localtime(now):%Y-%m-%d %H:%M}"


def _layers(
    view: Viewport, counts: Mapping[int, int] | None, now: datetime, theme: Theme
) -> Iterator[str]:
    """Yield cells, waters, borders and zones from the ground upwards; no cells without counts."""
    ground = _ground(view, places.area_version())
    shaded: dict[int, list[str]] = {}
    for pk, path in ground.cells.items() if counts is not None else ():
        shade = sum((counts or {}).get(pk, 0) > limit for limit in LIMITS)
        shaded.setdefault(shade, []).append(path)
    for shade, paths in sorted(shaded.items()):
        yield _shape("".join(paths), fill=theme.shades[shade], stroke=theme.grid, width=1)
    yield _shape(ground.water, fill=theme.water, stroke=theme.water_edge, width=1.5)
    yield _shape(ground.towns, fill="none", stroke=theme.town, width=2.5)
    names: list[Any] = [(name, *at, 22, theme.muted, "") for name, at in ground.names]
    for feature in places.zone_shapes(now)["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        if not shapely.box(*view.bounds).intersects(shape):
            continue
        is_open = feature["properties"]["open"]
        fill, dashes = ("url(#hatch)", "") if is_open else ("none", "8 8")
        yield _shape(_path(shape, view), fill=fill, stroke=theme.hatch, width=3, dashes=dashes)
        x, y = _below(shape, view)
        names.insert(0, (feature["properties"]["name"], x, y, 25, theme.hatch, BOLD))
    yield from _words(names, view, theme)


@dataclass(frozen=True, slots=True)
class Ground:
    """What of a drawing changes only with the areas: paths, ready to be written."""

    cells: dict[int, str]
    towns: str
    names: list[tuple[str, tuple[int, int]]]
    water: str


@lru_cache(maxsize=64)
def _ground(view: Viewport, version: str) -> Ground:
    seen = shapely.box(*view.bounds)
    cells = _simplified(places.area_rows("grid_cell", view.bounds), seen, view)
    towns = _simplified(places.area_rows("town", view.bounds), seen, view)
    waters = [
        shapely.intersection(shapely.simplify(part, view.unit * FINE), seen)
        for part in places.water_shapes()
        if seen.intersects(part)
    ]
    return Ground(
        {pk: _path(shape, view) for pk, _name, shape in cells},
        "".join(_path(shape, view) for _pk, _name, shape in towns),
        [(name, _middle(shapely.intersection(shape, seen), view)) for _pk, name, shape in towns],
        "".join(_path(part, view) for part in waters),
    )


def _simplified(rows: Sequence[tuple[int, str, Any]], seen: Any, view: Viewport) -> list[Any]:
    """Return the rows in sight with coarser shapes; neighbours keep meeting."""
    near = [row for row in rows if seen.intersects(row[2])]
    if not near:
        return []
    shapes = shapely.coverage_simplify([row[2] for row in near], view.unit * FINE)
    return [(pk, name, shape) for (pk, name, _fine), shape in zip(near, shapes, strict=True)]


def _below(shape: Any, view: Viewport) -> tuple[int, int]:
    """Return a place for a name under a shape: inside it would hide the cases."""
    west, south, east, north = shapely.intersection(shape, shapely.box(*view.bounds)).bounds
    (left, low), (right, _high) = view.place([(west, south), (east, north)]).tolist()
    return (left + right) // 2, low + 28


def _middle(shape: Any, view: Viewport) -> tuple[int, int]:
    x, y = view.place(shapely.get_coordinates(shapely.point_on_surface(shape)))[0]
    return int(x), int(y)


def _path(shape: Any, view: Viewport) -> str:
    """Return the rings of a shape as steps in whole units."""
    written = []
    for part in shapely.get_parts([shape]):
        if shapely.get_type_id(part) != shapely.GeometryType.POLYGON or shapely.is_empty(part):
            continue
        for ring in (part.exterior, *part.interiors):
            spots = view.place(shapely.get_coordinates(ring))
            steps = np.diff(spots, axis=0)
            steps = steps[np.any(steps != 0, axis=1)]
            if len(steps) < 3:
                continue
            walked = "".join(f"l{x} {y}" for x, y in steps[:-1].tolist())
            written.append(f"M{spots[0][0]} {spots[0][1]}{walked}z")
    return "".join(written)


def _shape(path: str, *, fill: str, stroke: str, width: float, dashes: str = "") -> str:
    if not path:
        return ""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
        f'stroke-width="{width}" stroke-linejoin="round"{dashed}/>'
    )


def _words(names: Sequence[Any], view: Viewport, theme: Theme) -> Iterator[str]:
    """Yield names with a rim of the ground's colour; the first of two that would meet stays."""
    taken: list[tuple[float, float, float, float]] = []
    for text, x, y, size, colour, weight in names:
        half = size * sum(1 if ord(letter) > 0x2E7F else 0.55 for letter in text) / 2
        x = min(max(x, half + 6), view.wide - half - 6)  # noqa: PLW2901 - kept inside the drawing
        box = (x - half, y - size, x + half, y + size / 2)
        if any(_meet(box, other) for other in taken):
            continue
        taken.append(box)
        rim = f' stroke="{theme.shades[0]}" stroke-width="6" stroke-linejoin="round"'
        yield _text(x, y, text, size, theme.shades[0], f"{MIDDLE}{weight}{rim}")
        yield _text(x, y, text, size, colour, f"{MIDDLE}{weight}")


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _marks(view: Viewport, marks: Sequence[tuple[int, float, float]]) -> Iterator[str]:
    """Yield the shapes of alerts, the worst on top; of many at one spot one is drawn."""
    spots = view.place([(lon, lat) for _kind, lon, lat in marks]).tolist() if marks else []
    drawn: dict[tuple[int, int], tuple[int, int, int]] = {}
    for (kind, _lon, _lat), (x, y) in zip(marks, spots, strict=True):
        if not (0 <= x <= view.wide and 0 <= y <= view.high):
            continue
        cell = (x * 3 // MARK, y * 3 // MARK)
        if cell not in drawn or kind < drawn[cell][0]:
            drawn[cell] = (kind, x, y)
    for kind, x, y in sorted(drawn.values(), reverse=True):
        name = Severity.values[kind]
        yield f'<use href="#{name}" x="{x - MARK // 2}" y="{y - MARK // 2}"/>'


def _drawing(view: Viewport, layers: Sequence[str], title: str, told: str, theme: Theme) -> str:
    """Return the whole drawing: head, map, scale and key."""
    top, foot = 76, 64
    high = view.high + top + foot
    return "".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d" ',
            f'viewBox="0 0 {view.wide} {high}" width="{view.wide}" height="{high}" ',
            f'font-family="{escape(FONT)}"><title id="t">{escape(title)}</title>',
            f'<desc id="d">{escape(told)}</desc>',
            _definitions(view, theme),
            f'<rect width="{view.wide}" height="{high}" fill="{theme.panel}"/>',
            _text(16, 46, title, 32, theme.ink, BOLD),
            _text(view.wide - 16, 46, told, 22, theme.muted, END),
            f'<g transform="translate(0 {top})" clip-path="url(#sheet)">',
            f'<rect width="{view.wide}" height="{view.high}" fill="{theme.ground}"/>',
            *layers,
            "</g>",
            _scale(view, top + view.high - 22, theme),
            _key(view, top + view.high + 42, theme),
            "</svg>",
        ]
    )


def _definitions(view: Viewport, theme: Theme) -> str:
    # no <symbol>: not every reader of drawings knows it
    shapes = "".join(
        f'<path id="{name}" d="{SHAPES[name]}" transform="scale({MARK / 16})" '
        f'fill="{theme.severities[name]}" stroke="{theme.panel}" stroke-width="1.2"/>'
        for name in Severity.values
    )
    return (
        f'<defs>{shapes}<pattern id="hatch" width="12" height="12" '
        f'patternUnits="userSpaceOnUse"><path d="M-3 3l6-6M0 12l12-12M9 15l6-6" '
        f'stroke="{theme.hatch}" stroke-width="2"/></pattern>'
        f'<clipPath id="sheet"><rect width="{view.wide}" height="{view.high}"/></clipPath></defs>'
    )


def _scale(view: Viewport, y: float, theme: Theme) -> str:
    """Return a bar of a round length, at most a fifth of the drawing."""
    length = max((km for km in ROUND_KM if view.km(km) <= view.wide / 5), default=ROUND_KM[0])
    right, long = view.wide - 20, view.km(length)
    label = _("{n} km").format(n=f"{length:g}")
    return (
        f'<path d="M{right - long:.0f} {y - 12}v12h{long:.0f}v-12" fill="none" '
        f'stroke="{theme.ink}" stroke-width="3"/>'
        + _text(right - long / 2, y - 12, label, 22, theme.ink, MIDDLE)
    )


def _key(view: Viewport, y: float, theme: Theme) -> str:
    """Return shapes and shades with their words, in one line below the map."""
    parts, x = [], 16.0
    small = 20 if view.wide == WIDE else 18
    for value, label in Severity.choices:
        parts.append(f'<use href="#{value}" x="{x:.0f}" y="{y - 20:.0f}"/>')
        parts.append(_text(x + MARK + 6, y, str(label), small, theme.ink))
        x += MARK + 24 + _wide(str(label), small)
    zone = _("No-fishing zone")
    parts.append(_swatch(x, y, "url(#hatch)", theme.hatch))
    parts.append(_text(x + 34, y, zone, small, theme.ink))
    x += 52 + _wide(zone, small)
    if view.wide == WIDE:
        for shade in theme.shades[1:]:
            parts.append(_swatch(x, y, shade, theme.town))
            x += 26
        parts.append(_text(x + 8, y, _("Cases in a grid: 1, 2, 4, 7 and more"), small, theme.ink))
    return "".join(parts)


def _swatch(x: float, y: float, fill: str, stroke: str) -> str:
    return (
        f'<rect x="{x:.0f}" y="{y - 18:.0f}" width="26" height="22" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="1.5"/>'
    )


def _wide(text: str, size: int) -> float:
    return size * sum(1 if ord(letter) > 0x2E7F else 0.56 for letter in text)


def _text(x: float, y: float, text: str, size: int, colour: str, more: str = "") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"{more}>'
        f"{escape(text)}</text>"
    )
