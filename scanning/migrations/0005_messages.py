"""Sentences of rows become one column each: what was kept as two wordings is read on as such."""

from functools import partial

from django.db import migrations, models

import common.messages
from common.messages import MessageField


def together(model, *rest):
    *fields, apps, _editor = rest
    common.messages.gather(apps, "scanning", model, *fields)


def apart(model, *rest):
    *fields, apps, _editor = rest
    common.messages.part(apps, "scanning", model, *fields)


class Migration(migrations.Migration):

    dependencies = [("scanning", "0004_reopen_reason_en")]

    operations = [
        migrations.AlterField("roomcard", "reopen_reason", models.TextField(blank=True, default="")),
        migrations.RenameField("roomcard", "reopen_reason", "reopen_reason_ru"),
        migrations.AddField("roomcard", "reopen_reason", MessageField(verbose_name='why opened again')),
        migrations.AlterField("finding", "value", models.CharField(blank=True, default="", max_length=300)),
        migrations.RenameField("finding", "value", "value_ru"),
        migrations.AddField("finding", "value", MessageField(verbose_name='value')),
        migrations.AlterField("discrepancy", "text", models.TextField(blank=True, default="")),
        migrations.RenameField("discrepancy", "text", "text_ru"),
        migrations.AddField("discrepancy", "text", MessageField(verbose_name='what is wrong')),
        migrations.AlterField("scanjob", "said", models.TextField(blank=True, default="")),
        migrations.RenameField("scanjob", "said", "said_ru"),
        migrations.AddField("scanjob", "said", MessageField(verbose_name='outcome')),
        migrations.RunPython(partial(together, "roomcard", "reopen_reason"), partial(apart, "roomcard", "reopen_reason")),
        migrations.RemoveField("roomcard", "reopen_reason_ru"),
        migrations.RemoveField("roomcard", "reopen_reason_en"),
        migrations.RunPython(partial(together, "finding", "value"), partial(apart, "finding", "value")),
        migrations.RemoveField("finding", "value_ru"),
        migrations.RemoveField("finding", "value_en"),
        migrations.RunPython(partial(together, "discrepancy", "text"), partial(apart, "discrepancy", "text")),
        migrations.RemoveField("discrepancy", "text_ru"),
        migrations.RemoveField("discrepancy", "text_en"),
        migrations.RunPython(partial(together, "scanjob", "said"), partial(apart, "scanjob", "said")),
        migrations.RemoveField("scanjob", "said_ru"),
        migrations.RemoveField("scanjob", "said_en"),
    ]
