"""Columns for the page: unknown stays unknown, text cannot end its element."""

import json

import numpy as np
import pandas as pd

from maps.tables import (
    code_words,
    embed_json,
    find_positions,
    index_rows,
    list_flags,
    list_numbers,
    list_words,
)


def test_unknown_numbers_and_flags_are_null() -> None:
    assert list_numbers([1.0, np.nan, np.inf, 2.26], digits=1) == [1, None, None, 2.3]
    assert list_flags(pd.Series([True, pd.NA, False], dtype="boolean")) == [True, None, False]
    assert list_words(pd.Series(["a", None, ""], dtype="str")) == ["a", "", ""]


def test_words_as_codes() -> None:
    codes, words = code_words(pd.Series(["b", "", "a", "b", None], dtype="str"))
    assert [words[code - 1] if code else "" for code in codes] == ["b", "", "a", "b", ""]
    codes, words = code_words(pd.Series(["x", "y"], dtype="str"))
    assert (codes.tolist(), words) == ([1, 2], ["x", "y"])


def test_rows_by_key_keep_the_order_of_the_table() -> None:
    frame = pd.DataFrame({"kind": ["a", "b", "a"], "mode": ["walk", "walk", "walk"]})
    rows = index_rows(frame, "kind", "mode")
    assert rows.find("a", "walk").tolist() == [0, 2]
    assert rows.find("a", "bus").tolist() == []
    assert index_rows(frame, "kind").find("b").tolist() == [1]
    assert index_rows(frame.iloc[:0], "kind").find("b").tolist() == []


def test_positions() -> None:
    keys = pd.Index(["x", "y"], dtype="str")
    assert find_positions(pd.Series(["y", "z", "x"], dtype="str"), keys).tolist() == [1, -1, 0]


def test_json_cannot_end_its_element_and_reads_back() -> None:
    evil = {"name": "</script><!--<script>&\u2028 ${alert(1)} \"'"}
    text = embed_json(evil)
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == evil
