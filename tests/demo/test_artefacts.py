import hashlib
from types import SimpleNamespace

import pytest

from demo import artefacts
from demo.checks import CheckFailedError
from demo.harness import Folders
from demo.report import DemoStep
from wire import pki


@pytest.fixture
def root(tmp_path):
    for name, data in {
        "data/hq/db.sqlite3": b"rows",
        "data/hq/keys/node.key": b"key",
        "data/rcoi/opened/ab/0123-1/sheets/0001_0.tif": b"picture",
        "pki/ca.pem": pki.pem(pki.make_ca(pki.generate_key(), region="78", name="CA")).encode(),
        "flash/0001/END_PRINT_1.dat": b"journal",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_a_copy_kept_under_its_hash_is_judged_under_its_own_name(root):
    kept = root / "data/hq/journals" / f"{hashlib.sha256(b'journal').hexdigest()}.dat"
    kept.parent.mkdir()
    kept.write_bytes(b"journal")
    assert [path.name for path in artefacts.documents(root)] == ["END_PRINT_1.dat"]


@pytest.mark.parametrize("name", ["data/hq/odd.bin", "data/rcoi/opened/ab/0123-1/odd.json", "flash/odd.p7m"])
def test_a_file_that_nobody_knows_fails_the_proof(root, monkeypatch, name):
    (root / name).write_bytes(b'{"format": "odd/1"}')
    monkeypatch.setattr(artefacts, "_bring_feeds", lambda _stage: None)
    with pytest.raises(CheckFailedError, match=name.rpartition("/")[2]):
        artefacts.verify(SimpleNamespace(folders=Folders(root)), DemoStep("✓", "", ""))
