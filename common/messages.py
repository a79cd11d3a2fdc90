"""The field in which a row keeps a sentence: code and parameters, said in the language of whoever reads the row."""

import json
from typing import Any

from django.db import models
from django.db.models.expressions import BaseExpression
from django.db.models.functions import JSONObject
from django.db.models.query_utils import DeferredAttribute

from wire.messages import NOTHING, Both, Message

#: Characters of JSON beyond which a sentence is kept as two wordings: no row grows with the number of its parameters.
LIMIT = 16_000


class _Encoder(json.JSONEncoder):
    """Russian as it is written: half the size, and a search in the column finds it on SQLite too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class _Place(DeferredAttribute):
    """The attribute of a row: whatever is put in, a sentence comes out."""

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = as_message(value)


def as_message(value: Any) -> Any:
    """Return a sentence: out of a row's JSON, a plain text, or one that it is already; an expression stays one."""
    if isinstance(value, (Message, BaseExpression)):
        return value or NOTHING
    return Message.from_json(value) if value else NOTHING


def kept(message: Message) -> dict[str, Any]:
    """Return a sentence as a row keeps it: with its Russian, for the day on which the catalogue has other words."""
    if not message:
        return {}
    found = {**message.as_json(), "ru": message.ru}
    if len(json.dumps(found, ensure_ascii=False)) <= LIMIT:
        return found
    return Both(message.ru[:LIMIT], message.en[:LIMIT]).as_json()


class MessageField(models.JSONField):
    """A sentence in a row: a `Message` on the instance, `NOTHING` when there is none.

    In lookups only the emptiness can be asked for (``field=NOTHING``): what a sentence says is no key.
    """

    descriptor_class = _Place

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what a `JSONField` takes; empty unless something is said."""
        options.setdefault("default", dict)
        options.setdefault("blank", True)
        options.setdefault("encoder", _Encoder)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """Return what a migration writes, without what always holds."""
        name, path, args, options = super().deconstruct()
        for each in ("default", "blank", "encoder"):
            options.pop(each, None)
        return name, path, args, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Message:
        """Return the sentence."""
        return as_message(super().from_db_value(value, expression, connection))  # type: ignore[no-any-return]

    def to_python(self, value: Any) -> Any:
        """Return the sentence, out of a fixture."""
        return as_message(value)

    def get_prep_value(self, value: Any) -> Any:
        """Return the JSON."""
        value = as_message(value)
        return kept(value) if isinstance(value, Message) else value

    def value_to_string(self, obj: models.Model) -> Any:
        """Return the JSON, for a fixture."""
        return self.get_prep_value(self.value_from_object(obj))


def gather(apps: Any, app: str, model: str, *fields: str) -> None:
    """Migration: put the two columns ``<field>_ru`` and ``<field>_en`` of older rows together, in the database itself.

    Args:
        apps: The models as the migration knows them.
        app: Of the model.
        model: Its name.
        fields: The names of the new columns.
    """
    rows = apps.get_model(app, model).objects
    for field in fields:
        both = JSONObject(ru=f"{field}_ru", en=f"{field}_en")
        rows.exclude(**{f"{field}_ru": ""}).update(**{field: both})


def part(apps: Any, app: str, model: str, *fields: str) -> None:
    """Migration backwards: write both wordings into their columns again."""
    rows = apps.get_model(app, model).objects
    for field in fields:
        batch = []
        for row in rows.exclude(**{field: NOTHING}).order_by("pk").only("pk", field).iterator(2000):
            message = getattr(row, field)
            setattr(row, f"{field}_ru", message.ru)
            setattr(row, f"{field}_en", message.en)
            batch.append(row)
            if len(batch) == 2000:
                rows.bulk_update(batch, (f"{field}_ru", f"{field}_en"), 100)
                batch.clear()
        rows.bulk_update(batch, (f"{field}_ru", f"{field}_en"), 100)
