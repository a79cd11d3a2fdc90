"""The small browser reads pages the way a person's browser would."""

from demo.web import file_name, read_page

PAGE = """
<ul><li class="note error" data-level="error" data-code="code-gate_closed error">Нет журнала:
 станция 0006</li><li data-level="success" data-code="success">Принято</li></ul>
<form id="card" method="post" enctype="multipart/form-data">
 <input type="hidden" name="csrfmiddlewaretoken" value="abc"><input type="hidden" name="form" value="card">
 <input type="number" name="registration_count" value="14"><input name="off" value="1" disabled>
 <select name="token"><option value="">—</option><option value="t1" selected>Белов П. И.</option></select>
 <select name="room"><option>0101</option><option value="0102">Вторая</option></select>
 <textarea name="reason">
как есть</textarea>
 <input type="checkbox" name="request" value="3" checked><input type="checkbox" name="request" value="4">
 <input type="file" name="files" multiple><button name="go" value="1">Ок</button>
</form>
<form id="close" method="post"></form><a href="/x/?a=1&amp;b=2">Скачать <b>пакет</b></a>
"""


def test_it_keeps_what_the_form_carries():
    form = read_page(PAGE).form("card")
    assert form.method == "post"
    assert form.values == {
        "csrfmiddlewaretoken": ["abc"],
        "form": ["card"],
        "registration_count": ["14"],
        "token": ["t1"],
        "room": ["0101"],
        "reason": ["как есть"],
        "request": ["3"],
    }
    assert form.options["room"] == [("0101", "0101"), ("0102", "Вторая")]
    assert form.options["request"] == [("3", ""), ("4", "")]
    assert form.files == {"files"}
    assert form.options["go"] == [("1", "")]
    assert form.says(room="0102", request="4")
    assert not form.says(room="0103")


def test_it_reads_messages_and_links():
    page = read_page(PAGE)
    assert [(m.level, m.code, m.text) for m in page.messages] == [
        ("error", "gate_closed", "Нет журнала: станция 0006"),
        ("success", "success", "Принято"),
    ]
    assert page.links == (("/x/?a=1&b=2", "Скачать пакет"),)
    assert set(page.forms) == {"card", "close"}


def test_it_reads_russian_file_names():
    assert file_name("attachment; filename=\"x.dat\"; filename*=utf-8''%D0%9F%D0%B0%D0%BA.zip") == "Пак.zip"
    assert file_name('attachment; filename="a b.ppe"') == "a b.ppe"
    assert file_name("") == ""
