"""What an epoch holds, on one process and on several (rank and world size set by hand)."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidzoo.base.errors import UserError
from reidzoo.data.datasets.records import Record
from reidzoo.data.samplers import EpochSampler, IdentitySampler, ShuffleSampler


class Table:
    """A data set of which only the table matters: ``images[pid]`` rows for each identity."""

    def __init__(self, images):
        self.records = [Record(None, pid, 0) for pid, number in images.items() for _ in range(number)]

    def __len__(self):
        return len(self.records)


def on_ranks(world_size, build):
    """One sampler for each simulated process."""
    samplers = []
    for rank in range(world_size):
        sampler = build()
        sampler.rank, sampler.world_size = rank, world_size
        samplers.append(sampler)
    return samplers


def batches_of(sampler, size):
    draws = list(sampler)
    assert len(draws) == len(sampler)
    assert len(draws) % size == 0
    return [draws[start : start + size] for start in range(0, len(draws), size)]


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_shuffle_deals_every_image_at_most_once(world_size):
    table = Table({1: 11})
    samplers = on_ranks(world_size, lambda: ShuffleSampler(table, seed=0))
    shares = [[draw.index for draw in sampler] for sampler in samplers]
    assert {len(share) for share in shares} == {len(samplers[0])} == {11 // world_size}
    dealt = [index for share in shares for index in share]
    assert len(dealt) == len(set(dealt)) == 11 - 11 % world_size


def test_shuffle_orders_differ_between_epochs_and_seeds_and_repeat_otherwise():
    table = Table({1: 50})

    def order(seed, epoch):
        sampler = ShuffleSampler(table, seed=seed)
        sampler.set_epoch(epoch)
        return [draw.index for draw in sampler]

    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_draws_carry_seed_and_epoch():
    sampler = ShuffleSampler(Table({1: 4}), seed=8)
    sampler.set_epoch(6)
    assert {(draw.seed, draw.epoch, draw.repeat) for draw in sampler} == {(8, 6, 0)}


def test_a_sampler_without_an_order_is_refused():
    with pytest.raises(UserError, match="implement order"):
        iter(EpochSampler(Table({1: 4}), seed=0))


@settings(max_examples=40, deadline=None)
@given(
    images=st.lists(st.integers(2, 9), min_size=12, max_size=25),
    world_size=st.sampled_from([1, 2, 3]),
    P=st.integers(1, 4),
    K=st.integers(1, 4),
    epoch=st.integers(0, 3),
)
def test_every_batch_of_every_process_is_p_by_k_of_its_own_identities(images, world_size, P, K, epoch):
    table = Table(dict(enumerate(images, start=1)))

    samplers = on_ranks(world_size, lambda: IdentitySampler(table, images_per_pid=K, pids_per_batch=P, seed=1))
    for sampler in samplers:
        sampler.set_epoch(epoch)
    assert len({len(sampler) for sampler in samplers}) == 1
    for step in zip(*(batches_of(sampler, P * K) for sampler in samplers), strict=True):
        drawn = [[table.records[draw.index].pid for draw in batch] for batch in step]
        for pids in drawn:
            assert sorted(Counter(pids).values()) == [K] * P
        everyone = [pid for pids in drawn for pid in set(pids)]
        assert len(everyone) == len(set(everyone)) == P * world_size
        draws = [draw for batch in step for draw in batch]
        assert len(set(draws)) == len(draws)


def test_an_epoch_has_as_many_batches_as_the_images_fill():
    assert len(IdentitySampler(Table(dict.fromkeys(range(1, 11), 7)), 4, 4, seed=0)) == 64  # 70 images, 4 x 16
    assert len(IdentitySampler(Table(dict.fromkeys(range(1, 11), 2)), 4, 8, seed=0)) == 32  # 20 images: one batch


def test_no_identity_is_starved():
    """Identities left over from one round come first in the next."""
    sampler = IdentitySampler(Table(dict.fromkeys(range(1, 12), 8)), images_per_pid=2, pids_per_batch=3, seed=0)
    drawn = Counter(sampler.dataset.records[draw.index].pid for draw in sampler)
    assert len(drawn) == 11
    assert max(drawn.values()) - min(drawn.values()) <= 2  # one turn of K


def test_small_identities_are_repeated_with_other_augmentation():
    sampler = IdentitySampler(Table(dict.fromkeys(range(1, 5), 2)), images_per_pid=4, pids_per_batch=4, seed=0)
    draws = list(sampler)
    assert Counter(Counter(draw.index for draw in draws).values()) == {2: 8}
    chances = {draw.generator().random() for draw in draws}
    assert len(chances) == len(draws)


def test_an_identity_drawn_again_later_is_augmented_anew():
    sampler = IdentitySampler(Table({1: 40, 2: 2}), images_per_pid=2, pids_per_batch=2, seed=0)
    draws = [draw for draw in sampler if sampler.dataset.records[draw.index].pid == 2]
    assert len(draws) == 20
    assert len(set(draws)) == 20


def test_identity_orders_differ_between_epochs():
    sampler = IdentitySampler(Table(dict.fromkeys(range(1, 12), 5)), 2, 3, seed=0)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        orders.append([draw.index for draw in sampler])
    assert orders[0] == orders[2] != orders[1]


def test_an_identity_with_one_image_is_refused_unless_k_is_1():
    table = Table({3: 2, 9: 1, 4: 1})
    with pytest.raises(UserError, match=r"2 identities have one image only .*first: 4, 9.*ShuffleSampler"):
        IdentitySampler(table, images_per_pid=2, pids_per_batch=2, seed=0)
    assert len(list(IdentitySampler(table, images_per_pid=1, pids_per_batch=3, seed=0))) == 3


def test_too_few_identities_are_refused():
    with pytest.raises(UserError, match=r"P x K = 4 x 2 on 1 process.* needs 4 identities, the data set has 3"):
        IdentitySampler(Table({1: 2, 2: 2, 3: 2}), images_per_pid=2, pids_per_batch=4, seed=0)
