"""What a study area consists of: its sources, settings and limits, as `layers.config` reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from layers.errors import InvalidConfig
from layers.limits import DEFAULT_LIMITS, Limits
from layers.schooling.settings import SchoolSettings
from layers.toml_text import write_toml
from layers.transit.settings import TransitSettings

DEFAULT_PACKS = ("baoji-four-types",)


@dataclass(frozen=True, slots=True)
class TableSource:
    """One table a user brings: its path, and what cannot be read from it."""

    path: Path
    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class CommunitiesSource:
    """Where communities come from: exactly one of a table, analysis cells, OSM boundaries.

    Parameters
    ----------
    path
        A table of areas, with `crs` and `encoding` as in `TableSource`.
    cells_m
        Side of square analysis cells, metres.
    osm_admin_level
        `admin_level` of the OSM boundaries to take.
    """

    path: Path | None = None
    cells_m: float | None = None
    osm_admin_level: int | None = None
    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of a run; every number carries its unit.

    Parameters
    ----------
    adult_m_s, older_m_s, child_m_s
        Walking speeds.
    max_leg_m
        A point farther than this from any kept street is unconnected.
    min_island_m
        Components with less street than this are set aside.
    limits_min
        Walks that are reported, rising.
    main_limit_min
        The one of them that decides `within_limit` and the maps.
    severed_detour
        Walk over straight line from which a near facility counts as cut off.
    cell_m
        Side of the cells residential land is cut into.
    street_step_m
        Most metres of street one demand point stands for.
    undersize_households, oversize_households
        Fewer households than the one make a community undersize, more than the other oversize.
    adjoin_m
        Communities no farther apart than this adjoin: small ones are counted together.

    Raises
    ------
    InvalidConfig
        A value that makes no sense; all of them are named.
    """

    adult_m_s: float = 1.2
    older_m_s: float = 0.8
    child_m_s: float = 1.0
    max_leg_m: float = 150.0
    min_island_m: float = 1000.0
    limits_min: tuple[float, ...] = (5.0, 10.0, 15.0)
    main_limit_min: float = 15.0
    severed_detour: float = 1.8
    cell_m: float = 50.0
    street_step_m: float = 50.0
    undersize_households: float = 1500.0
    oversize_households: float = 4000.0
    adjoin_m: float = 50.0

    def __post_init__(self) -> None:
        problems = self._list_problems()
        if problems:
            raise InvalidConfig("; ".join(problems), tuple(problems))

    def _list_problems(self) -> list[str]:
        problems = [
            f"{name} is {write_toml(getattr(self, name))}; expected a number from {low:g} to {high:g}"
            for name, (low, high) in _RANGES.items()
            if not is_number(getattr(self, name)) or not low <= getattr(self, name) <= high
        ]
        steps = self.limits_min
        if not steps or not all(is_number(step) and 0 < step <= 240 for step in steps):
            problems.append(
                f"limits_min is {write_toml(steps)}; expected rising minutes from 1 to 240, such as "
                "[5, 10, 15]"
            )
        elif any(later <= step for step, later in pairwise(steps)):
            problems.append(f"limits_min is {write_toml(steps)}; expected rising minutes")
        elif is_number(self.main_limit_min) and self.main_limit_min not in steps:
            problems.append(
                f"main_limit_min is {self.main_limit_min:g}; expected one of {write_toml(steps)}"
            )
        least, most = self.undersize_households, self.oversize_households
        if is_number(least) and is_number(most) and most <= least:
            problems.append(
                f"oversize_households is {write_toml(most)}; expected more than "
                f"undersize_households, which is {write_toml(least)}"
            )
        return problems

    def speed_m_s(self, traveller: str) -> float:
        """Return the walking speed of `adult`, `older` or `child`.

        Raises
        ------
        KeyError
            There is no such traveller.
        """
        return {"adult": self.adult_m_s, "older": self.older_m_s, "child": self.child_m_s}[
            traveller
        ]

    @property
    def longest_walk_m(self) -> float:
        """Metres the fastest traveller walks within the longest limit."""
        fastest = max(self.adult_m_s, self.older_m_s, self.child_m_s)
        return max(self.limits_min) * 60.0 * fastest


_RANGES = {
    "adult_m_s": (0.1, 5.0),
    "older_m_s": (0.1, 5.0),
    "child_m_s": (0.1, 5.0),
    "max_leg_m": (1.0, 2000.0),
    "min_island_m": (0.0, 1_000_000.0),
    "main_limit_min": (1.0, 240.0),
    "severed_detour": (1.0, 20.0),
    "cell_m": (5.0, 1000.0),
    "street_step_m": (5.0, 1000.0),
    "undersize_households": (0.0, 1_000_000.0),
    "oversize_households": (1.0, 10_000_000.0),
    "adjoin_m": (0.0, 10_000.0),
}


@dataclass(frozen=True, slots=True)
class CityConfig:
    """One study area: its name, rule packs, inputs and settings; paths are absolute.

    Parameters
    ----------
    path
        The `city.toml`, or the OSM file where there is none.
    packs
        Codes of shipped packs, or absolute paths of a user's own.
    overlays
        Files with the city's own figures in place of the packs', in the order they are applied.
    synthetic
        Whether the area is invented: every page says so.
    gtfs
        Timetables: zips, or folders of their tables.
    facilities
        Tables added to the facilities found in OSM, the most trusted first.
    transit
        How journeys by public transport are made, and when.
    children, housing, catchments, earlier_parcels
        Children by age or level, homes to come, catchments assigned to schools, and an older layer of
        reserved land.
    schools
        For which years schools are looked at.
    """

    name: str
    path: Path
    osm: Path
    communities: CommunitiesSource
    packs: tuple[str, ...] = DEFAULT_PACKS
    synthetic: bool = False
    gtfs: tuple[Path, ...] = ()
    demand: TableSource | None = None
    facilities: tuple[TableSource, ...] = ()
    parcels: TableSource | None = None
    settings: RunSettings = field(default_factory=RunSettings)
    transit: TransitSettings = field(default_factory=TransitSettings)
    limits: Limits = DEFAULT_LIMITS
    overlays: tuple[Path, ...] = ()
    children: TableSource | None = None
    housing: TableSource | None = None
    catchments: TableSource | None = None
    earlier_parcels: TableSource | None = None
    schools: SchoolSettings = field(default_factory=SchoolSettings)

    def list_inputs(self) -> list[tuple[str, Path]]:
        """Role and path of every input file; a timetable in a folder is the tables in it."""
        inputs = [("osm", self.osm)]
        inputs += [("gtfs", path) for feed in self.gtfs for path in _list_tables(feed)]
        if self.communities.path is not None:
            inputs.append(("communities", self.communities.path))
        if self.demand is not None:
            inputs.append(("demand", self.demand.path))
        inputs.extend(("facilities", source.path) for source in self.facilities)
        if self.parcels is not None:
            inputs.append(("parcels", self.parcels.path))
        inputs += [
            (role, source.path)
            for role in ("children", "housing", "catchments", "earlier_parcels")
            if (source := getattr(self, role)) is not None
        ]
        inputs.extend(("overlay", path) for path in self.overlays)
        return inputs


def _list_tables(feed: Path) -> Iterator[Path]:
    """List the tables of a timetable that lies in a folder, or the zip itself."""
    if feed.is_dir():
        yield from sorted(path for path in feed.glob("*.txt") if path.is_file())
    else:
        yield feed


def is_number(value: object) -> bool:
    """Whether a value is a number, NaN and truth values aside."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124
