from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_unit_position")]

    operations = [
        migrations.AddField("unit", "is_in_service", models.BooleanField(default=True)),
        migrations.AddField(
            "unit",
            "service_note",
            models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField("unit", "retired_at", models.DateTimeField(null=True)),
        migrations.AddField("unit", "version", models.IntegerField(default=0)),
        migrations.AddField("unit", "changed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "unit",
            "changed_by",
            models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "unit",
            models.CheckConstraint(
                condition=models.Q(("is_in_service", True), ("status", "off_duty"), _connector="OR"),
                name="unit_out_of_service_is_off_duty",
            ),
        ),
    ]
