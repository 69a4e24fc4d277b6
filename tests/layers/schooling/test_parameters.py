"""Figures of schools: what ships, and what a mistake in the files is answered with."""

from dataclasses import replace
from importlib.resources import files

import pytest

from layers.errors import InvalidPack
from layers.kinds import read_kinds
from layers.schooling.land import count_classes, find_land_need
from layers.schooling.load import build_parameters, list_parts, read_parameters
from layers.schooling.model import LEVELS

FOLDER = files("layers.schooling")
PARAMETERS = FOLDER.joinpath("parameters.yaml").read_text(encoding="utf-8")
HAZARDS = FOLDER.joinpath("hazards.yaml").read_text(encoding="utf-8")


def list_values(parameters):
    for level in parameters.levels.values():
        yield from (level.class_size, level.limit)
    yield from (one.area_m2 for one in parameters.land)
    yield from parameters.min_width_m.values()
    yield from (hazard.distance_m for hazard in parameters.hazards if hazard.distance_m)


def test_ages_follow_each_other_and_levels_are_facility_kinds():
    levels = read_parameters().levels
    assert tuple(levels) == LEVELS
    assert set(levels) <= set(read_kinds())
    ages = [(one.first_age, one.first_age + one.years) for one in levels.values()]
    assert ages == [(3, 6), (6, 12), (12, 15), (15, 18)]


@pytest.mark.parametrize(
    ("level", "size", "status"),
    [
        ("kindergarten", 30, "secondary"),
        ("primary_school", 45, "primary"),
        ("junior_school", 50, "primary"),
        ("senior_school", 50, "primary"),
    ],
)
def test_class_sizes_are_those_of_the_standards(level, size, status):
    found = read_parameters().levels[level].class_size
    assert (found.value, found.source.status) == (size, status)


def test_what_nobody_saw_in_a_text_is_never_passed_off_as_better():
    parameters = read_parameters()
    guesses = [hazard.distance_m for hazard in parameters.hazards if hazard.distance_m]
    guesses += parameters.min_width_m.values()
    assert {value.source.status for value in guesses} == {"unverified"}
    assert all(value.source.note.zh and value.source.note.en for value in guesses)
    assert {one.area_m2.source.status for one in parameters.land} <= {"secondary", "unverified"}


def test_every_figure_is_above_zero_and_names_a_document():
    assert all(
        value.value > 0 and value.source.document.title.zh
        for value in list_values(read_parameters())
    )


def test_schools_of_several_levels_split_by_years():
    parameters = read_parameters()
    assert list_parts("nine_year_school", parameters) == pytest.approx(
        {"primary_school": 6 / 9, "junior_school": 3 / 9}
    )
    assert sum(list_parts("twelve_year_school", parameters).values()) == pytest.approx(1)
    assert list_parts("primary_school", parameters) == {"primary_school": 1.0}
    assert list_parts("school", parameters) == {}


@pytest.mark.parametrize(
    ("level", "classes", "area_m2", "status"),
    [
        ("kindergarten", 1, 2700, "secondary"),  # nothing smaller is listed
        ("kindergarten", 6, 2700, "secondary"),
        ("kindergarten", 7, 4000, "secondary"),  # the next size up holds them
        ("kindergarten", 12, 5400, "secondary"),
        ("kindergarten", 15, 6750, "derived"),  # beyond the sizes: 5400 / 12 * 15
        ("primary_school", 24, 24 * 45 * 17.5, "secondary"),  # 18,900
        ("junior_school", 18, 18 * 50 * 20.5, "secondary"),  # 18,450
        ("senior_school", 30, 30 * 50 * 27, "secondary"),  # 40,500
        # of 27 classes 18 primary, 9 junior: 18*45*17.5 + 9*50*20.5
        ("nine_year_school", 27, 14_175 + 9225, "derived"),
        # of 36 classes 18, 9 and 9: the same and 9*50*27
        ("twelve_year_school", 36, 14_175 + 9225 + 12_150, "derived"),
        ("secondary_school", 24, 12 * 50 * 20.5 + 12 * 50 * 27, "derived"),
    ],
)
def test_land_by_hand(level, classes, area_m2, status):
    need = find_land_need(level, classes, read_parameters())
    assert need.area_m2 == pytest.approx(area_m2)
    assert (need.source.status, need.value.unit) == (status, "m2")


def test_more_classes_never_take_less_land():
    for level in (*LEVELS, "nine_year_school"):
        areas = [find_land_need(level, n, read_parameters()).area_m2 for n in range(1, 40)]
        assert areas == sorted(areas)


def test_what_is_worked_out_says_how_and_from_what():
    parameters = read_parameters()
    beyond = find_land_need("kindergarten", 15, parameters).source
    listed = find_land_need("kindergarten", 12, parameters).source
    assert beyond.document == listed.document
    assert "12" in beyond.note.zh
    assert "12" in beyond.note.en
    split = find_land_need("nine_year_school", 27, parameters).source
    assert split.document == find_land_need("primary_school", 9, parameters).source.document
    assert split.note.zh == parameters.combined["nine_year_school"]["primary_school"].source.note.zh


@pytest.mark.parametrize(
    ("level", "places", "classes"),
    [("primary_school", 1, 1), ("primary_school", 45, 1), ("primary_school", 46, 2)],
)
def test_classes_are_whole(level, places, classes):
    assert count_classes(level, places, read_parameters()) == classes


def test_a_level_without_any_figure_stays_unknown():
    bare = replace(read_parameters(), land=())
    assert find_land_need("primary_school", 12, bare) is None
    assert find_land_need("nine_year_school", 12, bare) is None


@pytest.mark.parametrize(("level", "classes"), [("school", 12), ("", 12), ("kindergarten", 0)])
def test_land_of_who_knows_what_is_unknown(level, classes):
    assert find_land_need(level, classes, read_parameters()) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  kindergarten:\n    title", "  nursery:\n    title", "unknown key 'nursery'"),
        ("    first_age: 3", "    first_age: 3.5", "whole number of years"),
        ("status: secondary", "status: certain", "must be one of"),
        (
            "      value: 30\n      unit: places",
            "      value: 30\n      unit: m",
            "unit of class_size",
        ),
        ("      value: 30\n      unit: places", "      value: 0\n      unit: places", "is 0"),
        ("junior_school: 3}", "college: 3}", "unknown level 'college'"),
        ("    classes: 9", "    classes: 6", "stands twice"),
        ("  covered_share: {value: 0.02", "  covered_share: {value: 2", "lies between 0 and 1"),
        ("layout_plan:", "layout_plans:", "unknown key 'layout_plans'"),
    ],
)
def test_mistakes_carry_file_and_line(old, new, said):
    assert old in PARAMETERS
    with pytest.raises(InvalidPack, match=r"^parameters\.yaml:\d+: ") as problem:
        build_parameters(PARAMETERS.replace(old, new, 1), HAZARDS)
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code: railway", "code: pipeline", "stands twice"),
        ("geometry: line", "geometry: area", "must be one of"),
        ("railway: [rail, narrow_gauge]", "railway: {like: rail}", "known are"),
        ("      - amenity: fuel", "      - amenity: {absent: true}", "one tag with a value"),
        ("    distance_m:\n      value: 300", "    distance_m:\n      value: -1", "above 0"),
    ],
)
def test_mistakes_of_hazards_carry_file_and_line(old, new, said):
    assert old in HAZARDS
    with pytest.raises(InvalidPack, match=r"^hazards\.yaml:\d+: ") as problem:
        build_parameters(PARAMETERS, HAZARDS.replace(old, new, 1))
    assert said in str(problem.value)


def test_a_file_of_ones_own_is_read_in_place(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(PARAMETERS.replace("value: 45", "value: 40"), encoding="utf-8")
    assert read_parameters(own).levels["primary_school"].class_size.value == 40
    with pytest.raises(InvalidPack, match="no such file"):
        read_parameters(tmp_path / "none.yaml")
