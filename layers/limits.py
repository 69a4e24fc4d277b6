"""How much a single input may be: beyond it a file is refused, and the limit named."""

from dataclasses import dataclass, fields

from layers.errors import InvalidConfig
from layers.toml_text import write_toml


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds on one table.

    Parameters
    ----------
    max_file_mb
        Size on disk, and of a spreadsheet's contents unpacked (five times as much), in MiB.
    max_rows
        Rows of one table.
    max_shape_vertices
        Vertices of one polygon.
    max_vertices
        Vertices of all shapes of one table.
    max_listed
        Notices of one code and column that are listed one by one; the rest is counted.

    Raises
    ------
    InvalidConfig
        A limit is not a positive whole number.
    """

    max_file_mb: int = 200
    max_rows: int = 200_000
    max_shape_vertices: int = 200_000
    max_vertices: int = 5_000_000
    max_listed: int = 50

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidConfig(
                    f"limit {entry.name} is {write_toml(value)}; expected a whole number of at least 1"
                )

    @property
    def max_file_bytes(self) -> int:
        """Size on disk, bytes."""
        return self.max_file_mb * 2**20


DEFAULT_LIMITS = Limits()
