"""Login of machines by a signed challenge."""

import base64

import pytest

from tests.support.authority import DAY, NOW, Authority, authority, holder
from wire import cms, pki
from wire.errors import MalformedDocumentError, PpeError
from wire.pki import CertificateRole, session

CHALLENGE = "bm9uY2U-1234567890"


def test_a_signed_challenge_is_read() -> None:
    signed = session.sign_challenge(CHALLENGE, holder("ec", CertificateRole.PRINT).signer)
    challenge, signed_by = session.read_challenge(signed, trust=authority().trust(), at=NOW)
    assert challenge == CHALLENGE
    assert signed_by.identity.role is CertificateRole.PRINT


def test_the_servers_time_and_the_roles_decide() -> None:
    signed = session.sign_challenge(CHALLENGE, holder("ec", CertificateRole.PRINT).signer)
    with pytest.raises(pki.CertificateExpiredError):
        session.read_challenge(signed, trust=authority().trust(), at=NOW + 60 * DAY)
    with pytest.raises(pki.WrongRoleError):
        session.read_challenge(signed, trust=authority().trust(), at=NOW, roles={CertificateRole.HQ})
    with pytest.raises(pki.ForeignCertificateError):
        session.read_challenge(signed, trust=Authority().trust(), at=NOW)


def test_a_signed_document_is_no_login() -> None:
    signer = holder("ec").signer
    for blob in (cms.sign(CHALLENGE.encode(), signers=[signer]), cms.sign(b"", signers=[signer])):
        with pytest.raises(MalformedDocumentError):
            session.read_challenge(base64.b64encode(blob).decode(), trust=authority().trust(), at=NOW)
    both = cms.sign(b"ppe-session/1\nx", signers=[signer, holder("ec", CertificateRole.GEK).signer])
    with pytest.raises(MalformedDocumentError):
        session.read_challenge(base64.b64encode(both).decode(), trust=authority().trust(), at=NOW)


@pytest.mark.parametrize("text", ["", "!", "AAAA", "я", "A" * 100_000, None])
def test_what_is_not_a_signature_is_refused(text: str) -> None:
    with pytest.raises(PpeError):
        session.read_challenge(text, trust=authority().trust(), at=NOW)


@pytest.mark.parametrize("challenge", ["", "a\nb", "я", "x" * 513])
def test_what_is_not_a_challenge_is_not_signed(challenge: str) -> None:
    with pytest.raises(MalformedDocumentError):
        session.sign_challenge(challenge, holder("ec").signer)
