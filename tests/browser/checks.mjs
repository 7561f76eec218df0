// Everything that is measured on a page or a letter. Each check gives a list of faults in words: an empty list is good.

import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";
import { desktop } from "./partner.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** 1280 × 1024 at 400 % (WCAG 2.2, 1.4.10). */
const zoomed = { width: 320, height: 256 };

const phone = { width: 320, height: 568 };

const rules = { extends: ["html-validate:standard", "html-validate:a11y"] };

const pageRules = new HtmlValidate({
  ...rules,
  rules: {
    // Our own habits are as valid: "<meta …>" without a slash, lower-case doctype, curly text as it comes.
    "doctype-style": ["error", { style: "lowercase" }],
    // A button in a form submits it: that is what it is there for.
    "no-implicit-button-type": "off",
    // An alert inside a group of its own name, against a race between focus and announcement.
    "prefer-native-element": ["error", { exclude: ["group", "alert"] }],
    "no-trailing-whitespace": "off",
    "long-title": "off",
  },
});

const letterRules = new HtmlValidate({
  ...rules,
  rules: {
    "doctype-style": ["error", { style: "lowercase" }],
    // Mail programs drop everything else.
    "no-inline-style": "off",
    "no-trailing-whitespace": "off",
    "long-title": "off",
  },
});

/**
 * Runs every check of a page that is on show.
 *
 * @param partner who looks at it
 * @param name what to call the state of the page, for files
 * @param seen the answer that brought it: `status`, `headers`, `body`
 * @param keep called with a name and a screenshot
 * @returns `{ faults, figures }`
 */
export async function inspectPage(partner, name, seen, keep = async () => {}) {
  const { page } = partner;
  await page.setViewportSize(desktop);
  const faults = {};
  const figures = { name, status: seen.status };
  // First what the rest would disturb.
  faults.focus = await focusOnLoad(page);
  faults.policy = partner.complaints.splice(0);
  faults.lint = await lint(page);
  faults.html = await validate(pageRules, seen.body);
  const weight = await weigh(page, seen.body);
  Object.assign(figures, weight.figures);
  faults.weight = weight.faults;
  faults.motion = await motion(page);
  faults.targets = await targets(page);
  await keep(`${name}-1280`, page);

  const judged = await accessibility(page, { rules: { "target-size": { enabled: true } } });
  faults.axe = judged.violations;
  figures.axePasses = judged.passes;
  figures.axeIncomplete = judged.incomplete;

  faults.keyboard = await keyboard(page, "1280 wide");
  faults.text = await largeText(page);
  faults.spacing = await textSpacing(page);
  await page.setViewportSize(phone);
  await keep(`${name}-320`, page);
  faults.targets.push(...(await targets(page)));
  await page.setViewportSize(zoomed);
  faults.reflow = await reflow(page);
  faults.spacing.push(...(await textSpacing(page)));
  faults.keyboard.push(...(await keyboard(page, "320 × 256")));
  await page.setViewportSize(desktop);
  faults.forced = await forcedColours(page);
  faults.print = await print(page);
  faults.policy.push(...partner.complaints.splice(0));
  return { faults, figures };
}

/** Runs every check of a letter's HTML, as a mail program on a phone would show it. */
export async function inspectLetter(partner, name, letter, keep = async () => {}) {
  const { page } = partner;
  await page.setViewportSize(phone);
  await page.setContent(letter.html);
  await keep(`letter-${name}-320`, page);
  // The guidelines only: landmarks and headings are for pages.
  const judged = await accessibility(page, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  const faults = {
    html: await validate(letterRules, letter.html),
    axe: judged.violations,
    reflow: await reflow(page),
    lint: lintLetter(letter, name === "invitation"),
  };
  const figures = { name, raw: Buffer.byteLength(letter.html), axePasses: judged.passes, axeIncomplete: judged.incomplete };
  return { faults, figures };
}

/** The text on show, as seed strings are compared: no-break spaces as spaces, lines as they fall. */
export async function textOf(page) {
  const texts = await page.evaluate(() => [
    document.body.innerText,
    ...[...document.querySelectorAll("input")].map((input) => input.value),
  ]);
  return texts.join("\n").replaceAll("\u00a0", " ");
}

async function focusOnLoad(page) {
  return page.evaluate(async () => {
    // The browser gives the focus with the frame that it draws next, which may be late where the machine is busy.
    for (let frame = 0; frame < 30 && document.activeElement === document.body; frame++) {
      await new Promise(requestAnimationFrame);
    }
    const notice = document.querySelector("main [autofocus]");
    if (document.querySelector("input[autofocus]")) return ["an input takes the focus on load"];
    const told = [...document.querySelectorAll("main h2")].some((h) => ["There is a problem", "Success"].includes(h.innerText));
    if (told && notice !== document.activeElement) return ["the summary or banner does not have the focus"];
    if (!told && document.activeElement !== document.body) return ["something has the focus without reason"];
    return [];
  });
}

/** What this project demands of its pages beyond standards. */
async function lint(page) {
  return page.evaluate(() => {
    const faults = [];
    const demand = (holds, fault) => holds || faults.push(fault);
    const all = (selector) => [...document.querySelectorAll(selector)];

    const headings = all("h1");
    demand(headings.length === 1, `${headings.length} main headings`);
    const summary = all("main [role=group]").find((group) => group.innerText.startsWith("There is a problem"));
    demand(document.title.startsWith("Error: ") === Boolean(summary), "“Error: ” in the title does not match the page");
    const banner = all("main [role=alert]").some((alert) => alert.innerText.startsWith("Success"));
    demand(!(summary && banner), "an error summary and a success banner");
    const main = document.querySelector("main");
    const first = main?.firstElementChild;
    if (summary) demand(first === summary, "the error summary is not first in main");

    for (const link of summary?.querySelectorAll("a") ?? []) {
      const field = document.getElementById(link.hash.slice(1));
      const words = (field?.getAttribute("aria-describedby") ?? "").split(" ")
        .map((id) => document.getElementById(id)?.textContent.trim());
      demand(field, `${link.hash} leads nowhere`);
      demand(words.includes(`Error: ${link.innerText}`), `“${link.innerText}” is not the message by the field`);
      demand(field?.getAttribute("aria-invalid") === "true", `${link.hash} is not marked as invalid`);
    }

    for (const input of all("input:not([type=hidden])")) {
      const name = input.name || input.id;
      for (const attribute of ["required", "pattern", "minlength", "maxlength", "placeholder", "onpaste", "autofocus"]) {
        demand(!input.hasAttribute(attribute), `${name} has ${attribute}`);
      }
      // No browser knows what a device shows, nor what administrators write of others.
      const isKnown = name !== "user_code" && !document.querySelector("main.console");
      if (["radio", "checkbox", "file"].includes(input.type)) continue;
      demand(input.autocomplete && (!isKnown || input.autocomplete !== "off"), `${name} cannot be filled in by the browser`);
      if (input.autocomplete.endsWith("password")) {
        demand(input.defaultValue === "", `${name} shows a password again`);
      }
    }
    demand(all("form").every((form) => form.noValidate || !form.querySelector("input:not([type=hidden])")), "a form is validated by the browser");
    demand(all("button[disabled], [onclick], [onsubmit], [style], style").length === 0, "an inline style or script, or a disabled button");
    demand(all("*").every((element) => !["fixed", "sticky"].includes(getComputedStyle(element).position)), "something is fixed or sticky");
    demand(!document.querySelector("meta[name=viewport]")?.content.match(/maximum-scale|user-scalable/), "zooming is hindered");
    demand(document.documentElement.lang === "en-GB", "the language is not en-GB");
    demand(document.querySelector("a[href]")?.getAttribute("href") === "#main", "no skip link at the start");
    return faults;
  });
}

/** What a letter must not have; one that invites has a single link, which stands alone and hides nothing. */
function lintLetter(letter, invites) {
  const faults = [];
  const links = [...letter.html.matchAll(/<a\b/gi)];
  const open = letter.html.match(/<p[^>]*><a href="([^"]*)">\1<\/a><\/p>/);
  if (links.length !== (invites ? 1 : 0)) faults.push(`${links.length} links`);
  if (invites && !(open && letter.text.split(/\r?\n/).includes(open[1]))) {
    faults.push("the link hides where it leads, or does not stand alone");
  }
  if (/<img\b|<link\b|<script\b|url\(/i.test(letter.html)) faults.push("something to fetch");
  if (/\b\d{4} ?\d{4}\b/.test(letter.subject)) faults.push("the code is in the subject");
  return faults;
}

async function validate(validator, html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) => result.messages)
    .map((message) => `${message.ruleId}: ${message.message} (line ${message.line})`);
}

/** The page with everything it loads, in bytes. */
async function weigh(page, body) {
  const addresses = await page.evaluate(() =>
    [...document.querySelectorAll("link[href], script[src], img[src]")].map((element) => element.href || element.src));
  const parts = [Buffer.from(body)];
  for (const address of addresses.filter((address) => address.startsWith("http"))) parts.push(await part(address));
  const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);
  const raw = sum(parts.map((bytes) => bytes.length));
  const gzip = sum(parts.map((bytes) => gzipSync(bytes, { level: 9 }).length));
  // Those who look after others sit at better connections, and see long lists.
  const most = body.includes('class="console"') ? 32_000 : 20_000;
  return { figures: { raw, gzip }, faults: raw > most ? [`${raw} bytes, more than ${most / 1000} kB`] : [] };
}

const parts = new Map();

async function part(address) {
  if (!parts.has(address)) parts.set(address, Buffer.from(await (await fetch(address)).arrayBuffer()));
  return parts.get(address);
}

async function motion(page) {
  const count = await page.evaluate(() => document.getAnimations().length);
  return count ? [`${count} animations`] : [];
}

/** Controls smaller than 24 × 24 pixels (WCAG 2.2, 2.5.8); axe judges the room around links in running text. */
async function targets(page) {
  return page.evaluate(() => {
    const isInText = (element) => getComputedStyle(element).display === "inline";
    return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary")]
      .filter((element) => element.tabIndex >= 0 && element.checkVisibility() && !isInText(element))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.right > 0 && (box.width < 24 || box.height < 24))
      .map(({ element, box }) => `“${element.innerText || element.id}” is ${Math.round(box.width)} × ${Math.round(box.height)}`);
  });
}

/** What axe finds; `options` are its own. */
async function accessibility(page, options) {
  await page.evaluate(axe);
  const found = await page.evaluate((options) => window.axe.run(document, options), options);
  const inWords = (rule) => `${rule.id}: ${rule.nodes.map((node) => node.target.join(" ")).join(", ")}`;
  return {
    violations: found.violations.map(inWords),
    incomplete: found.incomplete.map(inWords),
    passes: found.passes.length,
  };
}

/**
 * Walks through the page with the Tab key: every control is reached, in view, not covered, and visibly focused.
 * The walk starts at the top of the page, wherever the focus was.
 */
async function keyboard(page, where) {
  const expected = await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
    const all = "a[href], button, input:not([type=hidden]), textarea, select, summary, iframe, [tabindex='0']";
    const reached = [...document.querySelectorAll(all)].filter((element) => element.tabIndex >= 0 && element.checkVisibility());
    // Of radio buttons that belong together, the Tab key reaches one.
    const radios = reached.filter((element) => element.type === "radio");
    return reached.length - radios.length + new Set(radios.map((radio) => radio.name)).size;
  });
  const faults = [];
  let stops = 0;
  for (; stops <= expected; stops += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const control = document.activeElement;
      if (!control || control === document.body) return undefined;
      window.walked ??= new Set();
      if (window.walked.has(control)) return undefined;
      window.walked.add(control);
      const boxes = [...control.getClientRects()];
      const box = boxes[0] ?? control.getBoundingClientRect();
      const style = getComputedStyle(control);
      const name = control.innerText?.trim() || control.labels?.[0]?.innerText || control.id || control.localName;
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
        && !/^(transparent|rgba\(.*, 0\))$/.test(style.outlineColor);
      // What is larger than the window is in view when it fills it.
      const fits = (from, to, space) => (from >= -1 && to <= space + 1) || (to - from > space && from < space && to > 0);
      // A browser brings the line that is written in into view, not the whole of a large field.
      const isLarge = control.localName === "textarea" && box.bottom > 24 && box.top < innerHeight - 24;
      const inView = isLarge || fits(box.top, box.bottom, innerHeight) && fits(box.left, box.right, innerWidth);
      const middle = (from, to, space) => (Math.max(from, 0) + Math.min(to, space)) / 2;
      const top = document.elementFromPoint(
        middle(box.left, box.right, innerWidth),
        middle(box.top, box.bottom, innerHeight),
      );
      const covered = !top?.contains(control) && !control.contains(top);
      return { name, outlined, inView, covered };
    });
    if (!stop) break;
    if (!stop.outlined) faults.push(`“${stop.name}” has no visible focus (${where})`);
    if (!stop.inView) faults.push(`“${stop.name}” is out of view with the focus (${where})`);
    if (stop.covered) faults.push(`“${stop.name}” is covered with the focus (${where})`);
  }
  await page.evaluate(() => {
    delete window.walked;
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  if (stops < expected) faults.push(`the Tab key reaches ${stops} of ${expected} controls (${where})`);
  return faults;
}

/** No sideways scrolling at 320 pixels (WCAG 2.2, 1.4.10). */
async function reflow(page) {
  return page.evaluate(() => {
    const { scrollWidth } = document.documentElement;
    return scrollWidth > innerWidth ? [`${scrollWidth} pixels wide in a window of ${innerWidth}`] : [];
  });
}

/** Text of twice the size: every text grows, and nothing scrolls sideways (WCAG 2.2, 1.4.4). */
async function largeText(page) {
  return page.evaluate(() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (walker.currentNode.data.trim()) texts.push(walker.currentNode.parentElement);
    }
    const sizes = () => texts.map((element) => parseFloat(getComputedStyle(element).fontSize));
    const before = sizes();
    document.documentElement.style.fontSize = "200%";
    const after = sizes();
    const faults = texts.filter((_, index) => after[index] < before[index] * 1.95)
      .map((element) => `“${element.innerText}” does not grow with the text size`);
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) faults.push(`${scrollWidth} pixels wide with large text`);
    document.documentElement.removeAttribute("style");
    return faults;
  });
}

/** Wider spacing of lines, paragraphs, letters and words cuts nothing off (WCAG 2.2, 1.4.12). */
async function textSpacing(page) {
  return page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
      p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
    const faults = [...document.body.querySelectorAll(":not(input)")]
      .filter((element) => {
        const style = getComputedStyle(element);
        const hides = [style.overflowX, style.overflowY].some((overflow) => ["hidden", "clip"].includes(overflow));
        const box = element.getBoundingClientRect();
        // Text for screen readers only is one pixel large on purpose.
        const isUnseen = box.width <= 1 || box.height <= 1;
        return hides && !isUnseen
          && (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1);
      })
      .map((element) => `“${element.innerText}” is cut off with wide spacing`);
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) faults.push(`${scrollWidth} pixels wide with wide spacing`);
    document.adoptedStyleSheets = [];
    return faults;
  });
}

/** In the colours of a high-contrast theme, controls have edges and the focus shows. */
async function forcedColours(page) {
  await page.emulateMedia({ forcedColors: "active" });
  const faults = await page.evaluate(() =>
    [...document.querySelectorAll("button, .button, input:not([type=hidden])")]
      .filter((control) => control.tabIndex >= 0 && control.checkVisibility())
      // These are drawn by the browser itself.
      .filter((control) => !["radio", "checkbox"].includes(control.type))
      .filter((control) => {
        const style = getComputedStyle(control);
        const isLink = style.textDecorationLine.includes("underline");
        return !isLink && (style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) < 1);
      })
      .map((control) => `“${control.innerText || control.id}” has no edge in forced colours`));
  faults.push(...(await keyboard(page, "forced colours")));
  await page.emulateMedia({ forcedColors: null });
  return faults;
}

/** On paper: the heading, no buttons and no secrets. */
async function print(page) {
  await page.emulateMedia({ media: "print" });
  const faults = await page.evaluate(() => {
    const shown = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    const faults = [];
    if (shown("h1").length !== 1) faults.push("no heading on paper");
    if (shown("button, .secret").length) faults.push("a button or a secret on paper");
    return faults;
  });
  await page.emulateMedia({ media: null });
  return faults;
}
