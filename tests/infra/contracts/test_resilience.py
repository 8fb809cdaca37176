"""Retry budget, circuit breaker and jitter, by a clock that the test turns."""

import threading

import pytest

from infra.contracts.resilience import CircuitBreaker, RetryBudget, full_jitter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock=clock)


def open_(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        assert breaker.lets_through()
        breaker.failed()
    assert breaker.is_open


def test_five_failures_open_the_breaker(breaker: CircuitBreaker) -> None:
    open_(breaker)

    assert not breaker.lets_through()


def test_a_few_failures_among_successes_do_not(breaker: CircuitBreaker) -> None:
    for _ in range(40):
        breaker.succeeded()
        breaker.succeeded()
        breaker.failed()

    assert breaker.lets_through()


def test_after_the_pause_one_trial_is_let_through_and_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    open_(breaker)
    clock.now += 1.01

    assert breaker.lets_through()
    assert not breaker.lets_through(), "the others wait for the trial"
    breaker.succeeded()

    assert not breaker.is_open
    assert breaker.lets_through()


def test_each_failed_trial_doubles_the_pause_up_to_half_a_minute(breaker: CircuitBreaker, clock: Clock) -> None:
    open_(breaker)
    pauses = []
    for _ in range(8):
        begun = clock.now
        while not breaker.lets_through():
            clock.now += 0.5
        pauses.append(clock.now - begun)
        breaker.failed()

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_trial_that_never_reports_back_does_not_block_for_ever(breaker: CircuitBreaker, clock: Clock) -> None:
    open_(breaker)
    clock.now += 1.01
    assert breaker.lets_through()

    clock.now += 1.01

    assert breaker.lets_through()


def test_failures_of_calls_from_before_the_opening_do_not_prolong_it(breaker: CircuitBreaker, clock: Clock) -> None:
    open_(breaker)
    clock.now += 0.9
    breaker.failed()
    clock.now += 0.2

    assert breaker.lets_through()


def test_of_many_threads_one_gets_the_trial(breaker: CircuitBreaker, clock: Clock) -> None:
    open_(breaker)
    clock.now += 1.01
    gate, let_through = threading.Barrier(8), []

    def try_it() -> None:
        gate.wait()
        let_through.append(breaker.lets_through())

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(let_through) == 1


def test_retries_add_at_most_a_tenth_to_the_calls() -> None:
    budget = RetryBudget()
    while budget.take_retry():
        pass

    retries = 0
    for _ in range(1000):
        budget.count_call()
        retries += budget.take_retry()

    assert 99 <= retries <= 100


def test_a_budget_saved_up_is_bounded() -> None:
    budget = RetryBudget()
    for _ in range(1000):
        budget.count_call()

    assert sum(budget.take_retry() for _ in range(100)) == 10


def test_pauses_are_random_and_their_bound_doubles() -> None:
    for attempt, bound in ((2, 0.05), (3, 0.1), (4, 0.2), (20, 1.0)):
        pauses = [full_jitter(attempt) for _ in range(500)]
        assert all(0 <= pause <= bound for pause in pauses)
        assert max(pauses) > bound * 0.8
        assert min(pauses) < bound * 0.2
