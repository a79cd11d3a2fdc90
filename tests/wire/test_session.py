"""Login of machines by a signed challenge."""

import base64

import pytest

from tests.support.authority import DAY, NOW, Authority, authority, holder
from wire import cms, pki
from wire.errors import MalformedDocument, Refusal
from wire.pki import Role, session

CHALLENGE = "bm9uY2U-1234567890"


def test_a_signed_challenge_is_read() -> None:
    signed = session.sign_challenge(CHALLENGE, holder("ec", Role.PRINT).signer)
    challenge, signed_by = session.read_challenge(signed, trust=authority().trust(), at=NOW)
    assert challenge == CHALLENGE
    assert signed_by.identity.role is Role.PRINT


def test_the_servers_time_and_the_roles_decide() -> None:
    signed = session.sign_challenge(CHALLENGE, holder("ec", Role.PRINT).signer)
    with pytest.raises(pki.Expired):
        session.read_challenge(signed, trust=authority().trust(), at=NOW + 60 * DAY)
    with pytest.raises(pki.WrongRole):
        session.read_challenge(signed, trust=authority().trust(), at=NOW, roles={Role.HQ})
    with pytest.raises(pki.Foreign):
        session.read_challenge(signed, trust=Authority().trust(), at=NOW)


def test_a_signed_document_is_no_login() -> None:
    signer = holder("ec").signer
    for blob in (cms.sign(CHALLENGE.encode(), signers=[signer]), cms.sign(b"", signers=[signer])):
        with pytest.raises(MalformedDocument):
            session.read_challenge(base64.b64encode(blob).decode(), trust=authority().trust(), at=NOW)
    both = cms.sign(b"ppe-session/1\nx", signers=[signer, holder("ec", Role.GEK).signer])
    with pytest.raises(MalformedDocument):
        session.read_challenge(base64.b64encode(both).decode(), trust=authority().trust(), at=NOW)


@pytest.mark.parametrize("text", ["", "!", "AAAA", "я", "A" * 100_000, None])
def test_what_is_not_a_signature_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        session.read_challenge(text, trust=authority().trust(), at=NOW)


@pytest.mark.parametrize("challenge", ["", "a\nb", "я", "x" * 513])
def test_what_is_not_a_challenge_is_not_signed(challenge: str) -> None:
    with pytest.raises(MalformedDocument):
        session.sign_challenge(challenge, holder("ec").signer)
