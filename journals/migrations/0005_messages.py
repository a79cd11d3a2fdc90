"""Sentences of rows become one column each: what was kept as two wordings is read on as such."""

from functools import partial

from django.db import migrations, models

import common.messages
from common.messages import MessageField


def together(model, *rest):
    *fields, apps, _editor = rest
    common.messages.gather(apps, "journals", model, *fields)


def apart(model, *rest):
    *fields, apps, _editor = rest
    common.messages.part(apps, "journals", model, *fields)


class Migration(migrations.Migration):

    dependencies = [("journals", "0004_heartbeats_leave")]

    operations = [
        migrations.AlterField("journal", "forms_problem", models.CharField(blank=True, default="", max_length=300)),
        migrations.RenameField("journal", "forms_problem", "forms_problem_ru"),
        migrations.AddField("journal", "forms_problem", MessageField(verbose_name='why the numbers are not open')),
        migrations.RunPython(partial(together, "journal", "forms_problem"), partial(apart, "journal", "forms_problem")),
        migrations.RemoveField("journal", "forms_problem_ru"),
        migrations.RemoveField("journal", "forms_problem_en"),
    ]
