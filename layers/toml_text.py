"""Values of a `city.toml` as its author writes them, for messages."""

import json
from collections.abc import Mapping
from datetime import date, time


def write_toml(value: object) -> str:
    """Write a value the way TOML does.

    Parameters
    ----------
    value
        As read from TOML. Whole floats lose their `.0`: settings are held as floats though mostly written
        without.

    Examples
    --------
    >>> from datetime import datetime
    >>> write_toml(datetime(2024, 3, 6, 7)), write_toml(True), write_toml([15.0, "bus"])
    ('2024-03-06T07:00:00', 'true', '[15, "bus"]')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(write_toml(entry) for entry in value)}]"
    if isinstance(value, Mapping):
        entries = ", ".join(f"{key} = {write_toml(entry)}" for key, entry in value.items())
        return f"{{ {entries} }}" if entries else "{}"
    return str(value)
