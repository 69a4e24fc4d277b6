"""Errors of bad calls to the kernels.

GeoError
├── CrsMismatch (ValueError)
├── EmptyNetwork (ValueError)
├── BadGeometry (ValueError)
├── BadTimetable (ValueError)
└── Unsolved (RuntimeError)
"""


class GeoError(Exception):
    """Any error a kernel raises itself."""


class CrsMismatch(GeoError, ValueError):  # noqa: N818 - named as planners' messages say it
    """Two inputs stand in different coordinate systems."""


class EmptyNetwork(GeoError, ValueError):  # noqa: N818
    """A network without a single walkable street."""


class BadGeometry(GeoError, ValueError):  # noqa: N818
    """A shape that cannot be measured (empty, not finite, of the wrong type)."""


class BadTimetable(GeoError, ValueError):  # noqa: N818
    """Calls no vehicle can make (times falling along a trip), or rows that do not exist."""


class Unsolved(GeoError, RuntimeError):  # noqa: N818
    """The solver of a linear program gave up."""
