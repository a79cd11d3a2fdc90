"""The phone secret of a point and day: derived at the centre, carried in the exam package, opened by the node's key."""

import hashlib
import hmac
from datetime import date as day
from pathlib import Path

from keys import node
from keys.errors import PhoneSecretMissingError
from stations.models import ExamPoint
from wire import cms, durable
from wire.errors import PpeError
from wire.messages import Message


def secret_to_send(point: ExamPoint, date: day) -> bytes:
    """Return the secret that the centre puts into a package."""
    return _derived(node.load_key(node.RCOI_KEY).private_numbers().private_value, point, date)


def secrets_of(point: ExamPoint, date: day) -> list[bytes]:
    """Return the secrets that packages of this centre may have carried: one for each of its keys, old ones too."""
    # Derived, so that nothing secret about single points lies on the centre's disk.
    return [_derived(key.private_numbers().private_value, point, date) for key in node.keys_of(node.RCOI_KEY)]


def _derived(private: int, point: ExamPoint, date: day) -> bytes:
    words = f"ppe-phone/1 {point.key} {date.isoformat()}".encode()
    return hmac.digest(private.to_bytes(32, "big"), words, hashlib.sha256)


def store_secret(point: ExamPoint, date: str, sealed: bytes) -> None:
    """Keep the secret as it came, sealed to the node."""
    durable.write_durable(_path(point, date), sealed, mode=0o600)


def stored_secret(point: ExamPoint, date: day) -> bytes:
    """Return the secret that came with the exam package.

    Raises:
        PhoneSecretMissingError: No package brought one, or it is sealed to another node.
    """
    path = _path(point, date.isoformat())
    try:
        with durable.disk_errors():
            sealed = path.read_bytes()
        return cms.open_bytes(sealed, recipients=node.node_recipients())
    except PpeError as refusal:
        raise PhoneSecretMissingError(
            Message("This node has no phone secret for {date}.", date=f"{date:%d.%m.%Y}"),
            remedy=Message("Take in the exam package that the centre made for this node."),
        ) from refusal


def _path(point: ExamPoint, date: str) -> Path:
    return node.folder() / f"phone-{point.key}-{date}.p7m"
