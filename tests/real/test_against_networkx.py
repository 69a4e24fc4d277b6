"""Walks of a run against networkx: see `plain_walks.py` for what is worked out again, and how.

Shared with the product besides: the written tables of homes and entrances. Both sides measure in metres; the product
rounds each straight piece to a thousandth. Equal means within a metre.
"""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

pytestmark = pytest.mark.real

TOLERANCE_M = 1.0
N_HOMES = 1200
MAIN_LIMIT_S = 15 * 60.0
ADULT_M_S, CHILD_M_S = 1.2, 1.0


def _project(frame: Any, crs: str) -> np.ndarray:
    points = frame.geometry
    return np.column_stack(
        Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(points.x, points.y)
    )


def _draw_homes(measured: Any) -> Any:
    """Homes at random, and with them all that start on a residents' street."""
    demand = measured["demand"]
    chosen = np.zeros(len(demand), dtype=bool)
    chosen[np.random.default_rng(1200).permutation(len(demand))[:N_HOMES]] = True
    street = demand["street_id"].to_numpy()
    chosen |= (street >= 0) & measured.city.streets.edge_private[np.maximum(street, 0)]
    return demand[chosen].reset_index(drop=True)


def _prepare(measured: Any, plain_walks: ModuleType) -> tuple[Any, Any]:
    homes = _draw_homes(measured)
    crs = measured.city.streets.network.crs
    plain = plain_walks.PlainCity(
        measured.osm,
        measured.city.extract,
        crs,
        _project(homes, crs),
        _project(measured["entrances"], crs),
    )
    return homes, plain


@pytest.fixture(scope="module", params=["las_palmas", "nanjing"])
def pair(request: pytest.FixtureRequest, plain_walks: ModuleType) -> tuple[Any, Any, Any]:
    """A measured city, homes drawn from it, and the plain computation on the same homes."""
    measured = request.getfixturevalue(request.param)
    return (measured, *_prepare(measured, plain_walks))


KINDS = (
    "kindergarten",
    "primary_school",
    "clinic",
    "pharmacy",
    "shop",
    "park",
    "bus_stop",
    "parking",
)


def _entrance_rows(measured: Any, kind: str) -> dict[str, list[int]]:
    """Rows of the entrances of every facility of a kind."""
    facilities = measured["facilities"]
    wanted = set(facilities.loc[facilities["kind"] == kind, "facility_id"])
    rows: dict[str, list[int]] = {facility: [] for facility in wanted}
    for at, facility in enumerate(measured["entrances"]["facility_id"]):
        if facility in wanted:
            rows[facility].append(at)
    return rows


def _access(measured: Any, homes: Any, kind: str) -> Any:
    access = measured["access"]
    chosen = (access["kind"] == kind) & (access["mode"] == "walk")
    rows = access[chosen].set_index("demand_id")
    return rows.loc[homes["demand_id"]]


def test_homes_are_connected_alike(pair):
    measured, homes, plain = pair
    assert len(homes) >= 1000
    if (
        measured.name == "las-palmas"
    ):  # some start behind a residents' gate, and not few streets are such
        street = homes["street_id"].to_numpy()
        behind = (street >= 0) & measured.city.streets.edge_private[np.maximum(street, 0)]
        assert behind.sum() >= 50
        assert plain.n_resident >= 500
    snapped = np.array([("home", at) in plain.legs for at in range(len(homes))])
    np.testing.assert_array_equal(homes["connected"], snapped)
    leg = np.array(
        [min((m for _, m in plain.legs[("home", at)]), default=np.nan) for at in range(len(homes))]
    )
    np.testing.assert_allclose(homes["leg_m"], leg, atol=0.002)
    entrances = measured["entrances"]
    tied = np.array([("entrance", at) in plain.legs for at in range(len(entrances))])
    np.testing.assert_array_equal(entrances["street_id"] >= 0, tied)


@pytest.mark.parametrize("kind", KINDS)
def test_nearest_walks_agree(pair, kind, capsys):
    measured, homes, plain = pair
    rows = [at for ways_in in _entrance_rows(measured, kind).values() for at in ways_in]
    found = plain.walks_to(rows)
    expected = np.array([found.get(at, np.nan) for at in range(len(homes))])
    ours = _access(measured, homes, kind)["nearest_m"].to_numpy()
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
    apart = np.abs(ours - expected)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{measured.name} {kind}: {np.isfinite(apart).sum()} of {len(homes)} homes reach one, "
            f"largest difference {np.nanmax(apart):.4f} m, walks up to {np.nanmax(ours):.0f} m"
        )
    assert np.nanmax(apart) < TOLERANCE_M


@pytest.mark.parametrize(("kind", "speed"), [("kindergarten", CHILD_M_S), ("clinic", ADULT_M_S)])
def test_counts_within_and_second_nearest_agree(pair, kind, speed):
    """One search per facility, cut off a little beyond 15 minutes."""
    measured, homes, plain = pair
    limit_m = MAIN_LIMIT_S * speed
    walks = np.full((len(homes), 0), np.inf)
    names = []
    for facility, rows in _entrance_rows(measured, kind).items():
        column = np.full(len(homes), np.inf)
        for at, metres in plain.walks_to(rows, cutoff_m=limit_m + 50).items():
            column[at] = metres
        walks = np.column_stack([walks, column])
        names.append(facility)
    access = _access(measured, homes, kind)
    sure = ~(np.abs(walks - limit_m) < TOLERANCE_M).any(axis=1)
    np.testing.assert_array_equal(
        access["n_within"].to_numpy()[sure], (walks <= limit_m).sum(axis=1)[sure]
    )
    assert sure.mean() > 0.9
    if walks.shape[1] > 1:
        second = np.sort(walks, axis=1)[:, 1]
        inside = second < limit_m - TOLERANCE_M
        np.testing.assert_allclose(
            access["second_m"].to_numpy()[inside], second[inside], atol=TOLERANCE_M
        )
    near = np.flatnonzero(walks.min(axis=1, initial=np.inf) < limit_m - TOLERANCE_M)
    at = {facility: column for column, facility in enumerate(names)}
    to_named = [walks[row, at[access["facility_id"].iloc[row]]] for row in near]
    np.testing.assert_allclose(to_named, access["nearest_m"].to_numpy()[near], atol=TOLERANCE_M)
