"""Every list of both kinds of node takes the filters that its page offers, and answers anything else in words."""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import ppe_portal.urls
from audit.models import Event
from rcoi.models import InboxPacket
from stations.models import ExamPoint, Node, User
from tests.conftest import log_in
from tests.ppe_portal.test_every_page import addresses
from tests.support import factories
from transfers.models import Packet, PacketKind
from wire.errors import PpeError

pytestmark = pytest.mark.django_db
assert ppe_portal.urls  # hides what libraries have registered
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
#: A plain list asks for its rows, their count, what its filters show, and who looks.
MOST_QUERIES = 30
BAD_REGEX = "(a+)+$"

#: What no link of a list asks.
NASTY = {
    "a secret of the related": "user__password__startswith=pbkdf2",
    "a secret": "password__regex=" + BAD_REGEX,
    "nothing of ours": "no_such_field=1",
    "a related of nothing": "a__b__c__d__e__f=1",
    "an old error": "e=1",
    "a popup": "_popup=1",
    "a field of another": "_to_field=password",
    "counts of everything": "_facets=True",
    "a page of words": "p=first",
    "a page before the first": "p=0",
    "a page beyond any number": "p=" + "9" * 400,
    "a page asked twice": "p=1&p=2",
    "an order of words": "o=password",
    "an order of everything": "o=" + ".".join(["1"] * 100),
    "an order asked twice": "o=1&o=2",
    "a search of a thousand words": "q=" + "+".join(["a"] * 1000),
    "a search as long as a book": "q=" + "a" * 6000,
    "a search asked twice": "q=a&q=b",
    "a year without an end": "at__year=" + "9" * 30,
    "the end of time": "at__year=9999&at__month=12&at__day=31",
    "a day of no month": "at__year=2026&at__month=2&at__day=31",
    "a month of no year": "created_at__month=5",
    "a moment by hand": "at__gte=yesterday",
    "a kind a thousand times": "&".join(["state__exact=a"] * 1000),
    "a kind as long as a book": "state__exact=" + "a" * 6000,
    "a choice that is none": "state__isnull=maybe&packet__isempty=maybe",
}


#: What every list is asked over HTTP; the lists of `WIDE` are asked everything.
FEW = ("a secret of the related", "a secret", "an old error", "a page beyond any number")
WIDE = {"audit.Event", "stations.User", "stations.Sitting", "transfers.Packet", "keys.Certificate", "uploads.Upload"}


@pytest.fixture(params=["hq", "rcoi"])
def eye(request, day, data_dir, as_node):
    """Somebody who may see every list of the node."""
    as_node(request.param)
    Node.objects.update(kind=request.param)
    return log_in(factories.UserFactory(username="eye", is_staff=True, is_superuser=True)).client


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def asked(client, address):
    client.raise_request_exception = False
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    return response, [each["sql"] for each in queries.captured_queries]


def test_what_no_link_of_a_list_asks_is_refused_in_words(eye):
    odd, tried = {}, 0
    for model in MODELS:
        for name in NASTY if model._meta.label in WIDE else FEW:
            response, queries = asked(eye, f"{list_of(model)}?{NASTY[name]}")
            text = response.content.decode()
            held = (
                response.status_code == 400
                and 'data-code="code-unknown_filter"' in text
                and "тбор" in text
                and len(queries) <= MOST_QUERIES
                and not [sql for sql in queries if "REGEXP" in sql or BAD_REGEX in sql]
            )
            if not held:
                odd[f"{list_of(model)}: {name}"] = (response.status_code, len(queries))
            tried += 1
    assert odd == {}
    assert tried > 250


def test_it_is_said_in_english_with_a_way_back(eye):
    eye.cookies["django_language"] = "en"
    address = list_of(MODELS[0])
    text = eye.get(f"{address}?e=1").content.decode()
    assert "Unknown filter “e”: this page has none of that name." in text
    assert f'href="{address}"' in text


def answer_of(page, request):
    """What a list makes of a request: the code of its refusal, whatever it raises, or nothing when it takes it."""
    request.user, request.session = User(username="eye", is_staff=True, is_superuser=True), {}
    try:
        list(page.get_changelist_instance(request).result_list)
    except PpeError as refusal:
        return refusal.code
    except Exception as error:  # a list of the framework raises what becomes 400, or 500
        return type(error).__name__
    return ""


def test_no_field_of_any_list_is_looked_up_by_hand(rf, day):
    tried, taken = 0, []
    for model in MODELS:
        page, fields = admin.site._registry[model], model._meta.get_fields()
        names = [f"{field.name}__{how}" for field in fields for how in ("regex", "gt", "contains")]
        names += [
            f"{field.name}__{far.name}__startswith"
            for field in fields
            if field.is_relation and field.related_model
            for far in field.related_model._meta.get_fields()
        ]
        for name in names:
            request = rf.get("/", {name: BAD_REGEX})
            answer = answer_of(page, request)
            if answer != "unknown_filter":
                taken.append((model._meta.label, name, answer))
            tried += 1
    assert taken == []
    assert tried > 1000


def test_every_link_of_every_list_still_leads_somewhere(rf, day):
    """Filters, orders and days that a page shows are taken by it."""
    Packet.objects.create(uid="1", sitting=day.sitting, kind=PacketKind.TEST, made_by="т")
    followed, odd = 0, []
    for model in MODELS:
        page = admin.site._registry[model]
        request = rf.get("/")
        request.user = User(username="eye", is_staff=True, is_superuser=True)
        shown = page.get_changelist_instance(request)
        links = {choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)}
        links |= {"?o=1", "?o=-2.1", "?o=", "?all=", "?p=1", "?q="}
        if page.search_fields:
            links.add("?" + urlencode({"q": "Иванов Пётр 0101"}))
        if page.date_hierarchy:
            year = f"?{page.date_hierarchy}__year=2026"
            links |= {year, f"{year}&{page.date_hierarchy}__month=5&{page.date_hierarchy}__day=29"}
        for link in links:
            answer = answer_of(page, rf.get(f"/{link}"))
            if answer:
                odd.append((model._meta.label, link, answer))
            followed += 1
    assert odd == []
    assert followed > 250


def test_a_list_with_a_filter_is_shown(eye):
    for model, query in (
        (Event, "?chain=78-0001&at__year=2026&at__month=5"),
        (Packet, "?state__exact=queued&o=-1&p=1"),
    ):
        assert eye.get(f"{list_of(model)}{query}").status_code == 200


def test_a_page_of_a_row_takes_only_where_its_list_was_left(eye, day):
    address = reverse("admin:stations_exampoint_change", args=[day.point.pk])
    assert eye.get(f"{address}?_changelist_filters=o%3D1").status_code == 200
    for query in ("_to_field=password", "_popup=1", "x=1", "_changelist_filters=o%3D1&e=1"):
        response, _queries = asked(eye, f"{address}?{query}")
        assert (response.status_code, "code-unknown_filter" in response.content.decode()) == (400, True), query
    for row in ("9" * 30, "9" * 5000, "²", "-1", "1;drop", "a_00"):
        for where in ("change", "history", "delete"):
            response, _queries = asked(eye, reverse(f"admin:stations_exampoint_{where}", args=[row]))
            assert response.status_code in (302, 403, 404), (row, where)


LOST = "Список не знает отбора"


def test_a_row_that_a_long_filter_found_is_shown_and_leads_back_to_it(eye, day):
    ExamPoint.objects.filter(pk=day.point.pk).update(name="𝕀" * 190)
    listed = f"{list_of(ExamPoint)}?" + urlencode({"q": "𝕀" * 190, "o": "-1"})
    links = re.findall(r'href="([^"]*_changelist_filters[^"]*)"', eye.get(listed).content.decode())
    (link,) = {html.unescape(each) for each in links if "/change/" in each}
    assert len(dict(parse_qsl(urlsplit(link).query))["_changelist_filters"]) > 2000
    response = eye.get(link)
    text = response.content.decode()
    assert (response.status_code, LOST in text) == (200, False)
    (back, *_rest) = [
        html.unescape(each) for each in re.findall(r'href="([^"]+)"', text) if each.startswith(f"{list_of(ExamPoint)}?")
    ]
    assert dict(parse_qsl(urlsplit(back).query)) == dict(parse_qsl(urlsplit(listed).query))


@pytest.mark.parametrize(
    "left",
    ["a" * 5000, "user__password__regex=a", "o=1&o=2", "_popup=1", "&".join(["a=1"] * 2000)],
    ids=["a-book", "a-secret", "twice", "a-popup", "everything"],
)
def test_a_row_left_with_a_filter_that_its_list_has_not_is_shown_and_leads_back_without_it(left, eye, day):
    address = reverse("admin:stations_exampoint_change", args=[day.point.pk])
    response, queries = asked(eye, f"{address}?{urlencode({'_changelist_filters': left})}")
    text = response.content.decode()
    assert (response.status_code, LOST in text) == (200, True)
    assert f'href="{list_of(ExamPoint)}"' in text
    assert "_changelist_filters" not in text
    assert not [sql for sql in queries if "REGEXP" in sql]


def test_the_doors_of_the_admin_that_nobody_uses_are_shut(eye):
    for address in ("/autocomplete/?app_label=stations&model_name=user&field_name=person&term=a", "/search/?s=a"):
        assert asked(eye, address)[0].status_code == 404


@pytest.mark.parametrize("address", ["/", "/help/?a=%00", "/stations_%00/", "/api/v1/feed/?after=%00"])
def test_a_zero_byte_in_an_address_is_no_error_of_the_program(eye, address):
    assert asked(eye, address)[0].status_code in (400, 302, 200)
    if "00" in address:
        assert asked(eye, address)[0].status_code == 400


ODD = ["9" * 5000, "-1", "\u0663", "'\"", "\U0001f4a9", "../../etc/passwd", "a" * 60000, "2026-99-99", ""]
PARAMETERS = ("q", "page", "sitting", "date", "part", "w", "all", "after", "level", "state", "kind", "point", "large")


def test_odd_questions_to_every_page_are_no_error_of_the_program(eye, day):
    for address in addresses(day):
        if address.endswith("scanners.json"):  # asks the hardware, and nothing of the address
            continue
        for value in ODD[:3] if "pdf" in address or "act" in address else ODD:
            response, _queries = asked(eye, f"{address}?{urlencode(dict.fromkeys(PARAMETERS, value))}")
            assert response.status_code < 500, (address, value[:20])


def test_the_inbox_of_the_centre_takes_odd_questions(rcoi_node, day, operator):
    InboxPacket.objects.create(
        sha256="a" * 64,
        name="P.ppe",
        size=1,
        received_at="2026-05-29T10:00:00Z",
        point=day.point,
        door="browser",
        state="received",
    )
    for query in (
        "q=" + "a" * 90000,
        "q=%27%22",
        "state=no",
        "kind=" + "x" * 5000,
        "point=-",
        "page=" + "9" * 5000,
        "point=78-" + "9" * 5000,
        "page=-1",
        "q=a&q=b",
    ):
        response, queries = asked(operator.client, f"/centre/inbox/?{query}")
        assert response.status_code == 200, query[:20]
        assert len(queries) <= MOST_QUERIES
    for address in ("/centre/?date=9999999999", "/centre/?date=2026-99-99", "/centre/?date=%F0%9F%92%A9"):
        assert operator.client.get(address).status_code == 200
