"""The heartbeats of stations went to the room of the stations, with their table."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("journals", "0003_station_signs"),
        ("stations", "0002_heartbeats"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="StationSign")]),
    ]
