"""What every room may use; this room knows no concrete class and no config name."""
