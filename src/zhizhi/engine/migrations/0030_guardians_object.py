"""A guardian may object to a look at the ward, as a resident to one at the own data."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0011_guardianship'),
        ('engine', '0029_routing_append_only'),
        ('trust', '0010_access_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='claim',
            name='guardianship',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='directory.guardianship'),
        ),
        migrations.AlterField(
            model_name='claim',
            name='report',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='engine.report'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(fields=('guardianship', 'record'), name='claim_of_a_guardian_once'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('report', None), ('guardianship', None), _connector='XOR'), name='claim_of_report_or_guardian'),
        ),
    ]
