"""The phone in the rain: what is written there arrives exactly once, whatever happens between."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Locator, Page, Route, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Opener, choose, launch_options
from tests.browser.server import Server
from tests.district_world import photo

pytestmark = pytest.mark.browser

REPORTS = re.compile(r"/my/\d+/report/$")
_NUMBERS = count(1)


@pytest.fixture
def phone(open_as: Opener) -> Page:
    return open_as("rain", "/my/", language="en", **PHONE)


@pytest.fixture
def words() -> str:
    """What a story writes, like no other story's words."""
    return f"water at the third step, {next(_NUMBERS)}"


def task(page: Page, number: int = 0) -> Locator:
    return page.locator("section.task").nth(number)


def write(page: Page, note: str, *, number: int = 0, file: Path | None = None) -> None:
    """Write how it stands at a task, with a photo or without, and press the button."""
    form = task(page, number).locator("form[enctype]")
    form.get_by_label("Still at it").check()
    form.get_by_label("Note", exact=True).fill(note)
    if file is not None:
        form.get_by_label("Photo").set_input_files(file)
    form.get_by_role("button", name="Send report").click()


def drafts(page: Page) -> Locator:
    return page.locator("[data-drafts] li")


def picture(folder: Path, content: bytes | None = None) -> Path:
    path = folder / "step.jpg"
    path.write_bytes(photo() if content is None else content)
    return path


@pytest.fixture
def arrived(server: Server, open_as: Opener) -> Callable[[str], int]:
    """Say in how many lines of the two cases' histories certain words stand."""
    desk = open_as("operator", "/desk/", language="en")

    def counted(note: str) -> int:
        found = 0
        for case in server.handled:
            desk.goto(f"/cases/{case}/")
            found += desk.locator(".timeline li .note", has_text=note).count()
        return found

    return counted


def test_several_drafts_wait_without_a_connection_and_each_arrives_once(
    phone: Page, words: str, arrived: Callable[[str], int], tmp_path: Path
) -> None:
    phone.context.set_offline(offline=True)

    write(phone, f"{words} A", file=picture(tmp_path))
    expect(drafts(phone)).to_have_count(1)
    write(phone, f"{words} B")
    expect(drafts(phone)).to_have_count(2)
    write(phone, f"{words} C", number=1)

    expect(phone.get_by_role("heading", name="3 not yet sent")).to_be_visible()
    first = drafts(phone).first
    expect(first).to_contain_text(f"{words} A")
    expect(first).to_contain_text("with photo")
    expect(first).to_contain_text("Report from the spot")
    expect(first).to_contain_text("waits to be sent")
    expect(task(phone, 0).locator("[data-unsent]")).to_have_text("2 not yet sent")
    expect(task(phone, 1).locator("[data-unsent]")).to_have_text("1 not yet sent")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390

    phone.context.set_offline(offline=False)

    expect(drafts(phone)).to_have_count(0)
    assert [arrived(f"{words} {letter}") for letter in "ABC"] == [1, 1, 1]


def test_a_draft_can_be_deleted_before_it_is_sent_but_not_by_mistake(
    phone: Page, words: str, arrived: Callable[[str], int]
) -> None:
    answers = iter([False, True])
    phone.on("dialog", lambda box: box.accept() if next(answers) else box.dismiss())
    phone.context.set_offline(offline=True)
    write(phone, words)
    delete = drafts(phone).get_by_role("button", name="Delete")

    delete.click()
    expect(drafts(phone)).to_have_count(1)
    delete.click()
    expect(drafts(phone)).to_have_count(0)

    phone.context.set_offline(offline=False)
    phone.reload()
    expect(phone.locator("[data-drafts]")).to_be_hidden()
    assert arrived(words) == 0


def test_an_answer_that_is_lost_after_the_commit_makes_no_second_report(
    phone: Page, words: str, arrived: Callable[[str], int]
) -> None:
    answers: list[int] = []

    def lose_the_first(route: Route) -> None:
        answer = route.fetch()
        answers.append(answer.status)
        if len(answers) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    phone.route(REPORTS, lose_the_first)
    write(phone, words)
    expect(drafts(phone)).to_contain_text("attempts: 1")

    phone.get_by_role("button", name="Send now").click()

    expect(drafts(phone)).to_have_count(0)
    assert answers == [200, 200], "it was sent twice, and both times the server was content"
    assert arrived(words) == 1


@pytest.mark.parametrize("has_locks", [True, False])
def test_of_two_tabs_that_send_at_once_one_report_remains(
    has_locks: bool, phone: Page, words: str, arrived: Callable[[str], int]
) -> None:
    if not has_locks:  # as on a page without HTTPS
        phone.context.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})"
        )
        phone.reload()
    second = phone.context.new_page()
    second.goto("/my/")
    phone.context.set_offline(offline=True)
    write(phone, words)
    expect(drafts(second)).to_have_count(1)

    phone.context.set_offline(offline=False)
    for tab in (phone, second):
        tab.evaluate("document.querySelector('[data-send]').click()")

    for tab in (phone, second):
        expect(drafts(tab)).to_have_count(0)
    assert arrived(words) == 1


@pytest.fixture
def restarted(
    browser_type: BrowserType, server: Server, sign_ins: Callable[[str], Any], tmp_path: Path
) -> Iterator[Callable[[], Page]]:
    """Start a browser that keeps what it has in a folder; called again, it is started anew."""
    running: list[BrowserContext] = []

    def start() -> Page:
        for one in running:
            one.close()
        context = browser_type.launch_persistent_context(
            tmp_path / "profile", base_url=server.url, **launch_options(), **PHONE
        )
        running[:] = [context]
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies(sign_ins("rain")["cookies"])
        choose(context, server.url, language="en")
        return context.pages[0]

    yield start
    for one in running:
        one.close()


def test_a_draft_outlives_the_browser(
    restarted: Callable[[], Page], words: str, arrived: Callable[[str], int], tmp_path: Path
) -> None:
    page = restarted()
    page.goto("/my/")
    page.context.set_offline(offline=True)
    write(page, words, file=picture(tmp_path))
    expect(drafts(page)).to_have_count(1)

    again = restarted()
    again.goto("/my/")

    expect(again.locator("#toasts")).to_contain_text("The report has arrived.")
    expect(drafts(again)).to_have_count(0)
    assert arrived(words) == 1


def test_a_draft_waits_for_whoever_wrote_it_to_sign_in_again(
    server: Server, phone: Page, words: str, arrived: Callable[[str], int]
) -> None:
    phone.context.set_offline(offline=True)
    write(phone, words)
    phone.context.clear_cookies()
    choose(phone.context, server.url, language="en")
    phone.context.set_offline(offline=False)
    phone.get_by_role("link", name="Sign in").click()

    phone.click('button[name="username"][value="boat"]')
    expect(phone.get_by_text("1 of somebody else lie on this phone.")).to_be_visible()
    expect(drafts(phone)).to_have_count(0)
    assert arrived(words) == 0

    phone.context.clear_cookies()
    choose(phone.context, server.url, language="en")
    phone.goto("/my/")
    phone.click('button[name="username"][value="rain"]')
    expect(phone.locator("#toasts")).to_contain_text("The report has arrived.")
    assert arrived(words) == 1


FULL = """IDBObjectStore.prototype.put = function () {
  throw new DOMException("no room", "QuotaExceededError");
};"""
PRIVATE = "Object.defineProperty(window, 'indexedDB', {value: undefined});"


@pytest.mark.parametrize(
    ("break_it", "told"),
    [(FULL, "This phone has no room left"), (PRIVATE, "This browser keeps no drafts")],
)
def test_a_phone_that_cannot_keep_drafts_says_so_and_sends_plainly(
    break_it: str, told: str, phone: Page, words: str, arrived: Callable[[str], int],
    tmp_path: Path,
) -> None:  # fmt: skip
    phone.add_init_script(break_it)
    phone.reload()
    phone.wait_for_load_state("networkidle") if break_it == PRIVATE else None

    phone.context.set_offline(offline=True)
    write(phone, words, file=picture(tmp_path))
    expect(phone.get_by_text(told)).to_be_visible()
    expect(phone.locator("#toasts")).to_contain_text("leave this page open")
    expect(task(phone).get_by_label("Note", exact=True)).to_have_value(words)

    phone.context.set_offline(offline=False)
    task(phone).get_by_role("button", name="Send report").click()
    expect(phone.locator(".notices")).to_contain_text("The report has arrived.")
    assert arrived(words) == 1


def test_a_photo_that_is_refused_keeps_the_words_and_can_be_taken_again(
    phone: Page, words: str, arrived: Callable[[str], int], tmp_path: Path
) -> None:
    write(phone, words, file=picture(tmp_path, b"no picture"))

    draft = drafts(phone)
    expect(draft).to_contain_text("The file is not a JPEG, PNG or WebP picture.")
    expect(draft).to_contain_text(words)
    assert arrived(words) == 0

    draft.get_by_role("button", name="Change").click()
    form = task(phone).locator("form[enctype]")
    expect(form.get_by_label("Note", exact=True)).to_have_value(words)
    form.get_by_label("Photo").set_input_files(picture(tmp_path))
    form.get_by_role("button", name="Send report").click()

    expect(drafts(phone)).to_have_count(0)
    assert arrived(words) == 1


def test_a_photo_that_cannot_be_read_keeps_the_words(
    phone: Page, words: str, arrived: Callable[[str], int], tmp_path: Path
) -> None:
    phone.evaluate(
        """() => { File.prototype.arrayBuffer = () =>
          Promise.reject(new DOMException("gone", "NotReadableError")); }"""
    )

    write(phone, words, file=picture(tmp_path))

    expect(drafts(phone)).to_contain_text("The photo could not be read.")
    expect(drafts(phone)).to_contain_text(words)
    drafts(phone).get_by_role("button", name="Try again").click()  # without the photo
    expect(drafts(phone)).to_have_count(0)
    assert arrived(words) == 1


POSITION = {"latitude": 29.7012, "longitude": 107.4034, "accuracy": 9}


def patrol(page: Page) -> Locator:
    """Unfold the check-in and choose the first unit."""
    section = page.locator("section.patrol")
    section.get_by_text("I am here and have looked").click()
    section.get_by_role("radio").first.check()
    return section


def test_a_check_in_without_a_connection_arrives_once_with_its_place(
    open_as: Opener, words: str
) -> None:
    phone = open_as(
        "rain", "/my/", language="en", **PHONE, geolocation=POSITION, permissions=["geolocation"]
    )
    section = patrol(phone)
    phone.context.set_offline(offline=True)
    section.get_by_role("button", name="Use this phone’s position").click()
    expect(section.get_by_role("status")).to_have_text("Position found, to within 9 m.")
    section.get_by_label("Note", exact=True).fill(words)
    section.get_by_role("button", name="Check in").click()
    expect(drafts(phone)).to_contain_text("Patrol check-in")
    expect(section.locator("[role=status]")).to_be_empty()

    phone.context.set_offline(offline=False)

    expect(phone.locator("section.patrol li", has_text=words)).to_have_count(1)
    expect(drafts(phone)).to_have_count(0)
    desk = open_as("operator", "/units/check-ins/", language="en")
    row = desk.locator("tbody tr", has_text=words)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("107.40340, 29.70120")
    expect(row).to_contain_text("to within 9 m")


def test_a_check_in_works_without_scripts(open_as: Opener, words: str) -> None:
    plain = open_as("rain", "/my/", language="en", **PHONE, java_script_enabled=False)
    section = patrol(plain)
    expect(section.get_by_role("button", name="Use this phone’s position")).to_be_hidden()
    section.get_by_label("Or the place in words").fill("third lamp")
    section.get_by_label("Note", exact=True).fill(words)

    section.get_by_role("button", name="Check in").click()

    expect(plain.locator(".notices")).to_contain_text("The check-in has arrived.")
    expect(plain.locator("section.patrol li", has_text=words)).to_contain_text("third lamp")


def test_a_voice_note_is_recorded_heard_sent_and_played_on_the_case_page(
    server: Server, open_as: Opener, phone: Page, words: str
) -> None:
    form = task(phone).locator("form[enctype]")
    form.get_by_role("button", name="Record").click()
    expect(form.get_by_role("status")).to_contain_text("Recording: 2 of 60 s")
    form.get_by_role("button", name="Stop").click()
    expect(form.get_by_role("status")).to_contain_text("Listen to it before you send it.")
    heard = form.locator("audio").evaluate(
        """(audio) => new Promise((resolve, reject) => {
          audio.onended = () => resolve(audio.duration);
          audio.onerror = () => reject(new Error(audio.error.message));
          audio.play();
        })"""
    )
    assert 2 <= heard < 10

    phone.context.set_offline(offline=True)
    write(phone, words)
    expect(drafts(phone)).to_contain_text("with voice note")
    expect(form.locator("audio")).to_be_hidden()
    phone.context.set_offline(offline=False)
    expect(drafts(phone)).to_have_count(0)

    pages = [open_as("operator", f"/cases/{case}/", language="en") for case in server.handled]
    [case] = [page for page in pages if page.locator("audio").count()]
    expect(case.locator(".timeline li", has_text=words)).to_contain_text("1 voice note")
    duration = case.locator("audio").evaluate(
        """(audio) => new Promise((resolve, reject) => {
          audio.onplaying = () => resolve(audio.duration);
          audio.onerror = () => reject(new Error(audio.error.message));
          audio.play();
        })"""
    )
    assert duration == pytest.approx(heard, abs=0.01)


def test_a_recording_can_be_deleted_before_it_is_sent(phone: Page) -> None:
    form = task(phone).locator("form[enctype]")
    form.get_by_role("button", name="Record").click()
    expect(form.get_by_role("status")).to_contain_text("Recording: 1 of 60 s")
    form.get_by_role("button", name="Stop").click()

    form.get_by_role("button", name="Delete the recording").click()

    expect(form.locator("audio")).to_be_hidden()
    expect(form.get_by_role("button", name="Record")).to_be_visible()
    assert form.locator("[name=voice]").evaluate("(field) => field.files.length") == 0


@pytest.mark.parametrize("has_scripts", [True, False])
def test_without_a_microphone_or_scripts_words_are_the_way(
    has_scripts: bool, open_as: Opener
) -> None:
    page = open_as("rain", "/my/", language="en", **PHONE, java_script_enabled=has_scripts)
    if has_scripts:
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
        page.reload()
        expect(page.locator("[data-connection], #tasks").first).to_be_visible()

    expect(task(page).locator("[data-voice]")).to_be_hidden()
    expect(task(page).get_by_label("Note", exact=True)).to_be_visible()


def test_the_way_is_shown_in_the_app_that_was_chosen_without_scripts(open_as: Opener) -> None:
    page = open_as("rain", "/my/", language="en", **PHONE, java_script_enabled=False)
    way = task(page).locator("a.navigate")
    assert str(way.get_attribute("href")).startswith("geo:")

    page.get_by_role("button", name="Amap").click()

    assert str(way.get_attribute("href")).startswith("https://uri.amap.com/navigation?to=107.")
    expect(way).to_contain_text("Amap")
    expect(page.get_by_role("button", name="Amap")).to_have_attribute("aria-pressed", "true")


def test_a_check_in_that_was_refused_comes_back_whole_and_arrives_once(
    phone: Page, words: str, tmp_path: Path
) -> None:
    section = patrol(phone)
    section.get_by_label("Or the place in words").fill("third lamp")
    section.get_by_label("Note").fill(words)
    section.get_by_label("Photo").set_input_files(picture(tmp_path, b"no picture"))
    section.get_by_role("button", name="Check in").click()
    expect(drafts(phone)).to_contain_text("The file is not a JPEG, PNG or WebP picture.")
    expect(section.get_by_role("radio").first).not_to_be_checked()

    drafts(phone).get_by_role("button", name="Change").click()
    expect(section.get_by_role("radio").first).to_be_checked()
    expect(section.get_by_label("Or the place in words")).to_have_value("third lamp")
    section.get_by_role("button", name="Check in").click()

    expect(drafts(phone)).to_have_count(0)
    expect(section.locator("li", has_text=words)).to_have_count(1)
