from django.db import migrations

from common.renamed import renamed


class Migration(migrations.Migration):
    """The words of the field: names of models in the source; the tables stay."""

    dependencies = [
        ("stations", "0002_heartbeats"),
        ("journals", "0005_messages"),
    ]

    operations = [
        *renamed("stations", "StationPost", "StationAssignment"),
    ]
