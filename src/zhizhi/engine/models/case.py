"""The alert, the case it becomes, and who takes part in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import Case as When
from django.db.models import When as Then
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Agency, Area, RoleAssignment, Unit
from zhizhi.engine.states import Transitions
from zhizhi.trust.scoping import Grant, Scope, ScopedManager, any_of, inside

Role = RoleAssignment.Role
WIDE_ROLES = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR)
REVIEW_ROLES = (Role.TECHNICAL_REVIEWER, Role.LEGAL_REVIEWER)


class Severity(models.TextChoices):
    """How bad it would be (OASIS CAP 1.2), shown as shape, word and colour."""

    URGENT = "urgent", _("Urgent")
    IMPORTANT = "important", _("Important")
    NORMAL = "normal", _("Normal")

    @property
    def rank(self) -> int:
        """Return how grave it is among the others: 0 is the least."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def places_of(column: str, groups: Sequence[Sequence[str]]) -> When:
    """Return the place of the group that holds a column's value; the last one for all others."""
    return When(
        *(Then(**{f"{column}__in": group}, then=place) for place, group in enumerate(groups)),
        default=len(groups) - 1,
    )


class Case(models.Model):
    """Something the district has to deal with, from the first alert to the verified end."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")  # registered, nobody sent yet
        DISPATCHED = "dispatched", _("Dispatched")
        HANDLING = "handling", _("Being handled")
        HANDLED = "handled", _("Handled, to be inspected")
        CLOSED = "closed", _("Closed")
        DISMISSED = "dismissed", _("Dismissed as false alarm")
        MERGED = "merged", _("Joined with another case")  # which stands for it: see CaseLink

    MOVES: Transitions = {
        State.OPEN: frozenset(
            {State.DISPATCHED, State.HANDLED, State.CLOSED, State.DISMISSED, State.MERGED}
        ),
        State.DISPATCHED: frozenset({State.HANDLING, State.OPEN, State.HANDLED, State.DISMISSED}),
        State.HANDLING: frozenset({State.HANDLED, State.OPEN, State.DISPATCHED}),
        State.HANDLED: frozenset({State.CLOSED, State.OPEN, State.DISPATCHED}),
        State.CLOSED: frozenset({State.OPEN}),
        State.DISMISSED: frozenset({State.OPEN}),
        State.MERGED: frozenset({State.OPEN}),
    }
    FINAL = (State.CLOSED, State.DISMISSED)
    RESTING = (*FINAL, State.MERGED)  # nothing is to be done in such a case itself
    # When every alert that it rests on was lifted on appeal, however far it had come.
    LIFTS: Transitions = dict.fromkeys(
        (State.OPEN, State.DISPATCHED, State.HANDLING, State.HANDLED, State.CLOSED),
        frozenset({State.DISMISSED}),
    )
    # Whose turn it is: what waits for somebody stands first, what rests stands last.
    TURNS = ((State.OPEN,), (State.HANDLED,), (State.DISPATCHED, State.HANDLING), FINAL)

    key = models.CharField(max_length=64)  # de-duplication: kind, subject and zone
    kind = models.CharField(max_length=48)  # "illegal-fishing"
    system = models.CharField(max_length=32)  # "fishery"
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    severity = models.CharField(max_length=12, choices=Severity)
    subject = models.BigIntegerField(null=True)  # pseudonymous token
    zone = models.CharField(max_length=48, blank=True)  # zone key
    task_kind = models.CharField(max_length=32, default="handle")  # of the first task to give
    capabilities = models.JSONField(default=list)  # what a unit must be able to do
    area = models.ForeignKey(Area, models.PROTECT, null=True)  # smallest responsible
    area_path = models.CharField(max_length=160, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=64, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    lock_version = models.IntegerField(default=0)
    fork = models.BigIntegerField(null=True)  # of an ended case: see kernel.stabbing
    thinned_at = models.DateTimeField(null=True)  # what it said about people was taken out
    # Kept by the database, so that the queue's order is an index however many cases there are.
    turn = models.GeneratedField(
        expression=places_of("state", TURNS),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    rank = models.GeneratedField(
        expression=places_of("severity", [(value,) for value in Severity.values]),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    everything: models.Manager[Case] = models.Manager()
    objects = ScopedManager["Case"]()

    class Meta:
        verbose_name = _("case")
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=~models.Q(state__in=["closed", "dismissed"]),
                name="case_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["turn", "rank", "-opened_at", "-id", "area_path"], name="case_queue"
            ),
            models.Index(fields=["state", "area_path"], name="case_counts"),
            models.Index(fields=["area_path"]),
            models.Index(fields=["fork"], name="case_fork"),
            models.Index(fields=["opened_at", "area_path"], name="case_opened"),
            models.Index(fields=["closed_at", "state", "area_path"], name="case_ended"),
            models.Index(
                fields=["closed_at"], condition=models.Q(thinned_at=None), name="case_to_thin"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def worsen(self, to: str) -> None:
        """Raise the severity to ``to``; it never sinks by itself."""
        less = [one for one in Severity if one.rank < Severity(to).rank]
        if self.severity not in less:
            return
        if Case.everything.filter(pk=self.pk, severity__in=less).update(severity=to):
            self.severity = to

    @property
    def code(self) -> str:
        """The number people say on the radio."""
        return f"{self.system[:2].upper()}-{self.opened_at:%y%m%d}-{self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope, at: str = "") -> models.Q:
        """Role x area x agency x assignment; reviewers see cases under review in their area.

        ``at`` leads to the case from a row that hangs on it: "case__".
        """
        return any_of(cls._grant_filter(grant, at) for grant in scope.grants)

    @staticmethod
    def _grant_filter(grant: Grant, at: str) -> models.Q:
        here = inside(f"{at}area_path", grant.area_path)
        if grant.role in WIDE_ROLES or grant.role in REVIEW_ROLES:
            return here
        if grant.role == Role.AGENCY_OFFICER and grant.agency is not None:
            part = CaseAgency.objects.filter(agency_id=grant.agency).values("case_id")
            return here & models.Q(**{f"{at}pk__in": part})
        if grant.role == Role.UNIT_MEMBER and grant.unit is not None:
            sent = Task.everything.filter(unit_id=grant.unit).values("case_id")
            return models.Q(**{f"{at}pk__in": sent})
        return models.Q(pk__in=[])


class CaseAgency(models.Model):
    """An agency that takes part in a case, as lead or beside the lead."""

    class Part(models.TextChoices):
        LEAD = "lead", _("Lead")
        CO_HANDLER = "co_handler", _("Co-handler")

    case = models.ForeignKey(Case, models.CASCADE, related_name="agencies")
    agency = models.ForeignKey(Agency, models.PROTECT)
    part = models.CharField(max_length=12, choices=Part)

    class Meta:
        verbose_name = _("case agency")
        constraints = [models.UniqueConstraint(fields=["case", "agency"], name="agency_once")]


class Alert(models.Model):
    """One automated finding that somebody should know of; its id is the finding's identity.

    ``explanation`` keeps the rule, its version and parameters, the inputs with their values and
    thresholds, what was not used, and the journal range from which it replays bit for bit.
    """

    class Certainty(models.TextChoices):
        OBSERVED = "observed", _("Observed")
        LIKELY = "likely", _("Likely")
        POSSIBLE = "possible", _("Possible")

    id = models.CharField(max_length=32, primary_key=True)  # hex of finding_id
    detector = models.CharField(max_length=64)
    version = models.IntegerField()
    kind = models.CharField(max_length=16)  # "dwell"
    case = models.ForeignKey(Case, models.PROTECT, related_name="alerts")
    severity = models.CharField(max_length=12, choices=Severity)
    urgency = models.CharField(max_length=12, default="immediate")
    certainty = models.CharField(max_length=12, choices=Certainty)
    subject = models.BigIntegerField()
    zone = models.CharField(max_length=48)
    started_at = models.DateTimeField()
    found_at = models.DateTimeField()  # event clock
    raised_at = models.DateTimeField()  # arrival clock
    cleared_at = models.DateTimeField(null=True)  # event clock
    clearing_at = models.DateTimeField(null=True)  # arrival clock: when that became known
    lifted_at = models.DateTimeField(null=True)  # an appeal was upheld: it no longer counts
    fork = models.BigIntegerField(null=True)  # of a cleared alert: see kernel.stabbing
    lon = models.FloatField()
    lat = models.FloatField()
    explanation = models.JSONField()

    everything: models.Manager[Alert] = models.Manager()
    objects = ScopedManager["Alert"]()

    class Meta:
        verbose_name = _("alert")
        indexes = [
            models.Index(fields=["-raised_at"]),
            models.Index(fields=["subject", "zone"]),
            models.Index(fields=["fork"], name="alert_fork"),
        ]

    def __str__(self) -> str:
        return self.id[:8]

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return Case.scope_filter(scope, "case__")

    @classmethod
    def is_mistaken(cls) -> models.Q:
        """Return the condition that a person found an alert wrong: dismissed, or lifted."""
        return models.Q(case__state=Case.State.DISMISSED) | models.Q(lifted_at__isnull=False)

    @classmethod
    def raised_in_case(cls, start: datetime, end: datetime) -> models.Q:
        """Return the condition on a case that an alert was raised in it between the two."""
        raised = cls.everything.filter(raised_at__gte=start, raised_at__lt=end)
        return models.Q(pk__in=raised.values("case_id"))


class Task(models.Model):
    """One piece of work on a case, given to a unit or an agency."""

    class State(models.TextChoices):
        OFFERED = "offered", _("Sent, not yet accepted")
        ACCEPTED = "accepted", _("Accepted")
        ARRIVED = "arrived", _("Arrived")
        DONE = "done", _("Done")
        RETURNED = "returned", _("Returned")
        EXPIRED = "expired", _("Not accepted in time")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES: Transitions = {
        State.OFFERED: frozenset({State.ACCEPTED, State.RETURNED, State.EXPIRED, State.CANCELLED}),
        State.ACCEPTED: frozenset({State.ARRIVED, State.DONE, State.RETURNED, State.CANCELLED}),
        State.ARRIVED: frozenset({State.DONE, State.RETURNED, State.CANCELLED}),
        State.DONE: frozenset(),
        State.RETURNED: frozenset(),
        State.EXPIRED: frozenset(),
        State.CANCELLED: frozenset(),
    }
    LIVE = (State.OFFERED, State.ACCEPTED, State.ARRIVED)

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=32)  # "dissuade", "collect-evidence", "prosecute"...
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="tasks")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="tasks")
    state = models.CharField(max_length=12, choices=State, default=State.OFFERED)
    offered_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    waived_at = models.DateTimeField(null=True)  # somebody decided that it need not be done
    due_at = models.DateTimeField(null=True)
    offered_by = models.CharField(max_length=64)
    need = models.JSONField(default=dict)  # what its unit must be; empty = what the case needs
    outcome = models.CharField(max_length=32, blank=True)
    note = models.TextField(blank=True)

    everything: models.Manager[Task] = models.Manager()
    objects = ScopedManager["Task"]()

    class Meta:
        verbose_name = _("task")
        constraints = [
            models.UniqueConstraint(
                fields=["unit"],
                condition=models.Q(
                    state__in=["offered", "accepted", "arrived"], unit__isnull=False
                ),
                name="unit_one_live_task",
            )
        ]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["unit", "-offered_at"], name="task_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        own = [
            models.Q(unit_id=grant.unit)
            for grant in scope.of(Role.UNIT_MEMBER)
            if grant.unit is not None
        ]
        wide = Scope(scope.account, tuple(g for g in scope.grants if g.role != Role.UNIT_MEMBER))
        return any_of([*own, Case.scope_filter(wide, "case__")])


class TimelineEntry(models.Model):
    """One line of a case's history; appended, chained to the line before, never edited.

    ``digest`` also goes into the audit chain, so a missing tail shows. The last line of each
    change tells in ``data["stands"]`` what state and severity the case has from then on.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="timeline")
    seq = models.IntegerField()  # 1, 2, 3 within the case
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    verb = models.CharField(max_length=48)  # "alert.raised", "case.dispatch", "task.accept"...
    task = models.ForeignKey(Task, models.PROTECT, null=True)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ["case", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="timeline_seq")]
        indexes = [models.Index(fields=["at"], name="timeline_at")]


class Feedback(models.Model):
    """What was found and done on the spot; of a task that goes on, how it stands."""

    UNDER_WAY = "under_way"  # the outcome of what does not end the task

    case = models.ForeignKey(Case, models.PROTECT, related_name="feedback")
    task = models.ForeignKey(Task, models.PROTECT, null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    outcome = models.CharField(max_length=32)  # "left", "dissuaded", "violation", "not_found"
    note = models.TextField(blank=True)
    evidence = models.JSONField(default=list)  # trust.Evidence ids
    key = models.CharField(max_length=64, blank=True, default="")  # the sender's, for a repetition

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "by", "key"],
                condition=~models.Q(key=""),
                name="feedback_arrives_once",
            )
        ]
