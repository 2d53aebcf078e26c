"""Ended cases and cleared alerts of before are found by the moments of their span as well."""

from django.db import migrations

from zhizhi.kernel.stabbing import fork_of

CHUNK = 2000


def keep(apps, editor):
    alerts, cases, lines = (
        apps.get_model("engine", name) for name in ("Alert", "Case", "TimelineEntry")
    )
    _cases(cases)
    found = lines.objects.filter(verb="alert.clear").order_by("pk").values_list("data", "at")
    known = {data["alert"]: at for data, at in found.iterator(CHUNK) if "alert" in data}
    _alerts(alerts, known)


def _cases(cases):
    rows = cases.everything.exclude(closed_at=None).only("opened_at", "closed_at")
    for chunk in _chunks(rows):
        for case in chunk:
            case.fork = fork_of(case.opened_at, case.closed_at)
        cases.everything.bulk_update(chunk, ["fork"])


def _alerts(alerts, known):
    rows = alerts.everything.exclude(cleared_at=None).only("raised_at", "cleared_at")
    for chunk in _chunks(rows):
        for alert in chunk:
            alert.clearing_at = known.get(alert.pk, alert.cleared_at)
            alert.fork = fork_of(alert.raised_at, alert.clearing_at)
        alerts.everything.bulk_update(chunk, ["clearing_at", "fork"])


def _chunks(rows):
    last = None
    while True:
        further = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        chunk = list(further[:CHUNK])
        if not chunk:
            return
        yield chunk
        last = chunk[-1].pk


class Migration(migrations.Migration):
    dependencies = [("engine", "0008_standing_then")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
