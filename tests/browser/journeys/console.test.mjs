// The console: every page and state measured like those of partners, and the way that a newcomer takes through it.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inspectLetter, inspectPage } from "../checks.mjs";
import { logs } from "../harness.mjs";
import { Partner } from "../partner.mjs";
import { Stage, fileName } from "../stage.mjs";

const stage = new Stage(import.meta.url);
Object.assign(stage.figures, { states: [], letters: [], seeds: {} });

let olivia;
before(async () => {
  mkdirSync(`${logs}pages`, { recursive: true });
  await stage.ready;
  olivia = await Partner.at(stage.browser, stage.demo, { person: stage.demo.facts.owner });
});
after(() => olivia?.context.close());

/** Goes on to another state and measures it. */
function state(name, reach) {
  test(name, async () => {
    await reach();
    const seen = await olivia.document();
    writeFileSync(`${logs}pages/${fileName(name)}.html`, seen.body);
    const { faults, figures } = await inspectPage(olivia, name, seen, stage.keep);
    stage.figures.states.push({ ...figures, faults });
    const found = Object.entries(faults).flatMap(([check, list]) => list.map((fault) => `${check}: ${fault}`));
    assert.deepEqual(found, []);
  });
}

/** Logs in at the front door on the way to a page of the console. */
async function arrive(partner, path) {
  await partner.open(path);
  await partner.sees("Secure login – step 1 of 2");
  await partner.submitCredentials();
  await partner.sees("Secure login – step 2 of 2");
  await partner.enterCode(await stage.demo.nextCode(partner.person));
}

const opens = (path, heading) => async () => {
  await olivia.open(path);
  await olivia.sees(heading);
};

state("console dashboard", async () => {
  // A partner has been here before, so that there is something to see.
  const alex = await Partner.at(stage.browser, stage.demo);
  await alex.logIn();
  await alex.context.close();
  await arrive(olivia, "/admin");
  await olivia.sees("Dashboard");
});

// A service, from nothing to its first log-in.

state("console services", async () => {
  await olivia.follow("Services");
  await olivia.sees("Services");
});
state("console add a service", async () => {
  await olivia.follow("Add a service");
  await olivia.sees("Add a service");
});
state("console add a service, wrong", async () => {
  await olivia.fill("Redirect addresses", "http://admissions.example/callback");
  await olivia.press("Add service");
  await olivia.isTold("Enter a name", "Select the type of service", "Redirect address must start with https://");
});
state("console secret", async () => {
  await olivia.fill("Name", "School Admissions");
  await olivia.page.getByLabel("Web application with a server (has a client secret)").check();
  await olivia.fill("Redirect addresses", "https://admissions.example/callback");
  await olivia.press("Add service");
  await olivia.isAssured("Service added.");
  assert.match(await olivia.page.locator("#secret").innerText(), /^gh_cs_/);
});
state("console service", async () => {
  await olivia.follow("I have saved the secret");
  await olivia.sees("School Admissions");
});
state("console change a service", async () => {
  await olivia.follow("Change");
  await olivia.sees("Change School Admissions");
});
state("console service saved", async () => {
  await olivia.fill("Home page", "https://admissions.example/");
  await olivia.press("Save changes");
  await olivia.isAssured("Changes saved.");
});
state("console make a new secret", async () => {
  await olivia.follow("Make a new secret");
  await olivia.sees("Make a new secret for School Admissions?");
});
state("console secret, loaded again", async () => {
  // It has to fit into the audit log, too.
  await olivia.fill("Reason (optional)", `The old one was sent in an email: ${"https://tickets.example/".repeat(5)}`);
  await olivia.press("Make a new secret");
  await olivia.isAssured("New secret made. The old one works for one more day.");
  await olivia.page.reload();
  await olivia.reads("We cannot show the secret again.");
});
state("console remove a service", async () => {
  await olivia.follow("Go to the service");
  await olivia.follow("Remove");
  await olivia.sees("Remove School Admissions?");
});
state("console service with refusals", async () => {
  const { issuer } = stage.demo.facts;
  await fetch(`${issuer}/authorize?client_id=portal&response_type=code&redirect_uri=https%3A%2F%2Fwrong.example%2F`);
  await olivia.open("/admin/services/portal");
  await olivia.sees("Children's Services Portal");
  await olivia.reads("redirect_uri=https://wrong.example/");
});

state("console check a service", async () => {
  await olivia.follow("Check this service");
  await olivia.sees("Check Children's Services Portal");
});
state("console service checked", async () => {
  await olivia.press("Check this service");
  await olivia.sees("Check of Children's Services Portal");
});
state("console service with a logo", async () => {
  await olivia.open("/admin/services/portal/edit");
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>';
  const file = { name: "logo.svg", mimeType: "image/svg+xml", buffer: Buffer.from(svg) };
  await olivia.field("Logo").setInputFiles(file);
  await olivia.press("Save changes");
  await olivia.isAssured("Changes saved.");
  await olivia.follow("Change");
  await olivia.sees("Change Children's Services Portal");
  await olivia.page.getByLabel("Remove the logo").waitFor();
});
state("console services by last use", opens("/admin/services?sort=last-used", "Services"));
state("console registration tokens, none", opens("/admin/registration-tokens", "Registration tokens"));
state("console make a registration token", async () => {
  await olivia.follow("Make a token");
  await olivia.sees("Make a registration token");
});
state("console registration token", async () => {
  await olivia.press("Make a token");
  await olivia.isAssured("Token made.");
});
state("console registration tokens", async () => {
  await olivia.follow("I have saved the token");
  await olivia.sees("Registration tokens");
});

// People.

state("console people", opens("/admin/people", "People"));
state("console people found", async () => {
  await olivia.fill("Name, email or organisation", "primary alex");
  await olivia.press("Search");
  await olivia.link("Alex Example").waitFor();
});
state("console nobody found", async () => {
  await olivia.fill("Name, email or organisation", "nobody at all");
  await olivia.press("Search");
  await olivia.reads("No people found.");
});
state("console invite", opens("/admin/people/invite", "Invite a person"));
state("console invite, wrong", async () => {
  await olivia.fill("Email", "nina");
  await olivia.press("Send invitation");
  await olivia.isTold("Enter a name", "Enter an email address in the correct format, like name@example.com");
});
state("console invite somebody who is there", async () => {
  await olivia.fill("Name", "Alex Again");
  await olivia.fill("Email", "alex@school.example");
  await olivia.press("Send invitation");
  await olivia.isTold("alex@school.example already has an account");
});
state("console invited", async () => {
  await olivia.fill("Name", "Nina New");
  await olivia.fill("Email", "nina@school.example");
  await olivia.fill("Organisation", "Example Primary School");
  await olivia.page.getByLabel("Children's Services Portal").check();
  await olivia.press("Send invitation");
  await olivia.page.getByText("Invitation sent to nina@school.example.").waitFor();
});
state("console import", opens("/admin/people/import", "Import a list of people"));
const csv = (text) => ({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
state("console import with problems", async () => {
  const list = "name,email,organisation\nA One,one@school.example,School\nB Two,two,School\nC Three,one@school.example,School\n";
  await olivia.field("CSV file with name, email, organisation").setInputFiles(csv(list));
  await olivia.press("Check the list");
  await olivia.isTold("The list has 2 problems. Correct these rows in your file and select it again");
  await olivia.reads("This email is already in row 2");
});
state("console import looked at", async () => {
  const list = "name,email,organisation\nA One,one@school.example,School\nAlex,alex@school.example,School\n";
  await olivia.field("CSV file with name, email, organisation").setInputFiles(csv(list));
  await olivia.press("Check the list");
  await olivia.sees("Check the list");
});
state("console imported", async () => {
  await olivia.press("Send 1 invitation");
  await olivia.isAssured("1 person was invited, 1 person already had an account.");
});
state("console person", async () => {
  await olivia.open("/admin/people?q=alex+example");
  await olivia.follow("Alex Example");
  await olivia.sees("Alex Example");
});
state("console change details", async () => {
  await olivia.follow("Change details");
  await olivia.sees("Change the details of Alex Example");
});
state("console change the email", async () => {
  await olivia.fill("Email", "alex@new.example");
  await olivia.press("Save changes");
  await olivia.sees("Change the email of Alex Example?");
});
state("console deactivate", async () => {
  await olivia.open("/admin/people?q=alex+example");
  await olivia.follow("Alex Example");
  await olivia.follow("Deactivate");
  await olivia.sees("Deactivate Alex Example?");
});
state("console deactivate, wrong", async () => {
  await olivia.fill("Reason (optional)", "x".repeat(201));
  await olivia.press("Deactivate Alex Example");
  await olivia.isTold("Reason must be 200 characters or fewer");
});
state("console role", async () => {
  await olivia.follow("Cancel");
  await olivia.follow("Change role");
  await olivia.sees("Change the role of Alex Example");
});

state("console reviews", opens("/admin/reviews", "Access reviews"));
state("console begin a review, wrong", async () => {
  await olivia.follow("Begin a review");
  await olivia.fill("Organisation", "Example Primary School");
  await olivia.fill("Email of the sponsor", "nobody@school.example");
  await olivia.press("Ask the sponsor");
  await olivia.isTold("Nobody who can log in has that email; invite them first");
});
state("console review", async () => {
  await olivia.fill("Email of the sponsor", "alex@school.example");
  await olivia.press("Ask the sponsor");
  await olivia.sees("Access review of Example Primary School");
  await olivia.link("Nina New").waitFor();
});
state("console withdraw a review", async () => {
  await olivia.follow("Withdraw the review");
  await olivia.sees("Withdraw the review of Example Primary School?");
});

// The rest.

state("console sessions", opens("/admin/sessions", "Sessions"));
state("console sessions of nobody", async () => {
  await olivia.fill("Email of a person", "nobody@school.example");
  await olivia.press("Show");
  await olivia.isTold("Nobody has that email");
});
state("console audit log", async () => {
  await olivia.open("/admin/audit");
  await olivia.reads("Reason: The old one was sent in an email");
});
state("console audit log, wrong", async () => {
  await olivia.open("/admin/audit?from=2026-11-23&to=2026-11-22");
  await olivia.isTold("Date from must be the same as or before date to");
});
state("console keys", opens("/admin/keys", "Keys"));
state("console change the keys", async () => {
  await olivia.follow("Change the signing keys");
  await olivia.sees("Change the signing keys?");
});
state("console email", opens("/admin/email", "Email"));
state("console administrators", opens("/admin/administrators", "Administrators"));
state("console settings", opens("/admin/settings", "Settings"));
state("console names and colours", async () => {
  await olivia.follow("Change names and colours");
  await olivia.sees("Change names and colours");
});
state("console names and colours, wrong", async () => {
  await olivia.fill("Name of the council", "");
  await olivia.press("Save changes");
  await olivia.isTold("Name of the council must be 1 to 64 characters on one line");
});
state("console stale form", async () => {
  await stage.demo.advance(16 * 60);
  await olivia.open("/admin/services/new");
  await olivia.reads("For security, log in again to continue.");
});
state("console without a role", async () => {
  const own = olivia;
  olivia = await Partner.at(stage.browser, stage.demo);
  try {
    await stage.demo.newDay();
    await arrive(olivia, "/admin");
    await olivia.sees("You do not have access");
  } finally {
    await own.context.close();
  }
});

// What those who were invited see, and the pages of one's own account.

state("invitation", async () => {
  const letter = await stage.demo.nextLetter({ email: "nina@school.example" }, "has invited you");
  const link = letter.text.split("\n").find((line) => line.includes("/invite/"));
  await olivia.context.clearCookies();
  await olivia.open(link.trim());
  await olivia.sees("Set up your account");
});
state("invitation, wrong", async () => {
  await olivia.fill("Your new password", "three quiet otters");
  await olivia.fill("Confirm password", "three quiet");
  await olivia.press("Save password");
  await olivia.isTold("Confirm password must be the same as your new password");
});
state("invitation accepted", async () => {
  await olivia.fill("Your new password", "three quiet otters");
  await olivia.fill("Confirm password", "three quiet otters");
  await olivia.press("Save password");
  await olivia.isAssured("Your account is ready. Log in to continue.");
});
state("invitation expired", opens("/invite/gh_in_unknown", "This invitation has expired"));
state("account", async () => {
  await stage.demo.newDay();
  await olivia.context.clearCookies();
  await olivia.logIn();
  await olivia.open(`${stage.demo.facts.issuer}/account`);
  await olivia.sees("Your account");
});
state("review", async () => {
  await olivia.follow("Check who needs to log in at Example Primary School");
  await olivia.sees("Check who needs to log in");
});
state("review, to be finished", async () => {
  const nina = olivia.page.getByRole("group", { name: "Nina New" });
  await nina.getByLabel("No longer needs to log in").check();
  await olivia.press("Save answers");
  await olivia.isAssured("Your answers are saved.");
  await olivia.reads("1 person will no longer be able to log in");
});
state("review finished", async () => {
  await olivia.press("Deactivate 1 person");
  await olivia.sees("Thank you");
  await olivia.open(`${stage.demo.facts.issuer}/account`);
  await olivia.sees("Your account");
});
state("change password", async () => {
  await olivia.follow("Change password");
  await olivia.sees("Change your password");
});
state("change password, wrong", async () => {
  await olivia.press("Save password");
  await olivia.isTold("Enter your current password", "Enter your new password", "Confirm your new password");
});
state("login history", async () => {
  await olivia.open("/account/history");
  await olivia.sees("Login history");
});

for (const [name, words] of Object.entries({
  "invitation": "has invited you",
  "review": "please check who still needs to log in",
})) {
  test(`the letter about ${name}`, async () => {
    const letter = (await stage.demo.letters()).find((one) => one.subject.includes(words));
    assert.ok(letter, `no letter about “${words}” was sent`);
    const reader = await Partner.at(stage.browser, stage.demo);
    const { faults, figures } = await inspectLetter(reader, name, letter, stage.keep);
    await reader.leave();
    stage.figures.letters.push({ ...figures, faults });
    const found = Object.entries(faults).flatMap(([check, list]) => list.map((fault) => `${check}: ${fault}`));
    assert.deepEqual(found, []);
  });
}

stage.bothWays("an owner adds a service and somebody logs in to it within minutes", async (owner) => {
  owner.person = stage.demo.facts.owner;
  await arrive(owner, "/admin/services/new");
  await owner.sees("Add a service");
  const name = `Library ${Math.random()}`;
  await owner.fill("Name", name);
  await owner.page.getByLabel("Browser or mobile app (no client secret)").check();
  await owner.fill("Redirect addresses", "https://library.example/callback");
  await owner.press("Add service");
  await owner.isAssured("Service added.");
  const id = await owner.page.locator("dl.facts code").first().innerText();
  const { issuer } = stage.demo.facts;
  const request = new URLSearchParams({
    client_id: id,
    redirect_uri: "https://library.example/callback",
    response_type: "code",
    scope: "openid",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  const answer = await owner.context.request.get(`${issuer}/authorize?${request}`, { maxRedirects: 0 });
  assert.equal(answer.status(), 303);
  assert.match(answer.headers().location, /^https:\/\/library\.example\/callback\?code=/);
});
