"""A browser's tab that remembers everything that went wrong in it."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

from tests.doors import PASSWORD


class Watched:
    """One person's browser."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", self._look_at)

    def _hear(self, message: ConsoleMessage) -> None:
        # Violations of the content policy are console errors too.
        if message.type in {"error", "warning"}:
            self.faults.append(f"console: {message.text}")

    def _look_at(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def open(self, path: str) -> None:
        """Go to an address and wait until nothing more is loaded."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")

    def sign_in(self, email: str) -> None:
        """Sign in through the form that is on the page."""
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_load_state("networkidle")

    @property
    def path(self) -> str:
        """Where the tab is, without the host."""
        return self.page.url.removeprefix(self.address)

    def unnamed(self) -> list[str]:
        """List what a screen reader would have no name for, and headings that are missing or one too many."""
        return self.page.evaluate(
            """() => {
                const nameless = [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
                    .filter((one) => !one.labels.length && !one.ariaHidden)
                    .concat([...document.querySelectorAll("a, button, summary")]
                        .filter((one) => !one.textContent.trim() && !one.ariaLabel))
                    .concat([...document.querySelectorAll("img:not([alt])")])
                    .map((one) => one.outerHTML);
                const headings = document.querySelectorAll("h1").length;
                return headings === 1 ? nameless : [...nameless, `${headings} first headings`];
            }"""
        )

    def is_wider_than_the_screen(self) -> bool:
        """Say whether the page scrolls sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
