"""Readers: how the folder of each data set becomes a table of images."""
