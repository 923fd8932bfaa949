"""reidzoo's package description; the ranges of its dependencies stand in requirements/."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """The lines of ``requirements/<name>.txt`` that name a package."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def optional() -> dict[str, list[str]]:
    """The extras of ``requirements/optional.txt``: a name, a colon, and what it brings, separated by spaces."""
    lines = (line.partition(":") for line in requirements("optional"))
    return {name: packages.split() for name, _, packages in lines}


def version() -> str:
    """``__version__`` without importing the package."""
    lines = (ROOT / "reidzoo" / "__init__.py").read_text().splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("__version__"))


class BuildWithCards(build_py):
    """Put the cards of the model zoo into the wheel; the weights stay outside, mirrors bring them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # runs from the repository, where the cards are
            return
        for metafile in sorted((ROOT / "model_zoo").glob("*/metafile.yml")):
            target = Path(self.build_lib) / "reidzoo" / "zoo" / "index" / metafile.parent.name / metafile.name
            self.mkpath(str(target.parent))
            self.copy_file(str(metafile), str(target))


setup(
    name="reidzoo",
    version=version(),
    description="Person re-identification and the image generation that feeds it, one MMEngine-style model zoo",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    packages=find_packages(include=["reidzoo", "reidzoo.*"]),
    python_requires=">=3.11",
    install_requires=requirements("runtime"),
    extras_require={"tests": requirements("tests"), **optional()},
    cmdclass={"build_py": BuildWithCards},
    entry_points={"console_scripts": ["reidzoo = reidzoo.cli:console"]},
)
