"""How soon a site answers and how much memory it takes, over what one process needs that loads the application.

``python -m benchmarks.starting`` starts an empty site with two workers a few times, in turns with its floors. Memory is
the proportional share (PSS) of all five processes, so that what they share counts once; only Linux tells it.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from statistics import median

import psutil

from benchmarks.limits import at_most
from benchmarks.sites import started
from tests.ports import free_port

TURNS = 5
SETTLED = 5.0
"""Seconds after which all workers have loaded their templates."""
LOADS = "import petition.web.app, psutil; print(psutil.Process().memory_full_info().pss)"
MB = 1024 * 1024


def ran(*words: str) -> tuple[float, str]:
    """Seconds until a Python program ended, and what it said."""
    begun = time.perf_counter()
    said = subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - begun, said


def seconds_and_memory(folder: str) -> tuple[float, float]:
    """Seconds until a site answered, and the memory of its processes once they have loaded everything."""
    begun = time.perf_counter()
    with started(folder, free_port()) as site:
        seconds = time.perf_counter() - begun
        time.sleep(SETTLED)
        above = psutil.Process(site.pid)
        memory = sum(process.memory_full_info().pss for process in (above, *above.children(recursive=True)))
        site.send_signal(signal.SIGTERM)
    return seconds, memory


def told(what: str, values: Sequence[float], floor: str, floors: Sequence[float], unit: str, limit: float) -> None:
    ratio = median(value / beside for value, beside in zip(values, floors, strict=True))
    cost = f"{median(values):.2f}{unit}, {ratio:.2f} × {floor} ({median(floors):.2f}{unit})"
    print(f"{what}: {cost}; {at_most(ratio, limit)}")


def main() -> None:
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        seconds_and_memory(f"{folder}/data")  # which makes the databases
        for _ in range(TURNS):
            nothing, _said = ran("-c", "")
            version, _said = ran("-m", "petition", "--version")
            loading, memory = ran("-c", LOADS)
            turns.append((nothing, version, loading, int(memory) / MB, *seconds_and_memory(f"{folder}/data")))
    nothing, version, loading, loaded, answered, memories = zip(*turns, strict=True)
    told("petition --version", version, "a Python program that does nothing", nothing, " s", 8)
    told("first answer of petition run", answered, "loading the application", loading, " s", 1.8)
    told("memory of five processes", [each / MB for each in memories], "one that loads it", loaded, " MB", 3.3)


if __name__ == "__main__":
    main()
