"""The page: whole in itself, safe with what others name, and of use by keyboard."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from headway.serving.gateway.admin.page import POLICY, html
from headway.serving.gateway.admin.page.render import part
from headway.serving.wire import Server
from tests.serving.gateway.admin.browser import CHROMIUM, Browser
from tests.serving.gateway.admin.offices import TOKEN, Office, office
from tests.serving.gateway.fakes import fleet, post, site, well
from tests.serving.gateway.watch.engine import Fake, until

NODE = shutil.which("node")

needs_browser = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.xdist_group("chromium"),
]


def test_the_page_asks_for_nothing_elsewhere() -> None:
    page = html()
    names = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert names == {"http://www.w3.org/2000/svg"}, "names of XML, not places"
    assert not re.search(r"<(script|link|img|iframe)[^>]* src=|@import|url\(", page)
    assert len(page.encode()) < 64 * 1024


def test_nothing_on_the_page_reads_text_as_html() -> None:
    script = re.search(r"<script>(.*)</script>", html(), re.DOTALL)
    assert script is not None
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script[1])


def test_the_policy_lets_only_our_own_script_and_style_run() -> None:
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html(), re.DOTALL)
        assert text is not None
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in POLICY
    assert "unsafe" not in POLICY


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[0, 7, 12.34, 99.96, 123.4, 999.6, 1234, 56789, 2.5e6].map(short)",
         ["0", "7", "12.3", "100", "123", "1k", "1.23k", "56.8k", "2.5M"]),
        ("[null, undefined, NaN, Infinity].map(short)", ["–"] * 4),
        ("[0.0123, 0.9999, 1.5, 90, 600, 10800].map(seconds)",
         ["12.3 ms", "1 s", "1.5 s", "90 s", "10 min", "3 h"]),
        ("[0, 0.512, 1, null].map(percent)", ["0%", "51.2%", "100%", "–"]),
        ("[0, 0.7, 1, 1.01, 2, 3, 7, 40, 600].map(ceiling)", [1, 1, 1, 2, 2, 5, 10, 50, 1000]),
        ("marks(5)", [0, 1, 2, 3, 4, 5]),
        ("marks(20)", [0, 5, 10, 15, 20]),
        ("[5, 90, 500, 5000].map((age) => stretch(600, age))", [60, 120, 600, 600]),
        ("[-1, 0, 1.4, 1.6, 9].map((at) => nearest([0, 1, 2, 3], at))", [0, 0, 1, 2, 3]),
        ("largest([[null, 2], [7, null], []])", 7),
        ("[null, 10, 70].map((ago) => throttled({refused_s: ago}))", [False, True, False]),
        ("verdict({engines: [{state: 'serving'}, {state: 'down'}]})",
         ["warn", "1 of 2 engines broken"]),
        ("['off', 'on'].map((at) => standing({name: 'a', state: 'down'}, {engines: {a: at}}))",
         ["off", "down"]),
        ("standing({name: 'a', state: 'serving'}, {engines: {a: 'starting'}})", "serving"),
        ("verdict({engines: [{name: 'b', state: 'down'}], scaling: {engines: {b: 'off'}}})",
         ["bad", "no engine takes requests"]),
        ("verdict({engines: [{state: 'serving'}, {state: 'serving'}]})",
         ["good", "all 2 engines serve"]),
        ("wanted({kinds: {a: {ready: 1, desired: 3}, b: {ready: 2, desired: 2}}})",
         "a: 1 ready, 3 wanted"),
        ("[wanted(undefined), wanted({})]", ["", ""]),
        ("verdict({engines: [{state: 'asleep'}]})", ["bad", "no engine takes requests"]),
        ("verdict({engines: [{state: 'serving'}], accounts: {healthy: false}})",
         ["bad", "usage cannot be written"]),
        ("verdict({engines: [{state: 'serving'}], accounts: null})",
         ["good", "the engine serves"]),
    ],
)  # fmt: skip
def test_figures_read_as_people_write_them(expression: str, expected: object) -> None:
    assert figures(expression) == expected


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_a_track_keeps_its_span_and_engines_that_come_and_go() -> None:
    told = figures(
        """(() => {
          const track = new Track(10);
          const point = (count, t, engines) => track.add({ count, t, all: { x: t }, engines });
          point(2, [0, 1], { a: { y: [1, 2] } });
          point(3, [9], { a: { y: [3] }, b: { y: [4] } });
          const both = JSON.parse(JSON.stringify(track));
          point(4, [11.5], { b: { y: [5] } });
          const later = JSON.parse(JSON.stringify(track));
          point(1, [50], { b: { y: [6] } });
          return [both, later, JSON.parse(JSON.stringify(track)), track.last("y", "b"),
                  track.last("x"), track.last("y", "a")];
        })()"""
    )
    both, later, anew, *last = told
    assert both["engines"] == {"a": {"y": [1, 2, 3]}, "b": {"y": [None, None, 4]}}
    assert later["t"] == [9, 11.5]
    assert later["engines"] == {"b": {"y": [4, 5]}}
    assert (anew["t"], anew["count"]) == ([50], 1), "a gateway that was started anew"
    assert last == [6, 50, None]


def figures(expression: str) -> Any:
    """Return what an expression over the DOM-free part of the script is."""
    assert NODE is not None
    script = f"{part('figures.js')}\nconsole.log(JSON.stringify({expression}));"
    told = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def _see(here: Office, look: Callable[[Browser], None], wide: int = 1280) -> asyncio.Future[None]:
    """Open the page with the token in its address, and look at it in a thread of its own."""

    def job() -> None:
        with Browser(wide) as browser:
            browser.open(f"{here.url}/ui#token={TOKEN}")
            browser.until("document.getElementById('main').hidden === false")
            look(browser)
            assert browser.errors == []
            assert all(url.startswith((here.url, "data:")) for url in browser.asked)

    return asyncio.ensure_future(asyncio.to_thread(job))


@needs_browser[0]
@needs_browser[1]
def test_names_from_outside_are_text_and_nothing_else() -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

    def look(browser: Browser) -> None:
        browser.until(f"document.querySelector('#engines tbody').textContent.includes({evil!r})")
        assert browser.run("document.querySelectorAll('main img, main script').length") == 0
        assert browser.run("window.hacked === undefined")
        assert browser.run("location.hash") == "", "the token does not stay in the address"

    async def job() -> None:
        server = Server(Fake(models=[evil], adapters=[evil + "2"]))
        host, port = await server.start()
        async with office(site([f"http://{host}:{port}"]), watched=True) as here:
            await until(lambda: here.gateway.engines[0].models is not None)
            here.desk.notes.add("bad", evil, engine=evil, who=evil)
            await _see(here, look)
        await server.stop()

    asyncio.run(job())


@needs_browser[0]
@needs_browser[1]
def test_an_operator_drains_an_engine_by_keyboard() -> None:
    def look(browser: Browser) -> None:
        browser.until("document.querySelector('button[aria-label=\"Drain a-0\"]') !== null")
        browser.run("document.querySelector('button[aria-label=\"Drain a-0\"]').focus()")
        browser.press("Enter")
        browser.until("document.getElementById('ask').open")
        browser.press("Escape")
        browser.until("!document.getElementById('ask').open")
        assert not drained()
        browser.run("document.querySelector('button[aria-label=\"Drain a-0\"]').focus()")
        browser.press("Enter")
        browser.until("document.getElementById('ask').open")
        browser.run("document.getElementById('ask-yes').focus()")
        browser.press("Enter")
        browser.until("document.querySelector('.state').textContent === 'draining'")
        assert drained()
        browser.until("document.getElementById('notes').textContent.includes('anna@127.0.0.1')")

    drained: Callable[[], bool] = bool

    async def job() -> None:
        nonlocal drained
        async with fleet(well, well) as engines, office(site([e.url for e in engines])) as here:
            drained = lambda: bool(here.gateway.board.engine("draining")[0])  # noqa: E731
            await _see(here, look)

    asyncio.run(job())


@needs_browser[0]
@needs_browser[1]
def test_figures_of_requests_come_onto_the_page_and_a_phone_can_show_it() -> None:
    def look(browser: Browser) -> None:
        browser.send(
            "Emulation.setDeviceMetricsOverride",
            width=390, height=800, deviceScaleFactor=1, mobile=True,
        )  # fmt: skip
        browser.until("/[1-9]/.test(document.querySelector('.tile b').textContent)")
        browser.until("document.querySelectorAll('.legend b').length > 6")
        assert browser.run("document.documentElement.scrollWidth <= 390 && innerWidth == 390")
        assert browser.run(
            "Array.from(document.querySelectorAll('button, input, select, canvas')).every((one) =>"
            " one.ariaLabel || one.labels?.length || one.textContent.trim())"
        )

    async def job() -> None:
        async with fleet(well, well) as engines, office(site([e.url for e in engines])) as here:
            seen = _see(here, look)
            while not seen.done():
                await post(here.pool, "/v1/completions", {"model": "m", "prompt": "hi"})
                await asyncio.sleep(0.02)
            await seen

    asyncio.run(job())


@needs_browser[0]
@needs_browser[1]
def test_a_wrong_token_is_told_and_a_right_one_opens() -> None:
    def look(url: str) -> None:
        with Browser() as browser:
            browser.open(f"{url}/ui")
            browser.until("!document.getElementById('sign-in').hidden")
            for token in ("wrong-token-of-anna", TOKEN):
                browser.run(f"document.getElementById('token').value = {token!r}")
                browser.run("document.getElementById('token').focus()")
                browser.press("Enter")
                if token != TOKEN:
                    browser.until("document.getElementById('sign-in-error').textContent !== ''")
                    assert browser.run("document.getElementById('main').hidden")
            browser.until("!document.getElementById('main').hidden")
            assert browser.run("document.cookie") == "", "scripts cannot read it"
            browser.run("document.getElementById('leave').click()")
            browser.until("!document.getElementById('sign-in').hidden")

    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            await asyncio.to_thread(look, here.url)

    asyncio.run(job())
