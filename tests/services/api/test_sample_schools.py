"""Schools and land of the sample city as its run holds them: tables, workbook, layers, manifest."""

import io

import openpyxl
import pandas as pd
import pyogrio
import pytest
from rich.console import Console

from services.schools.gather import reopen_school_city
from services.schools.shown import draw_schools
from services.schools.tables import measure_levels

PLANTED = (
    ("JY-01", "hazard.railway", "w"),
    ("JY-02", "timing", "锦川新城一期"),
    ("JY-06", "status", ""),
    ("JY-06", "serves", ""),
    ("JY-07", "status", ""),
    ("JY-08", "timing", "锦川新城一期"),
    ("JY-08", "overlap", "JY-11"),
    ("JY-09", "width", ""),
    ("JY-11", "overlap", "JY-08"),
    ("JY-12", "encroachment", "w"),
    ("JY-13", "area", ""),
    ("JY-14", "duplicate", ""),
)
"""Parcels of `layers/demo/places.yaml`, the finding each was planted for, and what it names."""
CHANGES = {
    "QH-2019-1": "gone",
    "JY-06": "rezoned",
    "JY-07": "rezoned",
    "JY-13": "shrunk",
    "JY-14": "moved",
    "BY-2019-1": "same",
}


@pytest.fixture(scope="module")
def findings(sample_read):
    return sample_read.parcel_findings.set_index(["parcel_id", "finding"])


@pytest.fixture(scope="module")
def book(sample_run):
    return openpyxl.load_workbook(sample_run / "report.xlsx", read_only=True)


def read_sheet(book, title):
    head, *rows = book[title].iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=head, dtype="object")


def test_what_is_written_follows_from_what_is_written(sample_read):
    """The run read back, measured again: the same figures to the last digit, no rounding in between."""
    again = measure_levels(reopen_school_city(sample_read))
    for name in ("school_years", "schools", "shortages", "catchments"):
        found, wanted = getattr(sample_read, name), getattr(again, name)
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(wanted), check_exact=True)


@pytest.mark.parametrize(("parcel", "finding", "other"), PLANTED)
def test_planted_parcels_are_found_out(findings, parcel, finding, other):
    row = findings.loc[(parcel, finding)]
    assert row["status"] == "gap"
    assert other in row["other"]
    assert row["reason"]
    assert row["reason_en"]


@pytest.mark.parametrize(
    ("parcel", "finding"),
    [("JY-10", "timing"), ("JY-03", "width"), ("JY-15", "area"), ("JY-04", "status")],
)
def test_others_are_cleared(findings, parcel, finding):
    assert findings.loc[(parcel, finding), "status"] == "met"


def test_every_parcel_is_examined(sample_read):
    """The same list of findings for each, and counts that add up."""
    parcels, findings = sample_read.parcels, sample_read.parcel_findings
    assert sorted(parcels["parcel_id"]) == [f"JY-{number:02d}" for number in range(1, 17)]
    listed = findings[~findings["finding"].str.startswith("hazard.")].groupby("parcel_id")[
        "finding"
    ]
    assert {frozenset(group) for _, group in listed} == {frozenset(listed.get_group("JY-01"))}
    assert sorted(parcels["urgency"]) == list(range(1, 17))
    for status, column in (("gap", "gaps"), ("unknown", "unknowns")):
        counted = findings[findings["status"] == status].groupby("parcel_id").size()
        wanted = parcels.set_index("parcel_id")[column]
        assert wanted.to_dict() == counted.reindex(wanted.index, fill_value=0).to_dict()
    assert parcels.set_index("parcel_id").loc["JY-09", "children_served"] != 0  # unknown, not none


def test_what_became_of_the_plan(sample_read):
    """Children are told where a school is gone; not where land alone shrank."""
    changes = sample_read.parcel_changes.drop_duplicates("earlier_id").set_index("earlier_id")
    assert {code: changes.loc[code, "change"] for code in CHANGES} == CHANGES
    assert set(changes.loc["XK-2019-1":"XK-2019-1", "change"]) <= {"split", "rezoned"}
    affected = changes["children_affected"]
    assert (affected[["QH-2019-1", "JY-06", "JY-07", "JY-14"]] > 0).all()
    assert changes.loc["JY-06", "year"] == 2026
    assert pd.isna(affected["JY-13"])
    assert pd.isna(affected["BY-2019-1"])


def test_clusters_add_up(sample_read):
    """Members are small, adjoin no other small one, and their households make the sum."""
    households = sample_read.communities.set_index("community_id")["households"]
    areas = sample_read.communities.set_index("community_id").geometry
    assert len(sample_read.clusters)
    for row in sample_read.clusters.itertuples():
        members = row.communities.split(",")
        assert len(members) > 1
        assert (households[members] < row.threshold).all()
        assert row.households == households[members].sum()
        assert row.geometry.covers(areas[members].representative_point()).all()
        inside = sample_read.gaps[
            (sample_read.gaps["rule"] == f"{row.rule}.inside")
            & sample_read.gaps["community_id"].isin(members)
        ]
        assert row.status in set(inside["status"])
    assert sample_read.clusters["cluster_id"].is_unique


def test_an_officer_can_check_every_parcel_in_the_workbook(book, sample_read):
    land, found = read_sheet(book, "教育用地"), read_sheet(book, "用地核查")
    assert land["地块编号"].tolist() == (
        sample_read.parcels.sort_values("urgency")["parcel_id"].tolist()
    )
    assert set(land["社区"]) <= set(sample_read.communities["name"])
    assert sorted(found["说明"]) == sorted(sample_read.parcel_findings["reason"])
    gaps = found[found["结论"] == "缺口"].groupby("地块编号").size()
    assert gaps.to_dict() == {
        one: count for one, count in zip(land["地块编号"], land["缺口项数"], strict=True) if count
    }
    assert not found.loc[found["要求"].notna(), "依据"].dropna().empty
    assert read_sheet(book, "用地变化")["说明"].tolist() == (
        sample_read.parcel_changes["reason"].tolist()
    )


def test_years_and_shortages_in_the_workbook(book, sample_read):
    years = read_sheet(book, "学位逐年")
    assert len(years) == len(sample_read.school_years)
    city = sample_read.school_years.query("scope == 'city' and level == 'kindergarten'")
    rows = years[(years["范围"] == "全市") & (years["学段"] == "幼儿园")]
    assert rows["年份"].tolist() == city["year"].tolist()
    assert rows["儿童（人）"].tolist() == city["children"].round().tolist()
    primary = years[(years["范围"] == "全市") & (years["学段"] == "小学")]
    assert set(primary["学位（个）"]) == {"未知"}  # 松风小学 states none
    short = read_sheet(book, "学位缺口")
    largest = short["最多缺学位（个）"].dropna().tolist()
    assert largest == sorted(largest, reverse=True)
    assert sorted(short["说明"]) == sorted(sample_read.shortages["reason"])


def test_layers_of_schools_and_land(sample_run, sample_read):
    layers = {name for name, _ in pyogrio.list_layers(sample_run / "lifecircle.gpkg")}
    for name in (
        "schools", "parcels", "parcel_findings", "parcel_changes", "catchments", "clusters",
        "school_years", "shortages",
    ):  # fmt: skip
        assert name in layers
        info = pyogrio.read_info(sample_run / "lifecircle.gpkg", layer=name)
        assert info["features"] == len(getattr(sample_read, name))


def test_the_manifest_sums_it_up(sample_read):
    told = sample_read.manifest["schools"]
    years = sample_read.school_years[sample_read.school_years["scope"] == "city"]
    for one in told["summary"]:
        rows = years[years["level"] == one["code"]]
        short = rows["out_of_reach"] + rows["left"]
        assert one["worst_without_place"] == pytest.approx(short.max())
        assert one["worst_year"] == rows.loc[short.idxmax(), "year"]
        assert one["without_place"] <= one["worst_without_place"] + 1e-9
    assert sum(told["land"]["by_status"].values()) == told["land"]["parcels"] == 16
    assert told["absent"] == []
    assert {"facilities.kind", "parcels.opening_year"} <= {one["code"] for one in told["missing"]}
    for one in told["missing"]:
        assert one["zh"]
        assert one["en"]
        assert one["communities"] + one["findings"] > 0


def test_a_terminal_is_told_in_few_lines(sample_read):
    """A line per level, parcels by status, findings that are gaps."""
    console = Console(file=io.StringIO(), width=200)
    for drawn in draw_schools(sample_read.manifest["schools"]):
        console.print(drawn, soft_wrap=True)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 7
    assert lines[0].split()[:2] == ["学段", "level"]
    assert lines[2].split()[:2] == ["小学", "primary_school"]
    assert lines[5].startswith("教育用地 parcels: 16 (预留 reserved 10, ")
    assert "与住宅是否同步 timing 4" in lines[6]
