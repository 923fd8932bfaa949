"""What people call from Python and from the shell: whole runs, built from the rooms below."""

from reidzoo.base.addresses import register_scheme
from reidzoo.zoo.download import SCHEME, locate

register_scheme(SCHEME, locate)  # networks and the Runner read zoo://NAME, and do not know the zoo
