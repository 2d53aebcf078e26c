"""Cases know when what they said about people was taken out; refused rows are found by arrival."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engine", "0026_clock_index")]

    operations = [
        migrations.AddField(
            model_name="case", name="thinned_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("thinned_at", None)), fields=["closed_at"], name="case_to_thin"
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedrow",
            index=models.Index(fields=["arrival_at"], name="quarantine_arrival"),
        ),
    ]
