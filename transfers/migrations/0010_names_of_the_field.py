from django.db import migrations

from common.renamed import renamed


class Migration(migrations.Migration):
    """The words of the field: names of models in the source; the tables stay."""

    dependencies = [
        ("transfers", "0009_messages"),
    ]

    operations = [
        *renamed("transfers", "LineCheck", "ConnectivityCheck"),
        *renamed("transfers", "PacketStep", "HistoryEntry"),
    ]
