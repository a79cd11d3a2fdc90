from django.db import migrations

from common.renamed import renamed


class Migration(migrations.Migration):
    """The words of the field: names of models in the source; the tables stay."""

    dependencies = [
        ("scanning", "0005_messages"),
    ]

    operations = [
        *renamed("scanning", "Step", "Decision"),
    ]
