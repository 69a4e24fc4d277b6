"""Which routes mapped in OSM run by night only."""

from collections.abc import Mapping

from layers.transit.modes import ModeTable

_PLACES = ("from", "to", "via")


def is_night_line(
    tags: Mapping[str, str], master_tags: Mapping[str, str], table: ModeTable
) -> bool:
    """Whether a route runs by night only, by its tag `by_night`, else by what it is called.

    Parameters
    ----------
    tags, master_tags
        Of the relation, and of its route master.
    table
        Its `night_lines` are the names and numbers of such lines.

    Examples
    --------
    >>> from layers.transit.modes import read_modes
    >>> is_night_line({"name": "Bus N1: Bus de Nuit"}, {}, read_modes())
    True
    >>> is_night_line({"name": "8路（夜市 => 火车站）"}, {}, read_modes())
    False
    """
    said = tags.get("by_night") or master_tags.get("by_night", "")
    if said:
        return said == "only"
    texts = [_take_out_places(one) for one in (tags, master_tags)]
    return any(
        all(
            any(pattern.search(one.get(key, "")) for one in texts) for key, pattern in entry.items()
        )
        for entry in table.night_lines
    )


def _take_out_places(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Tags whose name no longer holds the places the route runs between."""
    name = tags.get("name", "")
    for key in _PLACES:
        for place in tags.get(key, "").split(";"):
            if len(place.strip()) > 1:
                name = name.replace(place.strip(), " ")
    return {**tags, "name": name.strip()}
