"""Pages of a run: modes of travel, what pages are called and say differently by mode."""

from types import MappingProxyType

from layers.store import Run
from maps.text import read_text

WALK, RIDE = "walk", "walk_transit"
SCHOOLS_PAGE = "schools.html"


def list_modes(run: Run) -> tuple[str, ...]:
    """Modes of the run, walking first; the other one needs a timetable."""
    return (WALK,) if run.transit is None else (WALK, RIDE)


def has_schools(run: Run) -> bool:
    """Whether the run holds anything the map of schools is about."""
    return bool(len(run.schools) or len(run.school_years) or len(run.parcels))


def name_page(kind: str, mode: str) -> str:
    """File of the map of a kind and mode.

    >>> name_page("clinic", "walk"), name_page("clinic", "walk_transit")
    ('clinic.html', 'clinic.walk_transit.html')
    """
    return f"{kind}.html" if mode == WALK else f"{kind}.{mode}.html"


def get_words(key: str, mode: str = WALK) -> MappingProxyType[str, str]:
    """Both languages of a text: the mode's own wording where it has one.

    Raises
    ------
    KeyError
        There is no such text.
    """
    text = read_text()
    return text.get(f"{key}.{mode}") or text[key]
