"""One tab of a headless Chromium, driven through a pipe by the DevTools protocol.

Source: https://chromedevtools.github.io/devtools-protocol/; the pipe carries JSON messages, each ended by a zero byte.
"""

import base64
import json
import os
import select
import subprocess
import time


class Tab:
    """A browser with one tab, and everything that the tab has reported since the last page was opened."""

    def __init__(self, browser, profile):
        commands, self.write_end = os.pipe()
        self.read_end, events = os.pipe()
        self.log = open(os.path.join(profile, "browser.log"), "wb")
        flags = [
            "--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--no-first-run", f"--user-data-dir={profile}", "about:blank",
        ]
        # The pipe's ends are descriptors 3 and 4 of the browser. Its children outlive it unless the group is ended.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{commands} 4>&{events}', "sh", browser, *flags],
            pass_fds=(commands, events), stdout=self.log, stderr=self.log, start_new_session=True)
        os.close(commands)
        os.close(events)
        self.buffer, self.last, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except EOFError:
            # It went without an answer.
            pass
        finally:
            self.process.wait(timeout=20)
            self.log.close()

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.read_end, 1 << 20)
            if not piece:
                raise EOFError("the browser is gone; see browser.log")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data):]
        deadline = time.monotonic() + 60
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.take(answer)

    def take(self, event):
        self.events.append(event)
        if event.get("method") == "Page.javascriptDialogOpening":
            # A dialog blocks the tab; that it opened is in the events.
            self.call("Page.handleJavaScriptDialog", accept=True)

    def open(self, url):
        """Opens `url`, and waits until it has loaded and half a second more, for what comes late."""
        self.events = []
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + 60
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.take(self.receive(deadline))
        quiet = time.monotonic() + 0.5
        while True:
            try:
                self.take(self.receive(quiet))
            except TimeoutError:
                return

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{answer['exceptionDetails']}")
        return answer["result"].get("value")

    def show(self, width, height, scheme="light", media=""):
        """Sets the size of the window, the reader's colour scheme, and the medium (`print`, or the screen)."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path, top=0, height=None):
        """Writes a picture of the page from `top` on; of all of it, up to 16000 pixels, unless `height` is given."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {
            "x": 0, "y": top, "width": size["width"], "scale": 1,
            "height": min(height or size["height"], size["height"] - top, 16000),
        }
        answer = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def pdf(self, path):
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        data = base64.b64decode(answer["data"])
        with open(path, "wb") as file:
            file.write(data)
        return data

    def complaints(self):
        """What a page should not have caused, in words: logged, thrown, asked for, said in a dialog."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
                found.append("log: " + params["entry"]["text"])
            elif method == "Audits.issueAdded":
                found.append("issue: " + params["issue"]["code"])
            elif method == "Runtime.consoleAPICalled":
                found.append("console: " + json.dumps(params["args"]))
            elif method == "Runtime.exceptionThrown":
                found.append("exception: " + params["exceptionDetails"]["text"])
            elif method == "Page.javascriptDialogOpening":
                found.append("dialog: " + params["message"])
        return found

    def requests(self):
        """The addresses of everything that was asked for."""
        return [
            event["params"]["request"]["url"] for event in self.events
            if event.get("method") == "Network.requestWillBeSent"]
