"""Sentences of rows become one column each: what was kept as two wordings is read on as such."""

from functools import partial

from django.db import migrations, models

import common.messages
from common.messages import MessageField


def together(model, *rest):
    *fields, apps, _editor = rest
    common.messages.gather(apps, "transfers", model, *fields)


def apart(model, *rest):
    *fields, apps, _editor = rest
    common.messages.part(apps, "transfers", model, *fields)


class Migration(migrations.Migration):

    dependencies = [("transfers", "0008_one_packet_of_a_version")]

    operations = [
        migrations.AlterField("packet", "last_error", models.TextField(blank=True, default="")),
        migrations.RenameField("packet", "last_error", "last_error_ru"),
        migrations.AddField("packet", "last_error", MessageField(verbose_name='last failure')),
        migrations.AlterField("packetstep", "text", models.TextField(blank=True, default="")),
        migrations.RenameField("packetstep", "text", "text_ru"),
        migrations.AddField("packetstep", "text", MessageField(verbose_name='what')),
        migrations.AlterField("linecheck", "problem", models.TextField(blank=True, default="")),
        migrations.RenameField("linecheck", "problem", "problem_ru"),
        migrations.AddField("linecheck", "problem", MessageField(verbose_name='what went wrong')),
        migrations.AlterField("feedcursor", "trouble", models.TextField(blank=True, default="")),
        migrations.RenameField("feedcursor", "trouble", "trouble_ru"),
        migrations.AddField("feedcursor", "trouble", MessageField(verbose_name='what went wrong since')),
        migrations.AlterField("feedrecord", "problem", models.TextField(blank=True, default="")),
        migrations.RenameField("feedrecord", "problem", "problem_ru"),
        migrations.AddField("feedrecord", "problem", MessageField(verbose_name='what went wrong')),
        migrations.RunPython(partial(together, "packet", "last_error"), partial(apart, "packet", "last_error")),
        migrations.RemoveField("packet", "last_error_ru"),
        migrations.RemoveField("packet", "last_error_en"),
        migrations.RunPython(partial(together, "packetstep", "text"), partial(apart, "packetstep", "text")),
        migrations.RemoveField("packetstep", "text_ru"),
        migrations.RemoveField("packetstep", "text_en"),
        migrations.RunPython(partial(together, "linecheck", "problem"), partial(apart, "linecheck", "problem")),
        migrations.RemoveField("linecheck", "problem_ru"),
        migrations.RemoveField("linecheck", "problem_en"),
        migrations.RunPython(partial(together, "feedcursor", "trouble"), partial(apart, "feedcursor", "trouble")),
        migrations.RemoveField("feedcursor", "trouble_ru"),
        migrations.RemoveField("feedcursor", "trouble_en"),
        migrations.RunPython(partial(together, "feedrecord", "problem"), partial(apart, "feedrecord", "problem")),
        migrations.RemoveField("feedrecord", "problem_ru"),
        migrations.RemoveField("feedrecord", "problem_en"),
    ]
