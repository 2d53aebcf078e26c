"""Whoever agreed with a report of before that the number may be kept has a consent from now on.

The text that was agreed to named no end, so the time begins with the upgrade.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

CHUNK = 2000
SPAN = timedelta(days=365)  # residents.consent_days as it comes


def agree(apps, editor):
    reports, consents = apps.get_model("engine", "Report"), apps.get_model("trust", "Consent")
    until = timezone.now() + SPAN
    rows = reports.everything.filter(person__key__destroyed_at=None).exclude(person=None)
    rows = rows.exclude(consent="").order_by("pk").values_list(
        "pk", "person_id", "consent", "source__code", "received_at"
    )
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        consents.objects.bulk_create(
            consents(
                subject=f"person:{person}", purpose="contact", data=["name", "phone"],
                channel=source, text=text, given_at=received_at, given_by="upgrade",
                expires_at=until,
            )
            for _pk, person, text, source, received_at in chunk
        )
        last = chunk[-1][0]


class Migration(migrations.Migration):
    dependencies = [("engine", "0017_public_figures"), ("trust", "0009_consent")]

    operations = [migrations.RunPython(agree, migrations.RunPython.noop)]
