from django.db import migrations, models


class Migration(migrations.Migration):
    """The forms that an act names: what it covers is asked without opening its file."""

    dependencies = [
        ("journals", "0005_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="act",
            name="numbers",
            field=models.JSONField(default=list, verbose_name="form numbers"),
        ),
    ]
