from django.db import migrations

from common.renamed import renamed


class Migration(migrations.Migration):
    """The words of the field: names of models in the source; the tables stay."""

    dependencies = [
        ("rcoi", "0006_messages"),
    ]

    operations = [
        *renamed("rcoi", "PhoneWord", "PhoneReport"),
        *renamed("rcoi", "Series", "NumberSequence"),
    ]
