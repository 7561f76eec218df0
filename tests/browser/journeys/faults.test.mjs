// Are the checks any good? Twenty faults are put into good pages, one at a time: each must be caught.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectPage } from "../checks.mjs";
import { Partner } from "../partner.mjs";
import { Stage } from "../stage.mjs";

const stage = new Stage(import.meta.url);
stage.figures.faults = {};

const style = (rules) => ({ css: rules });
const edit = (search, replacement) => ({ html: (body) => body.replace(search, replacement) });

/** What is changed in the first step with an error summary: its HTML, or the stylesheet. */
const faults = {
  "a label is missing": edit(/<label for="email">.*?<\/label>/, ""),
  "a hint has too little contrast": style(".message { color: #bbb }"),
  "the language is missing": edit(' lang="en-GB"', ""),
  "the focus has no outline": style(":focus-visible { outline: none !important }"),
  "a fixed bar covers the focus": style("footer { position: fixed; bottom: 0; height: 60vh; width: 100% }"),
  "buttons are 18 pixels high": style(".cancel { min-height: 0 !important; padding: 0 !important; height: 18px; overflow: hidden }"),
  "a row is 500 pixels wide": style("form { width: 500px }"),
  "a style is inline": edit("<h1>", '<h1 style="color: #123">'),
  "the summary does not get the focus": edit(" autofocus", ""),
  "the title does not say Error": edit("<title>Error: ", "<title>"),
  "the summary says something else than the field": edit(/(<a href="#email">)[^<]*/, "$1Enter an email"),
  "the browser may not fill in": edit('autocomplete="username"', 'autocomplete="off"'),
  "a length is enforced": edit('id="email"', 'id="email" maxlength="8"'),
  "a placeholder stands in for a hint": edit('id="email"', 'id="email" placeholder="name@example.com"'),
  "a password is shown again": edit(/(id="password"[^>]*) value=""/, '$1 value="not the right one"'),
  "text is cut off when spaced out": style("form > p { height: 1.55em; overflow: hidden }"),
  "sizes are in pixels": style("p { font-size: 18px }"),
  "an id is there twice": edit("<h1>", '<h1 id="email">'),
  "a div plays the button": edit(/<button class="button">(.*?)<\/button>/, '<div class="button" role="button" tabindex="0">$1</div>'),
  "a description leads nowhere": edit(/aria-describedby="email-error"/, 'aria-describedby="email-fault"'),
};

/** Has the browser show the first step, with nothing entered, with or without a fault in it. */
async function show({ css = "", html = (body) => body }) {
  const partner = await Partner.at(stage.browser, stage.demo);
  await partner.begin();
  await partner.page.route("**/*.css", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()) + css });
  });
  await partner.page.route("**/login?*", async (route) => {
    const answer = await route.fetch({ maxRedirects: 0 });
    const before = await answer.text();
    const body = html(before);
    partner.wasChanged = body !== before;
    await route.fulfill({ response: answer, body });
  });
  await partner.press("Submit");
  return partner;
}

test("the page without a fault is found faultless", async () => {
  const partner = await show({});
  const { faults: found } = await inspectPage(partner, "good", await partner.document());
  assert.deepEqual(Object.values(found).flat(), []);
  await partner.context.close();
});

for (const [name, fault] of Object.entries(faults)) {
  test(`${name}: caught`, async () => {
    const partner = await show(fault);
    assert.ok(fault.css || partner.wasChanged, "the fault is not in the page");
    const { faults: found } = await inspectPage(partner, "faulty", await partner.document());
    await partner.context.close();
    const by = Object.keys(found).filter((check) => found[check].length > 0);
    stage.figures.faults[name] = by;
    assert.notDeepEqual(by, []);
  });
}
