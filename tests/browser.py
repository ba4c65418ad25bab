"""A real browser: Debian's Chromium, driven by Playwright, with the console's errors collected.

Without Chromium a test is skipped with a word on what is missing, and fails in CI.
"""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright import async_api

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(slots=True)
class Tab:
    """A page, and what its console complained about, such as a breach of the security policy."""

    page: async_api.Page
    complaints: list[str] = field(default_factory=list)

    async def passkeys(self) -> str:
        """Plug a virtual authenticator into the browser, and return its id."""
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("WebAuthn.enable", {"enableUI": False})
        made = await session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        return str(made["authenticatorId"])


def need() -> str:
    """Return the path of a Chromium, or skip the test; in CI nothing is skipped."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        message = "no Chromium is installed (Debian: apt-get install chromium)"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    return found


@contextlib.asynccontextmanager
async def open_tab(*, javascript: bool = True, locale: str = "en-US") -> AsyncIterator[Tab]:
    """Start a browser without a past, and close it at the end."""
    executable = need()
    async with async_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=list(FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        try:
            context = await browser.new_context(
                java_script_enabled=javascript,
                locale=locale,
                ignore_https_errors=True,  # a test's own certificate
                viewport={"width": 1280, "height": 860},
            )
            tab = Tab(await context.new_page())
            tab.page.on(
                "console",
                lambda said: (
                    tab.complaints.append(said.text) if said.type in {"error", "warning"} else None
                ),
            )
            tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
            yield tab
        finally:
            await browser.close()
