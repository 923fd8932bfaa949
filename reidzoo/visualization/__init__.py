"""Pictures: arrays in, PNG out."""

from reidzoo.visualization.curves import draw_curves, read_scalars
from reidzoo.visualization.image_grid import draw_image_grid
from reidzoo.visualization.ranked_lists import RankedList, draw_ranked_lists

__all__ = ["RankedList", "draw_curves", "draw_image_grid", "draw_ranked_lists", "read_scalars"]
