from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engine", "0004_macro")]

    operations = [
        migrations.AddField("zone", "is_planned", models.BooleanField(default=False)),
        migrations.AddField("zone", "reason", models.CharField(blank=True, default="", max_length=300), preserve_default=False),
        migrations.AddField("zone", "valid_from", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "zone",
            models.UniqueConstraint(
                condition=models.Q(("is_planned", True)), fields=("key",), name="zone_planned_once"
            ),
        ),
    ]
