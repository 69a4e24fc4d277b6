"""Which facilities are the same ones: ids and names drift, places stay."""

import pytest

from services.compare.facilities import find_facility_changes

DAYS = ("2025-03-01", "2026-03-01")
CRS = "EPSG:32648"


@pytest.fixture
def say(town):
    """What is told of two lists of facilities: code and the words after the name."""

    def find(before, after):
        editions = town, town.later()
        for edition, places in zip(editions, (before, after), strict=True):
            for code, kind, x_km, facts in places:
                edition.facility(code, kind, x_km, 0.5, **facts)
        tables = (edition.edition().facilities for edition in editions)
        changes = find_facility_changes(*tables, crs=CRS, days=DAYS)
        return [(one.why, one.code) for one in map(changes.get, range(len(changes)))]

    return find


def place(code, x_km=0.5, kind="pharmacy", **facts):
    return (code, kind, x_km, facts)


SAME = {
    "the very same": (place("P"), place("P")),
    "another name": (place("P", name="康宁药房"), place("P", name="新康宁大药房")),
    "another id": (place("n1", name="康宁药房"), place("w7", 0.52, name="康宁药房")),
    "another id, a longer name": (
        place("n1", name="实验小学", kind="primary_school"),
        place("t3", 0.52, name="宝鸡市实验小学（东校区）", kind="primary_school"),
    ),
    "another id, no name": (place("n1", name=""), place("w7", 0.52, name="")),
    "another id, named since": (place("n1", name=""), place("w7", 0.52, name="康宁药房")),
    "moved a little": (place("P", 0.5), place("P", 0.54)),
}


@pytest.mark.parametrize("case", SAME)
def test_still_the_same_one(say, case):
    before, after = SAME[case]
    assert say([before], [after]) == []


def test_rows_counted_anew(say):
    """A table without ids is numbered by its rows: one row more, and every number is another's."""
    before = [place(f"schools-{n}", n, name=f"第{n}药房") for n in (2, 3, 4)]
    after = [place("schools-2", 9, name="新药房")]
    after += [place(f"schools-{n + 1}", n, name=f"第{n}药房") for n in (2, 3, 4)]
    assert say(before, after) == [("data", "listed")]


def test_far_away_it_is_another_unless_name_and_id_agree(say):
    assert say([place("P", name="甲")], [place("P", 3.0, name="乙")]) == [
        ("data", "listed"), ("data", "unlisted"),
    ]  # fmt: skip


def test_a_place_that_moved_is_told_at_both_ends(say):
    assert say([place("P", name="甲")], [place("P", 3.0, name="甲")]) == [("data", "moved")] * 2


def test_another_kind_at_the_same_place_is_another_facility(say):
    assert say([place("P")], [place("P", kind="clinic")]) == [
        ("data", "listed"), ("data", "unlisted"),
    ]  # fmt: skip


def test_each_has_one_partner(say):
    before = [place("a", 0.50, name=""), place("b", 0.51, name="")]
    assert say(before, [place("c", 0.505, name="")]) == [("data", "unlisted")]


@pytest.mark.parametrize(
    ("column", "before", "after", "why", "code"),
    [
        ("free_places", 20.0, 0.0, "world", "attribute"),  # what is free is counted on the day
        ("capacity", 200.0, 300.0, "data", "attribute"),  # no date says that it was enlarged
        ("capacity", None, 300.0, "data", "filled_in"),
        ("inclusive", True, None, "data", "blank_now"),
        ("inclusive", False, True, "data", "attribute"),
        ("connected", False, True, "data", "attribute"),
        ("n_entrances", 1, 3, "data", "attribute"),
    ],
)
def test_a_record_that_changed(say, column, before, after, why, code):
    facts = [{} if value is None else {column: value} for value in (before, after)]
    assert say([place("P", **facts[0])], [place("P", **facts[1])]) == [(why, code)]


def test_no_facilities_at_all(say):
    assert say([], []) == []
    assert say([], [place("P", opening_year=2026.0)]) == [("world", "opened")]
