"""The pool of generated images: what it shows, what it keeps, what a restart finds."""

from collections import Counter

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.methods.image_pool import ImagePool


def numbered(*numbers):
    """One 1 x 2 x 2 image a number, filled with it."""
    return torch.tensor(numbers, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 2, 2)


def numbers(images):
    """The numbers of such images, each of which has to be whole."""
    assert (images == images[:, :1, :1, :1]).all()
    return images[:, 0, 0, 0].tolist()


def content(pool):
    return numbers(pool.training_state()["images"])


def slow_twin(pool, number, size, exchange, slot):
    """Section 4 of CycleGAN for one image, on a list; returns what is shown."""
    if len(pool) < size:
        pool.append(number)
        return number
    if exchange >= 0.5:
        return number
    place = int(slot * size)
    shown, pool[place] = pool[place], number
    return shown


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_equals_the_slow_twin(batch):
    pool, twin = ImagePool(5), []
    for step in range(40):
        incoming = [float(step * batch + index) for index in range(batch)]
        torch.manual_seed(step)
        shown = pool(numbered(*incoming))
        torch.manual_seed(step)
        draws = torch.rand(2, batch, dtype=torch.float64).T.tolist()
        expected = [slow_twin(twin, number, 5, *draw) for number, draw in zip(incoming, draws, strict=True)]
        assert numbers(shown) == expected
        assert content(pool) == twin


def test_shows_what_comes_until_it_is_full():
    pool = ImagePool(4)
    assert numbers(pool(numbered(0, 1, 2))) == [0, 1, 2]
    assert content(pool) == [0, 1, 2]
    assert numbers(pool(numbered(3))) == [3]
    assert pool.filled == 4


def test_half_of_the_images_are_exchanged_with_a_random_one_each():
    """8000 coins and 4000 places of 10: five standard deviations are 224 and 95."""
    torch.manual_seed(0)
    pool, exchanged, places = ImagePool(10), 0, Counter()
    pool(numbered(*range(10)))
    for number in range(10, 8010):
        before = content(pool)
        (shown,) = numbers(pool(numbered(number)))
        if shown != number:
            exchanged += 1
            places[before.index(shown)] += 1
            before[before.index(shown)] = number
        assert content(pool) == before
    assert abs(exchanged - 4000) < 224
    assert set(places) == set(range(10))
    assert all(abs(count - exchanged / 10) < 95 for count in places.values())


def test_images_of_one_batch_go_their_own_ways():
    torch.manual_seed(0)
    pool = ImagePool(50)
    pool(numbered(*range(50)))
    shown = numbers(pool(numbered(*range(100, 164))))
    kept = sum(number == own for number, own in zip(shown, range(100, 164), strict=True))
    assert 16 < kept < 48


def test_neither_shown_nor_stored_images_carry_a_gradient_or_share_memory():
    images = torch.zeros(2, 3, 4, 4, requires_grad=True)
    pool = ImagePool(2)
    shown = pool(images)
    assert not shown.requires_grad
    assert not pool.training_state()["images"].requires_grad
    shown += 1
    with torch.no_grad():
        images += 2
    assert (pool.training_state()["images"] == 0).all()


def test_size_zero_shows_what_comes_and_draws_nothing():
    torch.manual_seed(0)
    state, pool, images = torch.get_rng_state(), ImagePool(0), torch.rand(3, 3, 4, 4).requires_grad_()
    torch.set_rng_state(state)
    for _ in range(3):
        shown = pool(images)
        assert torch.equal(shown, images)
        assert not shown.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
    assert pool.training_state() == {}


@pytest.mark.parametrize("steps", [0, 1, 9])
def test_a_restart_continues_bit_by_bit(steps):
    def step(pool, number):
        torch.manual_seed(number)  # as the training loop seeds every step
        return numbers(pool(numbered(2 * number, 2 * number + 1)))

    straight, first = ImagePool(6), ImagePool(6)
    for number in range(steps):
        step(straight, number)
        step(first, number)
    state = first.training_state()
    step(first, 99)  # the state is a picture of its moment
    resumed = ImagePool(6)
    resumed.load_training_state(state)
    for number in range(steps, steps + 10):
        assert step(resumed, number) == step(straight, number)
    assert content(resumed) == content(straight)


def test_is_no_weight():
    pool = ImagePool(2)
    pool(numbered(1, 2))
    assert not pool.state_dict()
    assert not list(pool.parameters()) + list(pool.buffers())


def test_half_precision_images_come_back_as_they_were():
    pool, images = ImagePool(1), torch.rand(1, 3, 4, 4).bfloat16()
    pool(images)
    assert torch.equal(pool.training_state()["images"], images)
    assert pool(images).dtype == torch.bfloat16


def test_images_of_another_size():
    pool = ImagePool(3)
    pool(torch.zeros(1, 3, 8, 4))
    with pytest.raises(UserError, match="stores images of 3 x 8 x 4, got 3 x 8 x 8: give all images of a domain one"):
        pool(torch.zeros(1, 3, 8, 8))


def test_negative_size():
    with pytest.raises(UserError, match="at least 0, 0 for no memory, got -1"):
        ImagePool(-1)


def test_more_content_than_room():
    larger = ImagePool(3)
    larger(numbered(1, 2, 3))
    with pytest.raises(UserError, match="pool holds 3 images, this one has room for 2: resume with the pool size"):
        ImagePool(2).load_training_state(larger.training_state())
