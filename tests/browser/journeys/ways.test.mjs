// The same journey by touch on a small screen, and by keyboard alone.

import assert from "node:assert/strict";
import { Stage } from "../stage.mjs";

const stage = new Stage(import.meta.url);

const phone = { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true };

for (const javaScriptEnabled of [true, false]) {
  const manner = javaScriptEnabled ? "" : ", without script";

  stage.journey(`by touch at 320 pixels${manner}`, { ...phone, javaScriptEnabled }, async (partner) => {
    const tap = async (control) => {
      const wide = await partner.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${wide} pixels wide at ${partner.page.url()}`);
      await control.tap();
    };
    await partner.open(partner.demo.facts.portal);
    await tap(partner.link("My Account"));
    await partner.sees("Secure login – step 1 of 2");
    await partner.fill("Email", partner.person.email);
    await partner.fill("Password", partner.person.password);
    await tap(partner.button("Submit"));
    await partner.sees("Secure login – step 2 of 2");
    await partner.fill("Code", await partner.demo.nextCode(partner.person));
    await tap(partner.button("Finish"));
    await partner.sees(`Welcome, ${partner.person.name}.`);
    await tap(partner.link("Return to Home"));
    await partner.isLoggedIn();
  });

  stage.journey(`by keyboard alone${manner}`, { javaScriptEnabled }, async (partner) => {
    const { keyboard } = partner.page;
    await partner.open(partner.demo.facts.portal);
    await partner.tabTo("My Account");
    await keyboard.press("Enter");
    await partner.sees("Secure login – step 1 of 2");
    // First without anything, to walk from the error summary to the field.
    await partner.tabTo("Submit");
    await keyboard.press("Enter");
    await partner.isTold("Enter your email", "Enter your password");
    await partner.tabTo("Enter your email");
    await keyboard.press("Enter");
    assert.ok(await partner.field("Email").evaluate((field) => field === document.activeElement));
    await keyboard.type(partner.person.email);
    await partner.tabTo("Password");
    await keyboard.type(partner.person.password);
    await keyboard.press("Enter");
    await partner.sees("Secure login – step 2 of 2");
    await partner.tabTo("Code");
    await keyboard.type(await partner.demo.nextCode(partner.person));
    await partner.tabTo("Finish");
    await keyboard.press("Enter");
    await partner.sees(`Welcome, ${partner.person.name}.`);
    await partner.tabTo("Return to Home");
    await keyboard.press("Enter");
    await partner.isLoggedIn();
    await partner.tabTo("Log out");
    await keyboard.press("Enter");
    await partner.reads("You have logged out.");
  });
}

stage.journey("a password can be shown and is hidden again", {}, async (partner) => {
  await partner.begin();
  await partner.fill("Password", "not the right one");
  const type = () => partner.field("Password").getAttribute("type");
  await partner.button("Show password").click();
  assert.equal(await type(), "text");
  await partner.reads("Your password is visible");
  await partner.button("Hide password").click();
  assert.equal(await type(), "password");
  await partner.button("Show password").click();
  await partner.press("Submit");
  await partner.isTold("Enter your email");
  assert.equal(await type(), "password");
});
