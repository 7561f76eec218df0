// Every page in every state, with everything that is measured on it, a picture of it and the figures for the table.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inspectLetter, inspectPage, textOf } from "../checks.mjs";
import { logs } from "../harness.mjs";
import { Partner } from "../partner.mjs";
import { seeds } from "../seeds.mjs";
import { Stage, fileName } from "../stage.mjs";

const stage = new Stage(import.meta.url);
Object.assign(stage.figures, { states: [], letters: [], seeds: {} });

/** The text of each state, for the seed strings. */
const texts = new Map();

let alex;
before(async () => {
  mkdirSync(`${logs}pages`, { recursive: true });
  await stage.ready;
  alex = await Partner.at(stage.browser, stage.demo);
});
after(() => alex?.context.close());

/** Goes on to another state and measures it. */
function state(name, reach) {
  test(name, async () => {
    await reach();
    const seen = await alex.document();
    writeFileSync(`${logs}pages/${fileName(name)}.html`, seen.body);
    texts.set(name, await textOf(alex.page));
    const { faults, figures } = await inspectPage(alex, name, seen, stage.keep);
    stage.figures.states.push({ ...figures, faults });
    const found = Object.entries(faults).flatMap(([check, list]) => list.map((fault) => `${check}: ${fault}`));
    assert.deepEqual(found, []);
  });
}

/** The first step in a browser that forgot everything, on a day without failures yet. */
const freshStart = async () => {
  await stage.demo.newDay();
  await alex.context.clearCookies();
  await alex.begin();
};

const openAt = (path, status) => async () => {
  await alex.open(path);
  assert.equal((await alex.document()).status, status);
};

// The portal and the first step.

state("portal home", () => alex.open(stage.demo.facts.portal));
state("login", freshStart);
state("login nothing entered", () => alex.press("Submit"));
state("login not an address", async () => {
  await alex.fill("Email", "alex.example");
  await alex.fill("Password", "something");
  await alex.press("Submit");
  await alex.isTold("Enter an email address in the correct format, like name@example.com");
});
state("login address too long", async () => {
  await alex.fill("Email", `${"a".repeat(250)}@example.com`);
  await alex.fill("Password", "something");
  await alex.press("Submit");
  await alex.isTold("Email must be 254 characters or fewer");
});
state("login wrong", async () => {
  await alex.submitCredentials("not the right one");
  await alex.isTold("The email or password is not correct. Check both and try again");
});

// The second step.

let code;
state("code", async () => {
  await alex.submitCredentials();
  await alex.sees("Secure login – step 2 of 2");
  code = await stage.demo.nextCode(alex.person);
});
state("code nothing entered", () => alex.press("Finish"));
state("code with letters", async () => {
  await alex.enterCode("1234 567o");
  await alex.isTold("The code must be 8 numbers");
});
state("code too short", async () => {
  await alex.enterCode("1234");
  await alex.isTold("You have entered 4 numbers. The code has 8 numbers");
});
state("code too long", async () => {
  await alex.enterCode("1234 5678 9");
  await alex.isTold("You have entered 9 numbers. The code has 8 numbers");
});
state("code wrong", async () => {
  await alex.enterCode((code.startsWith("0") ? "1" : "0") + code.slice(1));
  await alex.isTold("That code is not correct. Check the email and try again");
});
state("code sent just now", async () => {
  await alex.press("Please send me a new code");
  await alex.isAssured("We sent you a code less than a minute ago.");
});
state("code sent again", async () => {
  await stage.demo.advance(31);
  await alex.press("Please send me a new code");
  await alex.isAssured("We have sent you a new code.");
  code = await stage.demo.nextCode(alex.person);
});
state("code expired", async () => {
  await stage.demo.advance(16 * 60);
  await alex.enterCode(code);
  await alex.isTold("That code has expired. We have sent you a new code");
  code = await stage.demo.nextCode(alex.person);
});
state("welcome", async () => {
  await alex.enterCode(code);
  await alex.sees(`Welcome, ${alex.person.name}.`);
});
state("portal account", async () => {
  await alex.follow("Return to Home");
  await alex.isLoggedIn();
});
state("where you are logged in", async () => {
  const elsewhere = await Partner.at(stage.browser, stage.demo);
  await elsewhere.logIn();
  await elsewhere.context.close();
  await alex.open(`${stage.demo.facts.issuer}/account/sessions`);
  await alex.sees("Where you are logged in");
});
state("logged out elsewhere", async () => {
  await alex.press("Log out everywhere else");
  await alex.isAssured("You have logged out everywhere else.");
});
/** Sends the browser on the way to a service. */
const ask = (client, more) => {
  const request = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0],
    response_type: "code",
    scope: "openid",
    state: "state",
    nonce: "nonce",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...more,
  });
  return alex.open(`/authorize?${request}`);
};

// A service that is not the council's own.

state("consent", async () => {
  const metadata = {
    client_name: "Rota Planner",
    redirect_uris: [`${stage.demo.facts.portal}rota`],
  };
  const headers = { "content-type": "application/json" };
  const registered = await fetch(`${stage.demo.facts.issuer}/register`, { method: "POST", headers, body: JSON.stringify(metadata) });
  assert.equal(registered.status, 201);
  await ask(await registered.json(), { scope: "openid profile email" });
  await alex.sees("Share your details with Rota Planner");
  await alex.reads("is asking for");
});
state("shared services", async () => {
  await alex.press("Share and continue");
  await alex.open(`${stage.demo.facts.issuer}/account/services`);
  await alex.reads("You have agreed to share your details with these services.");
});
state("stop sharing", () => alex.follow("Stop sharing with Rota Planner"));
state("sharing stopped", async () => {
  await alex.press("Stop sharing");
  await alex.isAssured("You have stopped sharing with Rota Planner.");
});

// A device without a browser.

let device;
state("device", async () => {
  const { client_id, client_secret } = stage.demo.client("sample-library");
  const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  const body = new URLSearchParams({ scope: "openid profile email" });
  const begun = await fetch(`${stage.demo.facts.issuer}/device_authorization`, { method: "POST", headers: { authorization }, body });
  device = await begun.json();
  await alex.open(device.verification_uri);
  await alex.sees("Connect a device");
});
state("device nothing entered", async () => {
  await alex.press("Next");
  await alex.isTold("Enter the device code");
});
state("device code wrong", async () => {
  await alex.fill("Device code", "BBBB-BBBB");
  await alex.press("Next");
  await alex.isTold("The device code is not correct or has expired. Check the device and try again");
});
state("connect a device", async () => {
  await alex.fill("Device code", device.user_code.toLowerCase());
  await alex.press("Next");
  await alex.reads(`Check that the device shows ${device.user_code}.`);
});
state("device connected", async () => {
  await alex.press("Connect");
  await alex.sees("You have connected Sample Library");
});

state("log in again", async () => {
  await ask(stage.demo.client("sample-library"), { prompt: "login" });
  await alex.reads("For security, log in again to continue.");
});
state("log out asked", openAt("/logout", 200));
state("logged out", () => alex.press("Log out"));
state("portal cancelled", async () => {
  await freshStart();
  await alex.follow("Cancel");
  await alex.sees("You cancelled logging in");
});

// Too many tries, of each kind.

state("too many codes", async () => {
  await freshStart();
  await alex.submitCredentials();
  for (let sent = 1; sent <= 4; sent += 1) {
    await stage.demo.advance(31);
    await alex.press("Please send me a new code");
  }
  await alex.sees("You have asked for too many codes");
  assert.equal((await alex.document()).status, 429);
});
state("too many wrong codes", async () => {
  await freshStart();
  await alex.submitCredentials();
  const right = await stage.demo.nextCode(alex.person);
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await alex.enterCode((right.startsWith("0") ? "1" : "0") + right.slice(1));
  }
  await alex.sees("You have entered the wrong code too many times");
  assert.equal((await alex.document()).status, 429);
});
state("too many wrong passwords", async () => {
  await freshStart();
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    await alex.fill("Email", stage.demo.people[1].email);
    await alex.fill("Password", "not the right one");
    await alex.press("Submit");
  }
  await alex.sees("You have tried to log in too many times");
  const { status, headers } = await alex.document();
  assert.equal(status, 429);
  assert.ok(Number(headers["retry-after"]) > 0);
});

// A forgotten password.

state("reset", async () => {
  await freshStart();
  await alex.follow("Forgotten password?");
  await alex.sees("Reset password - step 1 of 3");
});
state("reset nothing entered", async () => {
  await alex.fill("Email", "");
  await alex.press("Next");
  await alex.isTold("Enter your email");
});
state("reset not an address", async () => {
  await alex.fill("Email", "alex.example");
  await alex.press("Next");
  await alex.isTold("Enter an email address in the correct format, like name@example.com");
});
state("reset code", async () => {
  await alex.fill("Email", alex.person.email);
  await alex.press("Next");
  await alex.sees("Reset password - step 2 of 3");
  code = await stage.demo.nextCode(alex.person, "your password reset code");
});
state("reset code wrong", async () => {
  await alex.fill("Code", (code.startsWith("0") ? "1" : "0") + code.slice(1));
  await alex.press("Next");
  await alex.isTold("That code is not correct. Check the email and try again");
});
state("reset code sent again", async () => {
  await stage.demo.advance(31);
  await alex.press("Please send me a new code");
  await alex.isAssured("We have sent you a new code.");
  code = await stage.demo.nextCode(alex.person, "your password reset code");
});
state("reset password", () => alex.confirmReset(code));
state("reset password nothing entered", () => alex.press("Finish"));
state("reset password short", () => alex.choosePassword("seven77"));
state("reset password common", () => alex.choosePassword("password1234"));
state("reset password personal", () => alex.choosePassword(`${alex.person.name.replaceAll(" ", "")}-portal-9`));
state("reset password different", () => alex.choosePassword("correct otter staple", "something else"));
state("reset password the same", () => alex.choosePassword(alex.person.password));
state("reset done", async () => {
  alex.person.password = "correct otter staple";
  await alex.choosePassword(alex.person.password);
  await alex.isAssured("Your password has been changed. Log in with your new password.");
});

// Where nobody wants to be, and what everybody may read.

state("expired", async () => {
  await freshStart();
  await alex.context.clearCookies();
  await alex.page.reload();
  await alex.sees("This page has expired");
});
state("cancelled without a service", async () => {
  await alex.open("/login");
  await alex.follow("Cancel");
  await alex.sees("You have cancelled");
});
state("refused", openAt("/authorize?client_id=nobody&response_type=code&scope=openid", 400));
state("not found", openAt("/nothing/here", 404));
state("services", openAt("/", 200));
state("help", openAt("/help", 200));
state("accessibility", openAt("/accessibility", 200));
state("cookies", openAt("/cookies", 200));
state("privacy", openAt("/privacy", 200));
state("contact", openAt("/contact", 200));

// The wording that partners know, and the letters.

for (const [id, [words, where]] of Object.entries(seeds)) {
  test(`${id} stands word for word on ${where}`, () => {
    const wanted = words.replace("{name}", alex.person.name);
    stage.figures.seeds[id] = Boolean(texts.get(where)?.includes(wanted));
    assert.ok(stage.figures.seeds[id], `“${wanted}” is not on the page: ${texts.get(where)}`);
  });
}

test("logging in with another browser brings a notice", async () => {
  await stage.demo.newDay();
  const elsewhere = await Partner.at(stage.browser, stage.demo);
  await elsewhere.logIn();
  await stage.demo.nextLetter(elsewhere.person, "login from a new device");
  await elsewhere.leave();
});

for (const [name, words] of Object.entries({
  "login code": "your login code",
  "reset code": "your password reset code",
  "password changed": "your password was changed",
  "new device": "login from a new device",
  "account locked": "your account is locked",
})) {
  test(`the letter about ${name}`, async () => {
    const letter = (await stage.demo.letters()).find((one) => one.subject.includes(words));
    assert.ok(letter, `no letter about “${words}” was sent`);
    writeFileSync(`${logs}pages/letter-${fileName(name)}.html`, letter.html);
    const reader = await Partner.at(stage.browser, stage.demo);
    const { faults, figures } = await inspectLetter(reader, name, letter, stage.keep);
    await reader.leave();
    stage.figures.letters.push({ ...figures, faults });
    const found = Object.entries(faults).flatMap(([check, list]) => list.map((fault) => `${check}: ${fault}`));
    assert.deepEqual(found, []);
  });
}
