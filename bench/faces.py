"""Templates by onnxruntime beside dlib's own, and a search of 100,000 beside its plain product.

The same weights and the same pictures, one core: what differs by more than 1e-5 would not be the
same encoder. The floor of an exact search is the product of all templates with all probes; what the
search adds is finding the eleven nearest of each probe in it.
Run with: python -m bench.faces --json
"""

from __future__ import annotations

from statistics import median
from typing import Any

import dlib
import numpy as np
from bench.measuring import Figure, figure, show, timed
from threadpoolctl import threadpool_limits

from zhizhi.kernel.galleries import Gallery
from zhizhi.sources.vision import packaged
from zhizhi.sources.vision.encoding import PackagedEncoder

FACES, ROUNDS = 16, 9
PEOPLE, NUMBERS, PROBES = 100_000, 128, 64
TIMES_DLIB, TIMES_FLOOR, MOST_APART = 8, 1.5, 1e-5


def run() -> list[Figure]:
    """Return all figures."""
    return [*encoded(), *searched()]


def encoded() -> list[Figure]:
    """Return what one template costs, and how far both ways are apart."""
    chips = np.random.default_rng(1).integers(0, 256, (FACES, 150, 150, 3), dtype=np.uint8)
    encoder = PackagedEncoder()
    own: Any = dlib.face_recognition_model_v1(str(packaged.path_of(packaged.NETWORK)))
    ours, theirs, seconds = [], [], {"one": [], "batch": [], "dlib": []}
    for chip in chips:  # in turns, so that a busy moment meets both
        template, spent = timed(lambda chip=chip: encoder.encode(chip[None])[0])
        ours.append(template)
        seconds["one"].append(spent)
        template, spent = timed(lambda chip=chip: np.array(own.compute_face_descriptor(chip)))
        theirs.append(template)
        seconds["dlib"].append(spent)
        _templates, spent = timed(lambda: encoder.encode(chips[:8]))
        seconds["batch"].append(spent / 8)
    one, batch, peer = (1000 * median(spent) for spent in seconds.values())
    apart = float(np.abs(np.array(ours) - np.array(theirs)).max())
    return [
        figure("template of a face, one by one", "ms", one, ("dlib 20", peer), least=TIMES_DLIB),
        figure("template of a face, eight at once", "ms", batch, ("dlib 20", peer)),
        figure("templates: farthest from dlib's", "", apart, most=MOST_APART),
    ]


def searched() -> list[Figure]:
    """Return what a probe costs in a gallery of 100,000, and whether a mate was lost."""
    random = np.random.default_rng(2)
    templates = _unit(random.normal(size=(PEOPLE, NUMBERS)))
    mates = random.choice(PEOPLE, PROBES, replace=False)
    probes = _unit(templates[mates] + 0.05 * random.normal(size=(PROBES, NUMBERS)))
    gallery, columns = Gallery(templates), np.ascontiguousarray(templates.T)
    ours, floor, lost = [], [], 0
    with threadpool_limits(1):  # two threads that wait for each other count twice
        for _round in range(ROUNDS):
            found, spent = timed(lambda: gallery.nearest(probes))
            ours.append(spent)
            lost += int((found.place[:, 0] != mates).sum())
            floor.append(timed(lambda: probes @ columns)[1])
    name = f"gallery of {PEOPLE:,} x {NUMBERS}, {PROBES} probes at once"
    one, peer = (1000 * median(spent) / PROBES for spent in (ours, floor))
    return [
        figure(f"{name}: a probe", "ms", one, ("product alone", peer), least=1 / TIMES_FLOOR),
        figure(f"{name}: mates lost", "", float(lost), most=0),
    ]


def _unit(rows: Any) -> Any:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


if __name__ == "__main__":
    show(run, __doc__)
