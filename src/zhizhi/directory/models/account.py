"""Who signs in, with which roles, and the people of the vault."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.area import Agency, Area, Unit
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.scoping import Grant, Scope


class Person(models.Model):
    """A resident or a member of staff; every personal column is sealed under the person's own key.

    Each sealed column is ``version | key id | nonce | ciphertext`` with the associated data
    ``table.column.pk``; ``phone_index`` is a keyed HMAC for equality search. Read only through
    ``zhizhi.directory.people``, which wants a purpose and an open case and leaves an access record.
    The primary key is the person's data key, so that a row can be sealed before it is inserted.
    """

    key = models.OneToOneField(SubjectKey, models.PROTECT, primary_key=True)
    name = models.BinaryField(null=True)
    phone = models.BinaryField(null=True)
    identity_number = models.BinaryField(null=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True)
    is_synthetic = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")


class Account(AbstractUser):
    """A sign-in; its rights are its role assignments, nothing else.

    The label shown on screens and in timelines is ``call_sign`` (a post, not a person's name).
    """

    call_sign = models.CharField(max_length=80, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    sessions_ended = models.PositiveIntegerField(default=0)  # so many times all of them at once
    first_name = None  # type: ignore[assignment]  # names live in the vault
    last_name = None  # type: ignore[assignment]

    class Meta:
        verbose_name = _("account")

    def __str__(self) -> str:
        return self.call_sign or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def get_session_auth_hash(self) -> str:
        """Return what a session has to hold; another password or ended sessions change it."""
        salt = "zhizhi.directory.Account.get_session_auth_hash"
        value = f"{self.password}|{self.sessions_ended}"
        return salted_hmac(salt, value, algorithm="sha256").hexdigest()

    def scope(self) -> Scope:
        """Return what this account may see and do; empty when it is not active."""
        if not self.is_active:
            return Scope(self.pk)
        rows = self.roles.values_list("role", "area__path", "agency_id", "unit_id").order_by("pk")
        grants = (Grant(role, path or "", agency, unit) for role, path, agency, unit in rows)
        return Scope(self.pk, tuple(grants))


class RoleAssignment(models.Model):
    """One role of one account, narrowed to an area subtree, an agency or a unit."""

    class Role(models.TextChoices):
        OPERATOR = "operator", _("Operator on duty")  # sees, acknowledges, dispatches
        UNIT_MEMBER = "unit_member", _("Unit member")  # own unit's tasks
        AGENCY_OFFICER = "agency_officer", _("Agency officer")  # own agency's cases and tasks
        INSPECTOR = "inspector", _("Inspector")  # verifies and closes; never the handler
        TECHNICAL_REVIEWER = "technical_reviewer", _("Technical reviewer")
        LEGAL_REVIEWER = "legal_reviewer", _("Legal reviewer")
        LEADER = "leader", _("Leader")  # read only
        # Three who watch each other: no account holds two of them (zhizhi.directory.accounts).
        ADMINISTRATOR = "administrator", _("System administrator")  # zones, settings, sources
        SECURITY_ADMINISTRATOR = "security_administrator", _("Security administrator")  # accounts
        AUDITOR = "auditor", _("Audit administrator")  # logs and health, changes nothing

    account = models.ForeignKey(Account, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=24, choices=Role)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True)

    class Meta:
        verbose_name = _("role assignment")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(role="unit_member") | models.Q(unit__isnull=False),
                name="unit_member_has_unit",
            ),
            models.CheckConstraint(
                condition=~models.Q(role="agency_officer") | models.Q(agency__isnull=False),
                name="agency_officer_has_agency",
            ),
        ]

    def __str__(self) -> str:
        return self.role
