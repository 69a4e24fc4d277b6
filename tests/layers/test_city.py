"""A city read whole: what the order of reading decides."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers.city import build_city
from layers.config import read_config
from layers.errors import InvalidLayer

LON, LAT = 107.1, 34.3
M_LON, M_LAT = 1 / 91_957.0, 1 / 110_922.0
"""Degrees per metre at 34.3° N on WGS84 (prime vertical and meridian radius of curvature)."""


def place(x_m, y_m):
    return LON + x_m * M_LON, LAT + y_m * M_LAT


@pytest.fixture
def read(osm_file, tmp_path):
    """A grid of streets, 3 km wide, with rows every 500 m, and an islet of 100 m 3 km north of it."""
    steps = range(0, 3001, 500)
    nodes = {
        1 + 10 * row + column: place(x, y)
        for row, y in enumerate(steps)
        for column, x in enumerate(steps)
    }
    lines = [[1 + 10 * row + column for column in range(7)] for row in range(7)]
    ways = {
        100 + number: (line, {"highway": "residential"})
        for number, line in enumerate([*lines, *map(list, zip(*lines, strict=True))])
    }
    nodes |= {900: place(0, 6000), 901: place(100, 6000)}
    ways[900] = ([900, 901], {"highway": "residential"})
    osm_file(nodes, ways)

    def _read(sources):
        toml = tmp_path / "city.toml"
        toml.write_text(f'[sources]\nosm = "town.osm"\n{sources}\n', "utf-8")
        return build_city(read_config(toml), report=lambda *_: None)

    return _read


def write_communities(folder, households):
    """Squares of 300 m in the middle of the grid."""
    shapes = [
        shapely.box(*place(1100 + 400 * k, 1300), *place(1400 + 400 * k, 1600))
        for k in range(len(households))
    ]
    gpd.GeoDataFrame(
        {"社区编码": [f"c{k}" for k in range(len(households))], "户数": households},
        geometry=shapes,
        crs=4326,
    ).to_file(folder / "c.gpkg")


def find(city, code):
    return [notice for notice in city.notices if notice.code == code]


def test_cells_near_the_edge_are_one_notice(read):
    city = read("communities = { cells_m = 500 }")
    (notice,) = find(city, "extract_too_small")
    assert 20 < notice.count <= len(city.communities)
    assert notice.row.endswith("…")
    assert len(notice.row.split(", ")) == 21
    assert notice.message_zh


def test_no_cell_on_an_islet_set_aside(read):
    city = read("communities = { cells_m = 500 }")
    assert find(city, "islands_set_aside")
    assert city.communities.total_bounds[3] < place(0, 4000)[1]
    assert set(city.demand.points["community_id"]) == set(city.communities["community_id"])


def test_households_are_missing_only_after_compounds_were_summed(read, tmp_path):
    write_communities(tmp_path, [np.nan, np.nan])
    x, y = place(1250, 1450)
    (tmp_path / "homes.csv").write_text(f"小区名称,户数,经度,纬度\n甲,700,{x},{y}\n", "utf-8")
    city = read('communities = { path = "c.gpkg" }\ndemand = { path = "homes.csv" }')
    assert city.communities["households"].tolist()[0] == 700
    (notice,) = find(city, "missing_households")
    assert (notice.layer, notice.row, notice.count) == ("c.gpkg", "c1", 1)


def test_a_community_without_streets_or_homes_has_no_start(read, tmp_path):
    write_communities(tmp_path, [500, 500])
    frame = gpd.read_file(tmp_path / "c.gpkg")
    frame.loc[1, "geometry"] = shapely.box(*place(1100, 1100), *place(1200, 1200))
    frame.to_file(tmp_path / "c.gpkg")
    city = read('communities = { path = "c.gpkg" }')
    assert set(city.demand.points["community_id"]) == {"c0"}
    assert find(city, "demand_unknown")[0].row == "c1"


def test_a_wrong_declaration_is_measured_too(read, tmp_path):
    """Homes along the streets in WGS 84, said to be GCJ-02: read 500 m off, mid-block."""
    write_communities(tmp_path, [500])
    rng = np.random.default_rng(1)
    lines = ["小区名称,户数,经度,纬度"]
    for number, (along, row) in enumerate(
        zip(rng.uniform(600, 2400, 60), rng.integers(1, 6, 60), strict=True)
    ):
        x, y = place(along, 500 * row + 8) if number % 2 else place(500 * row + 8, along)
        lines.append(f"{number},10,{x},{y}")
    (tmp_path / "homes.csv").write_text("\n".join(lines), "utf-8")
    sources = 'communities = {{ path = "c.gpkg" }}\ndemand = {{ path = "homes.csv", crs = "{}" }}'
    (notice,) = find(read(sources.format("gcj02")), "datum_looks_shifted")
    assert "declared as gcj02" in notice.message
    assert "WGS 84" in notice.message
    assert find(read(sources.format("EPSG:4326")), "datum_looks_shifted") == []


def write_feed(folder, *, stop_x_m=500):
    """A bus at 8 o'clock between two stops on the second street."""
    (west, south), (east, north) = place(stop_x_m, 500), place(2500, 500)
    tables = {
        "agency": "agency_name,agency_url,agency_timezone\n公交,https://example.org,Asia/Shanghai",
        "stops": f"stop_id,stop_name,stop_lon,stop_lat\na,东站,{west},{south}\nb,西站,{east},{north}",
        "routes": "route_id,route_short_name,route_type\nr,1路,3",
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nw,1,1,1,1,1,0,0,20250101,20251231",
        "trips": "route_id,service_id,trip_id\nr,w,t",
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t,8:00:00,8:00:00,a,1\nt,8:05:00,8:05:00,b,2",
    }
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.txt").write_text(text + "\n", "utf-8")


def test_a_city_without_a_timetable_says_so(read):
    city = read("communities = { cells_m = 500 }")
    assert city.transit is None
    assert len(find(city, "no_timetable")) == 1


def test_a_timetable_in_a_folder_belongs_to_the_city(read, tmp_path):
    write_feed(tmp_path / "bus")
    city = read('communities = { cells_m = 500 }\ngtfs = ["bus"]\n[transit]\nday = 2025-03-12')
    assert (city.transit.source, city.transit.day.isoformat()) == ("gtfs", "2025-03-12")
    assert city.transit.stops["departures"].tolist() == [1, 0]
    assert city.transit.stops["connected"].tolist() == [True, True]
    assert find(city, "no_timetable") == []


def test_a_stop_far_from_any_street_is_noticed_and_kept(read, tmp_path):
    write_feed(tmp_path / "bus", stop_x_m=4000)
    city = read('communities = { cells_m = 500 }\ngtfs = ["bus"]')
    assert city.transit.stops["connected"].tolist() == [False, True]
    assert [notice for notice in city.notices if notice.layer == "bus"]


def test_errors_of_the_timetable_are_listed_with_all_others(read, tmp_path):
    """Half a feed and half a table of communities: both are named before anything is computed."""
    write_feed(tmp_path / "bus")
    (tmp_path / "bus" / "stops.txt").unlink()
    write_communities(tmp_path, [-3])
    with pytest.raises(InvalidLayer) as caught:
        read('communities = { path = "c.gpkg" }\ngtfs = ["bus"]')
    wrong = {notice.layer for notice in caught.value.notices if notice.severity == "error"}
    assert "c.gpkg" in wrong
    assert len(wrong) == 2
