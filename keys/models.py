"""Certificates, requests, exam packages, access keys, machine sessions. No private key is ever in the database."""

from datetime import datetime
from typing import Any, ClassVar, Self

from cryptography import x509
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from keys.states import AccessKeyState, RequestState
from stations.models import ExamPoint, Mode, Person, Sitting, Station
from stations.scope import ScopedQuerySet, addressed
from wire import pki

#: So many words of a search are looked at; so many digits of a serial number or fingerprint mean one.
MOST_WORDS, MIN_DIGITS = 8, 4


class AddressedQuerySet(models.QuerySet[Any]):
    """Rows that name their region and point as text."""

    def visible_to(self, user: Any) -> Self:
        """Return the rows of the points in scope and those of the region itself."""
        if not getattr(user, "is_active", False):
            return self.none()
        keys = user.point_keys()
        if keys is None:
            return self
        return self.filter(Q(point="0000") | addressed(keys))


class CertificateQuerySet(AddressedQuerySet):
    """Certificates and the questions asked of them."""

    def found(self, text: str) -> "CertificateQuerySet":
        """Return those that every word of a search means: a name, a point, a holder's code, a serial, a fingerprint."""
        rows = self
        for word in text.split()[:MOST_WORDS]:
            region, _dash, point = word.rpartition("-")
            digits = word.replace(":", "").lower()
            wanted = Q(ident__icontains=word) | Q(point=point, **({"region": region} if region else {}))
            # SQLite knows the two cases of a letter for Latin ones only.
            for form in {word, word.lower(), word.capitalize(), word.upper()}:
                wanted |= Q(common_name__contains=form)
            if len(digits) >= MIN_DIGITS:
                wanted |= Q(serial__startswith=digits.lstrip("0")) | Q(fingerprint__startswith=digits)
            rows = rows.filter(wanted)
        return rows

    def standing(self, at: datetime) -> "CertificateQuerySet":
        """Return those that are valid at a moment and not revoked."""
        return self.filter(not_before__lte=at, not_after__gt=at, revoked_at__isnull=True)

    def of(self, role: pki.Role, region: str, point: str) -> "CertificateQuerySet":
        """Return those of one role at one address."""
        return self.filter(role=role.value, region=region, point=point)


class Certificate(models.Model):
    """A certificate that the node knows: its own, the centre's, stations', GEK members', access keys'."""

    class Role(models.TextChoices):
        """What the holder is (`wire.pki.Role`)."""

        CA = "ca", _("Удостоверяющий центр")
        RCOI = "rcoi", _("РЦОИ")
        HQ = "hq", _("Узел штаба ППЭ")
        GEK = "gek", _("Член ГЭК")
        PRINT = "print", _("Станция печати")
        VOICE = "voice", _("Станция записи ответов")
        SCAN = "scan", _("Станция сканирования")
        ACCESS = "access", _("Ключ доступа к ЭМ")

    role = models.CharField(_("чей"), max_length=8, choices=Role.choices)
    region = models.CharField(_("регион"), max_length=2)
    point = models.CharField(_("ППЭ"), max_length=4)
    ident = models.CharField(_("обозначение"), max_length=64)
    common_name = models.CharField(_("имя"), max_length=64)
    serial = models.CharField(_("серийный номер"), max_length=64)
    fingerprint = models.CharField(_("отпечаток"), max_length=64, unique=True)
    key_fingerprint = models.CharField(_("отпечаток ключа"), max_length=64, db_index=True)
    pem = models.TextField(_("PEM"))
    not_before = models.DateTimeField(_("действует с"))
    not_after = models.DateTimeField(_("действует до"))
    revoked_at = models.DateTimeField(_("отозван"), null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("сотрудник"), null=True, blank=True)
    station = models.ForeignKey(Station, models.PROTECT, verbose_name=_("станция"), null=True, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("сертификат")
        verbose_name_plural = _("сертификаты")
        ordering = ("role", "region", "point", "ident", "-not_before")
        indexes = [models.Index(fields=("role", "region", "point"), name="certificate_address")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.common_name}"

    @property
    def identity(self) -> pki.Identity:
        """Whom it speaks for."""
        return pki.Identity(pki.Role(self.role), self.region, self.point, self.ident)

    @property
    def x509(self) -> x509.Certificate:
        """The certificate itself."""
        return pki.load_pem_certificates(self.pem.encode("ascii"))[0]


class RevocationList(models.Model):
    """A revocation list of the region's authority; the greatest number counts."""

    number = models.PositiveBigIntegerField(_("номер"), unique=True)
    der = models.BinaryField(_("DER"))
    made_at = models.DateTimeField(_("составлен"))
    taken_at = models.DateTimeField(_("получен"), auto_now_add=True)

    class Meta:
        verbose_name = _("список отозванных сертификатов")
        verbose_name_plural = _("списки отозванных сертификатов")
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"№ {self.number}"


class SigningRequest(models.Model):
    """A request for a certificate, at the centre."""

    role = models.CharField(_("чей"), max_length=8, choices=Certificate.Role.choices)
    region = models.CharField(_("регион"), max_length=2)
    point = models.CharField(_("ППЭ"), max_length=4)
    ident = models.CharField(_("обозначение"), max_length=64)
    common_name = models.CharField(_("имя"), max_length=64)
    key_fingerprint = models.CharField(_("отпечаток ключа"), max_length=64)
    name = models.CharField(_("имя файла"), max_length=255)
    csr = models.TextField(_("запрос"))
    state = models.CharField(_("состояние"), max_length=8, choices=RequestState.choices, default=RequestState.PENDING)
    doubt = models.CharField(_("на что обратить внимание"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("получен"))
    decided_at = models.DateTimeField(_("решено"), null=True, blank=True)
    decided_by = models.CharField(_("кто решил"), max_length=200, blank=True)
    reason = models.CharField(_("причина отказа"), max_length=500, blank=True)
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name=_("сертификат"), null=True, blank=True, related_name="requests"
    )

    objects = AddressedQuerySet.as_manager()

    class Meta:
        verbose_name = _("запрос сертификата")
        verbose_name_plural = _("запросы сертификатов")
        ordering = ("-received_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("role", "region", "point", "ident", "key_fingerprint"), name="one_request_for_a_key_and_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.common_name}"

    @property
    def identity(self) -> pki.Identity:
        """Whom the certificate would speak for."""
        return pki.Identity(pki.Role(self.role), self.region, self.point, self.ident)


class ExamPackage(models.Model):
    """An exam package: made here at the centre, or taken in at the exam point."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="packages")
    date = models.DateField(_("дата экзамена"))
    version = models.PositiveIntegerField(_("версия"))
    mode = models.CharField(_("режим"), max_length=8, choices=Mode.choices)
    name = models.CharField(_("имя файла"), max_length=120)
    path = models.CharField(_("файл"), max_length=300)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    signed_by = models.CharField(_("подписан"), max_length=200)
    forms = models.JSONField(_("ожидаемые формы"), null=True, blank=True)
    at = models.DateTimeField(_("составлен или принят"))
    by = models.CharField(_("кто"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("пакет экзамена")
        verbose_name_plural = _("пакеты экзаменов")
        ordering = ("-at",)
        constraints = [models.UniqueConstraint(fields=("point", "date", "version"), name="one_package_of_a_version")]

    def __str__(self) -> str:
        return self.name


class AccessKey(models.Model):
    """The key to the exam materials of one sitting: a certificate here, the private key in an enveloped file."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="access_keys")
    version = models.PositiveIntegerField(_("версия"))
    state = models.CharField(_("состояние"), max_length=10, choices=AccessKeyState.choices)
    certificate = models.OneToOneField(
        Certificate, models.PROTECT, verbose_name=_("сертификат"), related_name="access_key"
    )
    name = models.CharField(_("имя файла"), max_length=120)
    path = models.CharField(_("файл"), max_length=300)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    recipients = models.JSONField(_("кому закрыт"), default=list, help_text=_("отпечатки сертификатов членов ГЭК"))
    at = models.DateTimeField(_("выпущен или загружен"))
    by = models.CharField(_("кто"), max_length=200)
    until = models.DateTimeField(_("действует до"))
    ended_at = models.DateTimeField(_("удалён с узла"), null=True, blank=True)
    end_reason = models.CharField(_("почему удалён"), max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("ключ доступа к ЭМ")
        verbose_name_plural = _("ключи доступа к ЭМ")
        ordering = ("sitting", "version")
        constraints = [models.UniqueConstraint(fields=("sitting", "version"), name="one_access_key_of_a_version")]

    def __str__(self) -> str:
        return self.name

    State = AccessKeyState


class KeyLoad(models.Model):
    """Somebody loaded the file of an access key, or confirmed the loading of it."""

    access_key = models.ForeignKey(AccessKey, models.PROTECT, verbose_name=_("ключ доступа"), related_name="loads")
    at = models.DateTimeField(_("когда"))
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("сотрудник"), null=True, blank=True)
    by = models.CharField(_("кто"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "access_key__sitting__point"

    class Meta:
        verbose_name = _("загрузка ключа доступа")
        verbose_name_plural = _("загрузки ключей доступа")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.access_key}: {self.by}"


class Activation(models.Model):
    """A GEK member activated an access key with the token."""

    access_key = models.ForeignKey(
        AccessKey, models.PROTECT, verbose_name=_("ключ доступа"), related_name="activations"
    )
    at = models.DateTimeField(_("когда"))
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("член ГЭК"), null=True, blank=True)
    holder = models.CharField(_("владелец токена"), max_length=200)
    token = models.CharField(_("отпечаток сертификата токена"), max_length=64)
    until = models.DateTimeField(_("действует до"))
    by = models.CharField(_("за чьей учётной записью"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "access_key__sitting__point"

    class Meta:
        verbose_name = _("активация ключа доступа")
        verbose_name_plural = _("активации ключей доступа")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.access_key}: {self.holder}"


class PinFailures(models.Model):
    """Wrong PINs in a row for one token file; the file's contents name it, so that a copy is no second chance."""

    token = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = _("неверные ПИН-коды")
        verbose_name_plural = _("неверные ПИН-коды")

    def __str__(self) -> str:
        return f"{self.token[:12]}: {self.count}"


class MachineSession(models.Model):
    """A login of a machine. The token itself is not kept, only its hash."""

    token_hash = models.CharField(_("хэш токена"), max_length=64, unique=True)
    challenge_hash = models.CharField(_("хэш вызова"), max_length=64, unique=True)
    region = models.CharField(_("регион"), max_length=2)
    point = models.CharField(_("ППЭ"), max_length=4)
    urn = models.CharField(_("машина"), max_length=120)
    fingerprint = models.CharField(_("отпечаток сертификата"), max_length=64, db_index=True)
    pem = models.TextField(_("сертификат"))
    created_at = models.DateTimeField(_("начата"))
    expires_at = models.DateTimeField(_("до"), db_index=True)
    revoked_at = models.DateTimeField(_("прекращена"), null=True, blank=True)

    objects = AddressedQuerySet.as_manager()

    class Meta:
        verbose_name = _("сессия машины")
        verbose_name_plural = _("сессии машин")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.urn


class KeptAnswer(models.Model):
    """What was answered to a request that carried an ``Idempotency-Key``; see `keys.idempotency`."""

    urn = models.CharField(_("машина"), max_length=120)
    key = models.CharField(_("ключ повтора"), max_length=100)
    request = models.CharField(_("хэш запроса"), max_length=64)
    status = models.PositiveSmallIntegerField(_("код ответа"), null=True)
    body = models.JSONField(_("ответ"), null=True)
    at = models.DateTimeField(_("получен"), db_index=True)

    class Meta:
        verbose_name = _("сохранённый ответ машине")
        verbose_name_plural = _("сохранённые ответы машинам")
        constraints = [models.UniqueConstraint(fields=("urn", "key"), name="one_answer_to_a_key")]

    def __str__(self) -> str:
        return f"{self.urn} {self.key}"
