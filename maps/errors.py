"""Errors of the maps.

MapError
├── AssetsMissing (FileNotFoundError)   the front-end files were not fetched at build time
├── UnknownLimit (ValueError)           the run was not measured for that limit or mode
├── InvalidPalette (ValueError)         colours or texts that cannot be right
└── ShiftedTiles (ValueError)           a base map in another datum than the results
"""


class MapError(Exception):
    """Any error the maps raise themselves; its text is fit for a user."""


class AssetsMissing(MapError, FileNotFoundError):  # noqa: N818
    """The front-end files were not fetched at build time."""


class UnknownLimit(MapError, ValueError):  # noqa: N818
    """The run holds no coverage for that limit and mode."""


class InvalidPalette(MapError, ValueError):  # noqa: N818
    """Colours or class breaks that cannot be right."""


class ShiftedTiles(MapError, ValueError):  # noqa: N818
    """Tiles in GCJ-02 or BD-09 would lie hundreds of metres off the results."""
