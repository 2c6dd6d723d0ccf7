"""How much memory a process had."""

import resource
from pathlib import Path


def peak_megabytes() -> float:
    """The most memory this process had; Linux counts what its parent had to `ru_maxrss`, so it is asked otherwise."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    kibibytes = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return (kibibytes or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024
