from django.db import migrations

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [("trust", "0001_initial")]

    operations = [
        append_only("trust_auditentry"),
        append_only("trust_accessrecord"),
        append_only("trust_evidence", except_columns=["working_copy"]),
    ]
