"""Any text becomes a name that any file system takes."""

from hypothesis import given
from hypothesis import strategies as st

from wire import filenames


@given(st.text(max_size=300))
def test_any_name_can_be_made_plain(name):
    assert filenames.is_plain(filenames.plain(name))


def test_a_plain_name_stays_as_it_is():
    name = "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat"
    assert filenames.plain(name) == name
    assert filenames.plain("END_PRINT_??.dat") == "END_PRINT___.dat"
    assert filenames.plain("../../etc/passwd") == "_.._etc_passwd"
    assert filenames.plain("ы" * 300 + ".dat").endswith("ы.dat")
