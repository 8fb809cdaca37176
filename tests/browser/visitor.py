"""What a person does with a browser, and how a person may see."""

from __future__ import annotations

from typing import Any

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

PHONE = (360, 740)
DESK = (1280, 900)

# Texts that are hard to read: contrast below 4.5 to 1, or 3 to 1 where they are large (WCAG 2.2, 1.4.3).
_POOR_CONTRAST = """
const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const [r, g, b, alpha = 1] = parts(getComputedStyle(each).backgroundColor);
    if (alpha === 1) return [r, g, b];
  }
  return [255, 255, 255];
};
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, style = getComputedStyle(element);
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, noscript")) continue;
  const [one, two] = [light(parts(style.color)), light(behind(element))].sort((a, b) => b - a);
  const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  const contrast = (one + 0.05) / (two + 0.05);
  if (contrast < (large ? 3 : 4.5)) poor.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
}
return poor;
"""
_TOO_WIDE = "return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
_SMALL_TARGETS = """
return [...document.querySelectorAll("button, input:not([type=hidden])")].filter((each) => each.checkVisibility())
  .filter((each) => { const box = each.getBoundingClientRect(); return box.height < 44 || box.width < 44; })
  .map((each) => each.id);
"""
_NAMED_ROLES = {
    "button",
    "link",
    "textbox",
    "spinbutton",
    "progressbar",
    "navigation",
    "region",
    "main",
    "list",
    "form",
}
_NAMELESS = {"list", "main", "form"}


class Visitor:
    """A person at a browser."""

    def __init__(self, browser: Chrome, shop: str) -> None:
        self.browser = browser
        self._shop = shop

    def sign_in(self, cookie: str, session: str) -> None:
        self.browser.get(f"{self._shop}/healthz")
        self.browser.delete_all_cookies()
        self.browser.add_cookie({"name": cookie, "value": session})

    def sign_out(self) -> None:
        self.browser.delete_all_cookies()

    def go(self, path: str) -> None:
        self._said()  # what was said before is not this page's
        self.browser.get(f"{self._shop}{path}")

    def leave(self) -> None:
        """Leave the browser as a new one would be."""
        self._do("Emulation.setScriptExecutionDisabled", value=False)
        self._do("Emulation.clearDeviceMetricsOverride")
        self.sees()
        self.online(True)
        self.browser.get("about:blank")
        self.browser.delete_all_cookies()

    def holds(self, size: tuple[int, int]) -> None:
        """Use a screen of this size."""
        width, height = size
        self._do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def sees(self, **preferences: str) -> None:
        """Prefer e.g. color_scheme="dark", reduced_motion="reduce"; nothing: as it comes."""
        features = [
            {"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in preferences.items()
        ]
        self._do("Emulation.setEmulatedMedia", features=features)

    def without_scripts(self) -> None:
        self._do("Emulation.setScriptExecutionDisabled", value=True)

    def online(self, yes: bool) -> None:
        self._do("Network.enable")
        self._do(
            "Network.emulateNetworkConditions", offline=not yes, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def clicks(self, element: str) -> None:
        self.browser.find_element(By.ID, element).click()

    def text(self, selector: str = "main") -> str:
        # In one go: an element that is found and then read may have been replaced between.
        return str(self.asks("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def asks(self, script: str, *arguments: object) -> Any:
        """Return what a script finds on the page."""
        return self.browser.execute_script(script, *arguments)

    def types(self, field: str, text: str, *keys: str) -> None:
        """Put the text into the field with that id, in place of what stands there."""
        self.asks("const field = document.getElementById(arguments[0]); field.focus(); field.select()", field)
        self.presses(*text, *keys)

    def value(self, field: str) -> str:
        return str(self.asks("return document.getElementById(arguments[0]).value", field))

    def waits(self, seconds: float) -> None:
        """Let time pass on the page, to see that nothing happens."""
        self.browser.execute_async_script("setTimeout(arguments[1], arguments[0])", seconds * 1000)

    def presses(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def tabs_to(self, element: str, *, at_most: int = 80) -> list[str]:
        """Press the tab key until the element with that id has the focus; return what had it on the way."""
        met: list[str] = []
        for _ in range(at_most):
            self.presses(Keys.TAB)
            focused = self.asks("const at = document.activeElement; return at.id || at.textContent.trim()")
            met.append(focused)
            if focused == element:
                return met
        raise AssertionError(f"{element} can't be reached by keyboard; met {met}")

    def complaints(self) -> list[str]:
        """Return what the browser complained of since the last page: errors, and what the policy refused."""
        return [entry["message"] for entry in self._said() if entry["level"] in ("SEVERE", "WARNING")]

    def cannot_read(self) -> list[str]:
        return list(self.asks(_POOR_CONTRAST))

    def must_scroll_sideways(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        return int(self.asks(_TOO_WIDE))

    def cannot_hit(self) -> list[str]:
        """Return controls smaller than a finger."""
        return list(self.asks(_SMALL_TARGETS))

    def nameless(self) -> list[str]:
        """Return what a screen reader would announce without a name."""
        nodes = self._do("Accessibility.getFullAXTree")["nodes"]
        return [
            node["role"]["value"]
            for node in nodes
            if not node.get("ignored")
            and node.get("role", {}).get("value") in _NAMED_ROLES - _NAMELESS
            and not node.get("name", {}).get("value", "").strip()
        ]

    def _said(self) -> list[dict[str, str]]:
        return list(self.browser.get_log("browser"))  # type: ignore[no-untyped-call]

    def _do(self, command: str, **parameters: object) -> Any:
        return self.browser.execute_cdp_cmd(command, parameters)
