"""What must hold on every real city, whatever is in it: worked out again from the tables, or from first principles."""

import json

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from layers.notices import has_errors

pytestmark = pytest.mark.real

SHARES = ("share", "building_share", "land_share", "unconnected_share")
LARGEST_COMPONENT = {  # least share of all street length in one piece
    "las-palmas": 0.94,
    "monaco": 0.95,
    "beijing": 0.94,
    "nanjing": 0.84,
    "guixi": 0.97,
    "hsinchu": 0.95,
    "porto": 0.97,
}
BOXES = {  # west, south, east, north of what the extract covers, from the data's own description
    "las-palmas": (-15.5433, 28.0098, -15.3789, 28.1963),
    "monaco": (7.4092, 43.7234, 7.4486, 43.7517),
    "beijing": (116.3084, 39.9905, 116.3320, 40.0123),
    "nanjing": (118.763, 32.030, 118.800, 32.056),
    "guixi": (117.1912, 28.2817, 117.2552, 28.3225),
    "hsinchu": (120.9824, 24.7781, 121.0143, 24.7952),
    "porto": (-8.7950, 40.9810, -8.3580, 41.3990),
}


def _speeds(measured):
    return {kind["code"]: kind["speed_m_s"] for kind in measured.results.kinds}


def _on_foot(measured, table):
    """Rows of walking; those by transit are the matter of `test_transit_every_city.py`."""
    rows = measured[table]
    return rows[rows["mode"] == "walk"]


def test_no_error_and_the_right_place(measured):
    assert not has_errors(measured.results.notices)
    west, south, east, north = BOXES[measured.name]
    bounds = measured.city.extract.bounds
    margin = 0.05  # streets are drawn to their end, so some leave the box
    assert west - margin < bounds[0] < bounds[2] < east + margin
    assert south - margin < bounds[1] < bounds[3] < north + margin
    # and they fill it
    assert bounds[2] - bounds[0] > 0.8 * (east - west)
    assert bounds[3] - bounds[1] > 0.8 * (north - south)


def test_the_network_is_one_piece_with_crumbs(measured):
    length = measured.city.streets.network.component_length_m
    assert length.max() / length.sum() > LARGEST_COMPONENT[measured.name]
    streets = measured["streets"]
    length_m = streets["length_m"]
    assert length_m[streets["kept"]].sum() / length_m.sum() >= length.max() / length.sum()
    assert streets["street_id"].is_unique
    drawn_m = streets.to_crs(measured.city.streets.network.crs).length
    np.testing.assert_allclose(drawn_m, streets["length_m"], rtol=1e-3, atol=0.05)


def test_shares_are_shares_or_unknown(measured):
    coverage = measured["coverage"]
    for column in SHARES:
        known = coverage[column].dropna()
        assert known.between(0.0, 1.0 + 1e-12).all(), column
    unknown = coverage["status"] == "unknown"
    assert set(coverage["status"]) <= {"measured", "unknown"}
    assert coverage.loc[unknown, ["share", "households_covered", "median_s"]].isna().all(axis=None)
    assert coverage.loc[~unknown, "share"].notna().all()


def test_kinds_without_a_facility_are_unknown_with_a_reason(measured):
    facilities, coverage = measured["facilities"], measured["coverage"]
    present = set(facilities["kind"])
    seen = set()
    for kind in measured.results.kinds:
        code = kind["code"]
        rows = coverage[coverage["kind"] == code]
        assert kind["n_facilities"] == (facilities["kind"] == code).sum()
        seen.add(code)
        if code in present:
            assert kind["status"] == "measured"
            continue
        assert kind["status"] == "unknown"
        assert (rows["status"] == "unknown").all()
        assert (measured["access"]["kind"] != code).all()
        for figures in measured.results.summary[code].values():
            assert figures["share"] is None
            assert figures["reason"]["zh"]
            assert figures["reason"]["en"]
        gaps = measured["gaps"]
        judged = gaps[gaps["kind"] == code]
        assert not judged["status"].isin(["gap", "met"]).any()
    assert seen == set(coverage["kind"])
    json.dumps(measured.results.summary, allow_nan=False)


def test_every_home_stands_once_per_kind(measured):
    demand, access = measured["demand"], measured["access"]
    assert demand["demand_id"].is_unique
    kinds = set(measured["facilities"]["kind"])
    assert set(access["kind"]) == kinds
    assert not access.duplicated(["demand_id", "kind", "mode"]).any()
    modes = measured.results.modes
    assert modes in (["walk"], ["walk", "walk_transit"])
    counts = access.groupby(["kind", "mode"])["demand_id"].nunique()
    assert (counts == len(demand)).all()
    assert len(access) == len(demand) * len(kinds) * len(modes)


def test_shares_are_those_of_the_homes_unconnected_ones_included(measured):
    """Share = weight of the homes within the limit / weight of all homes, summed here with pandas."""
    access = _on_foot(measured, "access")
    coverage = _on_foot(measured, "coverage").query("status == 'measured' and limit_unit == 'min'")
    inside = access[access["community_id"] != ""]
    total = inside.groupby(["community_id", "kind"])["weight"].sum()
    speed = inside["kind"].map(_speeds(measured))
    for limit, rows in coverage.groupby("limit"):
        near = inside["nearest_m"] <= limit * 60 * speed
        reached = (
            inside["weight"].where(near, 0.0).groupby([inside["community_id"], inside["kind"]])
        )
        expected = (reached.sum() / total).loc[
            pd.MultiIndex.from_frame(rows[["community_id", "kind"]])
        ]
        np.testing.assert_allclose(rows["share"], expected, rtol=1e-9, atol=1e-12)
    demand = measured["demand"]
    away = ~demand["connected"]
    rows = access[access["demand_id"].isin(demand.loc[away, "demand_id"])]
    assert rows["nearest_m"].isna().all()
    assert not rows["within_limit"].any()
    counts = demand[demand["community_id"] != ""].groupby("community_id").size()
    n_demand = measured["coverage"].drop_duplicates("community_id").set_index("community_id")
    expected = counts.reindex(n_demand.index).fillna(0)
    assert (n_demand["n_demand"] == expected).all()


def test_households_sum_to_those_of_the_communities(measured):
    demand, communities = measured["demand"], measured["communities"]
    spread = demand.groupby("community_id")["households"].sum(min_count=1)
    for row in communities.itertuples():
        if np.isnan(row.households):
            assert demand.loc[demand["community_id"] == row.community_id, "households"].isna().all()
        else:
            assert spread[row.community_id] == pytest.approx(row.households, rel=1e-9)
    coverage = measured["coverage"].drop_duplicates("community_id").set_index("community_id")
    pd.testing.assert_series_equal(
        coverage["households"].sort_index(),
        communities.set_index("community_id")["households"].sort_index(),
        check_exact=False,
    )


def test_a_longer_limit_never_covers_fewer(measured):
    coverage = _on_foot(measured, "coverage").query("limit_unit == 'min' and status == 'measured'")
    for column in ("share", "building_share", "land_share", "households_covered"):
        wide = coverage.pivot_table(
            index=["community_id", "kind"], columns="limit", values=column, dropna=False
        )
        steps = np.diff(wide[sorted(wide.columns)].to_numpy(), axis=1)
        assert (np.isnan(steps) | (steps >= -1e-12)).all(), column


def test_no_walk_is_shorter_than_the_crow_flies(measured):
    """Geodesic from the home to the very entrance the walk is said to end at."""
    access = measured["access"].dropna(subset=["nearest_m"])
    homes = measured["demand"].set_index("demand_id").geometry
    doors = measured["entrances"].set_index("entrance_id")
    start = homes.loc[access["demand_id"]]
    end = doors.geometry.loc[access["entrance_id"]]
    _, _, straight = Geod(ellps="WGS84").inv(
        start.x.to_numpy(), start.y.to_numpy(), end.x.to_numpy(), end.y.to_numpy()
    )
    walk = access["nearest_m"].to_numpy()
    assert (walk >= straight * (1 - 2e-5) - 0.05).all()
    # every named entrance belongs to the named facility, which is of the kind
    owner = doors["facility_id"].loc[access["entrance_id"]].to_numpy()
    assert (owner == access["facility_id"].to_numpy()).all()
    pairs = set(
        zip(measured["facilities"]["facility_id"], measured["facilities"]["kind"], strict=True)
    )
    assert set(zip(access["facility_id"], access["kind"], strict=True)) <= pairs


def test_counts_seconds_and_ranks_fit_the_nearest(measured):
    access = _on_foot(measured, "access")
    speed = access["kind"].map(_speeds(measured))
    np.testing.assert_allclose(access["nearest_s"], access["nearest_m"] / speed, rtol=1e-12)
    within = access["nearest_m"] <= 15 * 60 * speed
    assert (within == access["within_limit"]).all()
    assert ((access["n_within"] >= 1) == within).all()
    second = access["second_m"]
    assert (second.isna() | (second >= access["nearest_m"])).all()
    second_near = second <= 15 * 60 * speed
    assert ((access["n_within"] >= 2) == second_near).all()


def test_streets_carry_minutes_for_every_kind_found(measured):
    streets = measured["streets"]
    columns = [name for name in streets.columns if name.startswith("min_")]
    assert {name.removeprefix("min_") for name in columns} == set(measured["facilities"]["kind"])
    values = streets[columns].to_numpy()
    assert (np.isnan(values) | (values >= 0)).all()


def test_gaps_say_why(measured):
    gaps = measured["gaps"]
    assert set(gaps["status"]) <= {"met", "gap", "unknown", "not_applicable"}
    assert (gaps.loc[gaps["status"] == "gap", "cause"] != "").all()
    assert (gaps.loc[gaps["status"] == "met", "cause"] == "").all()
    assert (gaps.loc[gaps["status"] == "unknown", "cause"] == "data_missing").all()
    assert (gaps["reason"] != "").all()
    assert (gaps["reason_en"] != "").all()
    assert gaps["shortfall"].dropna().ge(0).all()
    keys = ["community_id", "pack", "rule"]
    assert not gaps.duplicated(keys).any()
    per_rule = gaps.groupby(["pack", "rule"]).size()
    assert (per_rule == len(measured["communities"])).all()
