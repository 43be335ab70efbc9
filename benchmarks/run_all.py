"""Run every benchmark of this folder, one after the other, and print their lines.

``python benchmarks/run_all.py [word …]`` runs only the scripts whose name holds a word.
Each script prints its own figures beside its peer's, measured in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def main(words: list[str]) -> int:
    """Run the scripts and return how many failed.

    Parameters
    ----------
    words : list of str
        Parts of script names; none means all.
    """
    scripts = sorted(FOLDER.glob("bench_*.py"))
    chosen = [s for s in scripts if not words or any(word in s.stem for word in words)]
    failed = []
    for script in chosen:
        print(f"\n=== {script.stem}", flush=True)
        start = time.perf_counter()
        module = f"{FOLDER.name}.{script.stem}"  # from the root, so that they find each other
        if subprocess.run([sys.executable, "-m", module], cwd=FOLDER.parent).returncode:
            failed.append(script.stem)
        print(f"=== {script.stem}: {time.perf_counter() - start:.0f} s in all", flush=True)
    print(f"\n{len(chosen)} benchmark scripts run; failed: {', '.join(failed) or 'none'}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
