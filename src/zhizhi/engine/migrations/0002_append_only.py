from django.db import migrations

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("engine", "0001_initial")]

    operations = [append_only("engine_timelineentry"), append_only("engine_feedback")]
