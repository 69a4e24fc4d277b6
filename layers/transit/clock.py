"""Clock times of a service day as people write them; hours may pass 24."""


def write_clock(time_s: int) -> str:
    """Seconds after midnight as `HH:MM`, with `:SS` where there are any.

    >>> write_clock(27_000), write_clock(27_015), write_clock(90_600)
    ('07:30', '07:30:15', '25:10')
    """
    text = write_seconds(time_s)
    return text.removesuffix(":00")


def write_seconds(time_s: int) -> str:
    """Seconds after midnight as `HH:MM:SS`.

    >>> write_seconds(27_015), write_seconds(90_600)
    ('07:30:15', '25:10:00')
    """
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
