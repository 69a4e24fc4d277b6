"""Children to places: worked by hand, against plain solvers, and what must always hold."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo.allocate import Allocator
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


@settings(max_examples=150, deadline=None)
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


@settings(max_examples=60, deadline=None)
@given(towns(), st.integers(0, 3), st.integers(1, 40))
def test_what_was_solved_before_does_not_matter_and_more_places_leave_fewer_out(town, at, more):
    walks, children, places = town
    at %= len(places)
    pairs = build_pairs(walks)
    allocator = Allocator(pairs)
    base = allocator.solve(children, places)
    added = places.copy()
    added[at] += more
    richer = allocator.solve(children, added)
    assert richer.left.sum() <= base.left.sum() + 1e-6
    closed = places.copy()
    closed[at] = 0
    assert allocator.solve(children, closed).left.sum() >= base.left.sum() - 1e-6
    again = allocator.solve(children, places)
    assert again.flow == pytest.approx(base.flow, abs=1e-6)
    assert again.left == pytest.approx(base.left, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(towns(), st.integers(0, 3))
def test_a_kept_solution_is_a_start_that_changes_no_answer(town, at):
    walks, children, places = town
    pairs = build_pairs(walks)
    allocator = Allocator(pairs)
    allocator.solve(children, places)
    kept = allocator.keep()
    closed = places.copy()
    closed[at % len(places)] = 0
    fresh = Allocator(pairs).solve(children, closed)
    allocator.solve(children * 2, places)
    for one in (allocator, Allocator(pairs)):
        again = one.solve(children, closed, start=kept)
        assert again.flow == pytest.approx(fresh.flow, abs=1e-6)
        assert again.left == pytest.approx(fresh.left, abs=1e-6)


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
