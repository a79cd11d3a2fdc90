from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    """Hold one packet of a version by an index of expressions: SQLite never made the constraint before."""

    dependencies = [
        ('stations', '0001_initial'),
        ('transfers', '0007_receipt_of_a_node'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='packet',
            name='one_packet_of_a_version',
        ),
        migrations.AddConstraint(
            model_name='packet',
            constraint=models.UniqueConstraint(
                'sitting',
                'kind',
                Coalesce('room', 0, output_field=models.BigIntegerField()),
                Coalesce('status', 0, output_field=models.BigIntegerField()),
                'version',
                condition=models.Q(('imported', False)),
                name='one_packet_of_a_version',
            ),
        ),
    ]
