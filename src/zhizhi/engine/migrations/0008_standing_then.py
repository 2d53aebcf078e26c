from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("directory", "0004_unit_position"),
        ("engine", "0007_notice"),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='clearing_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='fork',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='fork',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['fork'], name='alert_fork'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['fork'], name='case_fork'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(fields=['unit', '-offered_at'], name='task_of_unit'),
        ),
        migrations.AddIndex(
            model_name='timelineentry',
            index=models.Index(fields=['at'], name='timeline_at'),
        ),
    ]
