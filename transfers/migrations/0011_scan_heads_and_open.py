from django.db import migrations, models


def apart(apps, _editor):
    # A confirmed receipt said in its reasons what was open about the packet.
    records = apps.get_model("transfers", "ReceiptRecord").objects.filter(level="acknowledged").exclude(reasons=[])
    for row in records.select_related("packet"):
        row.open, row.reasons = row.reasons, []
        row.save(update_fields=["open", "reasons"])
        if row.packet is not None and row.packet.receipt_number == row.number:
            row.packet.open_there = row.open
            row.packet.save(update_fields=["open_there"])


def together(apps, _editor):
    for row in apps.get_model("transfers", "ReceiptRecord").objects.exclude(open=[]):
        row.reasons = row.open
        row.save(update_fields=["reasons"])


class Migration(migrations.Migration):
    """What packets say of the scan journal; what is open at the centre, apart from the reasons of a rejection."""

    dependencies = [
        ("transfers", "0010_names_of_the_field"),
    ]

    operations = [
        migrations.AddField(
            "packet",
            "scan_head",
            models.JSONField(blank=True, default=dict, verbose_name="end of the scan journal when it was signed"),
        ),
        migrations.AddField(
            "packet",
            "open_there",
            models.JSONField(blank=True, default=list, verbose_name="open at the regional centre when it confirmed"),
        ),
        migrations.AddField(
            "receiptrecord", "open", models.JSONField(blank=True, default=list, verbose_name="open at the regional centre")
        ),
        migrations.RunPython(apart, together),
    ]
