from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("engine", "0009_ended_then"),
    ]

    operations = [
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('detector', models.CharField(max_length=64)),
                ('version', models.IntegerField()),
                ('numbers', models.JSONField()),
                ('changes', models.JSONField()),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('first_offset', models.BigIntegerField(default=0)),
                ('last_offset', models.BigIntegerField(default=0)),
                ('ref_version', models.CharField(blank=True, max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='waiting', max_length=12)),
                ('done', models.IntegerField(default=0)),
                ('asked_by', models.CharField(max_length=64)),
                ('asked_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(null=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('failure', models.CharField(blank=True, max_length=300)),
                ('attempts', models.IntegerField(default=0)),
                ('fence', models.IntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'trial',
                'indexes': [models.Index(fields=['state', 'id'], name='trial_waiting')],
            },
        ),
    ]
