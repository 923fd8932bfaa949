"""The seed of a step follows from seed, process and step, and from nothing else."""

from reidzoo.engine.loops import step_seed


def test_step_seeds_are_distinct_and_repeatable():
    seeds = [step_seed(seed, rank, step) for seed in range(3) for rank in range(3) for step in range(50)]
    assert len(set(seeds)) == len(seeds)
    assert seeds[0] == step_seed(0, 0, 0)
    assert all(0 <= seed < 2**63 for seed in seeds)
