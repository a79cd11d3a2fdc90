"""«Сегодня»: the steps are ticked by facts, and each reader sees what their role may do."""


def test_the_page_opens(day, technician):
    answer = technician.client.get("/today/78-0001/")
    assert answer.status_code == 200, answer.content.decode()
    text = answer.content.decode()
    assert "Журналы станций печати" in text
    assert "0 из 6" in text
