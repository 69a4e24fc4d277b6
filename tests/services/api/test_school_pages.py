"""Pages of school places and land, served for a run that may know nothing of either."""

import json
import re

import pytest

from services.api.routes.pages import list_script_digests


def test_page_carries_levels_years_and_words(client):
    text = client.get("/schools?lang=en").text
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)[1])
    asked = client.get("/v1/schools").json()
    shared = [{name: one[name] for name in asked["levels"][0]} for one in data["levels"]]
    assert shared == asked["levels"]
    assert data["levels"][1]["class_size"] == 45
    assert data["years"] == asked["years"]
    assert data["teaches"]["nine_year_school"] == ["primary_school", "junior_school"]
    assert "<title>纸上城市 · School places and land</title>" in text
    assert client.get("/").text.count('href="/schools"') == 1


def test_page_is_in_chinese_where_it_has_not_the_language(client):
    assert '<html lang="zh-CN">' in client.get("/schools?lang=fr").text


def test_map_runs_its_own_scripts_only(client):
    answer = client.get("/maps/schools?embed=1")
    assert answer.status_code == 200
    scripts = answer.headers["content-security-policy"].split("script-src ")[1].split(";")[0]
    assert "unsafe" not in scripts
    assert all(f"'sha256-{one}'" in scripts for one in list_script_digests(answer.text))
    assert client.get("/maps/schools.html").status_code == 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_city_sheet_needs_neither_script_nor_file(client, lang):
    answer = client.get(f"/sheets/schools?lang={lang}")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sheets/parcels/none", 404),
        ("/maps/schools?lang=fr", 400),
        ("/sheets/schools?lang=fr", 400),
    ],
)
def test_bad_questions(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_columns_of_the_city_sheet_leave_room_for_names(sample_client, lang):
    text = sample_client.get(f"/sheets/schools?lang={lang}").text
    tables = re.findall(r"<colgroup>(.*?)</colgroup>", text, re.DOTALL)
    assert len(tables) >= 3
    for columns in tables:
        widths = [float(width) for width in re.findall(r"width:([\d.]+)mm", columns)]
        free = columns.count("<col") - len(widths)
        assert 190 - sum(widths) >= 14 * free
