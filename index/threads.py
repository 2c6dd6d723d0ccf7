"""How many threads the libraries may use, and who goes first, decided here alone.

torch, OpenVINO and faiss each bring a pool of threads as wide as the machine. Side by side they would be more
threads than processors, and each would wait for the others: so the encoder gets the processors, and a search one.
"""

import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

import joblib
from threadpoolctl import threadpool_limits

SEARCH = 1
"""Threads of one search. One query over one segment is too small to share: with two threads a search over 30,000
rows took ten times as long; searches run beside each other instead, each in the thread that asked."""

_NICER = 10
"""With it a thread gets a tenth of what another one gets that computes all the time, and has to wait for one that
seldom does."""


_MOST_PASSES = 8
"""Beside each other. Each more keeps some 150 MB, much of it for the shapes of batches that it has seen."""


@dataclass(frozen=True, slots=True)
class Processors:
    """What a model computes with.

    Attributes:
        count: how many threads; None for as many as there are processors that this process may use.
        bulk: make a pass on each processor, or on a share of many, beside each other, instead of one on all. On
            OpenVINO many texts are embedded in 0.95 of the time, and in 0.7 of it where other work wants half of a
            processor, for which all threads of one pass would wait; but a single text takes half as long again
            (`scripts/benchmark encoder`, two processors).
    """

    count: int | None = None
    bulk: bool = False

    @property
    def threads(self) -> int:
        """How many threads."""
        return self.count or usable_processors()

    @property
    def passes(self) -> int:
        """How many passes beside each other."""
        return min(self.threads, _MOST_PASSES) if self.bulk else 1


ALL_PROCESSORS = Processors()


def usable_processors() -> int:
    """The processors that this process may use: affinity and a container's limit count, not what the machine has."""
    return int(joblib.cpu_count())


def take_short_turns() -> None:
    """Let the threads of this process take turns at the interpreter at once, more or less, not every 5 ms.

    A search takes a few milliseconds and needs its turn several times; beside a thread that writes it would wait for
    most of them. A turn costs microseconds. With ten times as long turns the p95 of searches beside 500 articles a
    second was 2.0 to 4.9 times that of an idle index instead of 1.4 to 1.9, and threads that do nothing but compute in
    Python got a tenth more done.
    """
    sys.setswitchinterval(0.00001)


def give_way() -> None:
    """Let the calling thread, and those that it starts, take processors that others want only now and then.

    As `nice` does for a process. Where threads have no priorities of their own, that is other than on Linux, nothing is
    changed.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)


def leave_processors() -> None:
    """Let this process have only what others leave of the processors: the calling thread, and those that it starts.

    From a thread that is only nice, a processor is not taken at once when somebody wants it, but some milliseconds
    later. Elsewhere than on Linux nothing is changed.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # where a container may not
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def limit_blas() -> None:
    """Let numpy multiply in the thread that asks. It holds for the whole process.

    What is multiplied here is some thousand rows at most: beside a model that has all processors, other threads for it
    took as much time again as the whole of an article's assignment to a story, most of it waiting for each other.
    """
    threadpool_limits(1, user_api="blas")


def limit_torch(threads: int) -> None:
    """Let torch use `threads` threads for one operation. It holds for the whole process."""
    import torch

    torch.set_num_threads(threads)


def openvino_options(processors: Processors) -> dict[str, str]:
    """OpenVINO's options for one batch at a time, or more."""
    how = (
        {"NUM_STREAMS": str(processors.passes), "ENABLE_CPU_PINNING": "NO"}
        if processors.bulk
        else {"PERFORMANCE_HINT": "LATENCY"}
    )
    return how | {"INFERENCE_NUM_THREADS": str(processors.threads)}
