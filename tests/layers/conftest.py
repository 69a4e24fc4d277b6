"""Small OSM files, written by the test that needs them."""

from collections.abc import Callable
from pathlib import Path

import pytest

OsmWriter = Callable[..., Path]


@pytest.fixture
def osm_file(tmp_path: Path) -> OsmWriter:
    """Write OSM XML from short descriptions.

    `nodes`: {id: (lon, lat)} or {id: (lon, lat, tags)}; `ways`: {id: ([node ids], tags)};
    `relations`: {id: ([(type, ref, role)], tags)}.
    """

    def tag_lines(tags: dict[str, str]) -> str:
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())

    def write(
        nodes: dict[int, tuple] | None = None,
        ways: dict[int, tuple] | None = None,
        relations: dict[int, tuple] | None = None,
        *,
        name: str = "town.osm",
        before: str = "",
        bounds: str = "",
        extra: str = "",
        attributes: str = 'version="1" user="Somebody" uid="7" timestamp="2024-05-06T07:08:09Z"',
    ) -> Path:
        parts = []
        for number, (lon, lat, *tags) in (nodes or {}).items():
            inside = tag_lines(tags[0]) if tags else ""
            parts.append(
                f'<node id="{number}" lon="{lon}" lat="{lat}" {attributes}>{inside}</node>'
            )
        for number, (refs, tags) in (ways or {}).items():
            inside = "".join(f'<nd ref="{ref}"/>' for ref in refs) + tag_lines(tags)
            parts.append(f'<way id="{number}" {attributes}>{inside}</way>')
        for number, (members, tags) in (relations or {}).items():
            inside = "".join(
                f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members
            )
            parts.append(
                f'<relation id="{number}" {attributes}>{inside}{tag_lines(tags)}</relation>'
            )
        body = "\n".join(parts)
        path = tmp_path / name
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<osm version="0.6" generator="test">'
            f"{bounds}\n{body}\n{extra}</osm>\n",
            encoding="utf-8",
        )
        return path

    return write
