"""Poses on disk: annotation files, lists of pairs, and other programs' points in the order of this package."""
