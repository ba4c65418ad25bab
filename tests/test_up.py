"""The newcomer's first minutes: `commonpurse up`, its credentials and its three requests."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api import postgres

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = ROOT / "docs" / "requests"
START_SECONDS_MAX = 120

pytestmark = pytest.mark.slow

STARTED: list["Up"] = []


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Up:
    """A running `commonpurse up` over a folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = _port()
        self.log = data_dir.parent / f"up-{self.port}.log"
        environment = {
            name: value
            for name, value in os.environ.items()
            if name != "DATABASE_URL" and not name.startswith("COMMONPURSE_")
        }
        environment |= {
            "COMMONPURSE_DATA_DIR": str(data_dir),
            "COMMONPURSE_PORT": str(self.port),
            "COMMONPURSE_DEMO_HOUSEHOLDS": "4",
            "COLUMNS": "200",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "up"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        STARTED.append(self)
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> int:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def credentials(self) -> dict[str, str]:
        """What it wrote for a shell to read."""
        lines = (self.data_dir / "demo.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def ask(self, who: str, body: str) -> dict[str, Any]:
        """Send one request as one of the three, as a newcomer's curl does."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=body.encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.credentials()[who]}",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder of the newcomer's own; whatever still runs there is stopped at the end."""
    yield tmp_path / "data"
    for running in STARTED:
        if running.process.poll() is None:
            running.stop()
    STARTED.clear()
    postgres.Embedded(tmp_path / "data").erase()


def test_a_newcomer_starts_tries_three_requests_stops_and_goes_on(data_dir: Path) -> None:
    up = Up(data_dir)
    wallet = up.ask("MEMBER", (REQUESTS / "wallet.json").read_text())["viewer"]["wallet"]
    preview = up.ask("MERCHANT", (REQUESTS / "preview.json").read_text())["purchasePreview"]
    explain = (REQUESTS / "explain.json").read_text()
    found = up.ask("SUPPORT", explain.replace("EMAIL", up.credentials()["MEMBER_EMAIL"]))

    assert Decimal(wallet["available"]["amount"]) > 0
    assert all(edge["node"]["reason"] for edge in wallet["movements"]["edges"])
    assert preview["errors"] == []
    assert [line["decision"]["sentence"] for line in preview["preview"]["lines"]] == [
        "3 % of 7.98 USD in Coffee at Harvest Row Market: 0.24 USD.",
        "Nothing earned: Bottle Deposits is excluded from cashback at Harvest Row Market.",
    ]
    campaigns = preview["preview"]["campaigns"]
    assert [one["sentence"] for one in campaigns["matched"]] == [
        "1 point for each 1.00 USD with A point a dollar: 7 points."
    ]
    assert campaigns["next"]["sentence"] == "Add 2.02 USD for 0.76 USD more."
    purchase = found["memberByEmail"]["purchases"]["edges"][0]["node"]
    assert all(line["decision"]["sentence"] for line in purchase["lines"])
    assert (data_dir / "demo.env").stat().st_mode & 0o077 == 0
    shop = re.search(r"shop, with .+ is at (http://127\.0\.0\.1:\d+)\.", up.log.read_text())
    assert shop is not None
    with urllib.request.urlopen(f"{shop[1]}/signin", timeout=10) as page:
        assert "Juniper Outfitters" in page.read().decode()
    for who in ("member", "support"):
        link = re.search(rf"{who} +http://localhost(:\d+/verify\?key=\S+)", up.log.read_text())
        assert link is not None
        with urllib.request.urlopen(f"http://127.0.0.1{link[1]}", timeout=10) as page:
            assert "Welcome" in page.read().decode()
    assert up.stop() == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{shop[1]}/signin", timeout=10)

    again = Up(data_dir)
    after = again.ask("MEMBER", (REQUESTS / "wallet.json").read_text())["viewer"]["wallet"]

    assert "Loading a demo" not in again.log.read_text()
    assert Decimal(after["available"]["amount"]) > 0
    assert again.stop() == 0


def test_a_taken_port_is_said_before_anything_is_loaded(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [sys.executable, "-m", "api.cli", "up"],
            cwd=ROOT,
            env={
                **os.environ,
                "COMMONPURSE_PORT": str(port),
                "COMMONPURSE_DATA_DIR": str(data_dir),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ran.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in " ".join(ran.stderr.split())
    assert not data_dir.exists()


def test_a_wrong_setting_is_named(data_dir: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "api.cli", "doctor"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "mysql://x", "COMMONPURSE_PORT": "eighty"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 2
    assert "COMMONPURSE_DATABASE_URL: " in ran.stdout
    assert "COMMONPURSE_PORT: " in ran.stdout
    assert not data_dir.exists()
