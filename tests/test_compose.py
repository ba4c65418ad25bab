"""docker-compose.yml, read as data: that it names real commands, real settings and no secret.

No Docker is needed; what only a running Docker can show is tried by hand before a release.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from api import cli, postgres, settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("api", "migrate", "shop", "worker")
LASTING = ("api", "postgres", "shop", "worker")


def commands() -> set[str]:
    group = typer.main.get_command(cli.app)
    return set(getattr(group, "commands", {}))


def variables() -> set[str]:
    names = {f"COMMONPURSE_{name.upper()}" for name in settings.Settings.model_fields}
    return names | {"DATABASE_URL"}


def test_it_runs_a_database_the_migrations_the_api_and_the_worker() -> None:
    asked_for = {name for name in SERVICES if "profiles" in SERVICES[name]}

    assert {"api", "migrate", "postgres", "worker"} == set(SERVICES) - asked_for
    assert {"shop"} == asked_for


@pytest.mark.parametrize("service", OURS)
def test_each_of_our_containers_runs_a_command_that_exists(service: str) -> None:
    assert 'ENTRYPOINT ["commonpurse"]' in DOCKERFILE
    assert SERVICES[service]["command"][0] in commands()


@pytest.mark.parametrize("service", OURS)
def test_each_variable_is_a_setting(service: str) -> None:
    unknown = set(SERVICES[service]["environment"]) - variables()

    assert set() == unknown


def test_no_secret_stands_in_the_file_and_a_missing_one_stops_the_start() -> None:
    for service, description in SERVICES.items():
        for name, value in description["environment"].items():
            if name.endswith("PASSWORD") or ("://" in str(value) and "@" in str(value)):
                secret = value.partition("commonpurse:")[2].partition("@")[0] or value
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", secret), f"{service}: {name}"


def test_nothing_is_published_beyond_the_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "ports" not in SERVICES["postgres"]


def test_the_api_and_the_worker_wait_for_the_migrations_and_these_for_the_database() -> None:
    for service in ("api", "worker"):
        expected = {"migrate": {"condition": "service_completed_successfully"}}
        assert expected == SERVICES[service]["depends_on"]
    expected = {"postgres": {"condition": "service_healthy"}}
    assert expected == SERVICES["migrate"]["depends_on"]
    assert "healthcheck" in SERVICES["postgres"]


def test_the_health_of_the_api_is_asked_at_an_address_it_serves() -> None:
    source = (ROOT / "api" / "app.py").read_text()
    asked = re.search(r":8000(/\w+)", SERVICES["api"]["healthcheck"]["test"][-1])

    assert asked is not None
    assert f'"{asked[1]}"' in source
    assert "8000" == SERVICES["api"]["environment"]["COMMONPURSE_PORT"]


@pytest.mark.parametrize("service", LASTING)
def test_what_should_run_is_started_again_when_it_stops(service: str) -> None:
    assert "unless-stopped" == SERVICES[service]["restart"]


@pytest.mark.parametrize("service", OURS)
def test_our_containers_cannot_write_to_themselves_or_gain_rights(service: str) -> None:
    assert SERVICES[service]["read_only"] is True
    assert ["/tmp"] == SERVICES[service]["tmpfs"]
    assert ["ALL"] == SERVICES[service]["cap_drop"]
    assert ["no-new-privileges:true"] == SERVICES[service]["security_opt"]
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)


def test_the_database_keeps_its_data_in_a_named_volume() -> None:
    # Since version 18 the image keeps a folder per version below this one.
    mounted = [volume.split(":") for volume in SERVICES["postgres"]["volumes"]]

    assert [["database", "/var/lib/postgresql"]] == mounted
    assert "database" in COMPOSE["volumes"]


def test_the_database_is_recent_and_behaves_like_the_embedded_one() -> None:
    major = int(SERVICES["postgres"]["image"].removeprefix("postgres:"))
    given = dict(
        argument.removeprefix("--").split("=") for argument in SERVICES["postgres"]["command"][1:]
    )
    given.pop("wal_compression")  # the image has lz4, the wheel has not

    assert major >= 15
    assert {name: postgres.TUNING[name] for name in given} == given


def test_the_image_is_built_from_files_that_exist_and_carries_our_version() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert version is not None
    assert {f"commonpurse:{version[1]}"} == {SERVICES[service]["image"] for service in OURS}


def test_what_the_api_writes_outlives_its_container() -> None:
    api = SERVICES["api"]
    folder = api["environment"]["COMMONPURSE_DATA_DIR"]

    assert f"data:{folder}" in api["volumes"]
    assert "data" in COMPOSE["volumes"]
    assert f"--owner=commonpurse {folder} " in DOCKERFILE


def test_the_worker_opens_what_the_api_has_sealed() -> None:
    api, worker = SERVICES["api"], SERVICES["worker"]
    folder = worker["environment"]["COMMONPURSE_DATA_DIR"]

    assert folder == api["environment"]["COMMONPURSE_DATA_DIR"]
    assert f"data:{folder}" in worker["volumes"]


def test_the_reference_shop_is_started_as_it_wants_to_be() -> None:
    shop = SERVICES["shop"]
    group: Any = typer.main.get_command(cli.app)
    known = {name for parameter in group.commands["shop"].params for name in parameter.opts}
    told = dict(argument.split("=", 1) for argument in shop["command"][1:])

    assert set(told) <= known
    assert f"--owner=commonpurse {told['--folder']}\n" in DOCKERFILE
    assert [f"shop:{told['--folder']}"] == shop["volumes"]
    assert "shop" in COMPOSE["volumes"]
    assert f":{told['--port']}/healthz" in shop["healthcheck"]["test"][-1]
    assert [f"127.0.0.1:{told['--port']}:{told['--port']}"] == shop["ports"]


def test_the_reference_shop_has_one_address_for_browsers_and_containers() -> None:
    shop = SERVICES["shop"]
    told = dict(argument.split("=", 1) for argument in shop["command"][1:])
    host = told["--origin"].removeprefix("http://")
    back = SERVICES["api"]["environment"]["COMMONPURSE_ISSUER"]

    assert [host.partition(":")[0]] == shop["networks"]["default"]["aliases"]
    assert f"{back}/partners/juniper/callback" == told["--redirect-uri"]
    assert f"COMMONPURSE_PARTNER_PRIVATE_HOSTS={host}" in (ROOT / "docker-compose.yml").read_text()


def test_no_partner_is_private_unless_somebody_says_so() -> None:
    for service in ("api", "worker"):
        hosts = SERVICES[service]["environment"]["COMMONPURSE_PARTNER_PRIVATE_HOSTS"]
        assert "${COMMONPURSE_PARTNER_PRIVATE_HOSTS:-}" == hosts
