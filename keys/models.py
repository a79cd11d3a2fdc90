"""Certificates, requests, exam packages, access keys, machine sessions. No private key is ever in the database."""

from datetime import datetime
from typing import Any, ClassVar, Self

from cryptography import x509
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.moves import Moves
from audit.subjects import AuditSubject
from keys.states import ACCESS_KEY_MOVES, REQUEST_MOVES, AccessKeyState, RequestState
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

    def of(self, role: pki.CertificateRole, region: str, point: str) -> "CertificateQuerySet":
        """Return those of one role at one address."""
        return self.filter(role=role.value, region=region, point=point)


class Certificate(models.Model):
    """A certificate that the node knows: its own, the centre's, stations', GEK members', access keys'."""

    class Role(models.TextChoices):
        """What the holder is (`wire.pki.Role`)."""

        CA = "ca", _("Certificate authority")
        RCOI = "rcoi", _("Regional centre (RCOI)")
        HQ = "hq", _("HQ node of an exam point")
        GEK = "gek", pgettext_lazy("capital", "GEK member")
        PRINT = "print", _("Print station")
        VOICE = "voice", _("Voice station")
        SCAN = "scan", _("Scanning station")
        ACCESS = "access", _("Access key")

    role = models.CharField(_("whose"), max_length=8, choices=Role.choices)
    region = models.CharField(_("region"), max_length=2)
    point = models.CharField(_("Exam point"), max_length=4)
    ident = models.CharField(_("identifier"), max_length=64)
    common_name = models.CharField(_("name"), max_length=64)
    serial = models.CharField(_("serial number"), max_length=64)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, unique=True)
    key_fingerprint = models.CharField(_("key fingerprint"), max_length=64, db_index=True)
    pem = models.TextField(_("PEM"))
    not_before = models.DateTimeField(_("valid from"))
    not_after = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("person"), null=True, blank=True)
    station = models.ForeignKey(Station, models.PROTECT, verbose_name=_("station"), null=True, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ("role", "region", "point", "ident", "-not_before")
        indexes = [models.Index(fields=("role", "region", "point"), name="certificate_address")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.common_name}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region, text=str(self))

    @property
    def identity(self) -> pki.Identity:
        """Whom it speaks for."""
        return pki.Identity(pki.CertificateRole(self.role), self.region, self.point, self.ident)

    @property
    def x509(self) -> x509.Certificate:
        """The certificate itself."""
        return pki.load_pem_certificates(self.pem.encode("ascii"))[0]


class RevocationList(models.Model):
    """A revocation list of the region's authority; the greatest number counts."""

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    der = models.BinaryField(_("DER"))
    made_at = models.DateTimeField(_("made at"))
    taken_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("revocation list")
        verbose_name_plural = _("revocation lists")
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"№ {self.number}"


class SigningRequest(models.Model):
    """A request for a certificate, at the centre."""

    role = models.CharField(_("whose"), max_length=8, choices=Certificate.Role.choices)
    region = models.CharField(_("region"), max_length=2)
    point = models.CharField(_("Exam point"), max_length=4)
    ident = models.CharField(_("identifier"), max_length=64)
    common_name = models.CharField(_("name"), max_length=64)
    key_fingerprint = models.CharField(_("key fingerprint"), max_length=64)
    name = models.CharField(_("file name"), max_length=255)
    csr = models.TextField(_("request"))
    state = models.CharField(_("state"), max_length=8, choices=RequestState.choices, default=RequestState.PENDING)
    doubt = models.CharField(_("what to look at"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"))
    decided_at = models.DateTimeField(pgettext_lazy("short", "decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)
    reason = models.CharField(_("reason of the refusal"), max_length=500, blank=True)
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name=_("certificate"), null=True, blank=True, related_name="requests"
    )

    objects = AddressedQuerySet.as_manager()
    MOVES: ClassVar = Moves(
        REQUEST_MOVES,
        kinds={
            RequestState.PENDING: "keys.request_reopened",
            RequestState.SIGNED: "keys.request_signed",
            RequestState.REFUSED: "keys.request_refused",
        },
    )

    class Meta:
        verbose_name = _("certificate request")
        verbose_name_plural = _("certificate requests")
        ordering = ("-received_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("role", "region", "point", "ident", "key_fingerprint"), name="one_request_for_a_key_and_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.common_name}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region, text=str(self))

    @property
    def identity(self) -> pki.Identity:
        """Whom the certificate would speak for."""
        return pki.Identity(pki.CertificateRole(self.role), self.region, self.point, self.ident)


class ExamPackage(models.Model):
    """An exam package: made here at the centre, or taken in at the exam point."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="packages")
    date = models.DateField(_("exam date"))
    version = models.PositiveIntegerField(_("version"))
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices)
    name = models.CharField(_("file name"), max_length=120)
    path = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    signed_by = models.CharField(_("signed"), max_length=200)
    forms = models.JSONField(_("expected forms"), null=True, blank=True)
    at = models.DateTimeField(_("made or taken in"))
    by = models.CharField(_("who"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("exam package")
        verbose_name_plural = _("exam packages")
        ordering = ("-at",)
        constraints = [models.UniqueConstraint(fields=("point", "date", "version"), name="one_package_of_a_version")]

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(self.name)


class AccessKey(models.Model):
    """The key to the exam materials of one sitting: a certificate here, the private key in an enveloped file."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="access_keys")
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=AccessKeyState.choices)
    certificate = models.OneToOneField(
        Certificate, models.PROTECT, verbose_name=_("certificate"), related_name="access_key"
    )
    name = models.CharField(_("file name"), max_length=120)
    path = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    recipients = models.JSONField(
        _("sealed to"), default=list, help_text=_("fingerprints of the GEK members' certificates")
    )
    at = models.DateTimeField(_("made or loaded"))
    by = models.CharField(_("who"), max_length=200)
    until = models.DateTimeField(_("valid until"))
    ended_at = models.DateTimeField(_("removed from the node"), null=True, blank=True)
    end_reason = models.CharField(_("why removed"), max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(
        ACCESS_KEY_MOVES,
        kinds={
            AccessKeyState.ACTIVATED: "keys.access_key_activated",
            AccessKeyState.EXPIRED: "keys.access_key_expired",
            AccessKeyState.REVOKED: "keys.access_key_revoked",
        },
    )

    class Meta:
        verbose_name = _("access key")
        verbose_name_plural = _("access keys")
        ordering = ("sitting", "version")
        constraints = [models.UniqueConstraint(fields=("sitting", "version"), name="one_access_key_of_a_version")]

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(self.name)

    State = AccessKeyState


class KeyLoad(models.Model):
    """Somebody loaded the file of an access key, or confirmed the loading of it."""

    access_key = models.ForeignKey(
        AccessKey, models.PROTECT, verbose_name=pgettext_lazy("short", "access key"), related_name="loads"
    )
    at = models.DateTimeField(_("when"))
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("person"), null=True, blank=True)
    by = models.CharField(_("who"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "access_key__sitting__point"

    class Meta:
        verbose_name = _("loading of an access key")
        verbose_name_plural = _("loadings of access keys")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.access_key}: {self.by}"


class Activation(models.Model):
    """A GEK member activated an access key with the token."""

    access_key = models.ForeignKey(
        AccessKey, models.PROTECT, verbose_name=pgettext_lazy("short", "access key"), related_name="activations"
    )
    at = models.DateTimeField(_("when"))
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("GEK member"), null=True, blank=True)
    holder = models.CharField(_("holder of the token"), max_length=200)
    token = models.CharField(_("fingerprint of the token's certificate"), max_length=64)
    until = models.DateTimeField(_("valid until"))
    by = models.CharField(_("under whose login"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "access_key__sitting__point"

    class Meta:
        verbose_name = _("activation of an access key")
        verbose_name_plural = _("activations of access keys")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.access_key}: {self.holder}"


class PinFailures(models.Model):
    """Wrong PINs in a row for one token file; the file's contents name it, so that a copy is no second chance."""

    token = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = _("wrong PINs")
        verbose_name_plural = _("wrong PINs")

    def __str__(self) -> str:
        return f"{self.token[:12]}: {self.count}"


class MachineSession(models.Model):
    """A login of a machine. The token itself is not kept, only its hash."""

    token_hash = models.CharField(_("hash of the token"), max_length=64, unique=True)
    challenge_hash = models.CharField(_("hash of the challenge"), max_length=64, unique=True)
    region = models.CharField(_("region"), max_length=2)
    point = models.CharField(_("Exam point"), max_length=4)
    urn = models.CharField(_("machine"), max_length=120)
    fingerprint = models.CharField(_("certificate fingerprint"), max_length=64, db_index=True)
    pem = models.TextField(_("certificate"))
    created_at = models.DateTimeField(pgettext_lazy("session", "begun"))
    expires_at = models.DateTimeField(_("until"), db_index=True)
    revoked_at = models.DateTimeField(pgettext_lazy("session", "ended"), null=True, blank=True)

    objects = AddressedQuerySet.as_manager()

    class Meta:
        verbose_name = _("machine session")
        verbose_name_plural = _("machine sessions")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.urn

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region, text=self.urn)


class KeptAnswer(models.Model):
    """What was answered to a request that carried an ``Idempotency-Key``; see `keys.idempotency`."""

    urn = models.CharField(_("machine"), max_length=120)
    key = models.CharField(_("key of the repetition"), max_length=100)
    request = models.CharField(_("hash of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status of the answer"), null=True)
    body = models.JSONField(_("answer"), null=True)
    at = models.DateTimeField(_("received"), db_index=True)

    class Meta:
        verbose_name = _("answer kept for a machine")
        verbose_name_plural = _("answers kept for machines")
        constraints = [models.UniqueConstraint(fields=("urn", "key"), name="one_answer_to_a_key")]

    def __str__(self) -> str:
        return f"{self.urn} {self.key}"
