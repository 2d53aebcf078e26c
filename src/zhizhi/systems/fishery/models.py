"""What a case cannot hold: how a stay went on, and the reviewed record of a violation."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Alert, Case, Feedback, Message
from zhizhi.engine.states import Transitions
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope, ScopedManager


class Stay(models.Model):
    """One stay in a no-fishing zone that the rule found, and what followed from it.

    Holds moments only; what became of the stay is read from them and from its case
    (``counting.outcome``), so the statistics can never disagree with the case.
    """

    class SeenBy(models.TextChoices):
        """Which kind of observation told of the stay."""

        SHORE = "shore", _("Telephone operator")
        VESSEL = "vessel", _("Ship radio (AIS)")
        CAMERA = "camera", _("Camera, without identity")

    alert = models.OneToOneField(Alert, models.PROTECT, primary_key=True, related_name="stay")
    case = models.ForeignKey(Case, models.PROTECT, related_name="stays")
    zone = models.CharField(max_length=48)  # zone key
    seen_by = models.CharField(max_length=8, choices=SeenBy)
    started_at = models.DateTimeField()
    found_at = models.DateTimeField()
    reminder = models.OneToOneField(Message, models.PROTECT, null=True, related_name="stay")
    dissuasion_at = models.DateTimeField(null=True)  # second stage began
    left_at = models.DateTimeField(null=True)  # the rule saw the subject leave

    everything: models.Manager[Stay] = models.Manager()
    objects = ScopedManager["Stay"]()

    class Meta:
        verbose_name = _("stay")
        indexes = [
            models.Index(fields=["zone", "found_at"]),
            models.Index(fields=["found_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.zone} {self.pk[:8]}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return Case.scope_filter(scope, "case__")


class Violation(models.Model):
    """A violation that a unit reported with photos, on its way through two reviews.

    Two different people review it, neither of whom took the photos or handled the case.
    """

    class State(models.TextChoices):
        RECORDED = "recorded", _("Recorded, technical review to come")
        TECHNICALLY_REVIEWED = "technically_reviewed", _("Technical review passed")
        LEGALLY_REVIEWED = "legally_reviewed", _("Legal review passed")
        TRANSFERRED = "transferred", _("Transferred to the agencies")
        REJECTED = "rejected", _("Rejected")
        LIFTED = "lifted", _("Lifted on appeal")

    MOVES: Transitions = {
        State.RECORDED: frozenset({State.TECHNICALLY_REVIEWED, State.REJECTED}),
        State.TECHNICALLY_REVIEWED: frozenset({State.LEGALLY_REVIEWED, State.REJECTED}),
        State.LEGALLY_REVIEWED: frozenset({State.TRANSFERRED}),
        State.TRANSFERRED: frozenset(),
        State.REJECTED: frozenset(),
        State.LIFTED: frozenset(),
    }
    LIFTS: Transitions = dict.fromkeys(
        (State.RECORDED, State.TECHNICALLY_REVIEWED, State.LEGALLY_REVIEWED, State.TRANSFERRED),
        frozenset({State.LIFTED}),
    )
    NONE = (State.REJECTED, State.LIFTED)  # there was no violation
    OFFENCE = (State.LEGALLY_REVIEWED, State.TRANSFERRED)
    UNDER_REVIEW = (State.RECORDED, State.TECHNICALLY_REVIEWED, State.LEGALLY_REVIEWED)

    case = models.ForeignKey(Case, models.PROTECT, related_name="violations")
    stay = models.ForeignKey(Stay, models.PROTECT, null=True, related_name="violations")
    feedback = models.OneToOneField(Feedback, models.PROTECT, related_name="violation")
    state = models.CharField(max_length=24, choices=State, default=State.RECORDED)
    handlers = models.JSONField(default=list)  # actors who dispatched, accepted or reported
    recorded_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    everything: models.Manager[Violation] = models.Manager()
    objects = ScopedManager["Violation"]()

    class Meta:
        verbose_name = _("violation")
        indexes = [models.Index(fields=["state", "-recorded_at"])]

    def __str__(self) -> str:
        return f"{self.case.code}/{self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return Case.scope_filter(scope, "case__")


class ViolationPhoto(models.Model):
    """A sealed photo of a violation, and who made bystanders unrecognisable in its working copy."""

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="photos")
    evidence = models.OneToOneField(Evidence, models.PROTECT, related_name="violation_photo")
    regions = models.JSONField(default=list)  # [[x, y, width, height]] in pixels of the original
    masked_by = models.CharField(max_length=64, blank=True)
    masked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("violation photo")
        ordering = ["id"]


class ViolationReview(models.Model):
    """One decision on a violation record; appended, never edited."""

    class Step(models.TextChoices):
        TECHNICAL = "technical", _("Technical review")
        LEGAL = "legal", _("Legal review")

    # step -> (state it starts from, state it leads to when accepted)
    PASSAGE: Mapping[str, tuple[str, str]] = {
        Step.TECHNICAL: (Violation.State.RECORDED, Violation.State.TECHNICALLY_REVIEWED),
        Step.LEGAL: (Violation.State.TECHNICALLY_REVIEWED, Violation.State.LEGALLY_REVIEWED),
    }

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="reviews")
    step = models.CharField(max_length=12, choices=Step)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    is_accepted = models.BooleanField()
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("violation review")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["violation", "step"], name="fishery_review_once")
        ]
