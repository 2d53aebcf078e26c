"""Which numbers of a public table stay unprinted, so that no small group can be worked out.

Cell suppression after Willenborg and de Waal, "Elements of Statistical Disclosure Control" (2001):
a cell behind which stand fewer than ``least`` people is withheld (primary), and as many others as
it takes that nobody gets it back by adding and taking away along rows and columns (complementary).
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Place: TypeAlias = tuple[int, int]
Numbers: TypeAlias = Sequence[Sequence[int]]
NO_END = sys.maxsize


class NotATable(ValueError):
    """Rows of different length, a number below zero, or a total that is not the sum."""


@dataclass(frozen=True, slots=True)
class Table:
    """Whole numbers with their totals: the last row and the last column hold the sums.

    ``people`` has the same shape and tells how many different people stand behind each number; in
    a total that is not the sum, because one person may stand in several cells.
    """

    counts: Numbers
    people: Numbers

    def __post_init__(self) -> None:
        for numbers in (self.counts, self.people):
            if any(len(row) != self.width for row in numbers) or len(numbers) != self.height:
                raise NotATable("every row needs the same columns")
            if any(number < 0 for row in numbers for number in row):
                raise NotATable("a number below zero")
        columns = list(zip(*self.counts, strict=True))
        if any(sum(line[:-1]) != line[-1] for line in [*self.counts, *columns]):
            raise NotATable("a total is not the sum of its line")

    @property
    def height(self) -> int:
        return len(self.counts)

    @property
    def width(self) -> int:
        return len(self.counts[0])

    def places(self) -> Iterator[Place]:
        return ((row, column) for row in range(self.height) for column in range(self.width))

    def people_behind(self, place: Place) -> int:
        return self.people[place[0]][place[1]]

    def count(self, place: Place) -> int:
        return self.counts[place[0]][place[1]]

    def ends(self, place: Place) -> tuple[int, int]:
        """Return the nodes that a number joins in the network of all sums.

        Rows are nodes 0, 1, 2 and columns follow them; the total row and the total column are nodes
        too. Every number flows from its row to its column, a total the other way: then what flows
        into each node flows out of it again, which is what the sums say.
        """
        row, column = place[0], self.height + place[1]
        is_turned = (place[0] == self.height - 1) != (place[1] == self.width - 1)
        return (column, row) if is_turned else (row, column)

    def at(self, node: int) -> Iterator[Place]:
        """Return the numbers of a row or of a column, by its node."""
        if node < self.height:
            return ((node, column) for column in range(self.width))
        return ((row, node - self.height) for row in range(self.height))


def suppressed(table: Table, least: int) -> frozenset[Place]:
    """Return the places to withhold so that no number of fewer than ``least`` people can be found.

    Whoever adds and takes away what is printed finds that each of those numbers may as well be
    ``least`` greater than it is. Nobody stands behind a zero: it is
    printed unless it must hide another number. Equal tables give equal places.
    """
    secret = sorted(
        (place for place in table.places() if 0 < table.people_behind(place) < least),
        key=lambda place: (table.count(place), place),
    )
    hidden = _Hidden(table, set(secret))
    for place in secret:
        while not hidden.protects(place, least):
            hidden.places |= hidden.cheapest_cover(place, least)
    return frozenset(hidden.places)


def bounds(table: Table, places: Collection[Place], place: Place, most: int) -> tuple[int, int]:
    """Return the least and the greatest value that a withheld number can have.

    Whoever knows all printed numbers, and that none is below zero, can find out just that. Above
    the true number the search ends at ``most`` more.
    """
    hidden, count = _Hidden(table, set(places)), table.count(place)
    return count - hidden.below(place, count), count + hidden.above(place, most)


@dataclass(slots=True)
class _Hidden:
    """The withheld numbers of a table, and by how much each could differ while all sums stay."""

    table: Table
    places: set[Place]

    def protects(self, place: Place, least: int) -> bool:
        return self.above(place, least) >= least

    def above(self, place: Place, most: int) -> int:
        return self._flow(place, most, upwards=True)[1]

    def below(self, place: Place, most: int) -> int:
        return self._flow(place, most, upwards=False)[1]

    def cheapest_cover(self, place: Place, least: int) -> set[Place]:
        """Return the printed numbers that cost least to withhold so that ``place`` could be more.

        A number costs what it counts. A cell, its two totals and the grand total can always grow
        together, so there is such a way; and it has printed numbers, as no other way is left.
        """
        flow, _found = self._flow(place, least, upwards=True)
        tail, head = self.table.ends(place)
        way = _way(self.table, flow, (head, tail), hidden=self.places)
        return {step.place for step in way} - self.places

    def _flow(self, place: Place, most: int, *, upwards: bool) -> tuple[dict[Place, int], int]:
        """Return what each other number gives, and how much in all: a maximum flow round a ring."""
        tail, head = self.table.ends(place)
        ends = (head, tail) if upwards else (tail, head)
        flow = dict.fromkeys(self.places - {place}, 0)
        found = 0
        while found < most and (way := _way(self.table, flow, ends)):
            step = min(most - found, *(one.left for one in way))
            for one in way:
                flow[one.place] += one.sign * step
            found += step
        return flow, found


@dataclass(frozen=True, slots=True)
class _Step:
    """A number that goes up or down, and how far it may."""

    place: Place
    sign: int
    left: int
    price: int


def _way(
    table: Table, flow: Mapping[Place, int], ends: tuple[int, int],
    hidden: Collection[Place] | None = None,
) -> list[_Step]:  # fmt: skip
    """Return the cheapest way along which more can flow, empty when there is none (Dijkstra).

    Only numbers in ``flow`` are used; given ``hidden``, also those not in it at a price.
    """
    start, end = ends
    best, came = {start: 0}, dict[int, tuple[int, _Step]]()
    waiting = [(0, start)]
    while waiting:
        cost, node = heapq.heappop(waiting)
        if node == end:
            return _back(came, end)
        for other, step in _steps(table, flow, node, hidden):
            if cost + step.price < best.get(other, cost + step.price + 1):
                best[other], came[other] = cost + step.price, (node, step)
                heapq.heappush(waiting, (best[other], other))
    return []


def _steps(
    table: Table, flow: Mapping[Place, int], node: int, hidden: Collection[Place] | None
) -> Iterator[tuple[int, _Step]]:
    """Yield where more can flow to from ``node``: any amount forward, what there is back."""
    for place in table.at(node):
        is_hidden = place in flow
        if not is_hidden and (hidden is None or place in hidden):
            continue
        tail, head = table.ends(place)
        price = 0 if is_hidden else 1 + table.count(place)
        left = table.count(place) + flow.get(place, 0)
        if tail == node:
            yield head, _Step(place, 1, NO_END, price)
        elif left > 0:
            yield tail, _Step(place, -1, left, price)


def _back(came: Mapping[int, tuple[int, _Step]], end: int) -> list[_Step]:
    way, node = [], end
    while node in came:
        node, step = came[node]
        way.append(step)
    return way
