"""What ``zhizhi evaluate faces`` does: who of a gallery is found again, and who is taken for one.

Every file is one picture of one person, named by its stem. Mated probes are of people in the
gallery, non-mated ones of nobody in it. Three scores are measured on the same pictures: the plain
distance, the distance of mirror-averaged templates, and the same less what the runners-up let
expect. Nothing that is read is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zhizhi.config.evaluating import Figures, FileUnusable
from zhizhi.config.face_degrading import DEGRADED
from zhizhi.kernel import identification
from zhizhi.kernel.galleries import Gallery, cohort_scores

if TYPE_CHECKING:
    from zhizhi.sources.vision.encoding import Encoder
    from zhizhi.sources.vision.finding import Aligner, Finder, FoundFace

    Spoil = Callable[[Image.Image, FoundFace], Image.Image]

ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
RATES: Final = (0.10, 0.03, 0.01)
MOST_PX: Final = 4000  # of the longer side: a larger picture is made smaller first
PLAIN, MIRROR, COHORT = "plain", "mirror", "cohort"


@dataclass(frozen=True, slots=True)
class Eye:
    """Everything that makes a template of a picture."""

    finder: Finder
    aligner: Aligner
    encoder: Encoder


@dataclass
class Album:
    """The people of one folder and their templates; -1 in ``row`` where no face could be used."""

    people: list[str]
    row: Any
    plain: Any
    mirror: Any
    seconds: dict[str, list[float]]

    @property
    def unusable(self) -> list[str]:
        return [who for who, row in zip(self.people, self.row, strict=True) if row < 0]


def faces_evaluated(
    gallery: Path, mated: Path, nonmated: Path, degrade: Sequence[str] = ()
) -> Figures:
    """Return the figures of each score, also of the mated pictures spoilt in the ways named.

    Raises FileUnusable, and VisionMissing without the extra.
    """
    eye = _eye()
    folders = {"gallery": gallery, "mated": mated, "nonmated": nonmated}
    albums = {name: _album(eye, folder) for name, folder in folders.items()}
    _check(albums)
    spoilt = {name: _album(eye, mated, DEGRADED[name]) for name in degrade}
    spent = [album.seconds for album in albums.values()]
    return {
        "task": "faces",
        "encoder": asdict(eye.encoder.facts),
        **{
            name: {"files": len(album.people), "unusable": album.unusable}
            for name, album in albums.items()
        },
        "scores": {name: _measured(albums, spoilt, name) for name in (PLAIN, MIRROR, COHORT)},
        "degraded": {name: {"unusable": len(one.unusable)} for name, one in spoilt.items()},
        "milliseconds": {
            part: _median_ms([second for one in spent for second in one[part]])
            for part in ("find", "cut", "encode", "encode_mirrored")
        },
    }


def _eye() -> Eye:
    from zhizhi.sources.vision.packaged import INSTALL, VisionMissing  # noqa: PLC0415 - an extra

    try:
        from zhizhi.sources.vision.encoding import PackagedEncoder  # noqa: PLC0415 - an extra
        from zhizhi.sources.vision.finding import DlibAligner, DlibFinder  # noqa: PLC0415 - as above
    except ImportError as missing:
        raise VisionMissing(INSTALL) from missing
    return Eye(DlibFinder(), DlibAligner(), PackagedEncoder())


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FileUnusable(f"{folder}: no folder of pictures")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise FileUnusable(f"{folder}: no pictures ({', '.join(sorted(ENDINGS))})")
    stems = [path.stem for path in found]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise FileUnusable(f"{folder}: {twice[0]} has two pictures; one for each person is needed")
    return found


def _picture(path: Path) -> Any:
    """Return a picture as it stands upright, red first."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (MOST_PX, MOST_PX))
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((MOST_PX, MOST_PX))
            return np.asarray(upright.convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise FileUnusable(f"{path}: no picture that can be read ({error})") from error


def _album(eye: Eye, folder: Path, spoil: Spoil | None = None) -> Album:
    """Return the templates of a folder's pictures, spoilt first where they are to be."""
    files = _files(folder)
    chips: list[Any] = []
    row = np.full(len(files), -1, np.int64)
    seconds: dict[str, list[float]] = {"find": [], "cut": [], "encode": [], "encode_mirrored": []}
    for place, path in enumerate(files):
        chip = _chip(eye, _picture(path), spoil, seconds)
        if chip is not None:
            row[place] = len(chips)
            chips.append(chip)
    plain, mirror = _encoded(eye.encoder, chips, seconds)
    return Album([path.stem for path in files], row, plain, mirror, seconds)


def _chip(eye: Eye, picture: Any, spoil: Spoil | None, seconds: dict[str, list[float]]) -> Any:
    """Return the largest face of a picture, cut out; nothing where none can be used."""
    faces = _timed(seconds["find"], lambda: eye.finder.find(picture))
    if faces and spoil:
        picture = np.asarray(spoil(Image.fromarray(picture), faces[0]))
        faces = eye.finder.find(picture)
    return _timed(seconds["cut"], lambda: eye.aligner.cut(picture, faces[0])) if faces else None


def _encoded(encoder: Encoder, chips: list[Any], seconds: dict[str, list[float]]) -> Any:
    from zhizhi.sources.vision.encoding import mirrored  # noqa: PLC0415 - an extra

    none = np.empty((0, encoder.facts.dimensions), np.float32)
    plain, mirror = [none], [none]
    for chip in chips:
        one = partial(encoder.encode, chip[None])
        both = partial(mirrored, encoder, chip[None])
        plain.append(_timed(seconds["encode"], one))
        mirror.append(_timed(seconds["encode_mirrored"], both))
    return np.concatenate(plain), np.concatenate(mirror)


def _timed(into: list[float], act: Callable[[], Any]) -> Any:
    begun = time.process_time()
    given = act()
    into.append(time.process_time() - begun)
    return given


def _median_ms(seconds: list[float]) -> float | None:
    return round(float(np.median(seconds)) * 1000, 3) if seconds else None


def _check(albums: dict[str, Album]) -> None:
    """Refuse folders that do not fit together."""
    enrolled = set(albums["gallery"].people)
    alien = [who for who in albums["mated"].people if who not in enrolled]
    if alien:
        raise FileUnusable(f"{alien[0]} is among the mated, and nobody of that name in the gallery")
    known = [who for who in albums["nonmated"].people if who in enrolled]
    if known:
        raise FileUnusable(f"{known[0]} is among the non-mated, and in the gallery as well")
    if not len(albums["gallery"].plain):
        raise FileUnusable("no picture of the gallery shows a face that can be used")


def _measured(albums: dict[str, Album], spoilt: dict[str, Album], score: str) -> Figures:
    """Return rank-1 and, for each rate of false hits, threshold and misses of one score."""
    sought = _Sought(albums["gallery"], score)
    mated, is_mate = sought.mates(albums["mated"])
    strangers, _who = sought.best(albums["nonmated"])
    at = {rate: identification.operating(mated, is_mate, strangers, rate) for rate in RATES}
    degraded = {}
    for name, album in spoilt.items():
        best, is_right = sought.mates(album)
        degraded[name] = {
            "rank1": _rounded(identification.share(int(is_right.sum()), len(best))),
            "fnir": {
                f"{rate:g}": _rounded(identification.missed(best, is_right, found.threshold))
                for rate, found in at.items()
            },
        }
    return {
        "rank1": _rounded(identification.share(int(is_mate.sum()), len(is_mate))),
        "at_fpir": {
            f"{rate:g}": {
                "threshold": round(found.threshold, 4),
                "fpir": _rounded(found.fpir),
                "fnir": _rounded(found.fnir),
            }
            for rate, found in at.items()
        },
        "degraded": degraded,
    }


class _Sought:
    """The people of a gallery, who are looked for by one score."""

    def __init__(self, gallery: Album, score: str) -> None:
        self._of, self._score = (PLAIN if score == PLAIN else MIRROR), score
        self._gallery = Gallery(getattr(gallery, self._of))
        self._owner = np.array(gallery.people, object)[gallery.row >= 0]

    def best(self, album: Album) -> tuple[Any, Any]:
        """Return the best score of each picture and whose it is; infinite and "" without a face."""
        best = np.full(len(album.people), np.inf)
        who = np.full(len(album.people), "", object)
        usable = np.flatnonzero(album.row >= 0)
        if len(usable):
            near = self._gallery.nearest(getattr(album, self._of)[album.row[usable]])
            is_cohort = self._score == COHORT
            best[usable] = cohort_scores(near.distance) if is_cohort else near.distance[:, 0]
            who[usable] = self._owner[near.place[:, 0]]
        return best, who

    def mates(self, album: Album) -> tuple[Any, Any]:
        """Return the best score of each picture, and whether it is that of the very person."""
        best, who = self.best(album)
        return best, who == np.array(album.people, object)


def _rounded(counted: identification.Proportion) -> dict[str, float]:
    return {part: round(value, 4) for part, value in asdict(counted).items()}


def lines(report: Figures) -> Iterator[str]:
    """Yield what is told of a report to whoever reads it."""
    encoder = report["encoder"]
    counted = ", ".join(
        f"{name} {report[name]['files']} ({len(report[name]['unusable'])} unusable)"
        for name in ("gallery", "mated", "nonmated")
    )
    yield f"faces: {counted}; encoder {encoder['name']} ({encoder['licence']})"
    for name, told in report["scores"].items():
        yield f"{name}: rank 1 {_percent(told['rank1'])}"
        for rate, at in told["at_fpir"].items():
            yield (
                f"  at {float(rate):.0%} false hits (found {_percent(at['fpir'])}, below "
                f"{at['threshold']:.4f}): missed {_percent(at['fnir'])}"
            )
        for way, found in told["degraded"].items():
            missed = ", ".join(
                f"{share['value']:.1%} at {float(rate):.0%}"
                for rate, share in found["fnir"].items()
            )
            yield f"  {way}: rank 1 {found['rank1']['value']:.1%}, missed {missed}"
    for way, found in report["degraded"].items():
        yield f"{way}: {found['unusable']} of {report['mated']['files']} show no face any more"
    spent = ", ".join(f"{part} {ms} ms" for part, ms in report["milliseconds"].items())
    yield f"one picture, median: {spent}"


def _percent(told: dict[str, float]) -> str:
    return f"{told['value']:.1%} ({told['low']:.1%} to {told['high']:.1%})"
