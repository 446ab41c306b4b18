"""Runs every measurement of this folder, or those named.

`make bench ARGS='index --large'`. --quick: a smoke run; --large: the sizes that take long;
--keep: put the tables and the plot into the documentation.
"""

import importlib
import os
import sys
from pathlib import Path

from bench import plot, report

_NO_MEASUREMENTS = {"home", "obedient_host", "photos", "plot", "report", "rounds", "variants"}
_FLAGS = {"--quick", "--large", "--keep"}

# One core is measured, so libraries must not bring threads of their own.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def main(words: list[str]) -> None:
    """Run each module's `measure` and print its tables."""
    here = Path(__file__).parent
    files = {file.stem for file in here.glob("*.py") if not file.stem.startswith("_")}
    known = sorted(files - _NO_MEASUREMENTS)
    flags, names = _FLAGS & set(words), [word for word in words if word not in _FLAGS]
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"No such measurement: {', '.join(unknown)}. There are: {', '.join(known)}.")
    for name in names or known:
        module = importlib.import_module(f"bench.{name}")
        tables = module.measure(quick_run="--quick" in flags, large="--large" in flags)
        for table in tables:
            print(table.markdown(), flush=True)
        if "--keep" in flags:
            report.keep(name, tables)
            plot.keep(name, tables)


if __name__ == "__main__":
    main(sys.argv[1:])
