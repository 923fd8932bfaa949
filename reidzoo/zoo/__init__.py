"""Where the published weights are: cards, downloads, verified loading. They come with the model zoo."""
