// Leaving the path: cancelling, going back, reloading, several tabs, no cookies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Partner, launchWithoutCookies } from "../partner.mjs";
import { Stage } from "../stage.mjs";

const stage = new Stage(import.meta.url);

stage.bothWays("cancelling at the first step returns to the portal", async (partner) => {
  await partner.begin();
  await partner.follow("Cancel");
  await partner.sees("You cancelled logging in");
});

stage.bothWays("cancelling at the second step returns to the portal and ends the code", async (partner) => {
  const code = await partner.beginAndGetCode();
  const step = partner.page.url();
  await partner.follow("Cancel");
  await partner.sees("You cancelled logging in");
  await partner.open(step);
  assert.equal(await partner.field("Code").count(), 0);

  await partner.begin();
  await partner.submitCredentials();
  await partner.sees("Secure login – step 2 of 2");
  await partner.enterCode(code);
  await partner.isTold("That code is not correct. Check the email and try again");
});

stage.bothWays("the answer to a cancelled log-in is access_denied", async (partner) => {
  let answer;
  partner.page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/callback") answer = new URL(request.url()).searchParams;
  });
  await partner.begin();
  await partner.follow("Cancel");
  await partner.sees("You cancelled logging in");
  assert.equal(answer.get("error"), "access_denied");
  assert.ok(answer.get("state"));
  assert.equal(answer.get("iss"), partner.demo.facts.issuer);
  assert.equal(answer.get("code"), null);
});

stage.bothWays("reloading at each step sends nothing and loses nothing", async (partner) => {
  await partner.begin();
  await partner.page.reload();
  await partner.sees("Secure login – step 1 of 2");
  await partner.submitCredentials();
  await partner.sees("Secure login – step 2 of 2");
  const code = await partner.demo.nextCode(partner.person);
  const sent = await partner.demo.lettersTo(partner.person);
  await partner.page.reload();
  await partner.sees("Secure login – step 2 of 2");
  assert.equal((await partner.demo.lettersTo(partner.person)).length, sent.length);
  await partner.enterCode(code);
  await partner.sees(`Welcome, ${partner.person.name}.`);
  await partner.page.reload();
  await partner.sees(`Welcome, ${partner.person.name}.`);
  await partner.follow("Return to Home");
  await partner.isLoggedIn();
  await partner.page.reload();
  await partner.isLoggedIn();
});

stage.bothWays("going back at each step leads on again", async (partner) => {
  const { page } = partner;
  const first = await partner.beginAndGetCode();
  await page.goBack();
  await partner.sees("Secure login – step 1 of 2");
  await page.goForward();
  await partner.sees("Secure login – step 2 of 2");
  await page.goBack();
  await partner.sees("Secure login – step 1 of 2");
  // Sooner, it would pass for a double click.
  await partner.demo.advance(31);
  await partner.submitCredentials();
  await partner.sees("Secure login – step 2 of 2");
  const second = await partner.demo.nextCode(partner.person);
  assert.notEqual(second, first);
  await partner.enterCode(second);
  await partner.sees(`Welcome, ${partner.person.name}.`);
  await page.goBack();
  await partner.sees(`Welcome, ${partner.person.name}.`);
  await partner.follow("Return to Home");
  await partner.isLoggedIn();
  await page.goBack();
  assert.ok((await partner.document()).status < 500);
  await partner.open(partner.demo.facts.portal);
  await partner.follow("My Account");
  await partner.isLoggedIn();
});

stage.bothWays("two tabs log in side by side", async (partner) => {
  const other = await partner.newTab();
  await partner.begin();
  await other.begin();
  await partner.submitCredentials();
  await partner.sees("Secure login – step 2 of 2");
  const code = await partner.demo.nextCode(partner.person);
  await other.submitCredentials();
  await other.sees("Secure login – step 2 of 2");
  const otherCode = await partner.demo.nextCode(partner.person);

  await partner.enterCode(otherCode);
  await partner.isTold("That code is not correct. Check the email and try again");
  await partner.finish(code);
  await other.finish(otherCode);
});

stage.bothWays("pressing Return to Home a second time leads to the portal", async (partner) => {
  const code = await partner.beginAndGetCode();
  await partner.enterCode(code);
  await partner.sees(`Welcome, ${partner.person.name}.`);
  const again = await partner.link("Return to Home").getAttribute("href");
  await partner.follow("Return to Home");
  await partner.isLoggedIn();
  await partner.open(again);
  await partner.sees("Welcome to the Children's Services Portal");
});

stage.bothWays("an address from another browser has expired", async (partner) => {
  await partner.begin();
  const copied = partner.page.url();
  const stranger = await Partner.at(stage.browser, partner.demo);
  await stranger.open(copied);
  await stranger.sees("This page has expired");
  assert.equal((await stranger.document()).status, 400);
  await stranger.leave();
});

stage.bothWays("a flow left alone for an hour has expired, and starting again works", async (partner) => {
  await partner.begin();
  await partner.demo.advance(61 * 60);
  await partner.submitCredentials();
  await partner.sees("This page has expired");
  await partner.follow("Start again from the Children's Services Portal");
  await partner.follow("Children's Services Portal");
  await partner.sees("Welcome to the Children's Services Portal");
});

test("a browser without cookies is told so", async () => {
  const context = await launchWithoutCookies();
  const partner = new Partner(context, context.pages()[0], stage.demo, stage.demo.people[0]);
  try {
    await partner.open(stage.demo.facts.portal);
    await partner.follow("My Account");
    await partner.sees("This page has expired");
    await partner.reads("If this keeps happening, check that your browser accepts cookies from");
    stage.figures.journeys.withScript += 1;
  } finally {
    await partner.leave();
  }
});
