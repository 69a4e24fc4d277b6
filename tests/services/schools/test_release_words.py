"""What is said of parcels that might be given up."""

from services.schools.parcels.finding_words import FINDINGS
from services.schools.sentences import say_not_counted, say_release, say_release_unknown


def test_land_that_is_lost_already_is_never_called_harmless():
    text = say_not_counted("JY-06", lost=True)
    assert "不影响" not in text.zh
    assert "已经失去" in text.zh
    assert FINDINGS["serves"].zh in text.zh
    assert FINDINGS["serves"].en in text.en
    assert "不影响" not in say_not_counted("JY-06", lost=False).zh


def test_one_child_and_none():
    one = say_release("JY-02", 2027, 1.0, 1.0, 2027)
    assert one.en == (
        "Without parcel JY-02, from 2027 on: up to 1 child loses its place (2027), "
        "up to 1 child goes to a school farther off."
    )
    assert one.zh.startswith("放弃地块 JY-02，2027年起受影响：最多1名儿童失去学位（2027年）")
    none = say_release("JY-02", None, 0.0, 0.0, None)
    assert none.zh.endswith("。")
    assert none.en.endswith(".")


def test_what_is_missing_is_named():
    assert say_release_unknown("JY-09", ["parcels.opening_year"]).en == (
        "What giving up parcel JY-09 would cost cannot be told; please supply the year of opening of the "
        "parcels."
    )
