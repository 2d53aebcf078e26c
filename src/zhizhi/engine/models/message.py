"""What has to happen later: messages to send, clocks to watch, timers to fire."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine.models.case import Case, Task
from zhizhi.trust.scoping import Grant, Scope, ScopedManager, any_of, inside


class Message(models.Model):
    """One row of the outbox: written with the change that caused it, sent afterwards, once.

    ``key`` goes to the gateway as its de-duplication key, so a resend is not a second message.
    """

    class State(models.TextChoices):
        HELD = "held", _("Held for undo")
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Accepted by the gateway")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=24)  # "inbox", "webhook", "carrier_sms"
    recipient = models.CharField(max_length=200)  # "unit:3", "token:8123...", a webhook code
    template = models.CharField(max_length=64)  # "fishery.reminder@3"
    payload = models.JSONField()
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="messages")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="messages")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    not_before = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.IntegerField(default=0)
    receipt = models.CharField(max_length=128, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # channel "inbox"
    is_urgent = models.BooleanField(default=False)

    SHOWN = (State.SENT, State.DELIVERED)

    everything: models.Manager[Message] = models.Manager()
    objects = ScopedManager["Message"]()

    class Meta:
        verbose_name = _("message")
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=models.Q(state__in=["held", "queued"]),
                name="message_waiting",
            ),
            models.Index(fields=["recipient", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key[:8]}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """In-app messages that reached the viewer's unit or role; other channels by their case."""
        return any_of(cls._grant_filter(grant) for grant in scope.grants)

    @classmethod
    def _grant_filter(cls, grant: Grant) -> models.Q:
        inbox = models.Q(channel="inbox", state__in=cls.SHOWN)
        on_a_case = models.Q(case__isnull=False) & inside("case__area_path", grant.area_path)
        here = models.Q(case__isnull=True) | on_a_case
        if grant.role == RoleAssignment.Role.UNIT_MEMBER:
            return inbox & models.Q(recipient=f"unit:{grant.unit}")
        to_role = inbox & here & models.Q(recipient=f"role:{grant.role}")
        if grant.agency is not None:
            return to_role | (inbox & here & models.Q(recipient=f"agency:{grant.agency}"))
        if grant.role == RoleAssignment.Role.OPERATOR:
            return to_role | on_a_case
        return to_role


class Subscriber(models.Model):
    """A system outside that is told of cases by signed web requests."""

    code = models.CharField(max_length=48, unique=True)  # the message's recipient
    url = models.URLField(max_length=400)
    secret = models.CharField(max_length=128)  # signs what it is sent
    area_path = models.CharField(max_length=160, blank=True)  # hears of this subtree
    kinds = models.JSONField(default=list)  # of cases; empty = all
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("subscriber")

    def __str__(self) -> str:
        return self.code


class Template(models.Model):
    """The words of a message; an edit is a new version, and every message names its version."""

    code = models.CharField(max_length=48)  # "fishery.reminder"
    version = models.IntegerField()
    language = models.CharField(max_length=8, default="zh-hans")
    text = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("template")
        constraints = [
            models.UniqueConstraint(fields=["code", "language", "version"], name="template_version")
        ]


class Clock(models.Model):
    """A time limit on a case or a task, running until met, cancelled or overdue.

    Its end is computed when it starts: what settings say later changes no clock.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        MET = "met", _("Met")
        OVERDUE = "overdue", _("Overdue")
        CANCELLED = "cancelled", _("Cancelled")

    case = models.ForeignKey(Case, models.PROTECT, related_name="clocks")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="clocks")
    kind = models.CharField(max_length=32)  # "acknowledge", "arrive", "handle", "inspect"
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    unit = models.CharField(max_length=16, blank=True)  # kernel SpanUnit; empty: plain time
    paused_at = models.DateTimeField(null=True)  # it stands still since then
    paused = models.DurationField(default=timedelta)  # how long it has stood still in all

    class Meta:
        verbose_name = _("clock")
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(
                fields=["due_at", "kind", "state", "ended_at", "paused_at"], name="clock_due"
            ),
        ]


class Timer(models.Model):
    """Something that fires once at a moment, whoever is alive then."""

    key = models.CharField(max_length=96, unique=True)  # "task:12:accept"
    action = models.CharField(max_length=48)  # name of a registered timer action
    arguments = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("timer")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(fired_at__isnull=True, cancelled_at__isnull=True),
                name="timer_waiting",
            )
        ]
