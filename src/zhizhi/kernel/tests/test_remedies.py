"""Every reason for refusing a row has a sentence that tells how to mend it."""

from __future__ import annotations

import pytest

from zhizhi.kernel.columns import REASONS
from zhizhi.kernel.remedies import remedy
from zhizhi.kernel.streams import STREAMS


@pytest.mark.parametrize("reason", REASONS[1:])
def test_every_reason_has_a_remedy_for_every_field(reason: str) -> None:
    fields = {name for stream in STREAMS.values() for name in (*stream.accepts, "")}

    for field in fields:
        assert remedy(reason, field).endswith(".")


@pytest.mark.parametrize("field", ["lon", "lat", "accuracy_m", "speed_kn", "course_deg"])
def test_the_remedy_for_a_value_out_of_range_names_the_range(field: str) -> None:
    ranges = {"lon": (-180, 180), "lat": (-90, 90)} | dict(STREAMS["vessel_positions.v1"].ranges)

    sentence = remedy("out-of-range", field)

    assert all(f"{int(end)}" in sentence for end in ranges[field])


def test_an_unknown_reason_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        remedy("because", "lon")
