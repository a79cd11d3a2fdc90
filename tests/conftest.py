"""Fixtures of every room: the data folder, the kind of node, the usual exam day, people with their browsers."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches

from day import evaluate
from journals import rows as journal_rows
from scanning.recognition import decoder as decoder_module
from stations.models import Role, User
from tests.scanning.sane import configure as configure_sane
from tests.support import factories
from tests.support.proving import pytest_runtest_logreport, pytest_terminal_summary

__all__ = ["pytest_runtest_logreport", "pytest_terminal_summary"]

# Processes that a test starts are nodes of their own: they read the real settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "ppe_portal.settings"


@dataclass
class PersonLogin:
    """A person before a screen."""

    user: User
    client: Client


def log_in(user: User) -> PersonLogin:
    """Return a person with a browser that is logged in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    # Tests travel to an hour of the exam day, which may be a whole day away from now.
    session = client.session
    session.set_expiry(7 * 86400)
    session.save()
    return PersonLogin(user, client)


@pytest.fixture(scope="session", autouse=True)
def close_decoders() -> Iterator[None]:
    """End the decoding children of this process with the tests: a node's own die with their worker."""
    yield
    for each in decoder_module._decoders.values():
        each.close()


@pytest.fixture(autouse=True)
def keep_nothing(monkeypatch) -> None:
    """Tests change rows without events: nothing is kept under the head of a chain, nor of the database before."""
    monkeypatch.setattr(evaluate, "KEPT", 0)
    evaluate.forget()
    journal_rows.forget()


@pytest.fixture
def data_dir(settings, tmp_path: Path) -> Path:
    """An empty data folder for this test alone."""
    folder = tmp_path / "data"
    (folder / "tmp").mkdir(parents=True)
    settings.PPE_DATA_DIR = folder
    settings.FILE_UPLOAD_TEMP_DIR = str(folder / "tmp")
    return folder


@pytest.fixture
def token_dir(settings, tmp_path: Path) -> Path:
    """An empty folder where tokens are looked for."""
    folder = tmp_path / "tokens"
    folder.mkdir()
    settings.PPE_TOKEN_DIRS = [folder]
    return folder


@pytest.fixture
def flash_dir(settings, tmp_path: Path) -> Path:
    """An empty flash drive."""
    folder = tmp_path / "flash"
    folder.mkdir()
    settings.PPE_FLASH_DIRS = [folder]
    return folder


@pytest.fixture
def sane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The scanners of this test: ``sane("test", status="SANE_STATUS_JAMMED")``; without a backend there is none."""

    def at(*backends: str, **more: Any) -> None:
        configure_sane(tmp_path / "sane", monkeypatch, *backends, **more)

    return at


@pytest.fixture
def as_node(settings) -> Iterator[Callable[[str], None]]:
    """Turn this process into a node of a kind: ``as_node("rcoi")`` rebuilds the addresses."""

    def switch(kind: str) -> None:
        settings.PPE_NODE = kind
        from ppe_portal import urls  # reads the settings of this process

        urls.urlpatterns[:] = urls.addresses()
        clear_url_caches()

    kind_before = settings.PPE_NODE
    yield switch
    if kind_before != settings.PPE_NODE:
        switch(kind_before)


@pytest.fixture
def rcoi_node(db, as_node) -> None:
    """This process is a regional centre."""
    as_node("rcoi")
    factories.NodeFactory(kind="rcoi", points=[])


@pytest.fixture
def day(db) -> factories.Day:
    """Point 78-0001, sitting of subject 01, rooms 0101–0104, their stations, two in reserve, two scanning stations."""
    return factories.make_day()


@pytest.fixture
def voice_day(db) -> factories.Day:
    """Point 78-0002, English (oral), two voice rooms of four places."""
    return factories.make_voice_day()


@pytest.fixture
def technician(day) -> PersonLogin:
    """The technical specialist of the sitting."""
    return log_in(
        factories.make_user("technician", "Иванов Пётр Ильич", Role.TECHNICAL_SPECIALIST, sitting=day.sitting)
    )


@pytest.fixture
def head(day) -> PersonLogin:
    """The head of the point."""
    return log_in(factories.make_user("head", "Орлова Мария Павловна", Role.POINT_HEAD, sitting=day.sitting))


@pytest.fixture
def gek(day) -> PersonLogin:
    """The GEK member of the sitting."""
    return log_in(factories.make_user("gek", "Соколова Анна Сергеевна", Role.GEK_MEMBER, sitting=day.sitting))


@pytest.fixture
def observer(day) -> PersonLogin:
    """The public observer: sees, does nothing."""
    return log_in(factories.make_user("observer", "Зимина Елена Юрьевна", Role.OBSERVER, sitting=day.sitting))


@pytest.fixture
def outsider(db) -> PersonLogin:
    """The technical specialist of another point."""
    other = factories.SittingFactory(point=factories.ExamPointFactory(code="0999"))
    return log_in(factories.make_user("outsider", "Чужой Олег Олегович", Role.TECHNICAL_SPECIALIST, sitting=other))


@pytest.fixture
def operator(db) -> PersonLogin:
    """An operator of the regional centre."""
    region = factories.RegionFactory()
    return log_in(factories.make_user("operator", "Павлов Денис Олегович", Role.RCOI_OPERATOR, region=region))


@pytest.fixture
def coordinator(db) -> PersonLogin:
    """The regional coordinator."""
    region = factories.RegionFactory()
    return log_in(
        factories.make_user("coordinator", "Крылова Нина Васильевна", Role.REGIONAL_COORDINATOR, region=region)
    )


@pytest.fixture
def administrator(db) -> PersonLogin:
    """The administrator of the centre."""
    region = factories.RegionFactory()
    return log_in(factories.make_user("administrator", "Андреева Вера Николаевна", Role.ADMINISTRATOR, region=region))
