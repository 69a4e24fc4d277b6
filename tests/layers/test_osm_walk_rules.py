"""What can be walked on."""

import pytest

from layers.errors import InvalidConfig
from layers.tag_rules import read_rule_file
from layers.walk_rules import Walk, WalkRules, read_walk_rules

RULES = read_walk_rules()


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "residential"},
        {"highway": "residential", "oneway": "yes"},
        {"highway": "footway", "access": "no", "foot": "yes"},
        {"highway": "service", "access": "destination"},
        {"highway": "service", "service": "parking_aisle"},
        {"highway": "pedestrian", "area": "yes"},
        {"highway": "trunk"},
        {"highway": "trunk", "maxspeed": "60"},
        {"highway": "trunk", "maxspeed": "80", "sidewalk": "both"},
        {"highway": "trunk_link", "foot": "yes"},
        {"highway": "trunk_link", "sidewalk": "right"},
        {"highway": "residential", "sidewalk": "separate"},
        {"highway": "primary", "sidewalk": "separate", "foot": "yes"},
        {"highway": "primary", "sidewalk:left": "separate"},
        {"highway": "secondary", "sidewalk:left": "no", "sidewalk:right": "no"},
        {"highway": "steps", "conveying": "yes"},
        {"highway": "corridor", "indoor": "yes"},
        {"highway": "elevator"},
    ],
)
def test_walked_both_ways(tags: dict[str, str]) -> None:
    walk = RULES.judge_way(tags)
    assert walk is not None
    assert (walk.forward, walk.backward, walk.private) == (True, True, False)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": "motorway", "foot": "yes"},
        {"highway": "motorway_link"},
        {"highway": "construction", "construction": "residential"},
        {"highway": "proposed"},
        {"highway": "raceway"},
        {"highway": "bus_guideway"},
        {"highway": "escape"},
        {"highway": "flying_carpet"},
        {"highway": "busway"},
        {"highway": "trunk_link"},
        {"highway": "trunk", "motorroad": "yes"},
        {"highway": "trunk", "maxspeed": "80"},
        {"highway": "trunk", "bridge": "viaduct"},
        {"highway": "trunk", "sidewalk": "no"},
        {"highway": "primary", "expressway": "yes"},
        {"highway": "primary", "sidewalk": "separate"},
        {"highway": "primary", "sidewalk:both": "separate"},
        {"highway": "primary", "sidewalk:left": "separate", "sidewalk:right": "separate"},
        {"highway": "secondary", "foot": "use_sidepath"},
        {"highway": "footway", "foot": "no"},
        {"highway": "service", "access": "no"},
        {"highway": "path", "access": "military"},
        {"highway": "path", "sac_scale": "alpine_hiking"},
        {"highway": "footway", "disused": "yes"},
        {"railway": "rail"},
        {"building": "yes"},
    ],
)
def test_not_walked(tags: dict[str, str]) -> None:
    assert RULES.judge_way(tags) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "service", "access": "private"},
        {"highway": "residential", "foot": "private", "access": "yes"},
        {"highway": "service", "access": "permit"},
    ],
)
def test_residents_only(tags: dict[str, str]) -> None:
    assert RULES.judge_way(tags).private


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"highway": "footway", "oneway:foot": "yes"}, True, False),
        ({"highway": "footway", "oneway:foot": "-1"}, False, True),
        ({"highway": "path", "foot:backward": "no"}, True, False),
        ({"highway": "path", "foot:forward": "no"}, False, True),
        ({"highway": "steps", "conveying": "forward"}, True, False),
        ({"highway": "steps", "conveying": "backward"}, False, True),
        ({"highway": "steps", "conveying": "reversible"}, True, True),
        ({"highway": "steps", "conveying": "yes", "oneway": "yes"}, True, False),
    ],
)
def test_walkers_one_way(tags: dict[str, str], forward: bool, backward: bool) -> None:
    walk = RULES.judge_way(tags)
    assert (walk.forward, walk.backward) == (forward, backward)


def test_platforms_without_highway() -> None:
    assert RULES.judge_way({"public_transport": "platform"}) == Walk("platform", homes=False)
    assert RULES.judge_way({"railway": "platform", "foot": "no"}) is None


@pytest.mark.parametrize(
    ("tags", "homes"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "residential", "bridge": "no", "tunnel": "no"}, True),
        ({"highway": "service", "service": "driveway", "access": "private"}, True),
        ({"highway": "service", "tunnel": "building_passage"}, True),
        ({"highway": "residential", "bridge": "yes"}, False),
        ({"highway": "footway", "bridge": "boardwalk"}, False),
        ({"highway": "footway", "tunnel": "yes"}, False),
        ({"highway": "footway", "indoor": "yes"}, False),
        ({"highway": "trunk"}, False),
        ({"highway": "primary_link"}, False),
        ({"highway": "primary", "expressway": "yes", "sidewalk": "both"}, False),
        ({"highway": "steps"}, False),
        ({"highway": "corridor"}, False),
        ({"highway": "platform"}, False),
        ({"highway": "service", "service": "parking_aisle"}, False),
    ],
)
def test_where_homes_may_stand(tags: dict[str, str], homes: bool) -> None:
    assert RULES.judge_way(tags).homes is homes


def test_a_long_road_tunnel_depends_on_its_length() -> None:
    assert RULES.judge_way({"highway": "primary", "tunnel": "yes"}).max_length_m == 300
    assert RULES.judge_way(
        {"highway": "primary", "tunnel": "yes", "sidewalk": "both"}
    ).max_length_m == float("inf")


@pytest.mark.parametrize(
    ("tags", "passage"),
    [
        ({"barrier": "gate"}, "open"),
        ({"barrier": "bollard"}, "open"),
        ({"barrier": "gate", "locked": "yes"}, "blocked"),
        ({"barrier": "gate", "foot": "no"}, "blocked"),
        ({"barrier": "gate", "access": "no"}, "blocked"),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, "open"),
        ({"barrier": "gate", "access": "private"}, "private"),
        ({"barrier": "gate", "access": "private", "locked": "yes"}, "blocked"),
        ({"barrier": "lift_gate", "foot": "private"}, "private"),
        ({"barrier": "wall"}, "blocked"),
    ],
)
def test_barriers(tags: dict[str, str], passage: str) -> None:
    assert RULES.judge_barrier(tags) == passage


def test_entrances() -> None:
    assert RULES.judge_entrance({"entrance": "main"})
    assert not RULES.judge_entrance({"entrance": "emergency"})
    assert not RULES.judge_entrance({"entrance": "yes", "access": "private"})


def test_a_highway_listed_twice_is_refused() -> None:
    document = read_rule_file("walk_tags.yaml")
    document["ways"]["never"].append("footway")
    with pytest.raises(InvalidConfig, match="footway"):
        WalkRules(document)
