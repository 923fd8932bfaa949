"""Say in one sentence which system library OpenCV lacks, before anything else fails because of it."""

import re
import sys

#: shared library -> Debian package that brings it
PACKAGES = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0", "libglib-2.0.so.0": "libglib2.0-0"}


def main() -> int:
    """Import cv2 and explain a missing library."""
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        library = re.search(r"lib[\w.+-]+\.so[.\d]*", str(error))
        if library is None:
            raise
        package = PACKAGES.get(library.group(), library.group())
        sys.stderr.write(
            f"error: OpenCV needs the system library {library.group()}, which is not installed: "
            f"sudo apt-get update && sudo apt-get install -y {package}\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
