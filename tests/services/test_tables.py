"""Tables as a run shows them: what each point was snapped to, minutes along streets, notices."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.store import read_run
from services.tables import list_unconnected
from services.walks import Walks


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


def test_a_home_shows_the_street_its_walk_starts_on(run):
    """小区1 stands at (20, 20): 20 m from street 0, between two streets of that name."""
    home = run.demand.set_index("name").loc["小区1"]
    assert home["connected"]
    assert home["leg_m"] == pytest.approx(20.0, abs=0.2)
    street = run.streets.set_index("street_id").loc[home["street_id"]]
    assert street["name"] == home["street_name"] == "0路"
    start = shapely.Point(home["snap_lon"], home["snap_lat"])
    assert street.geometry.distance(start) < 1e-7


def test_facilities_say_how_they_are_reached(run):
    facilities = run.facilities.set_index("name")
    assert facilities.loc["康宁药房", "reached_by"] == "point"
    assert facilities.loc["人民公园", "reached_by"] in {"ring", "street"}
    assert (facilities["n_entrances"] >= 1).all()
    assert facilities["connected"].all()
    doors = run.entrances.groupby("facility_id").size()
    for row in run.facilities.itertuples():
        assert row.n_entrances == doors[row.facility_id]


def test_entrances_name_their_street(run):
    names = run.streets.set_index("street_id")["name"]
    for row in run.entrances.itertuples():
        assert row.street_name == names[row.street_id]
        assert row.leg_m >= 0


def test_streets_carry_minutes_of_measured_kinds_alone(run):
    minutes = [name for name in run.streets.columns if name.startswith("min_")]
    measured = [f"min_{kind['code']}" for kind in run.manifest["kinds"] if kind["n_facilities"]]
    assert minutes == measured
    assert (run.streets[minutes].dtypes == np.float32).all()
    assert run.streets["length_m"].sum() == pytest.approx(run.network.edge_length_m.sum())
    drawn = np.flatnonzero(run.network.edge_length_m > 0)
    assert run.streets["street_id"].tolist() == drawn.tolist()


def test_minutes_along_the_street_a_facility_stands_on(run):
    """The pharmacy's piece goes round the town's corner, 200 m to either junction.

    Its middle is the corner, 100 m from the pharmacy (by way of a junction it would be 300 m). From
    the middle of the next piece it is 100 m to the junction and 100 m on. 72 m to a minute.
    """
    minutes = sorted(run.streets["min_pharmacy"].dropna())
    assert minutes[0] == pytest.approx(100 / 72, abs=0.02)
    assert minutes[1] == pytest.approx(200 / 72, abs=0.02)


def test_streets_carry_minutes_of_journeys(ridden, run):
    """A column beside that of the walk, nowhere more than it, and somewhere less."""
    streets = read_run(ridden).streets
    for kind in [kind["code"] for kind in run.manifest["kinds"] if kind["n_facilities"]]:
        walk, ride = streets[f"min_{kind}"], streets[f"ride_min_{kind}"]
        assert ride.dtype == np.float32
        assert (ride <= walk).all()
    assert (streets["ride_min_kindergarten"] < streets["min_kindergarten"]).any()
    assert not [name for name in run.streets.columns if name.startswith("ride_min_")]


def test_access_agrees_with_the_homes(run):
    assert len(run.access) == len(run.demand) * run.access["kind"].nunique()
    assert set(run.access["demand_id"]) == set(run.demand["demand_id"])
    reached = run.access[run.access["facility_id"] != ""]
    pairs = set(zip(run.facilities["facility_id"], run.facilities["kind"], strict=True))
    assert set(zip(reached["facility_id"], reached["kind"], strict=True)) <= pairs
    assert (reached["second_m"].fillna(np.inf) >= reached["nearest_m"]).all()


def walks(homes_connected, doors_connected, sources):
    """Two homes and two facilities of one entrance each, tied to streets or not."""

    class SomeLinks:
        """Edge 0 belongs to the main network, edge 1 to a detached piece."""

        def __init__(self, connected):
            self.connected = np.array([bool(one) for one in connected])
            self.edge = np.array([1 if one == "detached" else 0 for one in connected])

    points = [shapely.Point(107, 34)] * 2
    demand = gpd.GeoDataFrame(
        {"demand_id": ["d1", "d2"], "households": [400.0, np.nan]}, geometry=points, crs="EPSG:4326"
    )
    facilities = gpd.GeoDataFrame(
        {"facility_id": ["f1", "f2"], "kind": "park"}, geometry=points, crs="EPSG:4326"
    )
    entrances = gpd.GeoDataFrame(
        {"facility_id": ["f1", "f2"], "source": pd.array(sources, dtype="str")}, geometry=points
    )
    return Walks(
        network=SimpleNamespace(edge_main=np.array([True, False])), demand=demand, demand_xy=None, demand_links=SomeLinks(homes_connected),
        facilities=facilities, entrances=entrances, entrance_xy=None,
        entrance_links=SomeLinks(doors_connected),
        entrance_start=np.array([0, 1, 2]), entrance_rows=np.array([0, 1]),
    )  # fmt: skip


def test_what_lies_apart_is_noticed():
    notices = {
        one.code: one
        for one in list_unconnected(
            walks([False, True], [True, False], ["point", "centroid"]), 150.0
        )
    }
    assert set(notices) == {"unconnected_homes", "unconnected_facilities", "reached_at_centroid"}
    assert "1 starting points (400 households)" in notices["unconnected_homes"].message
    assert notices["unconnected_homes"].row == "d1"
    assert notices["unconnected_facilities"].row == "f2"
    assert notices["reached_at_centroid"].severity == "info"
    assert all(notice.message_zh for notice in notices.values())


def test_unknown_households_are_not_called_none():
    (notice,) = list_unconnected(walks([True, False], [True, True], ["point", "gate"]), 150.0)
    assert "households" not in notice.message
    assert notice.count == 1


def test_where_all_is_well_nothing_is_said():
    assert list_unconnected(walks([True, True], [True, True], ["point", "gate"]), 150.0) == []


def test_what_lies_on_detached_streets_is_noticed():
    """One home and one facility on a piece joined to nothing larger; both are connected to a street."""
    (notice,) = list_unconnected(
        walks([True, "detached"], ["detached", True], ["point", "gate"]), 150.0
    )
    assert notice.code == "on_detached_streets"
    assert "1 starting points and 1 facilities" in notice.message
    assert notice.row == "d2, f1"
    assert notice.count == 2
