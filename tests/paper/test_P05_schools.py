"""School places: who goes where, by hand, in towns read from files like any city.

One street, 长街, from x 0 to 3000 m; homes and schools stand on it, so walks are differences. A child walks
1 m/s: 15 minutes are 900 m. The primary school is asked about where nothing else is said.
"""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs, project, unproject
from layers.city import build_city
from layers.config import read_config
from layers.store import read_run
from services.schools.gather import gather_school_city, reopen_walks
from services.schools.missing import list_missing
from services.schools.placing import build_placers
from services.schools.release import measure_release
from services.schools.years import measure_years
from services.walks import build_walks

ORIGIN = (107.15, 34.35)  # where towns are drawn, see conftest
CRS = metric_crs(*ORIGIN, *ORIGIN)
DAY = date(2026, 1, 1)


def to_lonlat(points):
    xy = np.asarray(points, dtype=float).reshape(-1, 2)
    return unproject(xy + project(np.array([ORIGIN]), CRS), CRS)


class SchoolTown:
    """A paper town with parcels, children, and homes to come."""

    def __init__(self, town):
        self.town, self.folder = town, town.folder
        self.community, self.home, self.listed = town.community, town.home, town.listed
        town.street(town.node(0, 0), town.node(3000, 0), name="长街")
        self.plots, self.counted, self.coming, self.areas = [], [], [], []
        self.horizon = 2028

    def parcel(self, code, level, x, *, classes, year, status="预留", **facts):
        box = shapely.box(x - 30, 1, x + 30, 61)
        shape = shapely.Polygon(to_lonlat(shapely.get_coordinates(box)))
        told = {"地块编号": code, "学段": level, "规划班数": classes, "状态": status}
        self.plots.append({**told, "计划开办年份": year, **facts, "geometry": shape})

    def catchment(self, school, level, west, east):
        box = shapely.box(west, -90, east, 90)
        shape = shapely.Polygon(to_lonlat(shapely.get_coordinates(box)))
        self.areas.append({"学校编号": school, "学段": level, "geometry": shape})

    def count(self, community, level, number, years=(2026, 2035)):
        for year in years:
            row = {"社区编码": community, "学段": level, "年份": year, "人数": number}
            self.counted.append(row)

    def compound(self, code, x, households, year):
        lon, lat = to_lonlat([(x, 0)])[0]
        place = {"经度": f"{lon:.9f}", "纬度": f"{lat:.9f}"}
        self.coming.append({"小区名称": code, "户数": households, "交付年份": year, **place})

    def write(self):
        path = self.town.write()
        lines = path.read_text(encoding="utf-8").split("\n")
        at = lines.index("[sources]") + 1
        if self.plots:
            frame = gpd.GeoDataFrame(self.plots, crs="EPSG:4326")
            frame.to_file(self.folder / "parcels.gpkg", driver="GPKG")
            lines.insert(at, 'parcels = { path = "parcels.gpkg" }')
        if self.areas:
            frame = gpd.GeoDataFrame(self.areas, crs="EPSG:4326")
            frame.to_file(self.folder / "catchments.gpkg", driver="GPKG")
            lines.insert(at, 'catchments = { path = "catchments.gpkg" }')
        if self.counted:
            pd.DataFrame(self.counted).to_csv(self.folder / "children.csv", index=False)
            lines.insert(at, 'children = { path = "children.csv" }')
        if self.coming:
            pd.DataFrame(self.coming).to_csv(self.folder / "housing.csv", index=False)
            lines.insert(at, 'housing = { path = "housing.csv", crs = "EPSG:4326" }')
        lines += ["[schools]", f"horizon = {self.horizon}", ""]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def gather(self):
        city = build_city(read_config(self.write()), report=lambda *_: None)
        walks = build_walks(
            city.streets.network,
            city.demand.points,
            city.facilities,
            city.entrances,
            max_leg_m=city.config.settings.max_leg_m,
            edge_private=city.streets.edge_private,
        )
        return gather_school_city(city, walks, day=DAY)


@pytest.fixture
def school_town(town):
    return SchoolTown(town)


def tell(results, scope, area, year=2026, level="primary_school"):
    table = results.school_years
    rows = table[
        (table["scope"] == scope)
        & (table["area_id"] == area)
        & (table["year"] == year)
        & (table["level"] == level)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def test_P51_two_schools_three_compounds(school_town):
    """FEATURE UNDER TEST: as many placed as can be, with the least walking.

    Homes at x 0 (40 children), 300 (30), 900 (20). School a at x 100 has 50 places, b at x 700 has 60.

    To a: 100, 200, 800 m; to b: 700, 400, 200 m. All at their nearest would be 70 in a: 20 too many.
    Moving a child of the second compound to b costs 400 - 200 = 200 m, one of the first 600 m. So 20 of
    the second go to b: a 40 + 10, b 20 + 20, b has 20 places free.
    Walks: B 10 x 200 + 20 x 400 = 10,000 m over 30 = 333.33; in all 40 x 100 + 10,000 + 20 x 200 = 18,000 m
    over 90 = 200 m; 40 walk 100, 30 walk 200, 20 walk 400: nine tenths (81) are reached at 400 m.
    a lies in A and b in C: B has no places of its own, and all its children have one.
    """
    town = school_town
    for code, x, west, east, children in (
        ("A", 0, -90, 200, 40),
        ("B", 300, 200, 600, 30),
        ("C", 900, 600, 990, 20),
    ):
        town.community(code, (west, -90, east, 90), households=100)
        town.home(f"h{code}", x, 0, households=100)
        town.count(code, "小学", children)
    town.listed("小学", 100, 0, "a", capacity=50)
    town.listed("小学", 700, 0, "b", capacity=60)
    results = measure_years(town.gather())
    city = tell(results, "city", "纸上小镇")
    assert (city["placed"], city["left"], city["out_of_reach"]) == pytest.approx((90, 0, 0))
    assert (city["places"], city["free"], city["status"]) == (110, 20, "met")
    assert city["walk_mean_m"] == pytest.approx(200, abs=0.6)
    assert city["walk_p90_m"] == pytest.approx(400, abs=0.5)
    assert [tell(results, "community", code)["places"] for code in "ABC"] == [50, 0, 60]
    assert tell(results, "community", "B")["walk_mean_m"] == pytest.approx(1000 / 3, abs=0.5)
    schools = results.schools.set_index("school_id")
    assert schools["placed"].to_dict() == pytest.approx({"a": 50, "b": 40})
    assert schools["free_places"].to_dict() == pytest.approx({"a": 0, "b": 20})
    assert schools["demand"].to_dict() == pytest.approx({"a": 70, "b": 20})
    assert schools.loc["a", "full_from"] == 2026
    assert np.isnan(schools.loc["b", "full_from"])


def test_P52_a_full_school_and_a_child_nobody_can_take(school_town):
    """FEATURE UNDER TEST: left, out of reach, and the difference.

    School a at x 500, 25 places. 30 children at x 400 (100 m), 4 at x 1399 (899 m), 3 at x 1500 (1000 m).
    a takes 25 of the nearest: 5 + 4 are left, 3 reach no school at all. 12 places are missing.
    """
    town = school_town
    for code, x, children in (("A", 400, 30), ("B", 1399, 4), ("C", 1500, 3)):
        town.community(code, (x - 40, -90, x + 40, 90), households=10)
        town.home(f"h{code}", x, 0, households=10)
        town.count(code, "小学", children)
    town.listed("小学", 500, 0, "a", capacity=25)
    results = measure_years(town.gather())
    found = {code: tell(results, "community", code) for code in "ABC"}
    assert [found[code]["left"] for code in "ABC"] == pytest.approx([5, 4, 0])
    assert [found[code]["out_of_reach"] for code in "ABC"] == pytest.approx([0, 0, 3])
    assert [found[code]["status"] for code in "ABC"] == ["gap"] * 3
    city = tell(results, "city", "纸上小镇")
    assert (city["children"], city["placed"]) == pytest.approx((37, 25))
    assert (city["left"], city["out_of_reach"]) == pytest.approx((9, 3))
    school = tell(results, "school", "a")
    assert (school["children"], school["placed"], school["left"]) == pytest.approx((34, 25, 9))


def test_P53_a_nine_year_school(school_town):
    """FEATURE UNDER TEST: one school, two levels, each with its own places and its own walk.

    90 places: 60 primary, 30 junior. At x 950 (950 m away) live 50 of primary age and 40 of junior age: a
    junior walks up to 1000 m, a child of primary age 900 m. So the 50 are out of reach, and of the 40
    juniors 30 have a place.
    """
    town = school_town
    town.community("A", (900, -90, 1000, 90), households=10)
    town.home("hA", 950, 0, households=10)
    town.count("A", "小学", 50)
    town.count("A", "初中", 40)
    town.listed("九年一贯制学校", 0.5, 0, "n", capacity=90)
    results = measure_years(town.gather())
    primary = tell(results, "community", "A")
    junior = tell(results, "community", "A", level="junior_school")
    assert (primary["placed"], primary["out_of_reach"]) == pytest.approx((0, 50))
    assert (junior["placed"], junior["left"], junior["out_of_reach"]) == pytest.approx((30, 10, 0))
    schools = results.schools.set_index("level")
    assert schools["places"].to_dict() == pytest.approx({"primary_school": 60, "junior_school": 30})


def test_P54_housing_arrives_before_the_school(school_town):
    """FEATURE UNDER TEST: when a shortage begins and ends.

    40 children in 100 households, school a with 45 places. 50 households more in 2027 bring
    40/100 x 50 = 20 children: 60, so 15 are left in 2027. The school on parcel p opens in 2028 with one
    class of 45: nobody is left. The shortage begins and ends in 2027.
    """
    town = school_town
    town.community("A", (0, -90, 1500, 90), households=100)
    town.home("hA", 300, 0, households=100)
    town.count("A", "小学", 40)
    town.listed("小学", 500, 0, "a", capacity=45)
    town.compound("新苑", 700, 50, 2027)
    town.parcel("p", "小学", 900, classes=1, year=2028)
    town.horizon = 2029
    city = town.gather()
    results = measure_years(city)
    years = [tell(results, "community", "A", year) for year in range(2026, 2030)]
    assert [row["children"] for row in years] == pytest.approx([40, 60, 60, 60])
    assert [row["left"] for row in years] == pytest.approx([0, 15, 0, 0])
    assert [row["places"] for row in years] == pytest.approx([45, 45, 90, 90])
    [short] = results.shortages[results.shortages["level"] == "primary_school"].to_dict("records")
    assert (short["begins"], short["ends"], short["peak_children"]) == pytest.approx(
        (2027, 2027, 15)
    )
    assert (short["reserved_in_reach"], short["land_missing"]) == ("p", False)

    # Given up: 15 children lose their place from 2028 on; a, full since 2027, cannot take them.
    placers = build_placers(city)
    release = measure_release(city, "p", placers=placers)
    assert (release.status, release.from_year) == ("gap", 2028)
    assert release.totals["lost"].tolist() == pytest.approx([0, 0, 15, 15])
    again = measure_years(city, placers)  # put back: nothing has changed
    pd.testing.assert_frame_equal(again.school_years, results.school_years)


def test_P55_unknown_places_are_unknown_not_a_gap(school_town):
    """FEATURE UNDER TEST: two worlds.

    School a has 10 places, school b nobody knows how many. 30 children reach both: between none and 20 of
    them are left, so nobody can tell. 5 at x 2900 reach neither: a gap, whatever b has.
    """
    town = school_town
    for code, x, children in (("A", 100, 30), ("B", 2900, 5)):
        town.community(code, (x - 90, -90, x + 90, 90), households=10)
        town.home(f"h{code}", x, 0, households=10)
        town.count(code, "小学", children)
    town.listed("小学", 300, 0, "a", capacity=10)
    town.listed("小学", 500, 0, "b")
    results = measure_years(town.gather())
    found = tell(results, "community", "A")
    assert (found["left"], found["left_possible"]) == pytest.approx((0, 20))
    assert (found["status"], found["settled_by"]) == ("unknown", "facilities.capacity")
    assert tell(results, "community", "B")["status"] == "gap"
    kindergarten = tell(results, "community", "A", level="kindergarten")
    assert (kindergarten["status"], kindergarten["settled_by"]) == ("unknown", "children")


def test_P56_a_run_read_back_walks_the_same(school_town, tmp_path):
    """FEATURE UNDER TEST: homes and entrances of a run stand where they stood when it was measured."""
    town = school_town
    town.community("A", (0, -90, 1500, 90), households=100)
    town.home("hA", 300, 40, households=60)
    town.home("hB", 800, -30, households=40)
    town.listed("九年一贯制学校", 500, 20, "n", capacity=90)
    town.town.run(tmp_path / "run", DAY)
    before = town.gather()
    walks = reopen_walks(read_run(tmp_path / "run"))
    assert walks.demand_links.edge.tolist() == before.homes.edge.tolist()
    assert walks.demand_links.leg_m == pytest.approx(before.homes.leg_m, abs=0.002)
    assert walks.demand_links.offset_m == pytest.approx(before.homes.offset_m, abs=0.002)
    assert walks.entrance_start.tolist() == [0, 1, 2]
    assert walks.list_facilities("junior_school").tolist() == [0]


def test_P57_a_parcel_given_up(school_town):
    """FEATURE UNDER TEST: who loses, who walks farther, which school fills up.

    A at x 0, 40 children; B at x 1000, 30. School a at x 200 has 45 places: 200 m from A, 800 m from B.
    Parcel p from x 870 to 930, 1 m off the street, opens in 2027 with one class of 45: 71 m from B.

    With p, from 2027 on: A in a, B in p, a has 5 places free. Without: 5 of B walk 800 m to a, which
    is full then, and 25 have no place. Walks: (40 x 200 + 30 x 71) / 70 = 144.71 before,
    (40 x 200 + 5 x 800) / 45 = 266.67 after. In 2026 p is not there: nothing changes.
    """
    town = school_town
    for code, x, children in (("A", 0, 40), ("B", 1000, 30)):
        town.community(code, (x - 90, -90, x + 90, 90), households=100)
        town.home(f"h{code}", x, 0, households=100)
        town.count(code, "小学", children)
    town.listed("小学", 200, 0, "a", capacity=45)
    town.parcel("p", "小学", 900, classes=1, year=2027)
    city = town.gather()
    release = measure_release(city, "p")
    assert (release.status, release.from_year) == ("gap", 2027)
    assert release.totals["lost"].tolist() == pytest.approx([0, 25, 25])
    assert release.totals["moved"].tolist() == pytest.approx([0, 5, 5])
    assert release.totals["walk_before_m"].tolist()[1] == pytest.approx(144.71, abs=0.1)
    assert release.totals["walk_after_m"].tolist()[1] == pytest.approx(266.67, abs=0.1)
    assert release.communities["community_id"].tolist() == ["B", "B"]
    first = release.communities.iloc[0]
    assert (first["left_before"], first["left_after"]) == pytest.approx((0, 25))
    assert (first["walk_before_m"], first["walk_after_m"]) == pytest.approx((71, 800), abs=0.1)
    [filled] = measure_release(city, "p", years=[2027, 2028]).schools.to_dict("records")
    assert (filled["school_id"], filled["full_after"]) == ("a", 2027)
    assert np.isnan(filled["full_before"])


def test_P58_where_land_is_missing_and_what_could_serve(school_town):
    """FEATURE UNDER TEST: the land a shortage takes, and the order of the parcels that could give it.

    60 children at x 100, school a at x 300 with 40 places: 20 are missing. That is one class of 45,
    on 45 x 17.5 = 787.5 m². Nothing is reserved for a primary school. Within 900 m lie, on 3600 m² unless
    said: r1 re-zoned (700 m², too small), r2 re-zoned, o occupied (nearest), k reserved for a kindergarten,
    and s, an open school that is full. r3 is re-zoned too, but 1271 m off.

    In order: re-zoned before occupied before another level; of the re-zoned the one large enough. From
    x 100 to the near edge: r2 at 500: 500 - 30 - 100 + 1 = 371 m.
    """
    town = school_town
    town.community("A", (0, -90, 3000, 90), households=100)
    town.home("hA", 100, 0, households=100)
    town.count("A", "小学", 60)
    town.listed("小学", 300, 0, "a", capacity=40)
    town.parcel("r1", "小学", 400, classes=1, year=2027, status="调整用途", 用地面积=700)
    town.parcel("r2", "小学", 500, classes=1, year=2027, status="调整用途")
    town.parcel("o", "小学", 200, classes=1, year=2027, status="被占用")
    town.parcel("k", "幼儿园", 600, classes=6, year=2027)
    town.parcel("s", "小学", 300, classes=1, year=2020, status="已建")
    town.parcel("r3", "小学", 1400, classes=1, year=2027, status="调整用途")
    placers = build_placers(town.gather())
    results = measure_years(next(iter(placers.values())).city, placers)
    [short] = results.shortages[results.shortages["level"] == "primary_school"].to_dict("records")
    assert (short["peak_children"], short["needed_places"]) == pytest.approx((20, 20))
    assert (short["needed_classes"], short["needed_area_m2"]) == pytest.approx((1, 787.5))
    assert (short["land_missing"], short["reserved_in_reach"]) == (True, "")
    assert short["candidates"] == "r2,r1,o,k"
    assert short["source_status"] == "secondary"  # land per pupil, of an older plan
    [missing] = list_missing(placers, results.shortages)
    best = missing.candidates[0]
    assert (best.parcel_id, best.why, best.enough) == ("r2", "rezoned", True)
    assert best.walk_m == pytest.approx(371, abs=0.1)
    assert [one.enough for one in missing.candidates] == [True, False, True, True]


def test_P59_an_assigned_catchment(school_town):
    """FEATURE UNDER TEST: those of the catchment come first, also where others live nearer.

    School a at x 500 has 20 places, b at x 1000 has 40. A at x 450, 30 children; B at x 700, 15. Nearest
    places first, 20 of A would go to a and everybody else to b. But B lies in a's catchment: its 15
    are placed there (200 m), 5 of A too (50 m), and 25 of A walk 550 m to b, which has 15 places left.
    A walks (5 x 50 + 25 x 550) / 30 = 466.67 m on average.
    """
    town = school_town
    for code, x, children in (("A", 450, 30), ("B", 700, 15)):
        town.community(code, (x - 90, -90, x + 90, 90), households=100)
        town.home(f"h{code}", x, 0, households=100)
        town.count(code, "小学", children)
    town.listed("小学", 500, 0, "a", capacity=20)
    town.listed("小学", 1000, 0, "b", capacity=40)
    town.catchment("a", "小学", 610, 790)
    results = measure_years(town.gather())
    assert tell(results, "community", "A")["walk_mean_m"] == pytest.approx(466.67, abs=0.2)
    assert tell(results, "community", "B")["walk_mean_m"] == pytest.approx(200, abs=0.1)
    schools = results.schools.set_index("school_id")
    assert schools["placed"].to_dict() == pytest.approx({"a": 20, "b": 25})
    assert schools["free_places"].to_dict() == pytest.approx({"a": 0, "b": 15})
    drawn = results.catchments[results.catchments["year"] == 2026]
    [own] = drawn[drawn["source"] == "assigned"].to_dict("records")
    assert (own["school_id"], own["children"]) == ("a", pytest.approx(15))


def test_P60_nine_tenths_of_the_walks(school_town):
    """FEATURE UNDER TEST: mean and 90th percentile of the walks.

    Ten homes, 10 children each, at x 90, 180 ... 900; the school at x 0 has 100 places. Their walks sum to
    10 x (90 + ... + 900) = 10 x 4950 m: 495 m on average. Nine homes of ten walk 810 m or less, so
    the 90th percentile is 810 m.
    """
    town = school_town
    town.community("A", (-10, -90, 1000, 90), households=100)
    for number in range(1, 11):
        town.home(f"h{number}", 90 * number, 0, households=10)
    town.count("A", "小学", 100)
    town.listed("小学", 0.5, 0, "a", capacity=100)
    city = tell(measure_years(town.gather()), "city", "纸上小镇")
    assert (city["placed"], city["status"]) == (pytest.approx(100), "met")
    assert (city["walk_mean_m"], city["walk_p90_m"]) == pytest.approx((494.5, 809.5), abs=0.2)


def test_P61_a_school_under_construction_is_not_open_yet(school_town):
    """FEATURE UNDER TEST: a school listed where one is being built.

    100 children at x 300. Parcel p from x 370 to 430, four classes of 45, opens in 2028; the table lists a
    school on it without places. Until then nobody has a place, from 2028 on all have: 180 - 100 = 80 free.
    """
    town = school_town
    town.community("A", (-90, -90, 990, 90), households=100)
    town.home("hA", 300, 0, households=100)
    town.count("A", "小学", 100)
    town.listed("小学", 400, 30, "s")
    town.parcel("p", "小学", 400, classes=4, year=2028, status="在建")
    results = measure_years(town.gather())
    years = [tell(results, "community", "A", year) for year in (2026, 2027, 2028)]
    assert [row["placed"] for row in years] == pytest.approx([0, 0, 100])
    assert [row["places"] for row in years] == pytest.approx([0, 0, 180])
    assert years[2]["free"] == pytest.approx(80)


def test_P62_a_school_that_stands_and_what_its_parcel_adds(school_town):
    """FEATURE UNDER TEST: planned classes are those of the whole school.

    100 children at x 300. The school on the parcel has 90 places; ten classes of 45 are planned from 2027
    on. In 2026 10 children have no place; from 2027 on there are 90 + (450 - 90) = 450 places. Given up,
    the school stays: the 10 lose what the parcel adds.
    """
    town = school_town
    town.community("A", (-90, -90, 990, 90), households=100)
    town.home("hA", 300, 0, households=100)
    town.count("A", "小学", 100)
    town.listed("小学", 400, 30, "s", capacity=90)
    town.parcel("p", "小学", 400, classes=10, year=2027)
    city = town.gather()
    results = measure_years(city)
    years = [tell(results, "community", "A", year) for year in (2026, 2027, 2028)]
    assert [row["left"] for row in years] == pytest.approx([10, 0, 0])
    assert [row["places"] for row in years] == pytest.approx([90, 450, 450])
    release = measure_release(city, "p")
    assert release.totals["lost"].tolist() == pytest.approx([0, 10, 10])
