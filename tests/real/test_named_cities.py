"""What is known of each real city beforehand: from the data's description, or counted here straight from its file."""

import json
from dataclasses import replace

import numpy as np
import osmium
import pandas as pd
import pyarrow.parquet
import pytest
import shapely
from pyproj import Geod, Transformer

from geo.crs import unproject
from layers.config import CommunitiesSource, TableSource
from layers.store import read_run
from layers.walk_rules import read_walk_rules

pytestmark = pytest.mark.real

GEOD = Geod(ellps="WGS84")


def _notices(measured):
    return {notice.code: notice for notice in measured.results.notices}


def _summary(measured, kind, limit="15"):
    return measured.results.summary[kind][limit]


def _missing_nodes(path):
    """Way nodes the file lacks: in all, and per walkable way that lacks any."""
    present = {node.id for node in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    rules = read_walk_rules()
    total, walkable = 0, {}
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        lacking = sum(node.ref not in present for node in way.nodes)
        total += lacking
        if lacking and rules.judge_way(dict(way.tags)) is not None:
            walkable[way.id] = lacking
    return total, walkable


def _find_tagged(path, *tags):
    """Ids of the objects that carry one of these tags: `n1`, `w2`, `r3`."""
    return {
        f"{thing.type_str()}{thing.id}"
        for thing in osmium.FileProcessor(str(path))
        if any(thing.tags.get(key) == value for key, value in tags)
    }


class TestLasPalmas:
    def test_catchments_land_where_they_are(self, las_palmas, shared_data):
        """EPSG:5635 is an equal-area projection: metres there, geodesic areas here; and vertex by vertex."""
        path = shared_data / "areas/las-palmas-school-catchments-epsg5635.geojson"
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        given = {str(one["properties"]["Codigo"]): one for one in features}
        communities = las_palmas["communities"].set_index("community_id")
        assert len(given) == 29
        assert sorted(given) == list(communities.index)
        to_degrees = Transformer.from_crs("EPSG:5635", "EPSG:4326", always_xy=True)
        for code, feature in given.items():
            row = communities.loc[code]
            assert row["name"] == feature["properties"]["Denominaci"]
            shape = shapely.geometry.shape(feature["geometry"])
            area_m2, _ = GEOD.geometry_area_perimeter(shapely.orient_polygons(row["geometry"]))
            assert abs(area_m2) == pytest.approx(shape.area, rel=1e-3)
            x, y = shapely.get_coordinates(shape).T
            lon, lat = to_degrees.transform(x, y)
            expected = (lon.min(), lat.min(), lon.max(), lat.max())
            np.testing.assert_allclose(row["geometry"].bounds, expected, atol=1e-7)

    def test_catchments_cover_the_municipality(self, las_palmas, shared_data):
        path = shared_data / "areas/las-palmas-municipality.geojson"
        town = shapely.geometry.shape(
            json.loads(path.read_text(encoding="utf-8"))["features"][0]["geometry"]
        )
        union = shapely.union_all(las_palmas["communities"].geometry.to_numpy())
        assert union.intersection(town).area / town.area > 0.93
        assert union.intersection(town).area / union.area > 0.9

    def test_notices_as_the_file_predicts(self, las_palmas):
        total, walkable = _missing_nodes(las_palmas.osm)
        assert total == 4617
        found = _notices(las_palmas)
        notice = found["missing_way_nodes"]
        assert notice.count == len(walkable)
        assert f" lack {sum(walkable.values())} of their nodes" in notice.message
        for code in ("relation_cut", "area_cut", "islands_set_aside", "missing_households"):
            assert code in found
        assert "header_box_wrong" not in found

    def test_facilities_are_those_of_the_file(self, las_palmas):
        """Pharmacies and libraries looked up in the file: none lost but one mapped twice, none invented."""
        facilities = las_palmas["facilities"]
        for kind, tags in (
            ("pharmacy", [("amenity", "pharmacy"), ("healthcare", "pharmacy")]),
            ("library", [("amenity", "library")]),
        ):
            found = set(facilities.loc[facilities["kind"] == kind, "facility_id"])
            # n5826915287 is a library's point inside the library's own building
            assert found == _find_tagged(las_palmas.osm, *tags) - {"n5826915287"}

    def test_a_city_of_this_size_is_mostly_covered(self, las_palmas):
        """A dense town with 262 food shops: nearly every home within 15 minutes, fewer within 5."""
        five, ten, fifteen = (_summary(las_palmas, "shop", limit) for limit in ("5", "10", "15"))
        assert 0.6 < five["share"] <= ten["share"] <= fifteen["share"] <= 1.0
        assert fifteen["share"] > 0.9
        assert fifteen["basis"] == "buildings"  # the catchments have no households
        assert fifteen["households"] is None

    def test_the_edge_of_the_extract_is_noticed(self, las_palmas):
        rows = {
            code
            for notice in las_palmas.results.notices
            if notice.code == "extract_too_small"
            for code in notice.row.split(", ")
        }
        west, south, east, north = las_palmas.city.extract.bounds
        reach_m = 15 * 60 * 1.2
        short = set()
        for row in las_palmas["communities"].itertuples():
            w, s, e, n = row.geometry.bounds
            mid_lat, mid_lon = (s + n) / 2, (w + e) / 2
            gaps = (
                GEOD.inv(west, mid_lat, w, mid_lat)[2] * np.sign(w - west),
                GEOD.inv(east, mid_lat, e, mid_lat)[2] * np.sign(east - e),
                GEOD.inv(mid_lon, south, mid_lon, s)[2] * np.sign(s - south),
                GEOD.inv(mid_lon, north, mid_lon, n)[2] * np.sign(north - n),
            )
            if min(gaps) < reach_m - 5:
                short.add(row.community_id)
        assert rows == short

    def test_the_written_run_holds_the_same(self, las_palmas):
        run = read_run(las_palmas.folder)
        for name in ("coverage", "access", "gaps"):
            pd.testing.assert_frame_equal(getattr(run, name), las_palmas[name])
        assert len(run.communities) == 29
        manifest = run.manifest
        assert manifest["synthetic"] is False
        assert "© OpenStreetMap contributors (ODbL 1.0)" in manifest["attribution"]
        assert {entry["role"] for entry in manifest["inputs"]} == {"osm", "gtfs", "communities"}
        assert manifest["summary"] == las_palmas.results.summary
        pages = sorted((las_palmas.folder / "maps").glob("*.html"))
        assert {page.stem for page in pages} >= {"index", "shop", "kindergarten", "clinic"}
        assert max(page.stat().st_size for page in pages) < 3_000_000
        network, start = run.network, run.network.edge_vertex[:-1]
        lonlat = unproject(network.vertex_xy[start[:1]], network.crs)
        assert -15.55 < lonlat[0, 0] < -15.37


class TestMonaco:
    def test_wards_are_those_of_osm(self, monaco):
        communities = monaco["communities"]
        assert set(communities["name"]) == {
            "Fontvieille",
            "Monaco-Ville",
            "La Condamine",
            "La Rousse",
            "Larvotto",
            "Monte-Carlo",
        }
        assert (communities["source"] == "osm").all()
        area_m2 = sum(
            abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])
            for shape in communities.geometry
        )
        assert 1.5e6 < area_m2 < 2.3e6  # the country has 2.1 km², its seventh ward is missing
        assert "missing_way_nodes" not in _notices(monaco)

    def test_two_runs_are_byte_equal(self, monaco, real_tools, shared_data, tmp_path):
        config = real_tools.build_config("monaco", shared_data)
        real_tools.run(config, tmp_path / "again")
        first = sorted(monaco.folder.glob("*.parquet"))
        assert len(first) >= 11
        for path in first:
            again = tmp_path / "again" / path.name
            assert again.read_bytes() == path.read_bytes(), path.name
        one = json.loads((monaco.folder / "manifest.json").read_text(encoding="utf-8"))
        two = json.loads((tmp_path / "again/manifest.json").read_text(encoding="utf-8"))
        for changing in ("created", "timings_s"):
            one.pop(changing), two.pop(changing)
        assert one == two

    def test_shuffled_rows_change_nothing(self, monaco, real_tools, shared_data, tmp_path):
        """Wards and homes handed in as tables, once as they are and once shuffled."""
        tables = [
            _write_tables(monaco, tmp_path / name, seed)
            for name, seed in (("as-is", None), ("shuffled", 7))
        ]
        config = real_tools.build_config("monaco", shared_data)
        plain, shuffled = (
            real_tools.measure(replace(config, communities=areas, demand=homes))[1].tables
            for areas, homes in tables
        )
        for name in (
            "coverage",
            "access",
            "gaps",
            "communities",
            "demand",
            "facilities",
            "entrances",
            "streets",
        ):
            pd.testing.assert_frame_equal(
                pd.DataFrame(plain[name]), pd.DataFrame(shuffled[name]), obj=name
            )
        assert plain["coverage"]["households"].notna().all()
        assert set(plain["demand"]["source"]) == {"table"}


def _write_tables(monaco, folder, seed):
    folder.mkdir()
    areas = monaco["communities"][["community_id", "name", "geometry"]].copy()
    homes = monaco["demand"].query("community_id != ''")[["demand_id", "geometry"]].copy()
    homes["households"] = 1.0 + np.arange(len(homes)) % 40
    homes["lon"], homes["lat"] = homes.geometry.x, homes.geometry.y
    homes = pd.DataFrame(homes.drop(columns="geometry"))
    if seed is not None:
        areas = areas.sample(frac=1, random_state=seed)
        homes = homes.sample(frac=1, random_state=seed)
        assert list(areas["community_id"]) != sorted(areas["community_id"])
    areas.to_file(folder / "areas.geojson")
    homes.to_csv(folder / "homes.csv", index=False)
    return (
        CommunitiesSource(path=folder / "areas.geojson"),
        TableSource(folder / "homes.csv"),
    )


class TestGuixi:
    """A county town with almost nothing mapped: the data are insufficient, coverage is not 0 %."""

    def test_shop_and_clinic_are_unknown(self, guixi):
        for thing in osmium.FileProcessor(str(guixi.osm)):  # the file indeed has none
            assert "shop" not in thing.tags
            assert thing.tags.get("amenity") not in ("clinic", "doctors", "hospital", "pharmacy")
        for kind in ("shop", "clinic", "pharmacy", "kindergarten", "supermarket"):
            for limit in ("5", "10", "15"):
                figures = _summary(guixi, kind, limit)
                assert figures["status"] == "unknown"
                assert figures["share"] is None
                assert "数据" in figures["reason"]["zh"]
            gaps = guixi["gaps"].query("kind == @kind")
            assert (gaps["status"] == "unknown").all()
            assert (gaps["cause"] == "data_missing").all()

    def test_what_is_mapped_is_measured(self, guixi):
        figures = _summary(guixi, "government")
        assert figures["status"] == "measured"
        assert 0 < figures["share"] < 1


class TestHsinchu:
    def test_nothing_is_missing_and_names_are_traditional(self, hsinchu):
        total, _ = _missing_nodes(hsinchu.osm)
        assert total == 0
        assert "missing_way_nodes" not in _notices(hsinchu)
        names = hsinchu["facilities"].query("kind == 'primary_school'")["name"]
        assert names.str.contains("國").any()
        assert (hsinchu["facilities"]["kind"] == "kindergarten").sum() == 3

    def test_residents_ways_are_noticed(self, hsinchu):
        private = int(hsinchu.city.extract.way_private.sum())
        assert private > 0
        assert _notices(hsinchu)["residents_only"].count >= private / 2


class TestBeijing:
    def test_chinese_names_levels_and_notices(self, beijing):
        facilities = beijing["facilities"]
        assert facilities["name"].str.contains("清华").any()
        found = _notices(beijing)
        assert "missing_way_nodes" not in found
        schools = facilities[facilities["kind"].str.endswith("_school")]
        assert schools["name"].str.contains("中学|附中|小学").any()
        primary = facilities.query("kind == 'primary_school'")["name"]
        assert primary.str.contains("小学|附小|学校").all()

    def test_the_metric_system_is_local(self, beijing):
        assert "+proj=tmerc" in beijing.city.streets.network.crs
        assert "+lon_0=116.3" in beijing.city.streets.network.crs


class TestNanjing:
    def test_metro_lines_do_not_stretch_the_city(self, nanjing):
        """Long metro relations reach 15 km out; the city is where its streets are."""
        west, south, east, north = nanjing.city.extract.bounds
        assert east - west < 0.05
        assert north - south < 0.05
        assert "header_box_missing" in _notices(nanjing)
        assert nanjing["communities"].total_bounds[0] > 118.74

    def test_common_kinds_are_found(self, nanjing):
        counts = nanjing["facilities"]["kind"].value_counts()
        assert counts["bank"] == pytest.approx(22, abs=6)
        assert counts["pharmacy"] == 3
        assert counts["clinic"] == 1
        assert 0 < _summary(nanjing, "bank")["share"] <= 1


class TestPorto:
    """Streets alone, with communities, homes and places drawn with a seed."""

    def test_tables_arrive_whole(self, porto, drawn_porto):
        demand, homes = porto["demand"], drawn_porto.homes
        assert len(demand) == len(homes)
        assert set(demand["demand_id"]) == set(homes["编号"])
        assert set(demand["source"]) == {"table"}
        assert (demand["community_id"] == "").sum() == drawn_porto.outside
        given = porto["facilities"][porto["facilities"]["source"] != "osm"]
        expected = drawn_porto.facilities["类别"].map(
            {
                "便利店": "convenience",
                "药店": "pharmacy",
                "幼儿园": "kindergarten",
                "诊所": "clinic",
            }
        )
        # a convenience store is an everyday shop as well
        listed = given[given["kind"].isin(set(expected))]
        assert listed["kind"].value_counts().to_dict() == expected.value_counts().to_dict()

    def test_households_are_those_of_the_tables(self, porto, drawn_porto):
        communities = porto["communities"].set_index("community_id")["households"]
        for feature in drawn_porto.communities["features"]:
            facts = feature["properties"]
            assert communities[facts["社区编码"]] == facts["户数"]
        figures = _summary(porto, "pharmacy")
        assert figures["basis"] == "households"
        assert figures["households"] == pytest.approx(communities.sum())

    def test_the_square_at_sea_stays_in_the_denominator(self, porto, drawn_porto):
        rows = porto["coverage"].query("community_id == @drawn_porto.sea and kind == 'pharmacy'")
        assert (rows["households"] == drawn_porto.sea_households).all()
        assert (rows["unconnected_households"] == drawn_porto.sea_households).all()
        assert (rows["share"] == 0.0).all()
        assert (rows["status"] == "measured").all()
        everywhere = porto["coverage"].query("kind == 'pharmacy' and limit == 15.0")
        covered = everywhere["households_covered"].sum()
        figures = _summary(porto, "pharmacy")
        assert figures["share"] == pytest.approx(covered / figures["households"])
        assert "unconnected_homes" in _notices(porto)

    def test_roads_only(self, porto):
        assert "missing_way_nodes" not in _notices(porto)
        assert porto.city.streets.network.n_nodes > 60_000
        assert _summary(porto, "hospital")["share"] is None


def test_parquet_tables_say_their_crs(las_palmas):
    for name in ("communities", "demand", "streets", "facilities"):
        meta = pyarrow.parquet.read_schema(las_palmas.folder / f"{name}.parquet").metadata
        geo = json.loads(meta[b"geo"])
        crs = geo["columns"]["geometry"].get("crs")
        assert crs is None or crs["id"] in (
            {"authority": "EPSG", "code": 4326},
            {"authority": "OGC", "code": "CRS84"},
        )
