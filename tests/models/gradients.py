"""Whether a backward pass has reached a network."""


def assert_reached(network):
    """Every parameter of ``network`` has a finite gradient that is not all 0."""
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key
