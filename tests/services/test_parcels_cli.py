"""`lifecircle parcels compare`: two layers of reserved land of different dates, in any format."""

import json

import geopandas as gpd
import openpyxl
import pytest
import shapely

LON, LAT = 107.14, 34.36
WIDE, HIGH = 100 / 91_950, 100 / 110_930


def plot(x, wide=1.0):
    return shapely.box(LON + x * WIDE, LAT, LON + (x + wide) * WIDE, LAT + HIGH)


def write(path, **columns):
    shapes = columns.pop("shapes")
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(path)
    return path


@pytest.fixture
def old(tmp_path):
    return write(
        tmp_path / "old.geojson",
        地块编号=["A", "B", "=1+1"],
        学段=["小学", "幼儿园", "初中"],
        状态=["预留", "预留", "预留"],
        shapes=[plot(0), plot(3), plot(6)],
    )


@pytest.fixture
def new(tmp_path):
    return write(
        tmp_path / "new.gpkg",
        地块编号=["A", "B-新"],
        学段=["小学", "幼儿园"],
        状态=["预留", "被占用"],
        shapes=[plot(0, 0.6), plot(3)],
    )


def test_what_happened_is_told_with_the_rule_about_layout_plans(lifecircle, old, new):
    said = lifecircle.run("parcels", "compare", old, new)
    assert said.code == 0
    for word in (
        "gone 1",
        "rezoned 1",
        "shrunk 1",
        "由预留变为被占用",
        "不得擅自变更",
        "secondary",
    ):
        assert word in said.out, word
    assert "24,0" in said.out  # 4,000 shrunk, 10,000 occupied, 10,000 gone


def test_json_for_scripts(lifecircle, old, new):
    told = json.loads(lifecircle.run("parcels", "compare", old, new, "--json").out)
    assert told["counts"] == {"gone": 1, "rezoned": 1, "shrunk": 1}
    assert told["lost_m2"] == pytest.approx(24_000, rel=0.01)
    assert told["remark"]["source_status"] == "secondary"
    by_id = {row["earlier_id"]: row for row in told["changes"]}
    assert by_id["B"]["parcel_id"] == "B-新"
    assert by_id["A"]["children_affected"] is None


def test_nothing_changed(lifecircle, old):
    said = lifecircle.run("parcels", "compare", old, old)
    assert (said.code, "same 3" in said.out, "擅自" in said.out) == (0, True, False)


def test_files(lifecircle, old, new, tmp_path):
    for name in ("变化.xlsx", "c.csv", "c.geojson"):
        assert lifecircle.run("parcels", "compare", old, new, "--out", tmp_path / name).code == 0
    sheet = openpyxl.load_workbook(tmp_path / "变化.xlsx")["变化"]
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "=1+1" in cells
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert "'=1+1" in (tmp_path / "c.csv").read_text(encoding="utf-8-sig")
    lost = gpd.read_file(tmp_path / "c.geojson")
    assert lost.geometry.notna().sum() == 3
    assert {row.suffix for row in tmp_path.iterdir()} <= {".xlsx", ".csv", ".geojson", ".gpkg"}


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("地块编号,学段,经度,纬度,规划班数\nA,小学,107.14,34.36,-6\n", [], "规划班数"),
        ("地块编号,学段,经度,纬度\nA,小学,107.14,34.36\nA,初中,107.2,34.36\n", [], "duplicate_key"),
        ("地块编号,学段,经度,纬度\n", [], ""),
        ("x", [], "geometry"),
    ],
)
def test_bad_layers_are_answered_in_one_line(lifecircle, old, tmp_path, content, words, said):
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    answer = lifecircle.run("parcels", "compare", old, path, *words)
    assert answer.code == 1
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_misuse(lifecircle, old, new, tmp_path):
    refused = lifecircle.run("parcels", "compare", old, new, "--out", tmp_path / "c.pdf")
    assert refused.code == 1
    assert ".geojson" in refused.err
    missing = lifecircle.run("parcels", "compare", old, tmp_path / "none.gpkg")
    assert missing.code == 1
    assert "none.gpkg" in missing.err
    strange = lifecircle.run("parcels", "compare", old, new, "--crs", "moon")
    assert strange.code == 1
    assert "moon" in strange.err


def test_hostile_names_print_as_text(lifecircle, tmp_path, old):
    names = ["[red]x[/red]", "\x1b[31mred", "<script>"]
    path = write(
        tmp_path / "odd.geojson",
        地块编号=names,
        学段=["小学"] * 3,
        shapes=[plot(9), plot(12), plot(15)],
    )
    said = lifecircle.run("parcels", "compare", old, path)
    assert said.code == 0
    assert "[red]x[/red]" in said.out
    assert "\x1b[31m" not in said.out
