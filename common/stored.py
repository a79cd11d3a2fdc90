"""Words that rows keep for good, some inside chains of hashes: Russian, as the first version wrote them.

They are shown through the catalogue of `locale/en`, whose msgids they are.
"""

import json
from pathlib import Path

_WORDS: dict[str, str] = json.loads((Path(__file__).parent / "data" / "stored.json").read_text("utf-8"))


def stored(english: str) -> str:
    """Return the word that a row keeps for an English one.

    Raises:
        KeyError: `common/data/stored.json` has no such word.
    """
    return _WORDS[english]
