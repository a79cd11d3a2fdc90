from django.db import migrations, models


class Migration(migrations.Migration):
    """A kind of difference: the voice journals of two rooms name one form."""

    dependencies = [
        ("scanning", "0006_names_of_the_field"),
    ]

    operations = [
        migrations.AlterField(
            model_name="discrepancy",
            name="kind",
            field=models.CharField(
                choices=[
                    ("missing", "sheet missing"),
                    ("foreign", "foreign sheet"),
                    ("twice", "twice"),
                    ("unlisted", "not in the journal"),
                    ("unknown", "number unknown"),
                    ("unreadable", "not read"),
                    ("contested", "named by two rooms"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
    ]
