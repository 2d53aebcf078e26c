"""The weights that come with the extra ``vision``: found as files, never imported, and checked.

dlib's face network (CC0) and its five landmarks (CC0) from the package face-recognition-models. The
landmarks of 68 points in the same package are not free for a product and are never opened.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "face_recognition_models"
INSTALL = "The extra is missing. Type: pip install 'zhizhi[vision]'"
NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
DIGESTS = {
    NETWORK: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    LANDMARKS: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
}


class VisionMissing(RuntimeError):
    """The extra is not installed, or its files are not those that are known; says what to do."""


def path_of(name: str) -> Path:
    """Return where a packaged file lies; raises VisionMissing where it is missing or another."""
    found = find_spec(PACKAGE)
    folders = found.submodule_search_locations if found else None
    path = Path(folders[0], "models", name) if folders else None
    if path is None or not path.is_file():
        raise VisionMissing(INSTALL)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != DIGESTS[name]:
        message = f"{path} is damaged, or of another version: install {PACKAGE} 0.3.0 again"
        raise VisionMissing(message)
    return path
