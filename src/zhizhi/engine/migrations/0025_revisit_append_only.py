from django.db import migrations

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("engine", "0024_course")]

    operations = [append_only("engine_revisit")]
