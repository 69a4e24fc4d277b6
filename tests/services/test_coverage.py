"""Coverage on paper: shares, quantiles and limits with the arithmetic said, and invariants.

The street of the hand-worked cases runs east from (0, 0) to (2000, 0). Homes and facilities stand on
it, so that a walk is the difference of two numbers. An adult walks 72 m in a minute, a child 60 m.
"""

from dataclasses import replace
from itertools import chain

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from geo.crs import unproject
from geo.network import build_network
from geo.snap import snap_points
from layers.kinds import read_kinds
from layers.results import COVERAGE, shape_table
from services.access_table import tabulate_access
from services.coverage import measure_coverage, weigh_quantile
from services.travel import describe_walks
from services.walks import (
    Yardsticks,
    build_walks,
    limit_in_metres,
    measure_kind,
    point_xy,
)

CRS = "EPSG:32648"
ORIGIN = np.array([700_000.0, 3_800_000.0])
SPEEDS = {"adult": 1.2, "older": 0.8, "child": 1.0}
KINDS = read_kinds()
PHARMACY, CLINIC = KINDS["pharmacy"], KINDS["clinic"]
STREET = [[(0, 0), (2000, 0)]]
NAN = float("nan")


def lonlat(points):
    return unproject(np.asarray(points, dtype=float).reshape(-1, 2) + ORIGIN, CRS)


def area(x0, y0, x1, y1):
    (west, south), (east, north) = lonlat([(x0, y0), (x1, y1)])
    return box(west, south, east, north)


def streets(lines):
    number = {xy: index for index, xy in enumerate(dict.fromkeys(chain.from_iterable(lines)))}
    paths = [[number[xy] for xy in line] for line in lines]
    both = np.ones(len(paths), dtype=bool)
    return build_network(
        crs=CRS,
        node_xy=np.array(list(number), dtype=float) + ORIGIN,
        path_nodes=np.array(list(chain.from_iterable(paths))),
        path_offsets=np.cumsum([0, *map(len, paths)]),
        path_way=np.arange(len(paths)),
        path_group=np.arange(len(paths)),
        path_forward=both,
        path_backward=both,
        min_island_m=0.0,
    )


def homes_table(homes):
    """Homes as (x, y, community, households, weight)."""
    return gpd.GeoDataFrame(
        {
            "demand_id": [f"d{number:03d}" for number in range(len(homes))],
            "community_id": [home[2] for home in homes],
            "households": [float(home[3]) for home in homes],
            "weight": [float(home[4] if len(home) > 4 else home[3]) for home in homes],
            "source": "table",
        },
        geometry=[Point(*lonlat([home[:2]])[0]) for home in homes],
        crs="EPSG:4326",
    )


def places_table(places):
    """Facilities as (x, y, kind)."""
    return gpd.GeoDataFrame(
        {
            "facility_id": pd.array(
                [f"f{number:03d}" for number in range(len(places))], dtype="str"
            ),
            "kind": pd.array([place[2] for place in places], dtype="str"),
        },
        geometry=gpd.GeoSeries(
            [Point(*lonlat([place[:2]])[0]) for place in places], crs="EPSG:4326"
        ),
    )


def no_yardsticks(network):
    nothing = snap_points(network, np.zeros((0, 2)))
    none = np.zeros(0, dtype=np.int64)
    return Yardsticks(nothing, none, nothing, none, np.zeros(0))


def measure(
    homes,
    places,
    *,
    lines=STREET,
    areas=None,
    limits=((15.0, "min"),),
    kinds=(PHARMACY,),
    yardsticks=no_yardsticks,
    shuffled=None,
):
    """Coverage, indexed by community, kind, limit and unit, and the access table."""
    network = streets(lines)
    areas = areas or {"A": (-10_000, -10_000, 10_000, 10_000)}
    communities = gpd.GeoDataFrame(
        {"community_id": list(areas)},
        geometry=[area(*one) for one in areas.values()],
        crs="EPSG:4326",
    )
    demand, facilities = homes_table(homes), places_table(places)
    if shuffled is not None:
        demand = demand.sample(frac=1, random_state=shuffled)
        facilities = facilities.sample(frac=1, random_state=shuffled)
    entrances = facilities.assign(
        entrance_id=facilities["facility_id"] + "/1", source="point"
    ).drop_duplicates("entrance_id")
    walks = build_walks(network, demand, facilities, entrances, max_leg_m=150.0)
    sticks = yardsticks(network)
    present = set(facilities["kind"])
    measured = {
        kind.code: measure_kind(
            walks,
            sticks,
            kind,
            main_limit_m=limit_in_metres(15.0, "min", SPEEDS[kind.traveller]),
            longest_limit_m=3000.0,
        )
        for kind in kinds
        if kind.code in present
    }
    travels = {
        code: describe_walks(one, SPEEDS[one.kind.traveller]) for code, one in measured.items()
    }
    coverage = measure_coverage(
        communities, walks, sticks, kinds, travels, {kind.code: limits for kind in kinds}
    )
    access = tabulate_access(walks, list(measured.values()), travels, SPEEDS, 15.0)
    return shape_table(coverage, "coverage").set_index(
        ["community_id", "kind", "limit", "limit_unit"]
    ), access


def one(homes, places, **told):
    coverage, _ = measure(homes, places, **told)
    return coverage.iloc[0]


# ---- shares --------------------------------------------------------------------------------------


def test_a_share_is_households_within_over_all_households():
    """Pharmacy at 0, limit 15 min = 1080 m: 300 of 300 + 100 households live at 1080 m or nearer."""
    row = one([(1080, 0, "A", 300), (1081, 0, "A", 100)], [(0, 0, "pharmacy")])
    assert (row["households"], row["households_covered"], row["share"]) == (400, 300, 0.75)
    assert row["status"] == "measured"
    assert (row["n_demand"], row["demand_source"]) == (2, "table")


def test_metres_and_minutes_are_never_converted():
    """A child needs 1000 s for 1000 m: within 1000 m and 20 min, not within 15 min = 900 m."""
    limits = ((1000.0, "m"), (15.0, "min"), (20.0, "min"))
    coverage, _ = measure(
        [(1000, 0, "A", 10)],
        [(0, 0, "kindergarten")],
        limits=limits,
        kinds=(KINDS["kindergarten"],),
    )
    assert coverage["share"].tolist() == [1.0, 0.0, 1.0]
    assert coverage["median_s"].tolist() == [pytest.approx(1000.0, abs=0.1)] * 3


def test_the_legs_are_walked_too():
    """40 m to the street, 1000 m along it, 45 m to the counter: 1085 m, more than 1080."""
    coverage, access = measure([(1000, 40, "A", 1)], [(0, -45, "pharmacy")])
    assert access["nearest_m"].item() == pytest.approx(1085.0, abs=0.2)
    assert coverage["share"].item() == 0.0


def test_unknown_households_leave_a_share_by_weight():
    """One home of unknown households: their number stays unknown, the share goes by floor area."""
    homes = [(100, 0, "A", NAN, 30.0), (1900, 0, "A", NAN, 10.0)]
    row = one(homes, [(0, 0, "pharmacy")])
    assert np.isnan(row["households"])
    assert np.isnan(row["households_covered"])
    assert np.isnan(row["unconnected_households"])
    assert row["share"] == 0.75


def test_one_unknown_home_makes_the_sum_unknown_not_smaller():
    row = one([(100, 0, "A", 50, 50), (200, 0, "A", NAN, 50)], [(0, 0, "pharmacy")])
    assert np.isnan(row["households"])
    assert row["share"] == 1.0


def test_a_kind_without_facilities_is_unknown_not_zero():
    coverage, _ = measure(
        [(0, 0, "A", 5)], [(0, 0, "pharmacy")], kinds=(PHARMACY, CLINIC), limits=((5.0, "min"),)
    )
    row = coverage.loc[("A", "clinic", 5.0, "min")]
    assert row["status"] == "unknown"
    assert row[["share", "households_covered", "median_s", "p90_s"]].isna().all()
    assert (row["households"], row["facilities_inside"]) == (5, 0)


def test_a_community_without_homes_is_unknown():
    areas = {"A": (-50, -50, 500, 50), "B": (500, -50, 2050, 50)}
    coverage, _ = measure([(0, 0, "A", 5)], [(0, 0, "pharmacy")], areas=areas)
    row = coverage.loc[("B", "pharmacy", 15.0, "min")]
    assert (row["status"], row["n_demand"], row["demand_source"]) == ("unknown", 0, "")
    assert np.isnan(row["share"])
    assert np.isnan(row["households"])


def test_unconnected_homes_stay_in_the_denominator():
    """200 m from any street, the limit of a leg being 150 m: counted, never covered."""
    row = one([(0, 0, "A", 30), (50, 200, "A", 10)], [(0, 0, "pharmacy")])
    assert (row["share"], row["households"], row["unconnected_households"]) == (0.75, 40, 10)
    assert row["unconnected_share"] == 0.25


def test_the_edge_of_a_community_is_not_a_wall():
    """The pharmacy over the boundary counts for both; it lies inside one of them."""
    areas = {"A": (-50, -50, 1000, 50), "B": (1000, -50, 2050, 50)}
    homes = [(900, 0, "A", 7), (1500, 0, "B", 7)]
    coverage, _ = measure(homes, [(1100, 0, "pharmacy")], areas=areas)
    assert coverage["share"].tolist() == [1.0, 1.0]
    assert coverage["facilities_inside"].tolist() == [0, 1]


def test_a_facility_on_the_boundary_counts_once():
    shared = lonlat([(1000, 0)])[0]
    areas = {"A": (-50, -50, 1000, 50), "B": (1000, -50, 2050, 50)}
    communities = gpd.GeoSeries([area(*one) for one in areas.values()])
    assert communities.intersects(Point(*shared)).all()
    coverage, _ = measure([(0, 0, "A", 1), (2000, 0, "B", 1)], [(1000, 0, "pharmacy")], areas=areas)
    assert coverage["facilities_inside"].tolist() == [1, 0]


def test_homes_outside_every_community_count_for_none():
    coverage, access = measure([(0, 0, "A", 1), (10, 0, "", 9)], [(0, 0, "pharmacy")])
    assert coverage["households"].item() == 1
    assert len(access) == 2


def test_shares_of_buildings_and_land_have_their_own_denominators():
    """Buildings at 500 and 1500 m: one of two within 1080 m. Land 900 m² of 1000 m² within."""

    def yardsticks(network):
        links = snap_points(
            network, np.array([[500.0, 0], [1500, 0], [400, 0], [1600, 0]]) + ORIGIN
        )
        both = np.zeros(2, dtype=np.int64)
        return Yardsticks(
            links.take(np.array([0, 1])), both, links.take(np.array([2, 3])), both,
            np.array([900.0, 100.0]),
        )  # fmt: skip

    row = one([(0, 0, "A", 1)], [(0, 0, "pharmacy")], yardsticks=yardsticks)
    assert (row["building_share"], row["land_share"]) == (0.5, 0.9)
    row = one([(0, 0, "A", 1)], [(0, 0, "pharmacy")])
    assert np.isnan(row["building_share"])
    assert np.isnan(row["land_share"])


def test_access_names_the_nearest_and_counts_the_rest():
    """Pharmacies at 0, 600 and 1900, home at 400: 400 m, then 200 m; three within 3000 m."""
    places = [(0, 0, "pharmacy"), (600, 0, "pharmacy"), (1900, 0, "pharmacy")]
    _, access = measure([(400, 0, "A", 1)], places)
    row = access.iloc[0]
    assert (row["facility_id"], row["entrance_id"]) == ("f001", "f001/1")
    assert row["nearest_m"] == pytest.approx(200.0, abs=0.1)
    assert row["nearest_s"] == pytest.approx(200.0 / 1.2, abs=0.1)
    assert row["second_m"] == pytest.approx(400.0, abs=0.1)
    assert row["n_within"] == 2
    assert row["within_limit"]


def test_equal_walks_end_at_the_same_facility_however_rows_are_ordered():
    places = [(0, 0, "pharmacy"), (800, 0, "pharmacy")]
    found = [
        measure([(400, 0, "A", 1)], places, shuffled=seed)[1]["facility_id"].item()
        for seed in range(4)
    ]
    assert found == ["f000"] * 4


def test_unreached_homes_have_no_walk():
    """Two streets that never meet: the pharmacy on one is beyond reach from the other."""
    coverage, access = measure(
        [(0, 900, "A", 4)], [(0, 0, "pharmacy")], lines=[*STREET, [(0, 900), (2000, 900)]]
    )
    assert access[["nearest_m", "nearest_s", "second_m"]].isna().all(axis=None)
    assert access["facility_id"].item() == ""
    assert (coverage["share"].item(), coverage["status"].item()) == (0.0, "measured")
    assert np.isnan(coverage["median_s"].item())


# ---- quantiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "weights", "share", "wanted"),
    [
        ([10, 20, 30], [1, 1, 1], 0.5, 20),  # half of 3 is 1.5: reached in the second
        ([10, 20], [1, 1], 0.5, 10),  # half of 2 is reached exactly with the first
        ([10, 20, 30], [1, 1, 8], 0.5, 30),
        ([30, 10, 20], [8, 1, 1], 0.2, 20),  # sorted 10, 20, 30: 2 of 10 with the second
        ([30, 10, 20], [8, 1, 1], 0.1, 10),
        ([5], [0.25], 0.9, 5),
        ([10, np.inf], [9, 1], 0.9, 10),
        ([10, np.inf], [8, 2], 0.9, NAN),  # the ninetieth percentile never arrives
        ([10, 20], [0, 5], 0.5, 20),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0.1] * 10, 0.9, 9),  # sums of 0.1 are not exact
    ],
)
def test_weighted_quantiles(values, weights, share, wanted):
    group = np.zeros(len(values), dtype=np.int64)
    found = weigh_quantile(group, np.array(values, float), np.array(weights, float), 1, share)
    np.testing.assert_array_equal(found, [wanted])


def test_quantiles_of_several_groups_do_not_mix():
    group = np.array([2, 0, 2, 0, 2])
    value = np.array([1.0, 5.0, 2.0, 7.0, 9.0])
    found = weigh_quantile(group, value, np.ones(5), 4, 0.5)
    np.testing.assert_array_equal(found, [5.0, NAN, 2.0, NAN])


def test_the_quantile_counts_households_not_homes():
    """1 household at 120 m, 9 at 960 m: the median household walks 960 m in 800 s."""
    row = one([(120, 0, "A", 1), (960, 0, "A", 9)], [(0, 0, "pharmacy")])
    assert row["median_s"] == pytest.approx(800.0, abs=0.1)
    assert row["p90_s"] == pytest.approx(800.0, abs=0.1)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=30),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_quantiles_equal_those_of_repeated_rows(rows, share):
    """A weight of n is n rows of weight 1: the smallest value with at least that share at or below."""
    values = np.array([value for value, _ in rows], float)
    weights = np.array([weight for _, weight in rows], float)
    found = weigh_quantile(np.zeros(len(rows), dtype=np.int64), values, weights, 1, share)[0]
    repeated = np.sort(np.repeat(values, weights.astype(int)))
    rank = int(np.ceil(share * len(repeated) - 1e-9))
    assert found == repeated[max(rank, 1) - 1]


# ---- invariants ----------------------------------------------------------------------------------

STEPS = (0, 300, 600, 900)
coordinates = st.tuples(st.integers(-80, 980), st.integers(-80, 980))


@st.composite
def towns(draw):
    """A grid with some blocks' streets missing, homes of known and unknown size, some pharmacies."""
    across = [((x, y), (x + 300, y)) for y in STEPS for x in STEPS[:-1]]
    along = [((x, y), (x, y + 300)) for x in STEPS for y in STEPS[:-1]]
    every = [*across, *along]
    kept = draw(st.lists(st.sampled_from(every), min_size=4, max_size=len(every), unique=True))
    homes = draw(st.lists(st.tuples(coordinates, st.integers(1, 500)), min_size=1, max_size=12))
    places = draw(st.lists(coordinates, min_size=1, max_size=5))
    return (
        sorted(kept),
        [(*xy, "A" if xy[0] < 450 else "B", households) for xy, households in homes],
        [(*xy, "pharmacy") for xy in places],
    )


AREAS = {"A": (-200, -200, 450, 1200), "B": (450, -200, 1200, 1200)}
LIMITS = ((2.0, "min"), (5.0, "min"), (600.0, "m"), (15.0, "min"))


@given(towns())
def test_a_longer_limit_never_covers_fewer(town):
    lines, homes, places = town
    coverage, _ = measure(homes, places, lines=lines, areas=AREAS, limits=LIMITS)
    for community in AREAS:
        rows = coverage.loc[community]
        metres = [
            limit_in_metres(limit, unit, SPEEDS["adult"]) for _, limit, unit in rows.index.to_list()
        ]
        covered = rows["households_covered"].fillna(0).to_numpy()[np.argsort(metres)]
        assert (np.diff(covered) >= 0).all()
        assert ((rows["share"].isna()) | rows["share"].between(0, 1)).all()
        assert (rows["households_covered"].fillna(0) <= rows["households"].fillna(0)).all()
        assert not (rows["median_s"] > rows["p90_s"]).any()


@given(towns(), coordinates)
def test_another_facility_never_lowers_coverage(town, place):
    lines, homes, places = town
    before, walked = measure(homes, places, lines=lines, areas=AREAS, limits=LIMITS)
    more = [*places, (*place, "pharmacy")]
    after, shorter = measure(homes, more, lines=lines, areas=AREAS, limits=LIMITS)
    assert (after["share"].fillna(0) >= before["share"].fillna(0)).all()
    assert (shorter["nearest_m"].fillna(np.inf) <= walked["nearest_m"].fillna(np.inf)).all()
    assert (shorter["n_within"] >= walked["n_within"]).all()


@given(towns(), st.integers(0, 99))
def test_shuffled_rows_change_nothing(town, seed):
    lines, homes, places = town
    told = {"lines": lines, "areas": AREAS, "limits": LIMITS}
    for plain, mixed in zip(
        measure(homes, places, **told), measure(homes, places, shuffled=seed, **told), strict=True
    ):
        pd.testing.assert_frame_equal(plain, mixed)


@given(towns())
def test_what_was_measured_for_homes_holds_for_yardsticks(town):
    """Buildings where homes are, one household each: both shares must be the same."""
    lines, homes, places = town
    homes = [(*home[:3], 1) for home in homes]

    def yardsticks(network):
        frame = homes_table(homes)
        links = snap_points(network, point_xy(frame, CRS), max_leg_m=150.0)
        row = np.array([list(AREAS).index(home[2]) for home in homes], dtype=np.int64)
        return Yardsticks(links, row, links, row, np.full(len(homes), 2.5))

    coverage, _ = measure(
        homes, places, lines=lines, areas=AREAS, limits=LIMITS, yardsticks=yardsticks
    )
    for name in ("building_share", "land_share"):
        np.testing.assert_allclose(coverage[name], coverage["share"], atol=1e-12)


def test_every_column_is_filled():
    coverage, _ = measure([(0, 0, "A", 5)], [(0, 0, "pharmacy")])
    assert set(coverage.columns) | set(coverage.index.names) == set(COVERAGE)
    assert coverage["mode"].item() == "walk"


def test_a_facility_of_two_kinds_counts_for_both():
    """One building, two rows, one entrance."""
    network = streets(STREET)
    places = places_table([(0, 0, "pharmacy"), (0, 0, "clinic")])
    places["facility_id"] = "f000"
    entrances = places.iloc[:1].assign(entrance_id="f000/1", source="point")
    walks = build_walks(network, homes_table([(72, 0, "A", 1)]), places, entrances, max_leg_m=150.0)
    sticks = no_yardsticks(network)
    for kind in (PHARMACY, CLINIC):
        found = measure_kind(walks, sticks, kind, main_limit_m=1080.0, longest_limit_m=1080.0)
        assert found.reach.walk_m.tolist() == [pytest.approx(72.0, abs=0.1)]
        assert replace(found).n_within.tolist() == [1]
