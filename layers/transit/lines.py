"""Which route relations are one line to a passenger, and which of them run opposite ways."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import commonprefix

from layers.osm_facilities import get_name
from layers.transit.members import Route, compare_directions
from layers.transit.places import Places

_DANGLING = " :：-–—（(→"
_DIRECTION = re.compile(r"\s*[:：][^:：]*(?:=>|->|→|⇒)[^:：]*$")


@dataclass(frozen=True, slots=True, eq=False)
class LineGroup:
    """Route relations of one line.

    Parameters
    ----------
    line_id
        `r12`: its route master, else the lowest of its relations.
    routes
        In the order of their ids.
    siblings
        For each, whether another of them goes the other way.
    variants
        For each, whether an earlier one goes the same way.
    """

    line_id: str
    routes: tuple[Route, ...]
    siblings: tuple[bool, ...]
    variants: tuple[bool, ...]

    @property
    def ref(self) -> str:
        """Number written on the vehicle."""
        return next((route.ref for route in self.routes if route.ref), "")

    @property
    def name(self) -> str:
        """Name of the master, else what the names of its relations begin with, else the first of them."""
        master = next((get_name(route.master_tags) for route in self.routes if route.master_id), "")
        names = [route.name for route in self.routes if route.name]
        shared = commonprefix(names).rstrip(_DANGLING)
        if not master and len(set(names)) > 1 and shared not in {"", self.ref}:
            return shared
        return master or (_DIRECTION.sub("", names[0]) if names else "")

    @property
    def operator(self) -> str:
        """Operator, else network; of the first relation that names one."""
        for key in ("operator", "network"):
            for route in self.routes:
                found = route.tags.get(key) or route.master_tags.get(key)
                if found:
                    return found
        return ""


def group_routes(routes: Sequence[Route], places: Places) -> list[LineGroup]:
    """Routes as lines: those of one route master, else of one mode, number and network.

    Where several networks use a number, relations that name none are a line each of their own; relations
    without a master join the one master of their number and network.

    Parameters
    ----------
    routes
        In the order of their ids.

    Returns
    -------
    groups
        In the order of their first relations.
    """
    labels = _label_networks(routes)
    masters: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for route, label in zip(routes, labels, strict=True):
        if route.master_id:
            masters[label].add(route.master_id)
    grouped: dict[tuple[str, ...], list[Route]] = defaultdict(list)
    for route, label in zip(routes, labels, strict=True):
        mode, ref, _ = label
        master_id = route.master_id
        if not master_id and ref and len(masters[label]) == 1:
            master_id = min(masters[label])
        if master_id:
            grouped[(mode, "", f"r{master_id}")].append(route)
        elif ref:
            grouped[label].append(route)
        else:
            grouped[(mode, "", "", route.name or f"r{route.relation_id}")].append(route)
    return [_build_group(members, places) for members in grouped.values()]


def _label_networks(routes: Sequence[Route]) -> list[tuple[str, str, str]]:
    """Mode, number and network of each route; networks learned from others of the number."""
    known: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    networks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for route in routes:
        key = (route.mode.name, route.ref)
        network, operator = route.tags.get("network", ""), route.tags.get("operator", "")
        if network:
            known[key].setdefault(operator, network)
        networks[key].add(network or operator)
    labels = []
    for route in routes:
        key = (route.mode.name, route.ref)
        operator = route.tags.get("operator", "")
        label = route.tags.get("network", "") or known[key].get(operator, operator)
        resolved = {known[key].get(name, name) for name in networks[key]} - {""}
        if not label and len(resolved) == 1:
            label = min(resolved)
        labels.append((*key, label or (f"r{route.relation_id}" if len(resolved) > 1 else "")))
    return labels


def _build_group(routes: Sequence[Route], places: Places) -> LineGroup:
    siblings = [False] * len(routes)
    variants = [False] * len(routes)
    for at, one in enumerate(routes):
        for before in range(at):
            sense = compare_directions(routes[before], one, places)
            if sense < 0:
                siblings[before] = siblings[at] = True
            elif sense > 0:
                variants[at] = True
    number = next((route.master_id for route in routes if route.master_id), routes[0].relation_id)
    return LineGroup(f"r{number}", tuple(routes), tuple(siblings), tuple(variants))
