"""What an object of an OSM file is wanted for: to walk on, as a facility, as a home, as a barrier."""

from collections import Counter
from dataclasses import dataclass, field

from layers.kinds import Kinds
from layers.osm_scan import Entity
from layers.tag_rules import RuleIndex
from layers.walk_rules import Walk, WalkRules

AREA_CLASSES = frozenset(
    {"home_building", "plain_building", "residential_land", "community_boundary", "green", "water"}
)
_AREA_RELATIONS = frozenset({"multipolygon", "boundary"})
_TRANSIT_RELATIONS = {
    "route": frozenset({"transit_route"}),
    "route_master": frozenset({"transit_master"}),
    "public_transport": frozenset({"transit_area"}),
}
# Nodes are never homes, land, water: looking at every tree would cost more than all the rest.
_NODE_KEYS = frozenset({"barrier", "entrance", "highway", "public_transport", "railway", "amenity"})


@dataclass(frozen=True, slots=True)
class Use:
    """What a scanned object is wanted for."""

    walk: Walk | None
    kinds: tuple[str, ...]
    classes: frozenset[str]


@dataclass(slots=True)
class Sorter:
    """Decides, object by object, what is wanted; remembers highway values nobody told it about."""

    kinds: Kinds
    walk_rules: WalkRules
    features: RuleIndex[str]
    unknown_highways: Counter[str] = field(default_factory=Counter)

    def __call__(self, entity: Entity, tags: dict[str, str]) -> Use | None:
        """Return what an object is wanted for, None when for nothing."""
        if entity == "n":
            return self._node(tags)
        if entity == "r":
            return self._relation(tags)
        walk = self.walk_rules.judge_way(tags)
        if walk is None and "highway" in tags:
            value = tags["highway"]
            if not self.walk_rules.is_known_highway(value):
                self.unknown_highways[value] += 1
        kinds = self.kinds.match(tags)
        classes = self.features.find(tags)
        if walk is None and not kinds and not classes:
            return None
        return Use(walk, kinds, classes)

    def _node(self, tags: dict[str, str]) -> Use | None:
        kinds = self.kinds.match(tags)
        stop = self.features.find(tags) & {"transit_stop"}
        if kinds or stop or "entrance" in tags or "barrier" in tags:
            return Use(None, kinds, stop)
        return None

    def _relation(self, tags: dict[str, str]) -> Use | None:
        kind = tags.get("type", "")
        if kind in _TRANSIT_RELATIONS:
            classes = self.features.find(tags) & _TRANSIT_RELATIONS[kind]
            return Use(None, (), classes) if classes else None
        if kind not in _AREA_RELATIONS:
            return None
        walk = None
        if tags.get("highway") in self.walk_rules.area_highways:
            walk = self.walk_rules.judge_way(tags)
        kinds = self.kinds.match(tags)
        classes = self.features.find(tags) & AREA_CLASSES
        return Use(walk, kinds, classes) if walk or kinds or classes else None

    @property
    def node_keys(self) -> frozenset[str]:
        """Tag keys one of which every wanted node carries."""
        return self.kinds.tag_keys | _NODE_KEYS

    @property
    def way_keys(self) -> frozenset[str]:
        """Tag keys one of which every wanted way and relation carries."""
        return self.kinds.tag_keys | self.features.keys | {"highway", "type"}
