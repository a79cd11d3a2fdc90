"""Forms of the pages: what is wrong stands beside its field, and nothing typed is lost or silently cut."""

import unicodedata
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from wire.errors import PpeError

#: The field of the log-in page that carries a form, and the key of the session that then holds it for its page.
UNSENT = "unsent"
#: The hidden field of every form that says for whom its page was drawn.
WRITER = "writer"
#: Why a form is shown again: a field does not fit, a service refused it, or it never reached its handler.
Returned = Literal["", "invalid", "refused", "unsent"]


def writer_of(user: Any) -> str:
    """Return what the forms of a person's pages carry; the same for everybody who is not logged in."""
    return signing.Signer(salt="common.web.forms.writer").sign(str(user.pk) if user.is_authenticated else "")


class PlainText(forms.CharField):
    """A text that people type: no control characters, and line breaks only where the field has several lines."""

    def validate(self, value: Any) -> None:
        """Refuse characters that nobody types and no paper shows."""
        super().validate(value)
        allowed = "\n\r\t" if isinstance(self.widget, forms.Textarea) else ""
        if any(unicodedata.category(each) == "Cc" and each not in allowed for each in value):
            raise ValidationError(_("Control characters are not allowed here."), code="control_characters")


class Secret(forms.CharField):
    """A PIN or a password: taken as typed, never shown again and never carried through a log-in."""

    widget = forms.PasswordInput(attrs={"autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)


class PageForm(forms.Form):
    """A form hung on a page with ``Page.post(Form, about=…)``.

    Attributes:
        name: What its hidden field ``form`` says.
        about: What ``about`` returned: the row that the form is for.
        returned: Why the form is shown again; empty when it was not sent.
    """

    name: ClassVar[str]

    def __init__(
        self,
        request: HttpRequest,
        *,
        about: Any = None,
        data: QueryDict | None = None,
        files: Any = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, auto_id=f"{self.name}-%s", initial=dict(initial or {}))
        self.request, self.about = request, about
        self.returned: Returned = ""

    def take_refusal(self, refusal: PpeError) -> None:
        """Put the parts of a refusal beside the fields they name."""
        self.returned = "refused"
        for part in refusal.parts:
            if part.field in self.fields:
                self.add_error(part.field, part.text())

    def fill_unsent(self, typed: QueryDict) -> None:
        """Show what was typed without judging it: the form was not sent to its handler."""
        self.returned = "unsent"
        for name, field in self.fields.items():
            if name in typed and _is_kept(field):
                self.initial[name] = field.widget.value_from_datadict(typed, QueryDict(), name)

    @classmethod
    def kept(cls, typed: QueryDict) -> dict[str, list[str]]:
        """Return what may be carried through a log-in: the declared fields without secrets and files."""
        return {
            name: [str(each) for each in typed.getlist(name)]
            for name, field in cls.base_fields.items()
            if name in typed and _is_kept(field)
        }

    @property
    def again(self) -> list[str]:
        """What has to be typed or chosen once more, in sentences."""
        said = []
        if any(isinstance(field, Secret) for field in self.fields.values()):
            said.append(_("Type the password or PIN again: it is never kept."))
        if any(isinstance(field, forms.FileField) for field in self.fields.values()):
            said.append(_("Choose the files again: they are never kept."))
        return said

    @property
    def first_wrong(self) -> str:
        """The name of the first field with an error; empty when there is none."""
        return next((name for name in self.fields if self.returned and self.is_bound and name in self.errors), "")


def _is_kept(field: forms.Field) -> bool:
    return not isinstance(field, (Secret, forms.FileField))


F = TypeVar("F", bound=PageForm)


def form_on(request: HttpRequest, kind: type[F], *, about: Any = None, initial: Mapping[str, Any] | None = None) -> F:
    """Return the form for its page: as it was typed when it was just not done, else with its first values."""
    came = getattr(request, "returned_form", None)
    if not isinstance(came, kind):
        return kind(request, about=about, initial=initial)
    came.initial = {**(initial or {}), **came.initial}
    return came
