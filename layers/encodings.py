"""Text files of unknown encoding, as people here save them."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_USUAL = ("utf-8", "gb18030")


def guess_text(raw: bytes) -> tuple[str, str] | None:
    """Read bytes as the encoding their mark names, else as UTF-8 or, failing that, GB 18030.

    Returns
    -------
    text, encoding
        Without a byte order mark; None where it is no text in any of them.

    Examples
    --------
    >>> guess_text("社区".encode("gbk"))
    ('社区', 'gb18030')
    >>> guess_text(bytes(3)) is None
    True
    """
    for name in [name for mark, name in _MARKS if raw.startswith(mark)] or _USUAL:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else (text, name)
    return None
