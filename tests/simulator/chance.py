"""Everything is drawn from a seed: identifiers, keys, nonces; and a signature follows from what is signed."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# The library remembers the class of such signatures at the first one that it makes, for the life of the process: it has
# to be its own, or it would take no other once a block of `drawn` is over.
ec.generate_private_key(ec.SECP256R1()).sign(b"", ec.ECDSA(hashes.SHA256()))


class _Deterministic(ec.ECDSA):
    """RFC 6979: OpenSSL's own randomness cannot be seeded."""

    def __init__(self, algorithm: Any, deterministic_signing: bool = True) -> None:
        super().__init__(algorithm, deterministic_signing)


def take_over(source: Any) -> None:
    """Let this process draw from a source for the rest of its life."""
    os.urandom = random._urandom = source.randbytes  # type: ignore[attr-defined]
    ec.ECDSA = _Deterministic  # type: ignore[misc]
    ec.generate_private_key = lambda curve, _backend=None: ec.derive_private_key(source.getrandbits(250) + 1, curve)


@contextmanager
def drawn(seed: str) -> Iterator[None]:
    """Draw from a seed in this block."""
    kept = os.urandom, random._urandom, ec.ECDSA, ec.generate_private_key  # type: ignore[attr-defined]
    take_over(random.Random(seed))
    try:
        yield
    finally:
        os.urandom, random._urandom, ec.ECDSA, ec.generate_private_key = kept  # type: ignore[attr-defined, misc]
