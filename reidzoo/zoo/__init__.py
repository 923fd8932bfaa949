"""Where the published weights are: cards, downloads, verified loading."""
