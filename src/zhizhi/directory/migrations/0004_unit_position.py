import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("directory", "0003_wall_pass"),
    ]

    operations = [
        migrations.CreateModel(
            name='UnitPosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('lon', models.FloatField()),
                ('lat', models.FloatField()),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='directory.unit')),
            ],
            options={
                'verbose_name': 'unit position',
                'indexes': [models.Index(fields=['unit', '-recorded_at'], name='position_of_unit'), models.Index(fields=['recorded_at'], name='position_age')],
            },
        ),
    ]
