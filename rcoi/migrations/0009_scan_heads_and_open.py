from django.db import migrations, models


def apart(apps, _editor):
    # A confirmed receipt said in its reasons what was open about the packet; its signed bytes stay as they are.
    rows = apps.get_model("rcoi", "IssuedReceipt").objects.filter(level="acknowledged").exclude(reasons=[])
    for row in rows.only("reasons", "open"):
        row.open, row.reasons = row.reasons, []
        row.save(update_fields=["open", "reasons"])


def together(apps, _editor):
    for row in apps.get_model("rcoi", "IssuedReceipt").objects.exclude(open=[]).only("reasons", "open"):
        row.reasons = row.open
        row.save(update_fields=["reasons"])


class Migration(migrations.Migration):
    """Lines of scan journals; what is open about a confirmed packet, apart from the reasons of a rejection."""

    dependencies = [
        ("rcoi", "0008_journal_sets"),
    ]

    operations = [
        migrations.AddField(
            "inboxjournal",
            "line_digests",
            models.BinaryField(editable=False, null=True, verbose_name="hashes of the lines"),
        ),
        migrations.AddField(
            "issuedreceipt",
            "open",
            models.JSONField(default=list, verbose_name="open about the packet when it was confirmed"),
        ),
        migrations.RunPython(apart, together),
    ]
