from django.db import migrations, models

KINDS = [
    ("phone", "Telephone number"),
    ("account", "Account that money goes to"),
    ("url", "Internet address"),
    ("app", "App"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Clue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=KINDS, max_length=8)),
                ("key", models.CharField(max_length=64)),
                ("reporter", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "clue",
                "constraints": [
                    models.UniqueConstraint(fields=("key", "reporter"), name="antifraud_clue_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ListEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=KINDS, max_length=8)),
                ("key", models.CharField(max_length=64)),
                ("look", models.CharField(blank=True, db_index=True, max_length=64)),
                ("stance", models.CharField(choices=[
                    ("deny", "Belongs to a scam"),
                    ("allow", "Verified"),
                    ("clear", "Objection upheld: earlier evidence counts no more"),
                ], max_length=8)),
                ("name", models.CharField(blank=True, max_length=80)),
                ("reason", models.CharField(max_length=500)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name": "list entry",
                "verbose_name_plural": "list entries",
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("key",),
                        name="antifraud_entry_one",
                    )
                ],
            },
        ),
    ]
