"""Settings that can hurt are told of."""

from keys import checks, node


def ids(found):
    return [each.id for each in found]


def test_a_token_folder_that_everybody_writes_to(token_dir, settings):
    assert checks.token_folders(None) == []
    token_dir.chmod(0o777)
    settings.PPE_PKCS11_MODULE = "/usr/lib/softhsm.so"
    assert ids(checks.token_folders(None)) == ["keys.W001", "keys.W002"]


def test_keys_that_others_can_read(db, data_dir):
    assert checks.key_folder(None) == []
    node.ensure_keys()
    assert checks.key_folder(None) == []
    (node.folder() / "node.key").chmod(0o644)
    assert ids(checks.key_folder(None)) == ["keys.W003"]


def test_keys_are_made_once(db, data_dir):
    node.ensure_keys()
    before = (node.folder() / "node.key").read_bytes()
    node.ensure_keys()
    assert (node.folder() / "node.key").read_bytes() == before
    assert (node.folder() / "node.key").stat().st_mode & 0o777 == 0o600
    assert node.folder().stat().st_mode & 0o777 == 0o700
