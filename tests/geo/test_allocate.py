"""Children to places: worked by hand, against plain solvers, and what must always hold."""

from concurrent.futures import ThreadPoolExecutor

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo import allocate
from geo.allocate import Allocator
from geo.errors import Unsolved
from geo.reach import ReachPairs


def build_pairs(walks):
    """Pairs of a table of walks, targets × homes; NaN is out of reach."""
    walks = np.asarray(walks, dtype=float)
    target, home = np.nonzero(~np.isnan(walks))
    start = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=len(walks)))])
    return ReachPairs(start, home.astype(np.int32), walks[target, home], walks.shape[1])


def spread(pairs, allocation):
    """Children per target and home."""
    table = np.zeros((len(pairs.start) - 1, pairs.n_homes))
    target = np.repeat(np.arange(len(table)), np.diff(pairs.start))
    table[target, pairs.home] = allocation.flow
    return table


def solve(walks, children, places):
    pairs = build_pairs(walks)
    allocation = Allocator(pairs).solve(np.array(children, float), np.array(places, float))
    return spread(pairs, allocation), allocation


def test_two_schools_three_compounds():
    """School A has 50 places, B has 60; compounds of 40, 30 and 20 children.

    Walks to A: 100, 300, 800 m; to B: 900, 400, 200 m. All would like: 40 + 30 to A, 20 to B. A is
    20 too small: moving a child of compound 2 costs 100 m, one of compound 1 costs 800 m. So 20 of
    compound 2 go to B: A 40 + 10, B 20 + 20; walking 40·100 + 10·300 + 20·400 + 20·200 = 19,000 m.
    """
    table, allocation = solve([[100, 300, 800], [900, 400, 200]], [40, 30, 20], [50, 60])
    assert table == pytest.approx(np.array([[40, 10, 0], [0, 20, 20]]))
    assert allocation.used == pytest.approx([50, 40])
    assert allocation.left == pytest.approx([0, 0, 0])


def test_nobody_is_left_out_to_spare_others_a_walk():
    """A takes either compound, B only the first: the first walks 1,400 m so that all have a place."""
    table, allocation = solve([[100, 100], [1400, np.nan]], [10, 10], [10, 10])
    assert table == pytest.approx(np.array([[0, 10], [10, 0]]))
    assert allocation.left.sum() == pytest.approx(0)


def test_of_too_many_those_farthest_off_stay_without_a_place():
    """10 places for 8 children at 200 m and 6 at 500 m: 4 of the farther ones stay out."""
    _, allocation = solve([[200, 500]], [8, 6], [10])
    assert allocation.left == pytest.approx([0, 4])


def test_a_child_nobody_can_take_and_a_full_school():
    _, allocation = solve([[100, np.nan, 300]], [5, 7, 2], [0])
    assert allocation.left == pytest.approx([5, 7, 2])
    assert allocation.used == pytest.approx([0])


def test_no_pairs_at_all():
    allocation = Allocator(build_pairs(np.full((2, 3), np.nan))).solve(np.ones(3), np.ones(2))
    assert allocation.left == pytest.approx([1, 1, 1])
    assert len(allocation.flow) == 0


@pytest.mark.parametrize(
    ("children", "places", "match"),
    [
        ([1.0], [1.0, 1.0], "children has shape"),
        ([1.0, 1.0], [1.0], "places has shape"),
        ([-1.0, 1.0], [1.0, 1.0], "children holds a negative"),
        ([1.0, 1.0], [np.nan, 1.0], "places holds a negative or unknown"),
    ],
)
def test_impossible_numbers_are_refused(children, places, match):
    allocator = Allocator(build_pairs([[1.0, 2.0], [3.0, 4.0]]))
    with pytest.raises(ValueError, match=match):
        allocator.solve(np.array(children), np.array(places))


@st.composite
def towns(draw):
    n_targets, n_homes = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    walks = draw(
        st.lists(
            st.lists(
                st.one_of(st.just(np.nan), st.integers(1, 1500)), min_size=n_homes, max_size=n_homes
            ),
            min_size=n_targets,
            max_size=n_targets,
        )
    )
    children = draw(st.lists(st.integers(0, 30), min_size=n_homes, max_size=n_homes))
    places = draw(st.lists(st.integers(0, 60), min_size=n_targets, max_size=n_targets))
    return np.array(walks, float), np.array(children, float), np.array(places, float)


def flow_by_networkx(walks, children, places):
    """Children placed and metres walked of a plain minimum-cost maximum flow."""
    graph = nx.DiGraph()
    for home, number in enumerate(children):
        graph.add_edge("from", ("home", home), capacity=int(number), weight=0)
    for target, number in enumerate(places):
        graph.add_edge(("target", target), "to", capacity=int(number), weight=0)
    for target, home in zip(*np.nonzero(~np.isnan(walks)), strict=True):
        graph.add_edge(("home", home), ("target", target), weight=int(walks[target, home]))
    graph.add_nodes_from(["from", "to"])
    flow = nx.max_flow_min_cost(graph, "from", "to")
    return sum(flow["from"].values()), nx.cost_of_flow(graph, flow)


def place_greedily(walks, children, places):
    """Children placed when the shortest walks are dealt out first."""
    left, room = children.copy(), places.copy()
    for target, home in sorted(
        zip(*np.nonzero(~np.isnan(walks)), strict=True), key=lambda pair: walks[pair]
    ):
        taken = min(left[home], room[target])
        left[home] -= taken
        room[target] -= taken
    return children.sum() - left.sum()


@settings(max_examples=100, deadline=None)
@given(towns())
def test_equals_a_plain_minimum_cost_flow_and_beats_a_greedy_one(town):
    walks, children, places = town
    table, allocation = solve(walks, children, places)
    metres = np.nansum(table * walks)
    placed, least = flow_by_networkx(walks, children, places)
    assert table.sum() == pytest.approx(placed, abs=1e-6)
    assert metres == pytest.approx(least, abs=1e-3 * children.sum() + 1e-6)
    assert table.sum() >= place_greedily(walks, children, places) - 1e-6
    assert (table.sum(axis=1) <= places + 1e-6).all()
    assert table.sum(axis=0) + allocation.left == pytest.approx(children, abs=1e-6)
    assert (table[np.isnan(walks)] == 0).all()


def agree(one, other):
    assert one.flow == pytest.approx(other.flow, abs=1e-6)
    assert one.left == pytest.approx(other.left, abs=1e-6)
    assert one.used == pytest.approx(other.used, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(towns(), st.data())
def test_every_way_to_a_solution_ends_at_that_of_the_linear_program(town, data):
    """From nothing, or on from what was before: schools closed and opened, children come and gone."""
    walks, children, places = town
    allocator = Allocator(build_pairs(walks))
    start = None
    for _ in range(3):
        found = allocator.solve(children, places, start=start)
        agree(found, allocator.solve(children, places))
        agree(found, allocator.solve_linear(children, places))
        start = found.start
        assert start is not None
        at = data.draw(st.integers(0, len(places) - 1))
        places = places.copy()
        places[at] = data.draw(st.sampled_from([0, 7, 60]))
        change = st.sampled_from([0.0, 0.4, 1.0, 1.0, 1.7])
        children = children * data.draw(
            st.lists(change, min_size=len(children), max_size=len(children))
        ) + data.draw(st.sampled_from([0, 0, 5]))


@settings(max_examples=50, deadline=None)
@given(towns(), st.data())
def test_nobody_loses_a_place_to_more_places_or_fewer_children(town, data):
    """Home by home, with equal walks too; and no target takes more when others offer more."""
    walks, children, places = town
    walks = np.ceil(walks / 500) * 500
    allocator = Allocator(build_pairs(walks))
    base = allocator.solve(children, places)
    more = [data.draw(st.integers(0, 20)) for _ in places]
    richer = allocator.solve(children, places + more)
    assert (richer.left <= base.left + 1e-6).all()
    others = np.equal(more, 0)
    assert (richer.used[others] <= base.used[others] + 1e-6).all()
    fewer = np.array([data.draw(st.integers(0, int(one))) for one in children], dtype=float)
    emptier = allocator.solve(fewer, places)
    assert (emptier.left <= base.left + 1e-6).all()
    assert (emptier.used <= base.used + 1e-6).all()
    same = fewer == children
    assert (emptier.left[same] <= base.left[same] + 1e-6).all()


def test_equal_walks_are_told_apart_alike_when_a_target_is_added():
    """Ten homes, all 100 m from a school of 40 places: who gets one does not hang on its row."""
    children, walks = np.full(10, 9.0), np.full((1, 10), 100.0)
    alone = Allocator(build_pairs(walks), np.array([77])).solve(children, np.array([40.0]))
    more = np.concatenate([np.full((1, 10), 300.0), walks])
    beside = Allocator(build_pairs(more), np.array([5, 77])).solve(children, np.array([0.0, 40.0]))
    assert beside.left == pytest.approx(alone.left)
    assert set(np.round(alone.left, 6)) == {0, 5, 9}


def build_city(seed, n_homes=400, n_targets=15):
    generator = np.random.default_rng(seed)
    homes, targets = generator.random((n_homes, 2)) * 3000, generator.random((n_targets, 2)) * 3000
    walks = np.round(np.abs(targets[:, None] - homes[None]).sum(axis=2))
    walks[walks > 1000] = np.nan
    return walks, generator.random(n_homes) * 4, generator.integers(0, 90, n_targets).astype(float)


@pytest.mark.parametrize("seed", range(4))
def test_a_city_equals_the_linear_program_with_a_school_closed_or_opened(seed):
    walks, children, places = build_city(seed)
    allocator = Allocator(build_pairs(walks))
    base = allocator.solve(children, places)
    agree(base, allocator.solve_linear(children, places))
    for at, number in ((3, 0.0), (5, 200.0)):
        changed = places.copy()
        changed[at] = number
        agree(
            allocator.solve(children, changed, start=base.start),
            allocator.solve_linear(children, changed),
        )


@pytest.mark.parametrize("broken", ["no ways at all", "children lost", "walks too long"])
def test_what_is_not_proved_is_solved_as_a_linear_program(broken, monkeypatch):
    walks, children, places = build_city(9)
    pairs = build_pairs(walks)
    expected = Allocator(pairs).solve(children, places)
    if broken == "no ways at all":
        monkeypatch.setattr("geo.allocate._WAYS", 0)
    elif broken == "children lost":
        settle = allocate.settle

        def lose(problem, offered, state, most):
            ways = settle(problem, offered, state, most)
            state.flow[np.argmax(state.flow)] = 0.0
            return ways

        monkeypatch.setattr("geo.allocate.settle", lose)
    else:
        monkeypatch.setattr("geo.allocate._MOST_M", 1000.0)
    found = Allocator(pairs).solve(children, places)
    assert expected.start is not None
    assert found.start is None
    agree(found, expected)


def test_a_solver_that_gives_up_says_so(monkeypatch):
    walks, children, places = build_city(9)
    monkeypatch.setattr("geo.allocate._STEPS", 0)
    with pytest.raises(Unsolved, match="no allocation on"):
        Allocator(build_pairs(walks)).solve_linear(children, places)


def test_one_allocator_answers_several_threads():
    walks, children, places = build_city(2)
    allocator = Allocator(build_pairs(walks))
    numbers = [children * factor for factor in (0.2, 0.5, 1.0, 2.0)] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: allocator.solve(one, places), numbers))
    for one, allocation in zip(numbers, found, strict=True):
        agree(allocation, Allocator(build_pairs(walks)).solve(one, places))


def test_fractions_of_children_equal_scipys_solver():
    generator = np.random.default_rng(7)
    walks = generator.integers(1, 1500, (6, 80)).astype(float)
    walks[generator.random(walks.shape) < 0.6] = np.nan
    children, places = generator.random(80) * 9, generator.random(6) * 70
    table, allocation = solve(walks, children, places)
    pairs = build_pairs(walks)
    target = np.repeat(np.arange(6), np.diff(pairs.start))
    n_pairs, n_homes = len(pairs.home), 80
    home_rows = np.zeros((n_homes, n_pairs + n_homes))
    home_rows[pairs.home, np.arange(n_pairs)] = 1
    home_rows[np.arange(n_homes), n_pairs + np.arange(n_homes)] = 1
    target_rows = np.zeros((6, n_pairs + n_homes))
    target_rows[target, np.arange(n_pairs)] = 1
    cost = np.concatenate([pairs.walk_m, np.full(n_homes, 1e5)])
    found = linprog(cost, target_rows, places, home_rows, children)
    assert allocation.left.sum() == pytest.approx(found.x[n_pairs:].sum(), abs=1e-6)
    assert np.nansum(table * walks) == pytest.approx(
        (found.x[:n_pairs] * pairs.walk_m).sum(), abs=1e-3 * children.sum()
    )
