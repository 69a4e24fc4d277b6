"""Errors of the layers.

LayerError
├── InvalidLayer (ValueError)       bad data: carries the notices
├── UnreadableFile (ValueError)     not the kind of file it claims to be
├── MissingColumnError (KeyError)
├── UnknownKind (KeyError)
├── UnknownRule (KeyError)
├── InvalidPack (ValueError)        a rule pack that says something impossible
├── InvalidConfig (ValueError)      a city.toml that says something impossible
├── NotARun (FileNotFoundError)     a folder that holds no complete run
└── RunLocked (RuntimeError)        another run writes into the folder
"""

from collections.abc import Sequence

from layers.notices import Notice


class LayerError(Exception):
    """Any error the layers raise themselves; its text is fit for a user."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.__class__.__name__


class InvalidLayer(LayerError, ValueError):  # noqa: N818
    """Data that cannot be measured; `notices` says why, row by row."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.notices = tuple(notices)
        errors = [notice for notice in self.notices if notice.severity == "error"]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0].line()}{more}" if errors else "the data hold errors")


class UnreadableFile(LayerError, ValueError):  # noqa: N818
    """The file is missing, cut off, or not what its name says."""


class MissingColumnError(LayerError, KeyError):
    """A table lacks a column and no alias of it was found."""


class UnknownKind(LayerError, KeyError):  # noqa: N818
    """No facility kind of that code."""


class UnknownRule(LayerError, KeyError):  # noqa: N818
    """No rule or pack of that code."""


class InvalidPack(LayerError, ValueError):  # noqa: N818
    """A rule pack with an unknown key, a missing source, a wrong unit."""


class InvalidConfig(LayerError, ValueError):  # noqa: N818
    """A city.toml with an unknown key, a missing file, a wrong value."""


class NotARun(LayerError, FileNotFoundError):  # noqa: N818
    """The folder holds no complete run."""


class RunLocked(LayerError, RuntimeError):  # noqa: N818
    """Another run is writing into the folder."""
