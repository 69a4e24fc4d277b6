"""Small communities counted together, as a table: members, sum, verdict, area."""

from datetime import date

import pytest
import shapely

from layers.results import CLUSTERS
from services.cluster_table import build_cluster_table
from services.gaps import find_gaps

RULE = {
    "code": "t.k",
    "test": "count_inside",
    "kind": "kindergarten",
    "counter": "所",
    "count": (1, "facilities"),
    "applies_to": {"unit": "cluster", "households": (1500, "households", "secondary")},
}


@pytest.fixture
def tabulate(paper_town, make_pack):
    """Table of the clusters of communities side by side, 1 km each; None: households unknown."""

    def build(households, *, kindergarten=4500, today=date(2025, 6, 1), **rule):
        pack = make_pack({**RULE, **rule})
        codes = [(code, count) for code, count in zip("ABCD", households, strict=False)]
        town = paper_town(
            streets=[[(-6000, 0), (6000, 0)]],
            homes=[{"at": (1000 * at + 500, 0), "community": code} for at, (code, _) in enumerate(codes)],
            facilities=[{"kind": "kindergarten", "at": (kindergarten, 0)}],
            communities=[
                {"id": code, "area": (1000 * at, -500, 1000 * (at + 1) - 40, 500),
                 **({} if count is None else {"households": count})}
                for at, (code, count) in enumerate(codes)
            ],
        )  # fmt: skip
        facts = town.build_facts(today=today)
        return town, build_cluster_table([pack], facts, find_gaps([pack], facts))

    return build


def test_two_small_ones_and_one_by_itself(tabulate):
    """600 + 900 reach the threshold and have no kindergarten; 2000 stand alone, 700 behind them too."""
    town, table = tabulate([600, 900, 2000, 700])
    assert list(table.columns) == [*CLUSTERS, "geometry"]
    (row,) = table.to_dict("records")
    assert (row["cluster_id"], row["pack"], row["rule"]) == ("A t.k", row["pack"], "t.k")
    assert (row["communities"], row["households"], row["threshold"]) == ("A,B", 1500, 1500)
    assert row["status"] == "gap"
    assert row["geometry"].equals(shapely.union_all(town.communities.geometry[:2]))
    assert row["geometry"].geom_type == "MultiPolygon"  # 40 m apart


@pytest.mark.parametrize(
    ("households", "kindergarten", "rows"),
    [
        ([600, 900], 1500, [("A,B", 1500, "met")]),
        ([600, 899], 1500, [("A,B", 1499, "not_applicable")]),  # listed all the same
        ([600, 0], 4500, [("A,B", 600, "not_applicable")]),
        ([1400], 4500, []),
        ([600, 900, None], 4500, [("A,B", 1500, "gap")]),  # C reaches it alone, or adds nothing
        ([600, 800, None], 4500, [("A,B", 1400, "unknown")]),  # C may be the rest
        ([None, None, None], 4500, []),
    ],
)
def test_sums_and_verdicts(tabulate, households, kindergarten, rows):
    _, table = tabulate(households, kindergarten=kindergarten)
    assert [
        (row["communities"], row["households"], row["status"]) for row in table.to_dict("records")
    ] == rows


def test_rules_on_single_communities_have_none(tabulate):
    _, table = tabulate([600, 900], applies_to={"households": (1500, "households", "secondary")})
    assert table.empty
    _, table = tabulate([600, 900], since=date(2026, 1, 1), today=date(2025, 6, 1))
    assert table.empty
