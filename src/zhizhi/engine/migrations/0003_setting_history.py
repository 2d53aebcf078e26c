from django.db import migrations, models

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("engine", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="setting",
            name="version",
            field=models.IntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="setting",
            name="value",
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name="SettingChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("version", models.IntegerField()),
                ("old", models.JSONField()),
                ("new", models.JSONField()),
                ("is_reset", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "setting change",
                "constraints": [
                    models.UniqueConstraint(fields=("key", "version"), name="setting_version")
                ],
            },
        ),
        append_only("engine_settingchange"),
    ]
