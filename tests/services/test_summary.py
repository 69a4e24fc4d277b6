"""The city in one figure per kind and limit, and which denominator it was taken over."""

import numpy as np
import pandas as pd
import pytest

from geo.snap import Links
from layers.kinds import read_kinds
from services.summary import NO_DEMAND, NO_FACILITY, summarize
from services.travel import Travel
from services.walks import WALK, Yardsticks

KINDS = read_kinds()
PHARMACY, CLINIC = KINDS["pharmacy"], KINDS["clinic"]
NAN = float("nan")


def links(count):
    return Links(
        "EPSG:32648",
        np.zeros(count, dtype=np.int32),
        np.zeros(count),
        np.zeros(count),
        np.zeros((count, 2)),
    )


def yardsticks(buildings=(), land=(), land_m2=()):
    """Rows of communities of the buildings and land cells, -1 outside all."""
    return Yardsticks(
        links(len(buildings)), np.array(buildings, dtype=np.int64),
        links(len(land)), np.array(land, dtype=np.int64), np.array(land_m2, dtype=float),
    )  # fmt: skip


def walk(building_m=(), land_m=()):
    """A walk at 1 m/s."""
    return Travel(
        WALK, np.zeros(0), np.array(building_m, dtype=float), np.array(land_m, dtype=float), 1.0
    )


def coverage(*rows, source="buildings"):
    """Rows of (kind, limit, unit, status, households, covered, share)."""
    names = ["kind", "limit", "limit_unit", "status", "households", "households_covered", "share"]
    return pd.DataFrame(rows, columns=names).assign(demand_source=source)


def test_households_first():
    """600 of 1000 households, over the communities that have a count: 0.6, not (1 + 0 + 1) / 3."""
    table = coverage(
        ("pharmacy", 15.0, "min", "measured", 600.0, 600.0, 1.0),
        ("pharmacy", 15.0, "min", "measured", 400.0, 0.0, 0.0),
        ("pharmacy", 15.0, "min", "measured", NAN, NAN, 1.0),
        ("pharmacy", 1000.0, "m", "measured", 600.0, 0.0, 0.0),
    )
    sticks = yardsticks(buildings=[0, 0, 1, -1])
    travels = {"pharmacy": walk(building_m=[10, 899, 901, 10])}
    found = summarize(table, sticks, travels, [PHARMACY])
    assert list(found["pharmacy"]) == ["15"]
    figures = found["pharmacy"]["15"]
    assert (figures["basis"], figures["share"]) == ("households", 0.6)
    assert (figures["households"], figures["households_covered"]) == (1000.0, 600.0)
    assert figures["communities_without_households"] == 1
    assert figures["building_share"] == pytest.approx(2 / 3)  # the fourth lies in no community
    assert figures["land_share"] is None
    assert figures["reason"] == {"zh": "", "en": ""}


@pytest.mark.parametrize(
    ("sources", "basis", "share"),
    [
        (["buildings", "buildings"], "buildings", 0.5),
        (["buildings", "streets"], "buildings", 0.5),
        (["land", "streets"], "communities", 0.3),
    ],
)
def test_without_households_the_next_best(sources, basis, share):
    """Buildings speak for the city where homes are mapped in at least half of its communities.

    Half of the two buildings reach one; the communities' shares are 0.2 and 0.4, 0.3 on average.
    """
    table = coverage(
        ("pharmacy", 15.0, "min", "measured", NAN, NAN, 0.2),
        ("pharmacy", 15.0, "min", "measured", NAN, NAN, 0.4),
        source=sources,
    )
    sticks = yardsticks([0, 1])
    travels = {"pharmacy": walk([100, 5000])}
    figures = summarize(table, sticks, travels, [PHARMACY])["pharmacy"]["15"]
    assert (figures["basis"], figures["share"]) == (basis, pytest.approx(share))
    assert figures["buildings"] == 2
    assert figures["households"] is None
    assert figures["households_covered"] is None


def test_a_few_households_do_not_speak_for_a_city():
    """One of three communities states its households: the mean of the three is given instead."""
    table = coverage(
        ("pharmacy", 15.0, "min", "measured", 100.0, 100.0, 1.0),
        ("pharmacy", 15.0, "min", "measured", NAN, NAN, 0.5),
        ("pharmacy", 15.0, "min", "measured", NAN, NAN, 0.0),
        ("pharmacy", 15.0, "min", "unknown", NAN, NAN, NAN),
        source="streets",
    )
    figures = summarize(table, yardsticks(), {"pharmacy": walk()}, [PHARMACY])
    figures = figures["pharmacy"]["15"]
    assert (figures["basis"], figures["share"]) == ("communities", 0.5)
    assert (figures["communities"], figures["communities_measured"]) == (4, 3)
    assert figures["households"] == 100.0


def test_unknown_says_why():
    """No facility in the data, or nobody to walk: no share in either case, and no zero."""
    table = coverage(
        ("pharmacy", 15.0, "min", "unknown", NAN, NAN, NAN),
        ("clinic", 15.0, "min", "unknown", 50.0, NAN, NAN),
    )
    found = summarize(table, yardsticks(), {"pharmacy": walk()}, [PHARMACY, CLINIC])
    for kind, reason in (("pharmacy", NO_DEMAND), ("clinic", NO_FACILITY)):
        figures = found[kind]["15"]
        assert (figures["status"], figures["share"], figures["basis"]) == ("unknown", None, "")
        assert figures["reason"] == reason


def test_figures_are_numbers_json_knows():
    table = coverage(("pharmacy", 5.0, "min", "measured", 0.0, 0.0, NAN))
    figures = summarize(table, yardsticks([0]), {"pharmacy": walk([NAN])}, [PHARMACY])
    assert all(
        value is None or isinstance(value, (float, int, str, dict))
        for value in figures["pharmacy"]["5"].values()
    )
    assert figures["pharmacy"]["5"]["basis"] == "buildings"  # no household at all is no basis
