"""What became of the stays: each counts in exactly one outcome, so the figures add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Value, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Case, Feedback, Message
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.trust.scoping import Scope


class Outcome(models.TextChoices):
    """What became of a stay; the first that fits, in this order."""

    OFFENCE = "offence", _("Offence")
    FALSE_ALARM = "false_alarm", _("False alarm")
    LEFT_REMINDED = "left_reminded", _("Left after the reminder")
    LEFT_UNPROMPTED = "left_unprompted", _("Left before a reminder")
    HANDLED = "handled", _("Handled on the spot")
    ONGOING = "ongoing", _("Still going on")


DEFINITIONS: Mapping[str, object] = {
    "found": _(
        "Stays that the rule found: longer than the limit, in a zone in season. A stay counts on "
        "the day and in the zone in which it was found, once."
    ),
    "reminded": _(
        "Stays whose reminder was accepted by the telephone operator, or shown to the duty desk to "
        "be read out. A reminder that failed or was withdrawn does not count."
    ),
    Outcome.LEFT_REMINDED: _(
        "The case closed itself after the reminder, before anybody was sent: the subject was seen "
        "outside, or was not seen there any more."
    ),
    Outcome.LEFT_UNPROMPTED: _(
        "The case closed itself in the same way, and no reminder had gone out."
    ),
    Outcome.HANDLED: _(
        "Somebody reported from the spot, and no violation was confirmed by both reviews."
    ),
    Outcome.OFFENCE: _("A violation record passed the technical and the legal review."),
    Outcome.FALSE_ALARM: _(
        "An operator dismissed the case as a false alarm, or an appeal was upheld."
    ),
    Outcome.ONGOING: _("None of these yet: the case is open."),
    "under_review": _(
        "Violation records that wait for a review or for their transfer. These stays are counted "
        "above as handled or offence; this column is not added."
    ),
}
ACCEPTED = (Message.State.SENT, Message.State.DELIVERED)


@dataclass(slots=True)
class Figures:
    """The numbers of one zone, one day or all of them; the outcomes add up to ``found``."""

    found: int = 0
    reminded: int = 0
    under_review: int = 0
    outcomes: dict[str, int] = field(
        default_factory=lambda: {str(outcome): 0 for outcome in Outcome}
    )

    def add(self, other: Figures) -> None:
        """Add ``other`` to these figures."""
        self.found += other.found
        self.reminded += other.reminded
        self.under_review += other.under_review
        for outcome, number in other.outcomes.items():
            self.outcomes[outcome] += number

    def values(self) -> list[int]:
        """Return the numbers in the order of ``HEADINGS``."""
        return [self.found, self.reminded, *self.outcomes.values(), self.under_review]


COLUMNS = ("found", "reminded", *Outcome, "under_review")
HEADINGS = [_("Stays found"), _("Reminded"), *(o.label for o in Outcome), _("Under review")]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a span of days, by zone and by day, and in all."""

    total: Figures
    by_zone: dict[str, Figures]
    by_day: dict[date, Figures]
    cells: dict[tuple[date, str], Figures]


def outcome() -> models.Case:
    """Return the expression that names the outcome of a stay."""
    ended = Feedback.objects.exclude(outcome=Feedback.UNDER_WAY)
    reported = Exists(ended.filter(case=OuterRef("case")))
    offences = Violation.everything.filter(stay=OuterRef("pk"), state__in=Violation.OFFENCE)
    left = Q(left_at__isnull=False, case__state=Case.State.CLOSED) & ~Q(reported)
    over = Q(case__state__in=[Case.State.HANDLED, Case.State.CLOSED])
    return models.Case(
        When(alert__lifted_at__isnull=False, then=Value(Outcome.FALSE_ALARM.value)),
        When(Exists(offences), then=Value(Outcome.OFFENCE.value)),
        When(case__state=Case.State.DISMISSED, then=Value(Outcome.FALSE_ALARM.value)),
        When(left & Q(reminder__state__in=ACCEPTED), then=Value(Outcome.LEFT_REMINDED.value)),
        When(left, then=Value(Outcome.LEFT_UNPROMPTED.value)),
        When(over | Q(reported), then=Value(Outcome.HANDLED.value)),
        default=Value(Outcome.ONGOING.value),
        output_field=models.CharField(),
    )


def visible_stays(scope: Scope) -> models.QuerySet[Stay]:
    """Return the stays that ``scope`` may see, each once, fit for counting."""
    return Stay.everything.filter(pk__in=Stay.objects.visible_to(scope).values("pk"))


def statistics(
    stays: models.QuerySet[Stay], *, first: date, last: date, zone: tzinfo
) -> Statistics:
    """Count ``stays`` found on the days from ``first`` to ``last`` in time zone ``zone``."""
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    reviewing = Violation.everything.filter(stay=OuterRef("pk"), state__in=Violation.UNDER_REVIEW)
    groups = (
        stays.filter(found_at__gte=start, found_at__lt=end)
        .annotate(
            day=TruncDate("found_at", tzinfo=zone),
            became=outcome(),
            told=Q(reminder__state__in=ACCEPTED),
            waits=Exists(reviewing),
        )
        .values_list("day", "zone", "became", "told", "waits")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return _gather(groups)


def _gather(groups: Iterable[tuple[date, str, str, bool | None, bool, int]]) -> Statistics:
    found = Statistics(Figures(), {}, {}, {})
    for day, zone, became, told, waits, number in groups:
        part = Figures(number, number if told else 0, number if waits else 0)
        part.outcomes[became] += number
        found.total.add(part)
        found.by_zone.setdefault(zone, Figures()).add(part)
        found.by_day.setdefault(day, Figures()).add(part)
        found.cells.setdefault((day, zone), Figures()).add(part)
    return found
