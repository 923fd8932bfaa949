"""Where a number comes from: commit, versions, machine, seed."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("torch", "torchvision", "mmengine", "mmcv-lite", "numpy", "opencv-python")


def commit() -> str:
    """The commit of the checkout that runs, ``-dirty`` appended when files differ from it; ``unknown`` outside git.

    Results are what a run leaves behind, not what it is made of, and do not count.
    """
    root = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        result = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True)
        return result.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", ".", ":(exclude)model_zoo/results")
        return git("rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> str:
    """Processor, threads and accelerator in a few words."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    accelerator = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{processor}, {torch.get_num_threads()} threads{accelerator}"


def provenance() -> dict[str, Any]:
    """All of it, as plain values for JSON."""
    return {
        "commit": commit(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
    }


def without_folders(value: Any) -> Any:
    """A value of a config as it may be published: of absolute paths in it only the last part stays."""
    if isinstance(value, dict):
        return {key: without_folders(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(entry) for entry in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:  # for example the headless build of OpenCV
        return "not installed under this name"
