import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("antifraud", "0001_initial"), ("engine", "0027_retention")]

    operations = [
        migrations.RemoveConstraint(model_name="clue", name="antifraud_clue_once"),
        migrations.AddField("clue", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField("clue", "confirmed_by", models.CharField(blank=True, max_length=64)),
        migrations.AddField("clue", "counts", models.BooleanField(default=True)),
        migrations.AddField(
            "clue",
            "report",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engine.report",
            ),
        ),
        migrations.AddField("clue", "start", models.IntegerField(default=0)),
        migrations.AddField("clue", "stop", models.IntegerField(default=0)),
        migrations.AddConstraint(
            "clue",
            models.UniqueConstraint(
                condition=models.Q(("report", None)),
                fields=("key", "reporter"),
                name="antifraud_clue_once",
            ),
        ),
        migrations.AddConstraint(
            "clue",
            models.UniqueConstraint(fields=("key", "report"), name="antifraud_clue_of_report"),
        ),
    ]
