// Logging in and out, with everything that goes wrong on the way. The shorter set that also runs on PostgreSQL.

import assert from "node:assert/strict";
import { Stage } from "../stage.mjs";

const stage = new Stage(import.meta.url);

const wrongCode = (code) => (code.startsWith("0") ? "1" : "0") + code.slice(1);

stage.bothWays("a partner logs in and the portal shows who they are", async (partner) => {
  await partner.logIn();
});

stage.bothWays("a wrong password is refused in the same words as an unknown address", async (partner) => {
  const refusal = "The email or password is not correct. Check both and try again";
  await partner.begin();
  await partner.submitCredentials("not the right one");
  await partner.isTold(refusal);
  const known = await partner.document();
  assert.equal(known.status, 422);
  assert.equal(await partner.field("Email").inputValue(), partner.person.email);
  assert.equal(await partner.field("Password").inputValue(), "");

  await partner.fill("Email", "nobody@example.com");
  await partner.fill("Password", "not the right one");
  await partner.press("Submit");
  await partner.isTold(refusal);
  const unknown = await partner.document();
  assert.equal(unknown.status, 422);
  assert.equal(unknown.body.replaceAll("nobody@example.com", partner.person.email), known.body);
  assert.deepEqual(await partner.demo.lettersTo({ email: "nobody@example.com" }), []);

  await partner.submitCredentials();
  await partner.finish(await partner.demo.nextCode(partner.person));
});

stage.bothWays("a wrong code is refused, and the right one still works", async (partner) => {
  const code = await partner.beginAndGetCode();
  await partner.enterCode(wrongCode(code));
  await partner.isTold("That code is not correct. Check the email and try again");
  await partner.enterCode("1234");
  await partner.isTold("You have entered 4 numbers. The code has 8 numbers");
  assert.equal(await partner.field("Code").inputValue(), "1234");
  await partner.enterCode("twelve");
  await partner.isTold("The code must be 8 numbers");
  await partner.finish(code);
});

stage.bothWays("five wrong codes end the attempt, and starting again works", async (partner) => {
  const code = await partner.beginAndGetCode();
  for (let attempt = 1; attempt <= 5; attempt += 1) await partner.enterCode(wrongCode(code));
  await partner.sees("You have entered the wrong code too many times");
  await partner.follow("Start again");
  await partner.sees("Secure login – step 1 of 2");
  await partner.submitCredentials();
  await partner.finish(await partner.demo.nextCode(partner.person));
});

stage.bothWays("a new code can be asked for, and both codes work", async (partner) => {
  const first = await partner.beginAndGetCode();
  await partner.press("Please send me a new code");
  await partner.isAssured("We sent you a code less than a minute ago.");
  await partner.demo.advance(31);
  await partner.press("Please send me a new code");
  await partner.isAssured("We have sent you a new code.");
  const second = await partner.demo.nextCode(partner.person);
  assert.notEqual(second, first);
  await partner.finish(first);
});

stage.bothWays("an expired code brings a new one", async (partner) => {
  const old = await partner.beginAndGetCode();
  await partner.demo.advance(16 * 60);
  await partner.enterCode(old);
  await partner.isTold("That code has expired. We have sent you a new code");
  assert.equal(await partner.field("Code").inputValue(), "");
  await partner.finish(await partner.demo.nextCode(partner.person));
});

stage.journey("a code can be pasted as it is in the email", {}, async (partner) => {
  await partner.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const code = await partner.beginAndGetCode();
  for (const pasted of [code, `Your code is ${code}`, code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))]) {
    await partner.page.evaluate((text) => navigator.clipboard.writeText(text), pasted);
    await partner.field("Code").fill("");
    await partner.field("Code").press("Control+V");
    assert.equal(await partner.field("Code").inputValue(), pasted);
  }
  await partner.press("Finish");
  await partner.sees(`Welcome, ${partner.person.name}.`);
});

stage.bothWays("a double click sends one email", async (partner) => {
  await partner.begin();
  const before = await partner.demo.lettersTo(partner.person);
  await partner.fill("Email", partner.person.email);
  await partner.fill("Password", partner.person.password);
  await partner.doublePress("Submit");
  await partner.sees("Secure login – step 2 of 2");
  const code = await partner.demo.nextCode(partner.person);
  assert.equal((await partner.demo.lettersTo(partner.person)).length, before.length + 1);

  await partner.demo.advance(31);
  await partner.doublePress("Please send me a new code");
  await partner.page.getByRole("alert").waitFor();
  assert.equal((await partner.demo.lettersTo(partner.person)).length, before.length + 2);

  await partner.fill("Code", code);
  await partner.doublePress("Finish");
  await partner.sees(`Welcome, ${partner.person.name}.`);
});

stage.bothWays("a second service opens without a page", async (partner) => {
  await partner.logIn();
  const before = await partner.demo.lettersTo(partner.person);
  const pages = [];
  partner.page.on("response", (answer) => {
    if (answer.url().startsWith(partner.demo.origin) && answer.status() === 200) pages.push(answer.url());
  });
  await partner.open(partner.demo.facts.hub);
  await partner.follow("My Account");
  await partner.isLoggedIn();
  assert.deepEqual(pages, []);
  assert.equal((await partner.demo.lettersTo(partner.person)).length, before.length);
});

stage.bothWays("who has to leave at once is elsewhere", async (partner) => {
  const elsewhere = "https://www.bbc.co.uk/weather";
  await partner.page.route(elsewhere, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Rain</h1>" }));
  await partner.open(partner.demo.facts.hub);
  await partner.follow("My Account");
  await partner.sees("Secure login – step 1 of 2");
  await partner.follow("Exit this page");
  await partner.sees("Rain");
  if (partner.hasScript) {
    await partner.page.goBack();
    assert.equal(new URL(partner.page.url()).origin, new URL(partner.demo.facts.hub).origin);
  }
});

stage.bothWays("logging out of the portal ends the session, at the other service too", async (partner) => {
  await partner.logIn();
  await partner.open(partner.demo.facts.hub);
  await partner.follow("My Account");
  await partner.isLoggedIn();
  await partner.open(`${partner.demo.facts.portal}account`);
  await partner.press("Log out");
  await partner.sees("Welcome to the Children's Services Portal");
  await partner.reads("You have logged out.");
  assert.equal(new URL(partner.page.url()).origin, new URL(partner.demo.facts.portal).origin);
  await partner.open(partner.demo.facts.hub);
  assert.equal(await partner.page.getByText("You are logged in as").count(), 0);
  await partner.follow("My Account");
  await partner.sees("Secure login – step 1 of 2");
});
