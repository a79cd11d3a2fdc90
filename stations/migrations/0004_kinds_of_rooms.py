from django.db import migrations, models


def fill(apps, _schema_editor):
    apps.get_model("stations", "SittingRoom").objects.filter(voice=True).update(kind="voice")


def empty(apps, _schema_editor):
    """A preparation room was a room like any other before there was a word for it."""
    apps.get_model("stations", "SittingRoom").objects.filter(kind="voice").update(voice=True)


class Migration(migrations.Migration):
    """What a room of a sitting is for: a boolean could not tell a preparation room from a written one."""

    dependencies = [
        ("stations", "0003_names_of_the_field"),
    ]

    operations = [
        migrations.AddField(
            model_name="sittingroom",
            name="kind",
            field=models.CharField(
                choices=[("written", "room"), ("voice", "voice room"), ("preparation", "preparation room")],
                default="written",
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.RunPython(fill, empty),
        migrations.RemoveField(model_name="sittingroom", name="voice"),
    ]
