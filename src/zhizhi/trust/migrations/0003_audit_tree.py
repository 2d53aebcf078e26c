from django.db import migrations, models

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='TreeNode',
            fields=[
                ('key', models.BigIntegerField(primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'tree node',
            },
        ),
        migrations.CreateModel(
            name='TreeRoot',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('suite', models.PositiveSmallIntegerField()),
                ('signature', models.CharField(max_length=128)),
                ('key_id', models.CharField(max_length=16)),
            ],
            options={
                'verbose_name': 'tree root',
                'ordering': ['size'],
            },
        ),
        append_only("trust_treenode"),
        append_only("trust_treeroot"),
    ]
