"""Real scans, digits and recordings, where this machine has them: `PPE_SAMPLES`, or `shared/samples` above."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def samples(part: str) -> Path:
    """A folder of the real samples."""
    named = os.environ.get("PPE_SAMPLES")
    places = [Path(named)] if named else [above / "shared" / "samples" for above in ROOT.parents]
    found = next((place / part for place in places if (place / part).is_dir()), None)
    if found is None:
        # They are nobody's to give away with the project, so no machine can be required to have them.
        pytest.skip(f"not run here: real samples ({part})")
    return found
