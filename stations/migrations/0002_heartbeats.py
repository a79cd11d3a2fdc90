"""The heartbeats of stations come from the room of the journals; their table stays as it is."""

import django.db.models.deletion
from django.db import migrations, models


def rename_content_type(apps, schema_editor):
    """Keep the content type and its permissions: what speaks of the model speaks of it still."""
    _rename(apps, ("journals", "stationsign"), ("stations", "heartbeat"))


def rename_back(apps, schema_editor):
    """Undo it."""
    _rename(apps, ("stations", "heartbeat"), ("journals", "stationsign"))


def _rename(apps, old, new):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    found = ContentType.objects.filter(app_label=old[0], model=old[1]).first()
    if found is None:
        return
    found.app_label, found.model = new
    found.save()
    for permission in Permission.objects.filter(content_type=found):
        permission.codename = permission.codename.replace(old[1], new[1])
        permission.save()


class Migration(migrations.Migration):

    dependencies = [
        ("stations", "0001_initial"),
        ("journals", "0003_station_signs"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.CharField(choices=[('ready', "ready"), ('working', "working"), ('paused', "paused"), ('fault', "out of order"), ('finished', "finished")], max_length=8, verbose_name="state")),
                        ('note', models.CharField(blank=True, max_length=200, verbose_name="message")),
                        ('paper', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="paper, %")),
                        ('toner', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="toner, %")),
                        ('battery', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="battery, %")),
                        ('disk_free', models.PositiveBigIntegerField(blank=True, null=True, verbose_name="free on the disk, bytes")),
                        ('software', models.CharField(blank=True, max_length=200, verbose_name="software")),
                        ('said_at', models.DateTimeField(verbose_name="by the station's clock")),
                        ('at', models.DateTimeField(verbose_name="received")),
                        ('skew_seconds', models.FloatField(verbose_name="station clock is fast by, s")),
                        ('station', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='heartbeat', to='stations.station', verbose_name="station")),
                    ],
                    options={
                        "verbose_name": "sign of life of a station",
                        "verbose_name_plural": "signs of life of stations",
                        "db_table": "journals_stationsign",
                        "ordering": ("station",),
                    },
                ),
            ],
        ),
        migrations.RunPython(rename_content_type, rename_back),
    ]
