"""Why a room is open again, in English too: the node itself may be the one that says it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scanning", "0003_steps_scanner_folders_readiness")]

    operations = [
        migrations.AddField(
            model_name="roomcard",
            name="reopen_reason_en",
            field=models.TextField(blank=True, default="", verbose_name="why it is open again (in English)"),
        ),
    ]
