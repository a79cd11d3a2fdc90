"""A packet whose signer's certificate ended on the way: signed in time, received soon after, taken with a remark.

A drive may travel over midnight, a line may be down for a day. What is signed says itself when it was signed, so the
grace is short, and a certificate that was revoked since is refused as always.
"""

from datetime import datetime, timedelta
from pathlib import Path

from wire import packet
from wire.packet import CheckedPacket
from wire.pki.trust import CertificateExpiredError, TrustStore

GRACE = timedelta(days=3)


def verify(path: Path, *, trust: TrustStore, at: datetime) -> CheckedPacket:
    """Check a packet as `wire.packet.verify` does, at a moment not long after its signers' certificates ended.

    Raises:
        PpeError: As `wire.packet.verify`.
    """
    try:
        return packet.verify(path, trust=trust, at=at)
    except CertificateExpiredError as expired:
        checked = packet.verify(path, trust=trust)  # each signer at its own signing time
        for signed in checked.signers:
            ended = signed.certificate.not_valid_after_utc
            if at - ended > GRACE:
                raise expired from None
            trust.check(signed.certificate, at=min(at, ended), signing=True)  # not revoked up to its end
        return checked
