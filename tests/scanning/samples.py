"""Real scans, digits and recordings, where this machine has them: `PPE_SAMPLES`, or `shared/samples` above."""

import os
from pathlib import Path

from tests.needs import missing

ROOT = Path(__file__).resolve().parents[2]


def samples(part: str) -> Path:
    """A folder of the real samples."""
    named = os.environ.get("PPE_SAMPLES")
    places = [Path(named)] if named else [above / "shared" / "samples" for above in ROOT.parents]
    found = next((place / part for place in places if (place / part).is_dir()), None)
    return found if found is not None else missing(f"real samples ({part})")
