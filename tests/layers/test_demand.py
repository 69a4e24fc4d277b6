"""Demand points: four grades, households spread by weight, nothing lost on the way."""

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import metric_crs, project, unproject
from geo.network import build_network
from layers.communities import build_cells, explain_missing_households, read_communities
from layers.demand import DEMAND_COLUMNS, build_demand, fill_households, read_demand
from layers.demand_shares import settle_table
from layers.osm import read_osm
from layers.streets import build_streets

CRS = metric_crs(107.1, 34.3, 107.2, 34.4)
ORIGIN = project(np.array([[107.15, 34.35]]), CRS)[0]


def lonlat(shape):
    """A shape in metres from the origin, in degrees."""
    return shapely.transform(shape, lambda xy: unproject(xy + ORIGIN, CRS))


def box(west, south, east, north):
    return lonlat(shapely.box(west, south, east, north))


def point(x, y):
    return lonlat(shapely.Point(x, y))


def communities(*shapes, households=None):
    n = len(shapes)
    return gpd.GeoDataFrame(
        {
            "community_id": [f"c{k}" for k in range(n)],
            "households": np.array(households or [np.nan] * n, dtype=np.float64),
        },
        geometry=list(shapes),
        crs=4326,
    )


def buildings(*rows):
    """Rows of (id, levels, shape)."""
    return gpd.GeoDataFrame(
        {
            "building_id": [row[0] for row in rows],
            "levels": np.array([row[1] for row in rows], dtype=np.float64),
            "name": [""] * len(rows),
        },
        geometry=[row[2] for row in rows],
        crs=4326,
    )


def land(*shapes):
    return gpd.GeoDataFrame(
        {"land_id": [str(k) for k in range(len(shapes))]}, geometry=list(shapes), crs=4326
    )


def table(*rows):
    """Rows of (id, households, population, shape)."""
    return gpd.GeoDataFrame(
        {
            "demand_id": [row[0] for row in rows],
            "name": [""] * len(rows),
            "households": np.array([row[1] for row in rows], dtype=np.float64),
            "population": np.array([row[2] for row in rows], dtype=np.float64),
        },
        geometry=[row[3] for row in rows],
        crs=4326,
    )


@pytest.fixture(scope="module")
def network():
    """One street along y = 0 from x = -5000 to 5000 m, with a junction in the middle."""
    xy = np.array([[-5000.0, 0.0], [0.0, 0.0], [5000.0, 0.0], [0.0, 1500.0]]) + ORIGIN
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.array([0, 1, 2, 1, 3]),
        path_offsets=np.array([0, 3, 5]),
        path_way=np.array([0, 1]),
        path_group=np.array([0, 0]),
        path_forward=np.array([True, True]),
        path_backward=np.array([True, True]),
    )


def build(network, places, **given):
    given = {"buildings": None, "residential": None, **given}
    return build_demand(places, network=network, **given)


def codes(demand):
    return {notice.code for notice in demand.notices}


class TestGrades:
    def test_each_community_takes_the_best_it_has(self, network):
        places = communities(
            box(-5000, -500, -4000, 500),
            box(-4000, -500, -3000, 500),
            box(-3000, -500, -2000, 500),
            box(-2000, -500, -1000, 500),
            box(-5000, 5000, -4000, 6000),
            households=[100, 100, 100, 100, 100],
        )
        homes = buildings(
            ("w1", 1, box(-4900, 100, -4890, 110)), ("w2", 1, box(-3900, 100, -3890, 110))
        )
        ground = land(box(-4900, 100, -2900, 200), box(-2900, 100, -2800, 200))
        given = table(("小区", 70, np.nan, point(-4500, 100)))
        demand = build(network, places, table=given, buildings=homes, residential=ground)
        grade = demand.points.groupby("community_id")["source"].unique()
        assert {key: list(value) for key, value in grade.items()} == {
            "c0": ["table"],
            "c1": ["buildings"],
            "c2": ["land"],
            "c3": ["streets"],
        }
        assert demand.points["demand_id"].is_unique
        assert list(demand.points.columns) == [*DEMAND_COLUMNS, "geometry"]
        assert (demand.points["weight"] > 0).all()
        sums = demand.points.groupby("community_id")["households"].sum()
        assert sums.round(9).tolist() == [70, 100, 100, 100]
        notice = next(n for n in demand.notices if n.code == "demand_unknown")
        assert (notice.severity, notice.row, notice.count) == ("warning", "c4", 1)
        assert "未知" in notice.message_zh
        assert {"demand_from_streets", "demand_unknown", "households_differ"} <= codes(demand)

    def test_the_yardsticks_hold_every_building_and_all_land(self, network):
        places = communities(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000))
        homes = buildings(("w1", 2, box(10, 10, 20, 20)), ("w2", np.nan, box(1500, 10, 1520, 30)))
        demand = build(
            network,
            places,
            table=table(("a", 5, np.nan, point(500, 500))),
            buildings=homes,
            residential=land(box(900, 100, 1100, 200)),
        )
        assert demand.buildings[["building_id", "community_id", "weight"]].to_numpy().tolist() == [
            ["w1", "c0", 1.0],
            ["w2", "c1", 1.0],
        ]
        area = demand.land.groupby("community_id")["area_m2"].sum()
        assert area.tolist() == pytest.approx([10_000, 10_000], rel=1e-6)

    def test_no_community_at_all_is_not_a_crash(self, network):
        assert len(build(network, communities()).points) == 0


class TestBuildings:
    def test_households_follow_floor_area(self, network):
        """100 m² × 6 levels and 200 m² × 1 level (unknown): 600 to 200, so 75 and 25 of 100."""
        places = communities(box(0, 0, 1000, 1000), households=[100])
        homes = buildings(("w1", 6, box(0, 0, 10, 10)), ("w2", np.nan, box(100, 100, 110, 120)))
        demand = build(network, places, buildings=homes)
        assert demand.points["households"].tolist() == pytest.approx([75, 25], rel=1e-6)
        assert demand.points["weight"].tolist() == pytest.approx([600, 200], rel=1e-6)
        notice = next(n for n in demand.notices if n.code == "levels_assumed")
        assert (notice.count, notice.found) == (1, "0.500")

    def test_unknown_households_stay_unknown_with_weights(self, network):
        places = communities(box(0, 0, 1000, 1000))
        demand = build(network, places, buildings=buildings(("w1", 6, box(0, 0, 10, 10))))
        assert demand.points["households"].isna().all()
        assert demand.points["weight"].tolist() == pytest.approx([600], rel=1e-6)

    def test_zero_households_stay_zero(self, network):
        places = communities(box(0, 0, 1000, 1000), households=[0])
        demand = build(network, places, buildings=buildings(("w1", 1, box(0, 0, 10, 10))))
        assert demand.points["households"].tolist() == [0.0]

    def test_a_building_on_a_border_goes_where_its_inner_point_lies(self, network):
        places = communities(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000), households=[10, 10])
        homes = buildings(
            ("w1", 1, box(990, 10, 1030, 20)),
            ("w2", 1, box(970, 40, 1010, 50)),
            ("w3", 1, box(1100, 40, 1110, 50)),
        )
        demand = build(network, places, buildings=homes)
        owner = demand.points.set_index("demand_id")["community_id"].to_dict()
        assert owner == {"w1": "c1", "w2": "c0", "w3": "c1"}

    def test_too_few_buildings_are_noticed(self, network):
        places = communities(box(0, 0, 1000, 1000), households=[3000])
        demand = build(network, places, buildings=buildings(("w1", 1, box(0, 0, 10, 10))))
        assert "buildings_incomplete" in codes(demand)

    def test_where_communities_overlap_a_building_counts_once(self, network):
        places = communities(box(0, 0, 1000, 1000), box(500, 0, 1500, 1000), households=[10, 10])
        homes = buildings(("w1", 1, box(700, 10, 710, 20)), ("w2", 1, box(1200, 10, 1210, 20)))
        demand = build(network, places, buildings=homes)
        assert demand.points["community_id"].tolist() == ["c0", "c1"]


class TestLand:
    def test_cells_carry_their_area_and_lie_on_the_land(self, network):
        ground = box(0, 0, 120, 80)
        places = communities(box(-500, -500, 500, 500), households=[96])
        demand = build(network, places, residential=land(ground), cell_m=50)
        assert demand.points["households"].sum() == pytest.approx(96)
        assert demand.points["weight"].sum() == pytest.approx(9600, rel=1e-6)
        assert demand.points["weight"].max() <= 2500 * (1 + 1e-6)
        assert shapely.covers(lonlat(shapely.box(-1, -1, 121, 81)), demand.points.geometry).all()

    def test_land_drawn_twice_counts_once(self, network):
        places = communities(box(-500, -500, 500, 500), households=[10])
        demand = build(network, places, residential=land(box(0, 0, 100, 100), box(50, 0, 150, 100)))
        assert demand.land["area_m2"].sum() == pytest.approx(15_000, rel=1e-6)

    def test_land_across_a_border_is_shared(self, network):
        places = communities(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000), households=[10, 10])
        demand = build(network, places, residential=land(box(980, 10, 1040, 20)))
        area = demand.land.groupby("community_id")["area_m2"].sum()
        assert area.tolist() == pytest.approx([200, 400], rel=1e-6)
        assert demand.points.groupby("community_id")["households"].sum().tolist() == pytest.approx(
            [10, 10]
        )


class TestStreets:
    def test_points_stand_for_at_most_one_step(self, network):
        """1000 m of street inside: weights add up to it, no point stands for more than 50 m."""
        places = communities(box(-3000, -100, -2000, 100), households=[40])
        demand = build(network, places, street_step_m=50)
        assert demand.points["weight"].sum() == pytest.approx(1000, abs=50)
        assert demand.points["weight"].max() <= 50
        assert demand.points["households"].sum() == pytest.approx(40)
        assert set(demand.points["source"]) == {"streets"}

    def test_nobody_lives_where_homes_cannot_stand(self, network):
        """The street west of the middle is a bridge: one community is left with nothing."""
        west = shapely.get_coordinates(shapely.centroid(network.edge_lines))[:, 0] < ORIGIN[0] - 1
        places = communities(
            box(-3000, -100, -2000, 100), box(2000, -100, 3000, 100), households=[40, 40]
        )
        demand = build(network, places, edge_homes=~west)
        assert set(demand.points["community_id"]) == {"c1"}
        assert next(n for n in demand.notices if n.code == "demand_unknown").row == "c0"
        assert set(build(network, places).points["community_id"]) == {"c0", "c1"}


class TestTable:
    def places(self, households=100.0):
        return communities(box(0, 0, 1000, 1000), households=[households])

    def test_rows_keep_their_households(self, network):
        given = table(("a", 60, np.nan, point(10, 10)), ("b", 40, np.nan, point(20, 20)))
        demand = build(network, self.places(), table=given)
        assert demand.points["households"].tolist() == [60, 40]
        assert demand.points["weight"].tolist() == [60, 40]
        assert demand.notices == ()

    def test_rows_outside_are_listed_and_counted_nowhere(self, network):
        given = table(("a", 100, np.nan, point(10, 10)), ("b", 40, np.nan, point(-900, -900)))
        demand = build(network, self.places(), table=given)
        assert demand.points["community_id"].tolist() == ["", "c0"]
        notice = next(n for n in demand.notices if n.code == "outside_communities")
        assert notice.row == "b"

    def test_rows_without_households_share_the_rest(self, network):
        given = table(
            ("a", 60, np.nan, point(10, 10)),
            ("b", np.nan, np.nan, point(20, 20)),
            ("c", np.nan, np.nan, point(30, 30)),
        )
        demand = build(network, self.places(), table=given)
        assert demand.points["households"].tolist() == [60, 20, 20]

    def test_residents_share_households(self, network):
        """Households are known per community only: 300 of 400 residents, so 75 of 100 households."""
        given = table(("a", np.nan, 300, point(10, 10)), ("b", np.nan, 100, point(20, 20)))
        demand = build(network, self.places(), table=given)
        assert demand.points["households"].tolist() == [75, 25]

    def test_empty_rows_leave_with_a_notice(self, network):
        given = table(("a", 100, np.nan, point(10, 10)), ("b", 0, np.nan, point(20, 20)))
        demand = build(network, self.places(), table=given)
        assert demand.points["demand_id"].tolist() == ["a"]
        assert codes(demand) == {"demand_without_households"}

    def test_nothing_left_to_share_stays_unknown(self, network):
        given = table(("a", 100, np.nan, point(10, 10)), ("b", np.nan, np.nan, point(20, 20)))
        demand = build(network, self.places(), table=given)
        assert demand.points["households"].tolist()[0] == 100
        assert np.isnan(demand.points["households"].tolist()[1])
        assert demand.points["weight"].tolist() == [100, 100]
        assert "demand_households_unknown" in codes(demand)

    def test_equal_shares_are_said(self, network):
        """Two communities whose rows state nothing, one where a row takes what the other leaves."""
        places = communities(
            *(box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(4)),
            households=[100, np.nan, 100, 100],
        )
        given = table(
            *((f"a{k}", np.nan, np.nan, point(10 + k, 10)) for k in range(4)),
            *((f"b{k}", np.nan, np.nan, point(1010 + k, 10)) for k in range(2)),
            ("c0", 60, np.nan, point(2010, 10)),
            ("c1", np.nan, np.nan, point(2020, 10)),
            ("d0", np.nan, np.nan, point(3010, 10)),
        )
        demand = build(network, places, table=given)
        (notice,) = (n for n in demand.notices if n.code == "households_split_equally")
        assert (notice.severity, notice.count, notice.row) == ("warning", 7, "c0, c1, c2")
        assert "7 rows state no households" in notice.message
        assert "1 of them" in notice.message
        assert "平均分摊" in notice.message_zh
        assert "households_split_by_residents" not in codes(demand)

    def test_shares_by_residents_are_for_the_record(self, network):
        given = table(("a", np.nan, 300, point(10, 10)), ("b", np.nan, 100, point(20, 20)))
        demand = build(network, self.places(), table=given)
        assert [(n.severity, n.code) for n in demand.notices] == [
            ("info", "households_split_by_residents")
        ]

    def test_rows_beside_known_ones_of_an_unknown_community_are_named(self, network):
        given = table(("a", 100, np.nan, point(10, 10)), ("b", np.nan, np.nan, point(20, 20)))
        demand = build(network, self.places(np.nan), table=given)
        assert demand.points["weight"].tolist() == [100, 100]
        assert codes(demand) == {"demand_households_unknown"}

    def test_households_are_missing_only_where_the_table_cannot_tell(self, network):
        places = communities(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000))
        given = table(("a", 1000, np.nan, point(10, 10)), ("d", np.nan, np.nan, point(1200, 20)))
        filled, _ = fill_households(places, build(network, places, table=given))
        (notice,) = explain_missing_households(filled, layer="c.csv")
        assert (notice.row, notice.count) == ("c1", 1)
        assert explain_missing_households(filled.iloc[:1], layer="c.csv") == []

    def test_communities_without_households_take_the_sum(self, network):
        places = communities(
            box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000), box(2000, 0, 3000, 1000)
        )
        given = table(
            ("a", 1000, np.nan, point(10, 10)),
            ("b", 500, np.nan, point(20, 20)),
            ("c", 7, np.nan, point(1100, 20)),
            ("d", np.nan, np.nan, point(1200, 20)),
        )
        filled, notices = fill_households(places, build(network, places, table=given))
        assert filled["households"].tolist()[0] == 1500.0
        assert filled["households"].isna().tolist() == [False, True, True]
        assert [notice.row for notice in notices] == ["c0"]
        assert places["households"].isna().all()

    def test_ids_of_a_table_never_clash_with_others(self, network):
        places = communities(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000))
        demand = build(
            network,
            places,
            table=table(("w1", 5, np.nan, point(10, 10))),
            buildings=buildings(("w1", 1, box(1100, 10, 1110, 20))),
        )
        assert demand.points["demand_id"].is_unique


class TestInvariants:
    @given(
        own=st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=1, max_size=8),
        total=st.one_of(st.none(), st.integers(0, 3000)),
    )
    def test_settled_rows_never_lose_or_invent(self, own, total):
        rows = np.array([np.nan if value is None else value for value in own], dtype=np.float64)
        whole = np.array([np.nan if total is None else total], dtype=np.float64)
        place = np.zeros(len(rows), dtype=np.int64)
        settled, weight = settle_table(place, rows, rows, whole)
        known = np.isfinite(rows)
        assert np.array_equal(settled[known], rows[known])
        assert (weight >= 0).all()
        assert weight.sum() > 0
        rest = whole[0] - rows[known].sum()
        if not known.all() and rest > 0:
            assert settled.sum() == pytest.approx(whole[0])

    @settings(max_examples=12)
    @given(seed=st.integers(0, 1000))
    def test_sums_are_the_communities_and_order_means_nothing(self, network, seed):
        rng = np.random.default_rng(seed)
        places = communities(
            *lonlat(shapely.box(np.arange(4) * 300, 0, np.arange(4) * 300 + 300, 600)),
            households=rng.integers(0, 5000, 4).tolist(),
        )
        x, y = rng.uniform(0, 800, (2, 30))
        shapes = lonlat(shapely.box(x, y, x + rng.uniform(1, 40, 30), y + 9))
        rows = [(f"w{k}", rng.choice([np.nan, 1, 6, 33]), shape) for k, shape in enumerate(shapes)]
        demand = build(network, places, buildings=buildings(*rows))
        shuffled = build(
            network, places, buildings=buildings(*[rows[k] for k in rng.permutation(30)])
        )
        pd.testing.assert_frame_equal(pd.DataFrame(demand.points), pd.DataFrame(shuffled.points))
        sums = demand.points.groupby("community_id")["households"].sum()
        assert np.abs(sums.to_numpy() - places["households"].to_numpy()).max() < 1e-6


class TestReading:
    def test_a_table_of_compounds(self, tmp_path):
        (tmp_path / "compounds.csv").write_text(
            "小区名称,户数,经度,纬度\n宝石小区,1200,107.14,34.36\n东岭,,107.15,34.36\n",
            encoding="utf-8-sig",
        )
        frame, notices = read_demand(tmp_path / "compounds.csv")
        assert frame["demand_id"].tolist() == ["compounds-2", "compounds-3"]
        assert frame["households"].isna().tolist() == [False, True]
        assert not [notice for notice in notices if notice.severity == "error"]

    def test_areas_start_at_an_inner_point(self, tmp_path):
        ring = (
            shapely.Point(107.14, 34.36)
            .buffer(0.01)
            .difference(shapely.Point(107.14, 34.36).buffer(0.009))
        )
        gpd.GeoDataFrame({"小区名称": ["环"], "户数": [5]}, geometry=[ring], crs=4326).to_file(
            tmp_path / "c.gpkg"
        )
        frame, _ = read_demand(tmp_path / "c.gpkg")
        assert frame.geometry.geom_type.tolist() == ["Point"]
        assert ring.covers(frame.geometry.iloc[0])


@pytest.fixture(scope="module")
def city(shared_data):
    extract = read_osm(shared_data / "osm" / "las-palmas-20230221.osm.pbf")
    streets, _ = build_streets(extract)
    places, _ = read_communities(
        shared_data / "areas" / "las-palmas-school-catchments-epsg5635.geojson"
    )
    return extract, streets.network, places


@pytest.mark.real
class TestLasPalmas:
    def test_spread_over_its_buildings(self, city):
        extract, network, places = city
        places = places.assign(households=np.arange(29) * 137.0 + 900)
        started = time.perf_counter()
        demand = build_demand(
            places, buildings=extract.buildings, residential=extract.residential, network=network
        )
        assert time.perf_counter() - started < 5  # 0.3 s on a free core
        sums = demand.points.groupby("community_id")["households"].sum()
        assert np.abs(sums.to_numpy() - places["households"].to_numpy()).max() < 1e-6
        assert {"buildings", "land", "streets"} == set(demand.points["source"])
        assert len(demand.buildings) > 7000
        assert demand.points["demand_id"].is_unique

    def test_in_cells(self, city):
        extract, network, _ = city
        something = np.concatenate(
            [np.asarray(extract.buildings.geometry), np.asarray(extract.residential.geometry)]
        )
        cells = build_cells(something, 500, network.crs)
        demand = build_demand(
            cells, buildings=extract.buildings, residential=extract.residential, network=network
        )
        assert set(demand.points["community_id"]) <= set(cells["community_id"])
        assert len(demand.buildings) == len(extract.buildings)
