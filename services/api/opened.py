"""A run opened for answering: look-ups built once per run, most of them on first use."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from layers.standards.model import Text
from layers.store import Run
from maps.pages import Backdrop, build_backdrop
from services.api.community_facts import (
    index_communities,
    index_demand,
    index_nearest,
    name_facilities,
)
from services.api.examples import HomeIndex
from services.api.features import FeatureTable, build_feature_tables
from services.api.jsonable import list_rows, plain_value
from services.api.limits import Limit, get_limit, sort_limits
from services.api.parcels import ParcelDesk
from services.api.schools import SchoolDesk
from services.api.scores import Scores
from services.api.standards import Standards, count_verdicts
from services.errors import (
    InvalidQuery,
    NothingToMeasure,
    UnknownCollection,
    UnknownCommunity,
    UnknownDistrict,
    UnknownKindHere,
    UnknownSubdistrict,
)
from services.once import OnceCache
from services.places import PlaceFinder
from services.ride_places import RideFinder
from services.rides import WALK_TRANSIT
from services.walks import WALK

Row = dict[str, Any]
DEFAULT_MODE, RIDE_MODE = WALK, WALK_TRANSIT
_NO_TIMETABLE = {
    "zh": "本次计算没有公共交通时刻表",
    "en": "this run was made without a timetable of public transport",
}


class OpenRun:
    """One run with its look-ups.

    Parameters
    ----------
    run
        Tables and network as read from the folder.
    fingerprint
        Digest of the run's manifest.
    maps_cached
        Map pages kept ready.

    Raises
    ------
    KeyError
        The manifest lacks a part every run has.
    """

    def __init__(self, run: Run, fingerprint: str, *, maps_cached: int = 32) -> None:
        self.run = run
        self.fingerprint = fingerprint
        self.manifest: Row = plain_value(run.manifest)
        self.kinds: dict[str, Row] = {kind["code"]: kind for kind in self.manifest["kinds"]}
        self.maps = OnceCache(maps_cached)
        self._coverage = OnceCache(len(self.kinds) + 1)
        self._places = OnceCache(2)
        self.schools = SchoolDesk(run, lambda: self.communities)
        self.parcels = ParcelDesk(run, lambda: self.communities, self.schools)

    @property
    def name(self) -> str:
        """The city's name."""
        return str(self.manifest.get("name", ""))

    @property
    def synthetic(self) -> bool:
        """Whether the city is invented."""
        return bool(self.manifest.get("synthetic", False))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = (float(value) for value in self.manifest["bounds"])
        return west, south, east, north

    @cached_property
    def city(self) -> Row:
        """The city's facts: what the page's frame shows before any kind is chosen."""
        known = self.run.communities["households"].dropna()
        severities = self.run.notices["severity"]
        counts = self.run.notices["count"].groupby(severities, sort=True).sum()
        return {
            "name": self.name,
            "synthetic": self.synthetic,
            "created": self.manifest.get("created"),
            "bounds": list(self.bounds),
            "communities": len(self.run.communities),
            "communities_source": ",".join(sorted(self.run.communities["source"].unique())),
            "households": round(float(known.sum()), 6) if len(known) else None,
            "communities_without_households": len(self.run.communities) - len(known),
            "districts": list(self.districts),
            "subdistricts": list(self.subdistricts),
            "sizes": {
                "undersize": self.manifest.get("settings", {}).get("undersize_households"),
                "oversize": self.manifest.get("settings", {}).get("oversize_households"),
            },
            "modes": list(self.modes),
            "transit": self.transit,
            "limits": [{"limit": limit.value, "limit_unit": limit.unit} for limit in self.limits],
            "main_limit": {"limit": self.main_limit.value, "limit_unit": self.main_limit.unit},
            "packs": [
                {key: pack.get(key) for key in ("code", "title_zh", "title_en")}
                for pack in self.manifest.get("packs", [])
            ],
            "notices": {str(severity): int(count) for severity, count in counts.items()},
            "attribution": self.manifest.get("attribution", []),
            "assumptions": self.manifest.get("assumptions", []),
        }

    @cached_property
    def backdrop(self) -> Backdrop:
        """What all map pages of the run share, encoded once."""
        return build_backdrop(self.run)

    @cached_property
    def communities(self) -> dict[str, Row]:
        """Facts of each community by its code, with a point inside and its bounds."""
        return index_communities(self.run.communities)

    @cached_property
    def districts(self) -> tuple[str, ...]:
        """Names of the districts, in the order of the communities."""
        names = (row["district"] for row in self.communities.values())
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def subdistricts(self) -> tuple[str, ...]:
        """Names of the subdistricts, in the order of the communities."""
        names = (row["subdistrict"] for row in self.communities.values())
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def modes(self) -> tuple[str, ...]:
        """Modes that were measured, walking first."""
        found = self.manifest.get("modes") or self.run.coverage["mode"].unique().tolist()
        return tuple(str(mode) for mode in found) or (DEFAULT_MODE,)

    @cached_property
    def transit(self) -> Row:
        """What the run says of its timetable: `status`, and the `reason` where there is none."""
        empty = {"status": "unknown", "reason": _NO_TIMETABLE}
        return {**empty, **self.manifest.get("transit", {})}

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """Limits every kind was measured at, in minutes, short ones first."""
        minutes = {float(value) for value in self.manifest["limits_min"]}
        return tuple(Limit(value, "min") for value in sorted(minutes | {self.main_limit.value}))

    @cached_property
    def main_limit(self) -> Limit:
        """The limit the maps and the summary open with."""
        longest = max(self.manifest["limits_min"])
        chosen = self.manifest.get("settings", {}).get("main_limit_min", longest)
        return Limit(float(chosen), "min")

    def list_limits(self, kind: str, mode: str) -> tuple[Limit, ...]:
        """Limits a kind was measured at, minutes first; some kinds have more, from their rules."""
        rows = (row for row in self.list_coverage(kind) if row["mode"] == mode)
        return sort_limits((row["limit"], row["limit_unit"]) for row in rows)

    @cached_property
    def standards(self) -> Standards:
        """Packs with their rules and cards, and the verdicts on them."""
        return Standards(self.manifest.get("packs", []), count_verdicts(self.run))

    @cached_property
    def scores(self) -> Scores:
        """Scorecards, roll-ups and targets."""
        return Scores(self.run, self.communities, self.standards, self.name_facility)

    @cached_property
    def notices(self) -> list[Row]:
        """Rows of the notice table."""
        return list_rows(self.run.notices)

    @cached_property
    def nearest_of_community(self) -> dict[str, dict[tuple[str, str], Row]]:
        """Per community, then kind and mode: the quickest of its homes' ways, and where it ends."""
        return index_nearest(self.run.access, self.facility_names)

    @cached_property
    def facility_names(self) -> dict[tuple[str, str], str]:
        """Names by facility and kind, and by facility alone under the kind `""`."""
        return name_facilities(self.run.facilities)

    def name_facility(self, facility_id: str, kind: str = "") -> str:
        """Name of a facility; "" where it has none."""
        names = self.facility_names
        return names.get((facility_id, kind)) or names.get((facility_id, ""), "")

    def name_kind(self, code: str) -> Text:
        """Name of a facility kind in both languages; its code where the run has no such kind."""
        kind = self.kinds.get(code, {})
        return Text(str(kind.get("name_zh", code)), str(kind.get("name_en", code)))

    @cached_property
    def homes(self) -> HomeIndex:
        """Journeys of the homes, community by community."""
        return HomeIndex(self.run)

    @cached_property
    def demand_of_community(self) -> dict[str, list[Row]]:
        """Per community: how its homes were found, with how many points and households."""
        return index_demand(self.run.demand)

    @cached_property
    def collections(self) -> dict[str, FeatureTable]:
        """Tables offered as features, by name."""
        return build_feature_tables(self.run)

    @property
    def places(self) -> PlaceFinder:
        """What answers questions about one point."""
        finder: PlaceFinder = self._places.get("places", lambda: PlaceFinder(self.run))
        return finder

    @property
    def rides(self) -> RideFinder:
        """What answers questions about one point with the timetable.

        Raises
        ------
        NothingToMeasure
            The run has no timetable; the message says why.
        """
        transit = self.run.transit
        if transit is None:
            raise NothingToMeasure(
                f"this run holds no journeys by public transport: {self.transit['reason']['en']}"
            )
        finder: RideFinder = self._places.get(
            "rides", lambda: RideFinder(self.run, transit, self.places)
        )
        return finder

    def warm(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Build what takes longest: cards, maps, questions about a point and about school land.

        Parameters
        ----------
        stopped
            Whether to leave off.
        """
        for step in (self._warm_cards, self._warm_ways, partial(self.schools.warm, stopped)):
            if not stopped():
                step()

    def _warm_cards(self) -> None:
        _ = self.backdrop, self.nearest_of_community, self.standards
        self.homes.find_example("", "", RIDE_MODE)

    def _warm_ways(self) -> None:
        self.places.warm()
        if self.run.transit is not None:
            self.rides.warm()

    def list_coverage(self, kind: str) -> list[Row]:
        """Rows of the coverage table of one kind, every mode and limit."""

        def build() -> list[Row]:
            frame = self.run.coverage
            return list_rows(frame[frame["kind"] == kind])

        rows: list[Row] = self._coverage.get(kind, build)
        return rows

    def get_community(self, community_id: str) -> Row:
        """Facts of one community; raises `UnknownCommunity`."""
        if community_id not in self.communities:
            raise UnknownCommunity(community_id, self.communities)
        return self.communities[community_id]

    def get_kind(self, code: str) -> Row:
        """Facts of one facility kind, by code or Chinese or English name.

        Raises
        ------
        UnknownKindHere
            The run holds no such kind.
        """
        if code in self.kinds:
            return self.kinds[code]
        wanted = code.strip().casefold()
        for kind in self.kinds.values():
            names = (kind["code"], kind.get("name_zh", ""), kind.get("name_en", ""))
            if wanted and wanted in {str(name).casefold() for name in names}:
                return kind
        raise UnknownKindHere(code, self.kinds)

    def get_speed(self, kind: Row) -> tuple[str, float]:
        """Who walks to a kind of facility, and how fast, metres per second."""
        traveller = str(kind.get("traveller", "adult"))
        return traveller, float(kind.get("speed_m_s") or self.places.speeds_m_s[traveller])

    def get_district(self, name: str) -> str:
        """Return the name of a district; raises `UnknownDistrict`."""
        if name not in self.districts:
            raise UnknownDistrict(name, self.districts)
        return name

    def get_subdistrict(self, name: str) -> str:
        """Return the name of a subdistrict; raises `UnknownSubdistrict`."""
        if name not in self.subdistricts:
            raise UnknownSubdistrict(name, self.subdistricts)
        return name

    def get_mode(self, mode: str) -> str:
        """Return a measured mode; raises `InvalidQuery`."""
        if mode not in self.modes:
            why = f"; no journeys: {self.transit['reason']['en']}" if mode == RIDE_MODE else ""
            raise InvalidQuery(
                "mode", mode, f"one of {', '.join(self.modes)} (what was measured){why}",
                allowed=self.modes,
            )  # fmt: skip
        return mode

    def get_limit(
        self, text: str | None, kind: str | None = None, mode: str = DEFAULT_MODE
    ) -> Limit:
        """Return a limit that was measured, the main one if None is asked for.

        Parameters
        ----------
        text
            Minutes (`15`) or metres (`500m`).
        kind
            Kind it must have been measured for; None takes those every kind has.
        mode
            Mode it must have been measured for.

        Raises
        ------
        InvalidQuery
            It was not measured.
        """
        if text is None:
            return self.main_limit
        return get_limit(text, self.limits if kind is None else self.list_limits(kind, mode))

    def get_collection(self, name: str) -> FeatureTable:
        """Return one table of features; raises `UnknownCollection`."""
        if name not in self.collections:
            raise UnknownCollection(name, self.collections)
        return self.collections[name]

    def contains(self, community_id: str, district: str | None) -> bool:
        """Whether the community lies in the district; None stands for the whole city."""
        row = self.communities.get(community_id)
        return district is None or (row is not None and row["district"] == district)
