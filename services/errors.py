"""Errors of bad questions.

ServiceError
├── UnknownChoice (LookupError)         a name the run does not hold; `allowed` lists close ones
│   ├── UnknownCommunity
│   ├── UnknownDistrict
│   ├── UnknownSubdistrict
│   ├── UnknownParcel
│   ├── UnknownArea
│   ├── UnknownCollection
│   ├── UnknownItem
│   │   └── UnknownFacility
│   ├── UnknownStandard
│   │   ├── UnknownPackHere
│   │   └── UnknownCard
│   ├── UnknownRuleHere (UnknownRule)
│   └── UnknownKindHere (UnknownKind)
├── InvalidQuery (ValueError)           a value out of bounds; `parameter` and `allowed` say more
├── OutsideCity (ValueError)            no street near the point; `distance_m` says how far
├── NothingToMeasure (ValueError)       the question leaves no row to answer from
├── NoEarlierRun (LookupError)          no run was named to compare with
├── RunUnavailable (RuntimeError)       no complete run to answer from
├── TooBusy (RuntimeError)              others are before, and no place came free in time
├── CannotWrite (OSError)               results cannot be written to the place named
└── CannotListen (OSError)              the address to serve on is taken or not ours
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from layers.errors import UnknownKind, UnknownRule

_ECHO_LENGTH = 60


def echo_text(value: object) -> str:
    r"""Return a user's own words for a message: one line, at most 60 characters.

    >>> echo_text("a\nb" + "x" * 80)
    'a bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return text if len(text) <= _ECHO_LENGTH else f"{text[:_ECHO_LENGTH]}…"


class ServiceError(Exception):
    """Any error a service raises itself; its text is fit for a user."""

    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.__class__.__name__


class UnknownChoice(ServiceError, LookupError):  # noqa: N818 - named as users' messages say it
    """A name that the run does not hold.

    Parameters
    ----------
    value
        What was asked for.
    choices
        All names there are.
    """

    noun = "name"

    def __init__(self, value: object, choices: Iterable[str] = ()) -> None:
        names = sorted({str(choice) for choice in choices})
        self.allowed = tuple(_list_close(str(value), names))
        hint = f"; close or possible: {', '.join(self.allowed)}" if self.allowed else ""
        super().__init__(f"no {self.noun} {echo_text(value)!r} in this run{hint}")


class UnknownCommunity(UnknownChoice):
    """No community of that code."""

    noun = "community"


class UnknownDistrict(UnknownChoice):
    """No district of that name."""

    noun = "district"


class UnknownSubdistrict(UnknownChoice):
    """No subdistrict of that name."""

    noun = "subdistrict"


class UnknownParcel(UnknownChoice):
    """No parcel of that id."""

    noun = "parcel"


class UnknownArea(UnknownChoice):
    """No community, school, district or city of that code or name.

    Parameters
    ----------
    value
        What was asked for.
    choices
        Codes and names there are.
    noun
        What it should have been; None: any of them.
    """

    def __init__(self, value: object, choices: Iterable[str] = (), *, noun: str | None) -> None:
        self.noun = noun or "community, school, district or city"
        super().__init__(value, choices)


class UnknownStandard(UnknownChoice):
    """No rule pack, rule or card of that code."""

    noun = "rule pack, rule or card"


class UnknownPackHere(UnknownStandard):
    """No rule pack of that code."""

    noun = "rule pack"


class UnknownCard(UnknownStandard):
    """No circle, type or other card of that code."""

    noun = "card"


class UnknownCollection(UnknownChoice):
    """No collection of that name."""

    noun = "collection"


class UnknownItem(UnknownChoice):
    """No feature of that id."""

    noun = "item"


class UnknownFacility(UnknownItem):
    """No facility of that id among those of a kind.

    Parameters
    ----------
    value
        What was asked for.
    kind
        Code of the kind.
    choices
        Ids of all facilities of the kind.
    """

    def __init__(self, value: object, kind: str, choices: Iterable[str] = ()) -> None:
        super().__init__(value, choices)
        hint = f"; close or possible: {', '.join(self.allowed)}" if self.allowed else ""
        self.args = (
            f"to={echo_text(value)}: expected a facility_id of the kind {kind} in this run{hint}",
        )


class UnknownRuleHere(UnknownChoice, UnknownRule):
    """No rule of that code was judged in this run."""

    noun = "rule"


class UnknownKindHere(UnknownChoice, UnknownKind):
    """No facility kind of that code in this run."""

    noun = "facility kind"


class InvalidQuery(ServiceError, ValueError):  # noqa: N818
    """A value out of bounds.

    Parameters
    ----------
    parameter
        Name of the value, as the user wrote it.
    found
        What was given.
    expected
        What would have been right, in words.
    allowed
        The values there are, when they can be counted.
    """

    def __init__(
        self, parameter: str, found: object, expected: str, *, allowed: Sequence[str] = ()
    ) -> None:
        self.parameter = parameter
        self.allowed = tuple(allowed)
        super().__init__(f"{parameter}={echo_text(found)}: expected {expected}")


class OutsideCity(ServiceError, ValueError):  # noqa: N818
    """No walkable street near the point.

    Parameters
    ----------
    lon, lat
        The point, WGS84 degrees.
    distance_m
        To the nearest walkable street, metres.
    max_leg_m
        The farthest a point may be from its street, metres.
    """

    def __init__(self, lon: float, lat: float, distance_m: float, max_leg_m: float) -> None:
        self.distance_m = distance_m
        self.max_leg_m = max_leg_m
        super().__init__(
            f"the point {lon:.6f},{lat:.6f} is {distance_m:,.0f} m from the nearest walkable "
            f"street of this run; at most {max_leg_m:,.0f} m can be measured"
        )


class NothingToMeasure(ServiceError, ValueError):  # noqa: N818
    """The question leaves no row to answer from."""


class NoEarlierRun(ServiceError, LookupError):  # noqa: N818
    """No run was named to compare with; the message says how to."""


class RunUnavailable(ServiceError, RuntimeError):  # noqa: N818
    """There is no complete run to answer from."""


class TooBusy(ServiceError, RuntimeError):  # noqa: N818 - named as users' messages say it
    """Others are before, and no place came free in time."""


class CannotWrite(ServiceError, OSError):  # noqa: N818
    """Results cannot be written to the place named."""


class CannotListen(ServiceError, OSError):  # noqa: N818
    """The address to serve on is taken, or no address of this machine."""


def _list_close(value: str, names: Sequence[str], *, most: int = 8) -> list[str]:
    """Return the names closest to `value`, or all of them when there are few."""
    if len(names) <= most:
        return list(names)
    lowered = {name.lower(): name for name in names}
    probe = value.lower()[:200]
    close = [lowered[name] for name in get_close_matches(probe, lowered, n=most, cutoff=0.5)]
    holding = [name for key, name in lowered.items() if probe and (probe in key or key in probe)]
    return list(dict.fromkeys([*close, *holding]))[:most]
