"""Holds HTML reports to what they promise, in a real browser. Usage: pages.py BROWSER OUT PAGE.html ..."""

import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree

from devtools import Tab

# Everything of the verdict "markup" is called this; see SampleExhibits.swift.
HOSTILE = "<script>alert(1)</script>\"'&\\u{1b}[2J--><style>*{display:none}</style>\\u{202e}"

# What must not be in a page.
ACTIVE = "document.querySelectorAll('script,iframe,object,embed,img,link,form,base,video,audio,[onload],[onerror]').length"

# Elements with text of their own whose contrast is below 4.5 (WCAG 2.2, 1.4.3), as "element: ratio".
FAINT = """(() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m.slice(0, 3) }
  const light = c => c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c) return c } return [255, 255, 255] }
  const faint = []
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest('svg') || !e.checkVisibility()) continue
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e))
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) faint.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`)
  }
  return [...new Set(faint)].join(', ')
})()"""

# How many pixels of the page lie beyond the right edge of the window.
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Closed parts that are to be printed and would not be.
UNPRINTED = """[...document.querySelectorAll('details:not(.unprinted) > :not(summary)')]
  .filter(e => !e.checkVisibility()).length"""


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def that(self, name, is_so, detail=""):
        if is_so:
            self.passed += 1
        else:
            self.failed += 1
            print(f"  FAIL  {name}: {detail}")


def hold(tab, page, out, checks):
    """One page: quiet, alone, inert, and legible everywhere."""
    name, url = page.stem, page.resolve().as_uri()
    xml.etree.ElementTree.fromstring(page.read_text().split("\n", 1)[1])
    tab.show(1200, 900)
    tab.open(url)
    checks.that(f"{name}: nothing is complained of", not tab.complaints(), tab.complaints())
    checks.that(f"{name}: nothing is asked for but the page", tab.requests() == [url], tab.requests())
    checks.that(f"{name}: nothing active is in it", tab.evaluate(ACTIVE) == 0, tab.evaluate(ACTIVE))
    if name == "markup":
        count = tab.evaluate("document.body.textContent").count(HOSTILE)
        checks.that("the hostile name shows as text", count >= 20, f"{count} times")
        title = tab.evaluate("document.title")
        checks.that("the hostile name shows in the title", HOSTILE in title, title)
        checks.that("nothing is hidden by it", tab.evaluate("document.body.innerText.length") > 10000)
    for scheme in ("light", "dark"):
        tab.show(1200, 900, scheme)
        tab.picture(out / f"{name}-{scheme}.png")
        faint = tab.evaluate(FAINT)
        checks.that(f"{name}: all text is legible, {scheme}", not faint, faint)
    for width in (1200, 390):
        tab.show(width, 844)
        overhang = tab.evaluate(OVERHANG)
        checks.that(f"{name}: fits a window of {width}", overhang <= 0, f"{overhang} pixels beyond")
    tab.picture(out / f"{name}-phone.png")
    tab.show(794, 1123, media="print")
    checks.that(f"{name}: prints what is closed on the screen", tab.evaluate(UNPRINTED) == 0, tab.evaluate(UNPRINTED))
    faint = tab.evaluate(FAINT)
    checks.that(f"{name}: all text is legible on paper", not faint, faint)
    pdf = tab.pdf(out / f"{name}.pdf")
    sheets = len(re.findall(rb"/Type\s*/Page\b", pdf))
    checks.that(f"{name}: is printed on some sheets", pdf.startswith(b"%PDF") and 1 <= sheets <= 200, f"{sheets}")


def hold_policy(tab, page, folder, checks):
    """The page's own policy, with things put into copies of it that it must forbid; and that this test would see them."""
    source = page.read_text()
    meta = re.search(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*/>\n", source).group()
    intruder = """<script>document.title = 'ran'; console.log('ran')</script><img src="http://127.0.0.1:9/a.png"/>
      <link rel="stylesheet" href="http://127.0.0.1:9/a.css"/><iframe src="http://127.0.0.1:9/"></iframe>"""
    for guarded in (True, False):
        copy = pathlib.Path(folder) / f"intruder-{guarded}.html"
        text = source.replace("<main>", "<main>" + intruder, 1)
        copy.write_text(text if guarded else text.replace(meta, "", 1))
        tab.open(copy.as_uri())
        foreign = [url for url in tab.requests() if url.startswith("http")]
        # What failed for another reason than that it was forbidden had been let out.
        sent = [event["params"] for event in tab.events if event.get("method") == "Network.loadingFailed"
                and not event["params"].get("blockedReason")
                and event["params"]["errorText"] != "net::ERR_BLOCKED_BY_CSP"]
        ran = tab.evaluate("document.title") == "ran"
        if guarded:
            checks.that("the policy stops a script", not ran)
            checks.that("the policy stops every request", not sent, f"{foreign}, {sent}")
            stopped = [text for text in tab.complaints() if "Content Security Policy" in text]
            checks.that("the browser says that the policy stopped them", len(stopped) >= 4, tab.complaints())
        else:
            checks.that("without the policy the script is seen to run", ran)
            checks.that("without the policy its output is seen", any("ran" in text for text in tab.complaints()))
            checks.that("without the policy the requests are seen", len(set(foreign)) == 3 and sent, f"{foreign}")


def main(browser, out, *pages):
    out, checks = pathlib.Path(out), Checks()
    with tempfile.TemporaryDirectory() as profile:
        tab = Tab(browser, profile)
        try:
            for page in map(pathlib.Path, pages):
                hold(tab, page, out, checks)
            hold_policy(tab, pathlib.Path(pages[0]), profile, checks)
        finally:
            tab.close()
    print(f"Browser: {len(pages)} pages, {checks.passed} checks passed, {checks.failed} failed; pictures in {out}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
