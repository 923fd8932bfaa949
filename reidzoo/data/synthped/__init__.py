"""SynthPed, the built-in benchmark: drawn pedestrians in the Market-1501 layout, with pose, mask and attributes.

``domain.py`` says what is drawn from which distribution, ``benchmark.py`` what lands on disk; the picture itself is
made in ``shot.py``. See ``docs/synthped.md``.
"""
