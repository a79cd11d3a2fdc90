"""Sentences of rows become one column each: what was kept as two wordings is read on as such."""

from functools import partial

from django.db import migrations, models
from django.db.models.functions import MD5

import common.messages
from common.messages import MessageField


def together(model, *rest):
    *fields, apps, _editor = rest
    common.messages.gather(apps, "rcoi", model, *fields)


def apart(model, *rest):
    *fields, apps, _editor = rest
    common.messages.part(apps, "rcoi", model, *fields)


def known_again(apps, _editor):
    # What a remark says was cut at a thousand letters and a key of its table; now a fingerprint of it is.
    apps.get_model("rcoi", "InboxFinding").objects.update(fingerprint=MD5("text_ru"))


class Migration(migrations.Migration):

    dependencies = [("rcoi", "0005_settled_findings")]

    operations = [
        migrations.RemoveConstraint("inboxfinding", "rcoi_finding_said_once"),
        migrations.AlterField("inboxact", "problem", models.TextField(blank=True, default="")),
        migrations.RenameField("inboxact", "problem", "problem_ru"),
        migrations.AddField("inboxact", "problem", MessageField(verbose_name='remark')),
        migrations.AlterField("inboxfinding", "text", models.TextField(blank=True, default="")),
        migrations.RenameField("inboxfinding", "text", "text_ru"),
        migrations.AddField("inboxfinding", "text", MessageField(verbose_name='remark')),
        migrations.AddField(
            "inboxfinding", "fingerprint", models.CharField(blank=True, default="", editable=False, max_length=32)
        ),
        migrations.RunPython(known_again, migrations.RunPython.noop),
        migrations.RunPython(partial(together, "inboxact", "problem"), partial(apart, "inboxact", "problem")),
        migrations.RemoveField("inboxact", "problem_ru"),
        migrations.RemoveField("inboxact", "problem_en"),
        migrations.RunPython(partial(together, "inboxfinding", "text"), partial(apart, "inboxfinding", "text")),
        migrations.RemoveField("inboxfinding", "text_ru"),
        migrations.RemoveField("inboxfinding", "text_en"),
        migrations.AddConstraint(
            "inboxfinding",
            models.UniqueConstraint(
                fields=("packet", "code", "number", "fingerprint"), name="rcoi_finding_said_once"
            ),
        ),
    ]
