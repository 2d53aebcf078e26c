"""``zhizhi evaluate faces`` on drawn faces: who is found again, and what is refused in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from zhizhi.config import face_evaluating
from zhizhi.config.cli import main
from zhizhi.config.evaluating import FileUnusable
from zhizhi.config.face_degrading import DEGRADED
from zhizhi.config.face_evaluating import faces_evaluated
from zhizhi.sources.vision import packaged
from zhizhi.sources.vision.packaged import VisionMissing
from zhizhi.sources.vision.tests.drawing import drawn, pixels

ENROLLED, STRANGERS = range(14), range(20, 30)


def folder(home: Path, name: str, pictures: dict[str, Image.Image]) -> Path:
    made = home / name
    made.mkdir()
    for stem, picture in pictures.items():
        picture.save(made / f"{stem}.png")
    return made


@pytest.fixture(scope="module")
def albums(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("albums")
    mated = {f"P{n}": drawn(n).rotate(4, fillcolor=(90, 110, 130)) for n in ENROLLED if n < 6}
    mated["P6"] = Image.new("RGB", (300, 300), (128, 128, 128))  # shows nobody
    return [
        folder(home, "gallery", {f"P{n}": drawn(n) for n in ENROLLED}),
        folder(home, "mated", mated),
        folder(home, "nonmated", {f"S{n}": drawn(n) for n in STRANGERS}),
    ]


@pytest.fixture(scope="module")
def report(albums: list[Path]) -> dict[str, Any]:
    gallery, mated, nonmated = albums
    return faces_evaluated(gallery, mated, nonmated, ["small", "masked"])


def test_everybody_with_a_face_is_enrolled_and_found_again(report: dict[str, Any]) -> None:
    assert report["gallery"] == {"files": 14, "unusable": []}
    assert report["nonmated"] == {"files": 10, "unusable": []}
    for told in report["scores"].values():
        assert told["rank1"]["value"] == pytest.approx(6 / 7, abs=1e-4)


def test_a_picture_without_a_face_counts_as_missed_not_as_nobody(report: dict[str, Any]) -> None:
    assert report["mated"] == {"files": 7, "unusable": ["P6"]}
    for told in report["scores"].values():
        assert all(at["fnir"]["value"] >= 1 / 7 - 1e-4 for at in told["at_fpir"].values())


def test_thresholds_fall_with_the_false_hits_that_are_allowed(report: dict[str, Any]) -> None:
    for told in report["scores"].values():
        at = told["at_fpir"]
        assert list(at) == ["0.1", "0.03", "0.01"]
        assert at["0.1"]["threshold"] > at["0.03"]["threshold"] == at["0.01"]["threshold"]
        assert [one["fpir"]["value"] for one in at.values()] == [0.1, 0.0, 0.0]


def test_the_three_scores_are_three(report: dict[str, Any]) -> None:
    thresholds = {told["at_fpir"]["0.1"]["threshold"] for told in report["scores"].values()}

    assert len(thresholds) == 3


def test_spoilt_pictures_are_judged_by_the_threshold_of_the_clean_ones(
    report: dict[str, Any],
) -> None:
    assert list(report["degraded"]) == ["small", "masked"]
    for told in report["scores"].values():
        for found in told["degraded"].values():
            assert list(found["fnir"]) == ["0.1", "0.03", "0.01"]
            assert found["fnir"]["0.1"]["value"] >= told["at_fpir"]["0.1"]["fnir"]["value"]


@pytest.mark.parametrize("name", DEGRADED)
def test_every_way_of_spoiling_changes_the_picture_and_leaves_the_original(name: str) -> None:
    clean = drawn(1)
    before = clean.tobytes()
    shown = pixels(clean)
    [face] = face_evaluating._eye().finder.find(shown)

    spoilt = DEGRADED[name](clean, face)

    assert clean.tobytes() == before
    assert spoilt.mode == "RGB"
    assert spoilt.size != clean.size or spoilt.tobytes() != before
    assert DEGRADED[name](clean, face).tobytes() == spoilt.tobytes()  # alike each time


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(["evaluate", "faces", *map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


def options(albums: list[Path]) -> list[object]:
    gallery, mated, nonmated = albums
    return ["--gallery", gallery, "--mated", mated, "--nonmated", nonmated]


def test_the_command_prints_one_json_object(
    albums: list[Path], report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capsys, *options(albums), "--degrade", "small", "masked", "--json")

    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found.pop("milliseconds").keys() == report["milliseconds"].keys()
    assert found == {key: value for key, value in report.items() if key != "milliseconds"}


def test_the_command_tells_the_same_in_words(
    albums: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _err = told(capsys, *options(albums), "--degrade", "tilted")

    assert code == 0
    assert "gallery 14 (0 unusable), mated 7 (1 unusable)" in out
    assert out.count("at 1% false hits") == 3
    assert "tilted: 1 of 7 show no face any more" in out


def test_what_does_not_fit_together_is_named(albums: list[Path], tmp_path: Path) -> None:
    gallery, mated, nonmated = albums
    alien = folder(tmp_path, "alien", {"P99": drawn(1)})
    known = folder(tmp_path, "known", {"P1": drawn(1)})
    empty = folder(tmp_path, "empty", {})
    faceless = folder(tmp_path, "faceless", {"P1": Image.new("RGB", (200, 200))})
    for folders, words in (
        ((gallery, alien, nonmated), "P99 is among the mated"),
        ((gallery, mated, known), "P1 is among the non-mated"),
        ((gallery, mated, empty), "no pictures"),
        ((gallery, mated, tmp_path / "nowhere"), "no folder"),
        ((faceless, known, nonmated), "no picture of the gallery"),
    ):
        with pytest.raises(FileUnusable, match=words):
            faces_evaluated(*folders)


def test_a_file_that_is_no_picture_is_named(albums: list[Path], tmp_path: Path) -> None:
    broken = folder(tmp_path, "broken", {"S1": drawn(1)})
    (broken / "S2.jpg").write_bytes(b"\xff\xd8\xff not a picture")

    with pytest.raises(FileUnusable, match=r"S2\.jpg: no picture that can be read"):
        faces_evaluated(albums[0], albums[1], broken)


def test_two_pictures_of_one_person_are_refused(albums: list[Path], tmp_path: Path) -> None:
    twice = folder(tmp_path, "twice", {"S1": drawn(1)})
    drawn(1).save(twice / "S1.jpg")

    with pytest.raises(FileUnusable, match="S1 has two pictures"):
        faces_evaluated(albums[0], albums[1], twice)


@pytest.mark.parametrize(
    "words", [["--gallery", "a"], ["--gallery", "a", "--mated", "b"], ["--train", "a"], []]
)
def test_folders_that_are_not_named_are_asked_for(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _out, err = told(capsys, *words)

    assert code == 2
    assert "faces takes --gallery, --mated and --nonmated" in err


def test_other_tasks_take_no_folders(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["evaluate", "category", "--train", "x.csv", "--gallery", "a"])

    assert (code, "takes --train FILE" in capsys.readouterr().err) == (2, True)


def test_without_the_extra_the_command_says_how_to_get_it(
    albums: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zhizhi.sources.vision.encoding", None)

    code, _out, err = told(capsys, *options(albums))

    assert code == 2
    assert "pip install 'zhizhi[vision]'" in err


def test_weights_that_are_not_the_known_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(packaged.DIGESTS, packaged.LANDMARKS, "0" * 64)

    with pytest.raises(VisionMissing, match="damaged, or of another version"):
        packaged.path_of(packaged.LANDMARKS)


def test_without_the_package_the_weights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "PACKAGE", "no_such_package_of_faces")

    with pytest.raises(VisionMissing, match="zhizhi"):
        packaged.path_of(packaged.NETWORK)
