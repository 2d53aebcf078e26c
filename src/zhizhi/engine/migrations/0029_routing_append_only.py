from django.db import migrations

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("engine", "0028_routing_versions")]

    operations = [
        append_only(
            "engine_routingversion",
            except_columns=("state", "version", "decided_by_id", "decided_at"),
        )
    ]
