"""OSM XML from what was drawn: shared nodes, ids in order, no user names, no clock.

Places on the centimetre grid that are equal are one node, so streets, gates and walls join up.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from layers.demo.shapes import XY, rounded

_FIRST_NODE, _FIRST_WAY, _FIRST_RELATION = 90_000_001, 80_000_001, 70_000_001
_STAMP = "2025-01-01T00:00:00Z"
NOTE = (
    "样例市（合成数据）: synthetic sample data of LifeCircle; no place, name or number here is real"
)


class Frame:
    """The sample's flat metres as degrees (WGS84), by the ellipsoid's radii at its middle."""

    def __init__(self, lon: float, lat: float, middle_lat: float) -> None:
        phi = math.radians(middle_lat)
        a, e2 = 6_378_137.0, 6.694379990141e-3
        w = math.sqrt(1 - e2 * math.sin(phi) ** 2)
        self._lon, self._lat = lon, lat
        self._lon_m = math.radians(1) * a * math.cos(phi) / w
        self._lat_m = math.radians(1) * a * (1 - e2) / w**3

    def lonlat(self, place: XY) -> tuple[float, float]:
        """Return longitude and latitude in degrees, seven decimals."""
        return (
            round(self._lon + place[0] / self._lon_m, 7),
            round(self._lat + place[1] / self._lat_m, 7),
        )


class OsmDraft:
    """Nodes, ways and relations gathered for one OSM file."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._nodes: dict[XY, int] = {}
        self._node_tags: dict[int, dict[str, str]] = {}
        self._ways: list[tuple[list[int], dict[str, str]]] = []
        self._relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []
        self._removed: set[int] = set()

    def node(self, place: XY, tags: dict[str, str] | None = None) -> int:
        """Return the node at a place, making it when there is none, and add tags to it."""
        key = rounded(*place)
        node_id = self._nodes.setdefault(key, _FIRST_NODE + len(self._nodes))
        if tags:
            self._node_tags.setdefault(node_id, {}).update(tags)
        return node_id

    def free_node(self, place: XY, tags: dict[str, str]) -> int:
        """Add a node of its own near a place: moved by centimetres until it is nobody else's."""
        key = rounded(*place)
        while key in self._nodes:
            key = rounded(key[0] + 0.05, key[1])
        return self.node(key, tags)

    def remove(self, node_id: int) -> None:
        """Leave a node out of the file; no other id changes for it."""
        self._removed.add(node_id)

    def way(self, line: Sequence[XY], tags: dict[str, str]) -> int:
        """Add a way and return its id; equal neighbours are one node."""
        refs = [self.node(place) for place in line]
        kept = [ref for index, ref in enumerate(refs) if index == 0 or ref != refs[index - 1]]
        self._ways.append((kept, tags))
        return _FIRST_WAY + len(self._ways) - 1

    def relation(self, members: Iterable[tuple[str, int, str]], tags: dict[str, str]) -> int:
        """Add a relation of (type, id, role) members and return its id."""
        self._relations.append((list(members), tags))
        return _FIRST_RELATION + len(self._relations) - 1

    def write(self, path: Path) -> None:
        """Write the file; the same draft gives the same bytes."""
        places = [self._frame.lonlat(place) for place in self._nodes]
        west, east = min(lon for lon, _ in places), max(lon for lon, _ in places)
        south, north = min(lat for _, lat in places), max(lat for _, lat in places)
        meta = f'version="1" timestamp="{_STAMP}"'
        out = [
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            f'<osm version="0.6" generator={quoteattr(NOTE)}>\n',
            f"<!-- {NOTE} -->\n",
            _bounds(west, south, east, north),
        ]
        for (lon, lat), node_id in zip(places, self._nodes.values(), strict=True):
            if node_id in self._removed:
                continue
            tags = self._node_tags.get(node_id)
            stamp = meta if tags else 'version="1"'
            head = f'<node id="{node_id}" {stamp} lat="{lat:.7f}" lon="{lon:.7f}"'
            out.append(f"{head}>\n{_tags(tags)}</node>\n" if tags else f"{head}/>\n")
        for number, (refs, tags) in enumerate(self._ways):
            out.append(f'<way id="{_FIRST_WAY + number}" {meta}>\n')
            out.extend(f'<nd ref="{ref}"/>\n' for ref in refs)
            out.append(f"{_tags(tags)}</way>\n")
        for number, (members, tags) in enumerate(self._relations):
            out.append(f'<relation id="{_FIRST_RELATION + number}" {meta}>\n')
            out.extend(
                f'<member type="{kind}" ref="{ref}" role="{role}"/>\n'
                for kind, ref, role in members
            )
            out.append(f"{_tags(tags)}</relation>\n")
        out.append("</osm>\n")
        path.write_bytes("".join(out).encode("utf-8"))


def _bounds(west: float, south: float, east: float, north: float) -> str:
    low, high = (
        f'minlat="{south:.7f}" minlon="{west:.7f}"',
        f'maxlat="{north:.7f}" maxlon="{east:.7f}"',
    )
    return f"<bounds {low} {high}/>\n"


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(tags[key])}/>\n" for key in sorted(tags))
