// A partner at a browser: opens the portal, reads what a page says, fills fields, presses buttons, reads emails.

import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { chromium } from "playwright-core";
import { until } from "./harness.mjs";

const options = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** How long a page may take to show what is expected, in milliseconds. */
const patience = 10_000;

export const desktop = { width: 1280, height: 900 };

export function launch() {
  return chromium.launch(options);
}

/** A browser whose owner has turned cookies off in its settings. */
export async function launchWithoutCookies() {
  const profile = mkdtempSync(`${tmpdir()}/gatehouse-browser-`);
  mkdirSync(`${profile}/Default`);
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(`${profile}/Default/Preferences`, JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, options);
  process.once("exit", () => rmSync(profile, { recursive: true, force: true }));
  return context;
}

export class Partner {
  /** What the browser complained about: broken policies, errors of scripts. */
  complaints = [];
  /** The answer that brought the page on show: `status`, `headers`, `url` and, once read, `body`. */
  #document;

  /** Sits down at a browser with no history. Settings are those of a browser context; `person` is who it is. */
  static async at(browser, demo, { person = demo.people[0], ...settings } = {}) {
    const context = await browser.newContext({ viewport: desktop, locale: "en-GB", ...settings });
    return new Partner(context, await context.newPage(), demo, person);
  }

  constructor(context, page, demo, person) {
    Object.assign(this, { context, page, demo, person });
    page.setDefaultTimeout(patience);
    page.on("console", (message) => {
      if (/Content Security Policy|Content-Security-Policy|TrustedHTML|TrustedScript/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("response", (response) => {
      const request = response.request();
      const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame();
      if (!isPage || (response.status() >= 300 && response.status() < 400)) return;
      const body = response.text().catch(() => "");
      this.#document = { status: response.status(), headers: response.headers(), url: response.url(), body };
    });
  }

  /** Another tab of the same browser. */
  async newTab() {
    return new Partner(this.context, await this.context.newPage(), this.demo, this.person);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }

  /** The answer that brought the page on show. */
  async document() {
    await this.page.waitForLoadState();
    return { ...this.#document, body: await this.#document.body };
  }

  async open(url) {
    await this.page.goto(new URL(url, this.demo.origin).href);
  }

  /** Waits for the page with this main heading. */
  async sees(heading) {
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
    await this.page.waitForLoadState();
  }

  /** Waits for these words anywhere on the page. */
  async reads(words) {
    await this.page.getByText(words).first().waitFor();
  }

  /** Checks that the page complains about exactly this, and that it is what gets the focus. */
  async isTold(...messages) {
    await this.page.getByRole("heading", { name: "There is a problem" }).waitFor();
    const summary = this.page.getByRole("group", { name: "There is a problem" });
    assert.deepEqual(await summary.getByRole("link").allInnerTexts(), messages);
    await this.#hasFocus(summary);
  }

  /** Checks that the page tells of this success, and that it is what gets the focus. */
  async isAssured(words) {
    const banner = this.page.getByRole("alert").filter({ hasText: "Success" });
    await banner.getByText(words).waitFor();
    await this.#hasFocus(banner);
  }

  async #hasFocus(element) {
    // A browser moves the focus there when it has drawn the page, not before.
    await until("the focus to be there", () => element.evaluate((node) => node === document.activeElement));
  }

  async fill(label, text) {
    await this.field(label).fill(text);
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  link(name) {
    return this.page.getByRole("link", { name, exact: true });
  }

  /** Presses a button that leads to another page. */
  async press(name) {
    await this.#go(this.button(name));
  }

  /** Follows a link to another page. */
  async follow(name) {
    await this.#go(this.link(name));
  }

  /** Presses a button twice in quick succession, and waits until the browser has done with both. */
  async doublePress(name) {
    const button = this.button(name);
    await this.#arrive(() => button.dblclick());
    // The second press may have met the same page or the next one, and is answered after the first.
    await this.page.waitForLoadState("networkidle");
  }

  async #go(control) {
    await this.#arrive(() => control.click());
  }

  async #arrive(leave) {
    const arrived = this.page.waitForEvent("framenavigated", (frame) => frame === this.page.mainFrame());
    await Promise.all([arrived, leave()]);
    await this.page.waitForLoadState();
  }

  // Longer stretches of the way.

  /** From the portal's home page to the first step of logging in. */
  async begin() {
    await this.open(this.demo.facts.portal);
    await this.follow("My Account");
    await this.sees("Secure login – step 1 of 2");
  }

  async submitCredentials(password = this.person.password) {
    await this.fill("Email", this.person.email);
    await this.fill("Password", password);
    await this.press("Submit");
  }

  /** To the second step, with the code that was sent. */
  async beginAndGetCode() {
    await this.begin();
    await this.submitCredentials();
    await this.sees("Secure login – step 2 of 2");
    return this.demo.nextCode(this.person);
  }

  async enterCode(code) {
    await this.fill("Code", code);
    await this.press("Finish");
  }

  /** From the second step to the account page of the portal. */
  async finish(code) {
    await this.enterCode(code);
    await this.sees(`Welcome, ${this.person.name}.`);
    await this.follow("Return to Home");
    await this.isLoggedIn();
  }

  async logIn() {
    await this.finish(await this.beginAndGetCode());
  }

  /** Checks that the portal shows who this is, from a verified ID token. */
  async isLoggedIn() {
    await this.sees("My Account");
    const row = this.page.getByRole("row").filter({ has: this.page.getByRole("rowheader", { name: "email", exact: true }) });
    assert.ok((await row.innerText()).includes(this.person.email));
  }

  /** From the first step of logging in to the second of a reset, with the code that was sent. */
  async askForReset() {
    await this.follow("Forgotten password?");
    await this.sees("Reset password - step 1 of 3");
    await this.fill("Email", this.person.email);
    await this.press("Next");
    await this.sees("Reset password - step 2 of 3");
    return this.demo.nextCode(this.person, "your password reset code");
  }

  /** From the second step of a reset to the third. */
  async confirmReset(code) {
    await this.fill("Code", code);
    await this.press("Next");
    await this.sees("Reset password - step 3 of 3");
  }

  async choosePassword(password, again = password) {
    await this.fill("Your new password", password);
    await this.fill("Confirm password", again);
    await this.press("Finish");
  }

  /** Moves the focus with the Tab key to the control of this name. */
  async tabTo(name) {
    for (let stop = 0; stop < 60; stop += 1) {
      await this.page.keyboard.press("Tab");
      const focused = await this.page.evaluate(() => {
        const control = document.activeElement;
        return control?.labels?.[0]?.innerText ?? control?.innerText ?? "";
      });
      if (focused.trim() === name) return;
    }
    assert.fail(`the Tab key does not reach “${name}”`);
  }
}
