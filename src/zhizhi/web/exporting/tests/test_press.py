"""Paper is made beside the web process, few files at a time, and nobody waits for ever."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from zhizhi.web.exporting import paper
from zhizhi.web.exporting.press import PressBusy, Presses, PressFailed

PAGE = "<html lang=zh><title>t</title><body>{}</body></html>"
LONG = PAGE.format("<p>禁渔区</p>" * 2_000)


@pytest.fixture
def one() -> Iterator[Presses]:
    presses = Presses(1, most=2, wait_s=30)
    yield presses
    ended(presses)


def ended(presses: Presses) -> None:
    presses._free.get(timeout=30).end()


def process_of(presses: Presses) -> int:
    press = presses._free.get(timeout=30)
    presses._free.put(press)
    assert press._process is not None
    assert press._process.pid is not None
    return press._process.pid


def test_a_file_is_written_in_a_process_of_its_own_that_is_kept(one: Presses) -> None:
    first = one.pdf(PAGE.format("<p>责令改正</p>"), {})
    press = process_of(one)
    one.pdf(PAGE.format("<p>again</p>"), {})

    assert "责令改正" in PdfReader(BytesIO(first)).pages[0].extract_text()
    assert press != os.getpid()
    assert process_of(one) == press


@pytest.mark.parametrize(("others", "is_busy"), [(1, False), (2, True)])
def test_the_waiting_room_has_a_size(others: int, is_busy: bool, one: Presses) -> None:
    for _number in range(others):
        assert one._room.acquire(blocking=False)

    try:
        if is_busy:
            with pytest.raises(PressBusy):
                one.check()
        else:
            one.check()
    finally:
        one._room.release(others)


def test_whoever_waits_too_long_for_a_press_is_sent_away() -> None:
    presses = Presses(1, wait_s=0.05)
    taken = presses._free.get()

    with pytest.raises(PressBusy):
        presses.check()

    presses._free.put(taken)
    presses.check()
    ended(presses)


def test_a_file_that_takes_too_long_ends_its_press_and_the_next_is_written() -> None:
    presses = Presses(1, longest_s=30)
    presses.check()
    presses._longest_s = 0.05

    with pytest.raises(PressFailed):
        presses.pdf(LONG, {})

    presses._longest_s = 30
    assert presses.pdf(PAGE.format("next"), {}).startswith(b"%PDF-")
    ended(presses)


def test_a_press_that_is_killed_over_a_file_is_replaced(one: Presses) -> None:
    one.check()
    press = process_of(one)
    killer = threading.Timer(0.2, os.kill, (press, 9))

    killer.start()
    content = one.pdf(LONG, {})

    assert content.startswith(b"%PDF-")
    assert process_of(one) != press


def test_a_press_that_nobody_needs_goes_to_rest_and_starts_again() -> None:
    presses = Presses(1, idle_s=0.1)
    presses.check()
    press = presses._free.get()
    assert press._process is not None
    press._process.join(30)
    rested = press._process.exitcode
    presses._free.put(press)

    content = presses.pdf(PAGE.format("again"), {})

    assert rested == 0
    assert content.startswith(b"%PDF-")
    ended(presses)


def test_a_page_that_cannot_be_laid_out_fails_alone(one: Presses) -> None:
    press = one._free.get()
    with pytest.raises(PressFailed, match="AttributeError"):
        press.ask(("pdf", None, {}), within=30)
    one._free.put(press)

    assert one.pdf(PAGE.format("next"), {}).startswith(b"%PDF-")


def test_a_missing_library_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('libpango-1.0.so.0')")
    monkeypatch.syspath_prepend(tmp_path)
    presses = Presses(1)

    with pytest.raises(paper.PaperMissing, match="libpango"):
        presses.check()

    ended(presses)


def test_two_files_are_written_at_the_same_time() -> None:
    presses, done = Presses(2), []
    threads = [
        threading.Thread(target=lambda: done.append(presses.pdf(PAGE.format("x"), {})))
        for _number in range(4)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(done) == 4
    assert time.monotonic() - begun < 60
    ended(presses)
    ended(presses)
