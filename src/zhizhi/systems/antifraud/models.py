"""What the lists know, what the staff decided, and whom somebody warns of a fraud under way."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Person
from zhizhi.engine.models import Case, Report
from zhizhi.engine.states import Transitions
from zhizhi.kernel import identifiers
from zhizhi.trust.scoping import Scope, ScopedManager


class ListKind(models.TextChoices):
    """What can be on a list."""

    PHONE = identifiers.IS_PHONE, _("Telephone number")
    ACCOUNT = identifiers.IS_ACCOUNT, _("Account that money goes to")
    URL = identifiers.IS_URL, _("Internet address")
    APP = identifiers.IS_APP, _("App")


class Clue(models.Model):
    """One reporter said that something belongs to a scam; saying it again only makes it newer.

    Neither the thing nor the reporter is kept: both are keyed hashes, and the reporter's is another
    one for each thing. A clue of a report stands as long as its case is not dismissed.
    """

    kind = models.CharField(max_length=8, choices=ListKind)
    key = models.CharField(max_length=64)
    reporter = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="+")
    start = models.IntegerField(default=0)  # where it stands in the words of the report
    stop = models.IntegerField(default=0)
    counts = models.BooleanField(default=True)  # for itself; or only once it is confirmed
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("clue")
        constraints = [
            models.UniqueConstraint(
                fields=["key", "reporter"],
                condition=models.Q(report=None),
                name="antifraud_clue_once",
            ),
            models.UniqueConstraint(fields=["key", "report"], name="antifraud_clue_of_report"),
        ]


class ListEntry(models.Model):
    """What the staff decided about one thing: deny it, allow it, or count no earlier clue.

    An entry is ended, never edited; a thing has at most one that has not ended.
    """

    class Stance(models.TextChoices):
        """What is said of it."""

        DENY = "deny", _("Belongs to a scam")
        ALLOW = "allow", _("Verified")
        CLEAR = "clear", _("Objection upheld: earlier evidence counts no more")

    kind = models.CharField(max_length=8, choices=ListKind)
    key = models.CharField(max_length=64)
    look = models.CharField(max_length=64, blank=True, db_index=True)  # of an address
    stance = models.CharField(max_length=8, choices=Stance)
    name = models.CharField(max_length=80, blank=True)  # of the organisation behind it
    reason = models.CharField(max_length=500)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("list entry")
        verbose_name_plural = _("list entries")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(ended_at=None), name="antifraud_entry_one"
            )
        ]


class Dissuasion(models.Model):
    """Somebody is about to pay a fraudster: called, then relatives, then visited, to an outcome.

    Who it is lies in the vault alone. Source: Law against telecom and online fraud, art. 34.
    """

    class State(models.TextChoices):
        CALLING = "calling", _("To be called")
        RELATIVES = "relatives", _("Relatives to be called")
        VISITING = "visiting", _("Somebody is sent there")
        REACHED = "reached", _("Reached, result to come")
        ENDED = "ended", _("Ended")

    class Tier(models.TextChoices):
        """How sure and how pressing the warning is."""

        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")

    class WarnedBy(models.TextChoices):
        """Who warned that somebody is about to pay."""

        RESIDENT = "resident", _("A resident")
        BANK = "bank", _("A bank")
        CARRIER = "carrier", _("A telephone operator")
        POLICE = "police", _("The police's directive")
        STAFF = "staff", _("Somebody on duty")

    class Outcome(models.TextChoices):
        STOPPED = "stopped", _("A scam; nothing was paid")
        PAID = "paid", _("A scam; something was paid")
        NOT_SCAM = "not-scam", _("Not a scam")
        UNREACHED = "unreached", _("Could not be reached")

    class Again(models.TextChoices):
        """Which visit or call after the end is due."""

        DAY = "day", _("After a day")
        WEEK = "week", _("After a week")

    MOVES: Transitions = {
        State.CALLING: frozenset({State.RELATIVES, State.VISITING, State.REACHED, State.ENDED}),
        State.RELATIVES: frozenset({State.VISITING, State.REACHED, State.ENDED}),
        State.VISITING: frozenset({State.REACHED, State.ENDED}),
        State.REACHED: frozenset({State.VISITING, State.ENDED}),
        State.ENDED: frozenset(),
    }
    TO_CALL = (State.CALLING, State.RELATIVES)
    SCAMS = (Outcome.STOPPED, Outcome.PAID)

    case = models.ForeignKey(Case, models.PROTECT, related_name="dissuasions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.CALLING)
    tier = models.CharField(max_length=8, choices=Tier)
    warned_by = models.CharField(max_length=8, choices=WarnedBy)
    rule = models.CharField(max_length=64, blank=True)  # that warned, as whoever warned calls it
    typology = models.CharField(max_length=32, blank=True)
    amount = models.BigIntegerField(null=True)  # whole yuan at risk; null: nobody knows
    lost = models.BigIntegerField(default=0)  # whole yuan
    pays_at = models.DateTimeField(null=True)  # when the payment is expected, if that is known
    due_at = models.DateTimeField()  # of the next step
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    again = models.CharField(max_length=8, choices=Again, blank=True)

    everything: models.Manager[Dissuasion] = models.Manager()
    objects = ScopedManager["Dissuasion"]()

    class Meta:
        verbose_name = _("dissuasion")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=~models.Q(state="ended"), name="antifraud_warned_once"
            ),
            models.CheckConstraint(
                condition=models.Q(lost__gte=0)
                & (models.Q(amount=None) | models.Q(amount__gte=models.F("lost"))),
                name="antifraud_lost_of_what_was_at_risk",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="antifraud_to_call"),
            models.Index(fields=["again"], name="antifraud_again"),
            models.Index(fields=["began_at"], name="antifraud_began"),
        ]

    def __str__(self) -> str:
        return f"D-{self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state != self.State.ENDED

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return Case.scope_filter(scope, "case__")


class DissuasionAttempt(models.Model):
    """One try to reach somebody before it is too late, or to ask again; appended, never edited."""

    class Step(models.TextChoices):
        CALL = "call", _("Call")
        RELATIVE = "relative", _("Call to a relative")
        VISIT = "visit", _("Visit")
        DAY = "day", _("Asked again after a day")
        WEEK = "week", _("Asked again after a week")

    class Result(models.TextChoices):
        REACHED = "reached", _("Reached")
        BUSY = "busy", _("Busy")
        NO_ANSWER = "no-answer", _("No answer")
        REFUSED = "refused", _("Does not want to hear of it")
        WRONG_NUMBER = "wrong-number", _("Wrong number")

    dissuasion = models.ForeignKey(Dissuasion, models.PROTECT, related_name="attempts")
    step = models.CharField(max_length=8, choices=Step)
    result = models.CharField(max_length=12, choices=Result)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("dissuasion attempt")
        ordering = ["id"]


class CallerPhrase(models.Model):
    """One phrase by which a resident checks that it is really the police who call; used once.

    It is kept as a keyed hash, and says nothing about anybody. ``used_by`` is a hash of the browser
    that checked it, so that pressing the button twice is no second use.
    """

    dissuasion = models.ForeignKey(Dissuasion, models.PROTECT, related_name="phrases")
    digest = models.CharField(max_length=64, db_index=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("phrase of a caller")
        ordering = ["id"]


class CirclePerson(models.Model):
    """Somebody in protected circles, who has shown that a telephone number is the own one.

    The number lies in the vault; here is a keyed hash by which it is found, none once it is gone.
    """

    person = models.OneToOneField(Person, models.PROTECT, related_name="+")
    number = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # when the code was sent that may be entered now
    joined_at = models.DateTimeField(null=True)  # by the own wish; null: only as a relative

    class Meta:
        verbose_name = _("person in protected circles")
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~models.Q(number=""), name="circle_number_once"
            )
        ]


class CircleMember(models.Model):
    """One relative whom a resident has invited, and who counts once the relative has confirmed.

    Source: research on Golden Bell, section 4 (protected circle, each confirms).
    """

    class Relation(models.TextChoices):
        """What the relative is to whoever invites."""

        SPOUSE = "spouse", _("Spouse")
        PARENT = "parent", _("Parent")
        CHILD = "child", _("Son or daughter")
        RELATIVE = "relative", _("Other close relative")
        FRIEND = "friend", _("Friend or neighbour")

    class State(models.TextChoices):
        INVITED = "invited", _("Invited, has not confirmed yet")
        CONFIRMED = "confirmed", _("Confirmed")
        ENDED = "ended", _("Ended")

    class Ended(models.TextChoices):
        """Who ended it, or why it ended by itself."""

        LEFT = "left", _("Left by the relative")
        REMOVED = "removed", _("Taken out")
        REFUSED = "refused", _("Not wanted by the relative")
        LAPSED = "lapsed", _("Not confirmed in time")
        GONE = "gone", _("One of the two has left altogether")

    MOVES: Transitions = {
        State.INVITED: frozenset({State.CONFIRMED, State.ENDED}),
        State.CONFIRMED: frozenset({State.ENDED}),
        State.ENDED: frozenset(),
    }

    protected = models.ForeignKey(CirclePerson, models.PROTECT, related_name="circle")
    relative = models.ForeignKey(CirclePerson, models.PROTECT, related_name="circles")
    relation = models.CharField(max_length=8, choices=Relation)
    state = models.CharField(max_length=12, choices=State, default=State.INVITED)
    invited_at = models.DateTimeField()
    until_at = models.DateTimeField()  # from then on the invitation cannot be confirmed
    since_at = models.DateTimeField(null=True)  # when it was confirmed
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=8, blank=True, choices=Ended)

    class Meta:
        verbose_name = _("relative in a protected circle")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(protected=models.F("relative")), name="circle_of_others"
            ),
            models.UniqueConstraint(
                fields=["protected", "relative"],
                condition=~models.Q(state="ended"),
                name="circle_member_once",
            ),
        ]

    def __str__(self) -> str:
        return f"R-{self.pk}"

    def may_be_confirmed(self, now: datetime) -> bool:
        """Say whether the relative may still say yes."""
        return self.state == self.State.INVITED and now < self.until_at
