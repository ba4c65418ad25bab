"""What a figure was measured on: without it, no figure means anything."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import server


async def facts(on: server.Server, command: str) -> dict[str, Any]:
    """The machine, the server, the command and the moment."""
    async with server.connect(on.dsn) as connection:
        version = await connection.fetchval("show server_version")
        settings = {
            name: await connection.fetchval(f"show {name}")
            for name in ("shared_buffers", "fsync", "synchronous_commit", "full_page_writes")
        }
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "cpu": _model(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": version,
        "settings": settings,
        "embedded": on.folder is not None,
        "pgbench": on.pgbench is not None,
        "load_at_start": load(),
    }


def load() -> float:
    """The load average of the last minute: over the number of cores, the machine is not ours."""
    return round(os.getloadavg()[0], 2)


def _model() -> str:
    names = Path("/proc/cpuinfo")
    if names.exists():
        for line in names.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
