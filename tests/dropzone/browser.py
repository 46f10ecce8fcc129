"""Uses the Dropzone in a real headless Chromium, with scripts switched off, as a person would.

    browser.py BROWSER SHOTS OPERATOR-PID OPEN-BOX CLOSED-BOX

Leaves screenshots in the folder SHOTS. Fails where a page does not say what it should, is wider than the window, or has an input
without a name, and where the operator's memory grows with the size of a file.
"""

import asyncio
import base64
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import aiohttp

GIBIBYTE = 1 << 30
# Far less than the file has, and far more than buffers do.
MOST_GROWTH_KIB = 48 * 1024


class Browser:
    """One page of a browser, over the DevTools protocol."""

    def __init__(self, socket, session):
        self.socket, self.session, self.last, self.events = socket, session, 0, []

    async def ask(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        await self.socket.send_json(message)
        while True:
            reply = await self.socket.receive_json(timeout=60)
            if reply.get("id") == self.last:
                if "error" in reply:
                    raise SystemExit(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply.get("method"))

    async def loaded(self, within=60):
        """Waits until a page is there, and shows what is there instead where none comes."""
        try:
            async with asyncio.timeout(within):
                while "Page.loadEventFired" not in self.events:
                    self.events.append((await self.socket.receive_json()).get("method"))
        except TimeoutError:
            raise SystemExit(f"no page in {within} s, but {self.events} and {await self.html()}") from None
        self.events.clear()

    async def open(self, url):
        self.events.clear()
        await self.ask("Page.navigate", url=url)
        await self.loaded()

    async def window(self, width, height):
        await self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    async def node(self, selector):
        document = await self.ask("DOM.getDocument")
        found = await self.ask("DOM.querySelector", nodeId=document["root"]["nodeId"], selector=selector)
        if not found["nodeId"]:
            raise SystemExit(f"there is no {selector}")
        return found["nodeId"]

    async def html(self):
        document = await self.ask("DOM.getDocument")
        return (await self.ask("DOM.getOuterHTML", nodeId=document["root"]["nodeId"]))["outerHTML"]

    async def fill(self, field, text):
        await self.ask("DOM.focus", nodeId=await self.node(f"#{field}"))
        await self.ask("Input.insertText", text=text)

    async def choose(self, *files):
        await self.ask("DOM.setFileInputFiles", nodeId=await self.node("#files"), files=[str(file) for file in files])

    async def send(self, within=60):
        """Presses the button, with the keyboard, and waits for the answer."""
        await self.ask("DOM.focus", nodeId=await self.node("button"))
        self.events.clear()
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", **key)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **key)
        await self.loaded(within)

    async def shot(self, file):
        size = (await self.ask("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = await self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(data["data"]))

    async def is_well(self, width):
        """Nothing is wider than the window, and whatever can be used has a name."""
        size = (await self.ask("Page.getLayoutMetrics"))["cssContentSize"]
        assert size["width"] <= width, f"{size['width']} pixels wide in a window of {width}"
        nodes = (await self.ask("Accessibility.getFullAXTree"))["nodes"]
        for node in nodes:
            if node.get("role", {}).get("value") in ("textbox", "button", "link"):
                assert node.get("name", {}).get("value"), f"has no name: {node}"


def memory(process):
    """Returns the most memory that a process ever had, in KiB."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def large(folder):
    """A file of a gibibyte that takes no room, and its SHA-256."""
    file = folder / "a large drawing.pdf"
    with file.open("wb") as out:
        out.write(b"%PDF-1.7\n")
        out.truncate(GIBIBYTE)
    with file.open("rb") as content:
        return file, hashlib.file_digest(content, "sha256").hexdigest()


async def who(page):
    await page.fill("name", "Ned Leeds")
    await page.fill("email", "ned@leeds.example")


async def use(page, shots, process, box, closed, folder):
    says = lambda html, *texts: [text for text in texts if text not in html] == [] or sys.exit(f"{texts} not in {html}")
    for width, name in ((1000, "empty"), (320, "narrow")):
        await page.window(width, 900)
        await page.open(box)
        await page.is_well(width)
        await page.shot(shots / f"dropzone-{name}.png")
    await page.window(1000, 900)

    wrong = folder / "holiday.exe"
    wrong.write_bytes(b"MZ\x90\0")
    small = folder / "notes.txt"
    small.write_text("hello")
    await page.open(box)
    await who(page)
    await page.fill("message", "Two files for you.")
    await page.choose(small, wrong)
    await page.send()
    says(await page.html(), 'role="alert"', "holiday.exe is of a type that is not taken here.", "Two files for you.", "Ned Leeds")
    await page.is_well(1000)
    await page.shot(shots / "dropzone-refused.png")
    await page.window(320, 900)
    await page.is_well(320)
    await page.shot(shots / "dropzone-refused-narrow.png")
    await page.window(1000, 900)

    await page.choose(small)
    await page.send()
    says(await page.html(), "Your file has arrived")

    file, digest = large(folder)
    before = memory(process)
    await page.open(box)
    await who(page)
    await page.choose(file, small)
    await page.send(within=600)
    after = memory(process)
    says(await page.html(), "Your 2 files have arrived", digest, "1 GiB")
    await page.is_well(1000)
    await page.shot(shots / "dropzone-success.png")
    print(f"1 GiB: the operator's peak was {before} KiB before and {after} KiB after")
    assert after - before < MOST_GROWTH_KIB, "memory grows with the file"

    over = folder / "larger still.pdf"
    with over.open("wb") as out:
        out.write(b"%PDF-1.7\n")
        out.truncate(GIBIBYTE + (1 << 29))
    await page.open(box)
    await who(page)
    await page.choose(over)
    await page.send(within=600)
    says(await page.html(), "That is too much at once")
    await page.shot(shots / "dropzone-too-large.png")

    await page.open(closed)
    says(await page.html(), "This Dropzone has closed")
    await page.is_well(1000)
    await page.shot(shots / "dropzone-closed.png")
    await page.open(box + "x")
    says(await page.html(), "There is no Dropzone here")


async def main(browser, shots, process, box, closed):
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-zygote", "--disable-dev-shm-usage", "--remote-debugging-port=0",
            f"--user-data-dir={folder}/profile", "about:blank",
        ]
        said = pathlib.Path(folder) / "said"
        # A file and not a pipe: a browser that nobody listens to must not wait.
        with said.open("w") as out:
            started = subprocess.Popen(arguments, stdout=out, stderr=out, start_new_session=True)
        try:
            while not (found := re.search(r"ws://\S+", said.read_text())):
                assert started.poll() is None, said.read_text()
                await asyncio.sleep(0.1)
            address = found[0]
            async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
                page = Browser(socket, None)
                target = (await page.ask("Target.createTarget", url="about:blank"))["targetId"]
                page.session = (await page.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
                for domain in ("Page", "DOM", "Accessibility"):
                    await page.ask(f"{domain}.enable")
                await page.ask("Emulation.setScriptExecutionDisabled", value=True)
                await use(page, pathlib.Path(shots), process, box, closed, pathlib.Path(folder))
        finally:
            # Installed browsers are started by a script, which is not the browser.
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
