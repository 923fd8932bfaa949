"""What has weights: backbones, heads, generators, discriminators. This room knows no loss and no method."""
