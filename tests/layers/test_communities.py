"""Communities: reading, repairing, overlaps, extent, cells, boundaries."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs, project
from layers.communities import (
    COMMUNITY_COLUMNS,
    build_cells,
    check_extent,
    check_margin,
    check_places,
    explain_missing_households,
    from_boundaries,
    read_communities,
)

WEST, SOUTH = 107.14, 34.36
BOUNDS = (WEST - 0.05, SOUTH - 0.05, WEST + 0.05, SOUTH + 0.05)


def square(column=0, row=0, size=0.01):
    west, south = WEST + column * size, SOUTH + row * size
    return shapely.box(west, south, west + size, south + size)


def one(notices, code):
    found = [notice for notice in notices if notice.code == code]
    assert len(found) == 1, [notice.line() for notice in notices]
    assert found[0].message_zh
    return found[0]


def severities(notices):
    return {notice.severity for notice in notices}


@pytest.fixture
def read(tmp_path):
    def _read(**columns):
        shapes = columns.pop("geometry")
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
        frame.to_file(tmp_path / "c.gpkg")
        return read_communities(tmp_path / "c.gpkg")

    return _read


def test_the_frame(read):
    frame, notices = read(
        社区编码=["2", "1"],
        社区名称=["乙", "甲"],
        县区=["金台区", "渭滨区"],
        户数=[1499, 1500],
        数据日期=["2023年6月", "2023"],
        geometry=[square(1), square(0)],
    )
    assert notices == []
    assert list(frame.columns) == [*COMMUNITY_COLUMNS, "geometry"]
    assert frame["community_id"].tolist() == ["1", "2"]
    assert frame["households"].tolist() == [1500.0, 1499.0]
    assert frame["valid_from"].tolist() == ["2023", "2023-06"]
    assert frame["source"].tolist() == ["table", "table"]
    assert frame.index.tolist() == [0, 1]
    assert frame.crs.to_epsg() == 4326


def test_row_order_changes_nothing(read):
    one_way, _ = read(编码=["1", "2"], 名称=["甲", "乙"], geometry=[square(0), square(1)])
    other, _ = read(编码=["2", "1"], 名称=["乙", "甲"], geometry=[square(1), square(0)])
    pd.testing.assert_frame_equal(pd.DataFrame(one_way), pd.DataFrame(other))


def test_missing_households_are_unknown_and_named(read):
    frame, notices = read(
        编码=["1", "2", "3"],
        名称=list("甲乙丙"),
        户数=[5.0, np.nan, np.nan],
        geometry=[square(0), square(1), square(2)],
    )
    assert notices == []
    notice = one(explain_missing_households(frame, layer="c.gpkg"), "missing_households")
    assert (notice.severity, notice.row, notice.count) == ("warning", "2, 3", 2)
    assert frame["households"].isna().tolist() == [False, True, True]


def test_negative_households_and_duplicates_are_errors(read):
    _, notices = read(
        编码=["1", "1", "2"],
        名称=list("甲乙丙"),
        户数=[5, 5, -1],
        geometry=[square(0), square(1), square(2)],
    )
    assert one(notices, "duplicate_key").row == "1, 2"
    assert one(notices, "value_too_small").row == "3"


class TestAttributes:
    """Further columns of the table, such as 绿化率: read where they stand, unknown where blank."""

    @pytest.fixture
    def read_csv(self, tmp_path):
        def _read(header, *cells):
            rows = [f'{n},社区{n},"{square(n).wkt}",{cell}' for n, cell in enumerate(cells)]
            path = tmp_path / "c.csv"
            path.write_text("\n".join([f"编码,名称,范围,{header}", *rows]), encoding="utf-8")
            return read_communities(path)

        return _read

    def test_only_those_the_table_has(self, read):
        frame, notices = read(
            **{
                "编码": ["2", "1"],
                "名称": ["乙", "甲"],
                "绿化率（%）": [28.5, 35.0],
                "社区工作者人数": [np.nan, 7.0],
                "户数": [10, 20],
                "geometry": [square(1), square(0)],
            }
        )
        assert notices == []
        assert list(frame.columns) == [*COMMUNITY_COLUMNS, "workers", "green_share", "geometry"]
        assert frame["green_share"].tolist() == [0.35, 0.285]
        assert frame["workers"].isna().tolist() == [False, True]
        assert {str(frame[name].dtype) for name in ("workers", "green_share")} == {"float64"}

    def test_a_column_of_blanks_is_a_column(self, read_csv):
        frame, notices = read_csv("停车泊位数", "", "—")
        assert "error" not in severities(notices)
        assert frame["parking_spaces"].isna().all()

    @pytest.mark.parametrize(
        ("header", "cell", "value"),
        [
            ("绿化率", "36%", 0.36),
            ("绿化率", "36 %", 0.36),
            ("绿化率", "３６％", 0.36),
            ("绿化率", "0.36", 0.36),
            ("绿化率", "1", 1.0),
            ("绿化率（%）", "36", 0.36),
            ("绿化率（%）", "36%", 0.36),
            ("绿化率（%）", "29.9", 0.299),
            ("绿化率%", "100", 1.0),
            ("绿化率（%）", "0", 0.0),
            ("服务用房面积（万㎡）", "0.045", 450.0),
            ("服务用房面积", "450㎡", 450.0),
            ("服务用房面积（亩）", "450㎡", 450.0),
            ("公共绿地面积（亩）", "3", 2000.0),
            ("步行道长度（公里）", "5.49", 5490.0),
            ("社区工作者", "7人", 7.0),
        ],
    )
    def test_units(self, read_csv, header, cell, value):
        frame, notices = read_csv(header, cell, "")
        assert "error" not in severities(notices)
        assert frame.iloc[0, len(COMMUNITY_COLUMNS)] == pytest.approx(value, abs=1e-12)

    def test_whole_percents_are_exact(self, read_csv):
        frame, _ = read_csv("绿化率（%）", *range(101))
        assert sorted(frame["green_share"]) == [percent / 100 for percent in range(101)]

    @pytest.mark.parametrize(
        ("header", "cell", "code", "expected"),
        [
            ("绿化率", "36", "value_too_large", "a share from 0 to 1; percents carry their sign"),
            ("绿化率（%）", "136", "value_too_large", "a share from 0 to 1"),
            ("绿化率", "-5%", "value_too_small", "at least 0"),
            ("服务用房面积", "-450", "value_too_small", "at least 0"),
            ("社区工作者", "7-8", "not_a_number", "not a range"),
            ("绿化率", "约三成", "not_a_number", "one plain number"),
            ("停车泊位", "320㎡", "not_a_number", "one plain number"),
        ],
    )
    def test_what_cannot_be_is_an_error_with_row_and_column(
        self, read_csv, header, cell, code, expected
    ):
        _, notices = read_csv(header, "", cell)
        notice = one(notices, code)
        assert (notice.severity, notice.row, notice.column) == ("error", "3", header)
        assert expected in notice.expected
        assert "或表头中注明 %" in notice.message_zh or "a share" not in expected

    def test_shares_under_a_header_in_percent_are_asked_about(self, read_csv):
        frame, notices = read_csv("绿化率（%）", "0.36", "0.41", "")
        notice = one(notices, "percent_unclear")
        assert (notice.severity, notice.found, notice.count) == ("warning", "0.36", 2)
        assert "take the % out of the header" in notice.message
        assert frame["green_share"].tolist()[:2] == pytest.approx([0.0036, 0.0041])
        for clear in (("0.36", "41"), ("0.36%", "0"), ("", "")):
            codes = {notice.code for notice in read_csv("绿化率（%）", *clear)[1]}
            assert "percent_unclear" not in codes


def test_names_may_repeat_but_codes_not_be_missing(read):
    _, notices = read(
        编码=["1", "2", ""],
        名称=["铁道南"] * 3,
        户数=[1, 1, 1],
        geometry=[square(0), square(1), square(2)],
    )
    assert one(notices, "names_not_unique").severity == "info"
    assert (one(notices, "missing_code").severity, one(notices, "missing_code").row) == (
        "error",
        "3",
    )


@pytest.mark.parametrize(
    ("names", "codes", "severity"),
    [
        (["甲", "乙"], ["乙", "甲"], "warning"),
        (["甲", "甲"], None, "error"),
        (["", ""], ["row_1", "row_2"], "warning"),
    ],
)
def test_without_codes(read, names, codes, severity):
    frame, notices = read(名称=names, 户数=[1, 1], geometry=[square(0), square(1)])
    found = [n for n in notices if n.code in ("codes_made_up", "missing_code")]
    assert [notice.severity for notice in found] == [severity]
    if codes:
        assert frame["community_id"].tolist() == codes


def test_self_crossing_areas_are_repaired_with_a_warning(read):
    bow = shapely.Polygon(
        [(WEST, SOUTH), (WEST + 0.01, SOUTH + 0.01), (WEST + 0.01, SOUTH), (WEST, SOUTH + 0.01)]
    )
    frame, notices = read(编码=["1"], 名称=["甲"], 户数=[1], geometry=[bow])
    assert one(notices, "shape_repaired").severity == "warning"
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[0].geom_type in ("Polygon", "MultiPolygon")


def test_areas_without_area_are_errors(read):
    flat = shapely.Polygon([(WEST, SOUTH), (WEST + 0.01, SOUTH), (WEST, SOUTH)])
    frame, notices = read(
        编码=["1", "2"], 名称=["甲", "乙"], 户数=[1, 1], geometry=[flat, square()]
    )
    assert one(notices, "shape_without_area").row == "1"
    assert frame["community_id"].tolist() == ["2"]


def test_overlaps_are_noticed_with_their_area(read):
    """Two squares of 0.01° overlap by half: about 0.005° × 91.9 km × 0.01° × 111 km ≈ 510,000 m²."""
    shifted = shapely.transform(square(), lambda xy: np.add(xy, (0.005, 0)))
    _, notices = read(编码=["1", "2"], 名称=["甲", "乙"], 户数=[1, 1], geometry=[square(), shifted])
    notice = one(notices, "communities_overlap")
    assert notice.severity == "warning"
    assert float(notice.found.split()[0]) == pytest.approx(510_000, rel=0.01)


def test_neighbours_do_not_overlap(read):
    _, notices = read(
        编码=["1", "2"], 名称=["甲", "乙"], 户数=[1, 1], geometry=[square(0), square(1)]
    )
    assert notices == []


class TestExtent:
    def frame(self, *shapes):
        n = len(shapes)
        return gpd.GeoDataFrame(
            {"community_id": [str(k) for k in range(n)], "name": [f"社区{k}" for k in range(n)]},
            geometry=list(shapes),
            crs=4326,
        )

    def test_well_inside(self):
        assert check_extent(self.frame(square(), square(1)), BOUNDS, 1080) == []

    def test_too_near_the_edge(self):
        """The square ends 0.05° - 4.5 × 0.01° = 0.005° before the east edge: 459 m of 1080 m."""
        shape = shapely.transform(square(), lambda xy: np.add(xy, (0.035, 0)))
        notice = one(check_extent(self.frame(square(), shape), BOUNDS, 1080), "extract_too_small")
        assert (notice.severity, notice.row) == ("warning", "1")
        assert float(notice.found.split()[0]) == pytest.approx(459, abs=3)
        assert check_extent(self.frame(shape), BOUNDS, 400) == []

    def test_many_too_near_the_edge_are_one_notice(self):
        """Columns 3 and 4 from the middle end 0.01° and 0° before the east edge: short of 1080 m."""
        near = [square(column, row) for column in (3, 4) for row in (-2, -1, 0)]
        frame = self.frame(square(), *near)
        notice = one(check_extent(frame, BOUNDS, 1080), "extract_too_small")
        assert (notice.severity, notice.count) == ("warning", 6)
        assert notice.row == "1, 2, 3, 4, 5, 6"
        assert "6 of 7" in notice.message
        assert float(notice.found.split()[0]) == pytest.approx(0, abs=1)
        assert len(check_extent(frame.iloc[:6], BOUNDS, 1080)) == 5
        assert check_margin(frame.iloc[:6], BOUNDS, 1080, layer="x", most_single=0)[0].count == 5

    def test_only_the_first_twenty_are_listed(self):
        frame = self.frame(*[square(4)] * 25)
        (notice,) = check_margin(frame, BOUNDS, 1080, layer="osm")
        assert notice.count == 25
        assert notice.row.endswith(", 18, 19, …")

    def test_one_in_another_city(self):
        far = shapely.transform(square(), lambda xy: np.add(xy, (1.0, 0)))
        notice = one(check_extent(self.frame(square(), far), BOUNDS, 1080), "outside_extent")
        assert (notice.severity, notice.row) == ("error", "1")
        assert "87." in notice.message  # 0.955° × 91.9 km

    def test_all_swapped(self):
        """At Las Palmas both numbers fit either axis: only the extract can tell."""
        bounds = (-15.54, 28.0, -15.38, 28.2)
        swapped = [
            shapely.box(28.1, -15.43, 28.11, -15.42),
            shapely.box(28.11, -15.43, 28.12, -15.42),
        ]
        notice = one(check_extent(self.frame(*swapped), bounds, 1080), "outside_extent")
        assert "look swapped" in notice.message
        assert notice.count == 2

    def test_a_datum_shift_is_suspected_when_just_outside(self):
        near = shapely.transform(square(), lambda xy: np.add(xy, (0.0505, 0)))
        assert (
            "GCJ-02" in one(check_extent(self.frame(near), BOUNDS, 1080), "outside_extent").message
        )

    def test_points(self):
        inside, outside = shapely.Point(WEST, SOUTH), shapely.Point(0.1, 51)
        some = check_places(
            self.frame(inside, outside), BOUNDS, layer="x", id_column="community_id"
        )
        assert (one(some, "outside_extent").severity, some[0].row) == ("warning", "1")
        none = check_places(self.frame(outside), BOUNDS, layer="x", id_column="community_id")
        assert one(none, "outside_extent").severity == "error"
        assert check_places(self.frame(inside), BOUNDS, layer="x", id_column="community_id") == []


class TestCells:
    CRS = metric_crs(*BOUNDS)

    def test_only_where_there_is_something(self):
        points = shapely.points([[WEST, SOUTH], [WEST + 0.02, SOUTH]])
        cells = build_cells(shapely.buffer(points, 1e-5), 500, self.CRS)
        assert list(cells.columns) == [*COMMUNITY_COLUMNS, "geometry"]
        assert 2 <= len(cells) <= 4
        assert cells["households"].isna().all()
        assert set(cells["source"]) == {"cells"}
        metric = shapely.transform(np.asarray(cells.geometry), lambda xy: project(xy, self.CRS))
        assert np.allclose(shapely.area(metric), 250_000, rtol=1e-6)

    def test_ids_stay_when_the_extent_grows(self):
        near = shapely.buffer(shapely.points([[WEST, SOUTH]]), 1e-5)
        far = shapely.buffer(shapely.points([[WEST, SOUTH], [WEST - 0.03, SOUTH - 0.03]]), 1e-5)
        small, large = (build_cells(extent, 500, self.CRS) for extent in (near, far))
        both = small.merge(large, on="community_id")
        assert len(both) == len(small)
        for left, right in zip(both["geometry_x"], both["geometry_y"], strict=True):
            assert left.equals_exact(right, 1e-9)

    def test_nothing_gives_no_cells(self):
        assert len(build_cells(np.empty(0, dtype=object), 500, self.CRS)) == 0


class TestBoundaries:
    def boundaries(self):
        return gpd.GeoDataFrame(
            {
                "boundary_id": ["r1", "r2", "w3"],
                "name": ["甲", "乙", ""],
                "admin_level": ["10", "10", ""],
                "ref_code": ["610302001001", "", ""],
            },
            geometry=[square(0), square(1), square(2)],
            crs=4326,
        )

    def test_of_one_level(self):
        frame, notices = from_boundaries(self.boundaries(), 10)
        assert notices == []
        assert frame["community_id"].tolist() == ["610302001001", "r2"]
        assert set(frame["source"]) == {"osm"}

    def test_of_a_level_there_is_not(self):
        frame, notices = from_boundaries(self.boundaries(), 8)
        assert len(frame) == 0
        assert one(notices, "no_boundaries").found == "10"


@pytest.mark.real
def test_catchments_of_las_palmas(shared_data):
    path = shared_data / "areas" / "las-palmas-school-catchments-epsg5635.geojson"
    frame, notices = read_communities(path)
    assert len(frame) == 29
    assert "error" not in severities(notices)
    missing = explain_missing_households(frame, layer=path.name)
    assert one(missing, "missing_households").count == 29
    assert frame.geometry.is_valid.all()
    assert frame["community_id"].is_monotonic_increasing


@pytest.mark.real
def test_baoji_has_no_boundaries(shared_data):
    frame, notices = read_communities(shared_data / "areas" / "baoji-communities-villages-2023.csv")
    assert len(frame) == 0
    assert one(notices, "no_geometry").severity == "error"
    assert one(notices, "names_not_unique").count == 47
