"""``zhizhi vision scan-for-traces``: what lies open is told with its place, and nothing else."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zhizhi.config import face_traces
from zhizhi.config.cli import main
from zhizhi.sources.vision.encoding import PackagedEncoder
from zhizhi.sources.vision.finding import DlibAligner, DlibFinder
from zhizhi.sources.vision.tests.drawing import drawn, pixels


def picture(of: Image.Image, kind: str) -> bytes:
    file = BytesIO()
    of.save(file, kind)
    return file.getvalue()


def scanned(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, dict[str, object]]:
    code = main(["vision", "scan-for-traces", *map(str, paths), "--json"])
    return code, json.loads(capsys.readouterr().out or "{}")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_face_in_a_picture_inside_a_file_is_a_trace(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = tmp_path / "queue.bin"
    queue.write_bytes(b"x" * 100 + picture(drawn(1), kind) + b"y" * 100)

    code, told = scanned(capsys, tmp_path)

    assert code == 1
    assert told["traces"] == [{"what": "face", "file": str(queue), "offset": 100}]
    assert (told["files"], told["pictures"]) == (1, 1)


def test_a_picture_that_was_cut_off_is_looked_at_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = picture(drawn(1), "JPEG")
    (tmp_path / "core").write_bytes(whole[: len(whole) * 9 // 10])

    assert scanned(capsys, tmp_path)[0] == 1


def test_the_template_of_a_face_is_a_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = pixels(drawn(1))
    chip = DlibAligner().cut(shown, DlibFinder().find(shown)[0])
    log = tmp_path / "deep" / "worker.log"
    log.parent.mkdir()
    log.write_bytes(b"\0" * 7 + PackagedEncoder().encode(chip[None]).tobytes())

    code, told = scanned(capsys, tmp_path)

    assert (code, told["traces"]) == (1, [{"what": "template", "file": str(log), "offset": 7}])


def test_a_template_across_two_parts_of_a_file_is_found_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_traces, "PART", 1 << 17)
    row = np.random.default_rng(1).normal(size=128)
    row = (row / np.linalg.norm(row) * 1.3).astype("<f4")
    (tmp_path / "wal").write_bytes(b"\xff" * ((1 << 17) - 200) + row.tobytes() + b"\xff" * 1000)

    code, told = scanned(capsys, tmp_path)

    assert code == 1
    assert [one["offset"] for one in told["traces"]] == [(1 << 17) - 200]  # type: ignore[attr-defined]


def test_pictures_without_a_face_and_other_files_are_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    (tmp_path / "street.png").write_bytes(picture(Image.fromarray(noise), "PNG"))
    (tmp_path / "notes.txt").write_text("nothing of anybody\n" * 1000)
    (tmp_path / "fake.jpg").write_bytes(b"\xff\xd8\xff no picture at all")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("/nowhere")

    code, told = scanned(capsys, tmp_path)

    assert (code, told["traces"]) == (0, [])
    assert told["files"] == 4


def test_what_cannot_be_searched_is_never_called_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["vision", "scan-for-traces", str(tmp_path / "nowhere")])

    assert code == 2
    assert "there is nothing of this name" in capsys.readouterr().err


def test_a_picture_too_large_to_be_looked_at_is_not_called_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    (tmp_path / "wall.png").write_bytes(picture(drawn(2), "PNG"))

    code = main(["vision", "scan-for-traces", str(tmp_path)])

    assert code == 2
    assert "wall.png" in capsys.readouterr().err


def test_the_place_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(drawn(2), "JPEG"))

    code = main(["vision", "scan-for-traces", str(tmp_path)])

    told = capsys.readouterr().out
    assert code == 1
    assert "a.jpg: a face lies open at byte 0" in told
    assert "1 files" in told
    assert "1 traces" in told
