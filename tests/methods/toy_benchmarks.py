"""The benchmarks of steps as programs, in their shortest form."""

import json
import subprocess
import sys


def measured(script, *options, folder):
    """What ``benchmarks/<script>`` measured in a rehearsal, and what it printed.

    Args:
        script: name of the file.
        options: of its command line.
        folder: for its figures.
    """
    figures = folder / "figures.json"
    command = [sys.executable, f"benchmarks/{script}", "--smoke", *options, "--json", str(figures)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(figures.read_text()), result.stdout
