"""Parts of kinds, and land of mapped areas, in the real cities: counted in their files by hand and by name."""

import json

import numpy as np
import pytest
from pyproj import Geod

from layers.kinds import read_kinds

pytestmark = pytest.mark.real

PARTS = ("health_centre", "health_station", "special_school", "service_centre", "tailor")


def counts(measured):
    found = measured.city.facilities["kind"].value_counts()
    return {kind: int(found.get(kind, 0)) for kind in PARTS}


def names(measured, kind):
    facilities = measured.city.facilities
    return set(facilities.loc[facilities["kind"] == kind, "name"])


def test_las_palmas(las_palmas):
    """13 Centros de Salud, 3 Consultorios Locales; clinics are many more."""
    assert counts(las_palmas) == {
        "health_centre": 13,
        "health_station": 3,
        "special_school": 1,
        "service_centre": 2,
        "tailor": 10,
    }
    assert all("Centro de Salud" in name for name in names(las_palmas, "health_centre"))
    assert all("Consultorio Local" in name for name in names(las_palmas, "health_station"))
    assert names(las_palmas, "special_school") == {"Colegio de Educación Especial Siete Palmas"}
    assert len(names(las_palmas, "clinic")) > 20


@pytest.mark.parametrize("city", ["hsinchu", "beijing"])
def test_cities_that_map_none(city, request):
    """A ward's office (龍山里辦公室) is no service centre; no health centre is mapped."""
    measured = request.getfixturevalue(city)
    assert set(counts(measured).values()) == {0}
    if city == "hsinchu":
        assert names(measured, "government") == {"龍山里辦公室"}


@pytest.mark.parametrize("city", ["las_palmas", "hsinchu", "beijing"])
def test_a_part_never_stands_without_its_whole(city, request):
    facilities = request.getfixturevalue(city).city.facilities
    kinds_of = facilities.groupby("facility_id")["kind"].agg(set)
    within = {kind.code: kind.within for kind in read_kinds().values() if kind.within}
    for kinds in kinds_of:
        assert all(within[kind] in kinds for kind in kinds & within.keys())


@pytest.mark.parametrize("city", ["las_palmas", "beijing"])
def test_land_of_areas_is_their_geodesic_area(city, request):
    city = request.getfixturevalue(city).city
    tags = city.extract.facilities.set_index(["facility_id", "kind"])["tags"]
    geod, measured = Geod(ellps="WGS84"), 0
    for row in city.facilities.itertuples():
        built = "building" in json.loads(tags[row.facility_id, row.kind])
        if row.geometry.geom_type == "Point" or built:
            assert np.isnan(row.land_area_m2)
            continue
        area_m2 = abs(geod.geometry_area_perimeter(row.geometry)[0])
        assert row.land_area_m2 == pytest.approx(area_m2, rel=1e-3)
        measured += 1
    assert measured > 50
