// A forgotten password.

import assert from "node:assert/strict";
import { Partner } from "../partner.mjs";
import { Stage } from "../stage.mjs";

const stage = new Stage(import.meta.url);

let chosen = 0;

/** A password that nobody had before. */
const newPassword = () => `correct otter staple ${(chosen += 1)}`;

stage.bothWays("a partner resets a forgotten password and logs in with the new one", async (partner) => {
  const { person, demo } = partner;
  const old = person.password;
  await partner.begin();
  const code = await partner.askForReset();
  await partner.confirmReset(code);
  person.password = newPassword();
  await partner.choosePassword(person.password);
  await partner.isAssured("Your password has been changed. Log in with your new password.");
  await partner.sees("Secure login – step 1 of 2");
  assert.equal(await partner.field("Email").inputValue(), person.email);
  await demo.nextLetter(person, "your password was changed");

  await partner.submitCredentials(old);
  await partner.isTold("The email or password is not correct. Check both and try again");
  await partner.submitCredentials();
  await partner.finish(await demo.nextCode(person));
});

stage.journey("a reset ends every session", {}, async (partner) => {
  await partner.logIn();
  const elsewhere = await Partner.at(stage.browser, partner.demo);
  await elsewhere.begin();
  await elsewhere.confirmReset(await elsewhere.askForReset());
  partner.person.password = newPassword();
  await elsewhere.choosePassword(partner.person.password);
  await elsewhere.isAssured("Your password has been changed.");
  await elsewhere.leave();

  await partner.open(partner.demo.facts.hub);
  await partner.follow("My Account");
  await partner.sees("Secure login – step 1 of 2");
});

stage.bothWays("the words for an unknown address are the same, and nothing is sent", async (partner) => {
  const stranger = { email: "nobody@example.com" };
  await partner.begin();
  await partner.askForReset();
  const known = await partner.document();
  await partner.follow("Use a different email");
  await partner.sees("Reset password - step 1 of 3");
  await partner.fill("Email", stranger.email);
  await partner.press("Next");
  await partner.sees("Reset password - step 2 of 3");
  const unknown = await partner.document();
  const plain = ({ body }) => body.replaceAll(/value="[^"]*"/g, "").replaceAll(/<time.*?<\/time>/g, "");
  assert.equal(plain(unknown).replaceAll(stranger.email, partner.person.email), plain(known));
  assert.equal(unknown.status, known.status);
  assert.deepEqual(await partner.demo.lettersTo(stranger), []);

  await partner.fill("Code", "1234 5678");
  await partner.press("Next");
  await partner.isTold("That code is not correct. Check the email and try again");
});

stage.bothWays("a new password that will not do is refused, with the reason", async (partner) => {
  const { person } = partner;
  await partner.begin();
  await partner.confirmReset(await partner.askForReset());
  await partner.choosePassword("");
  await partner.isTold("Enter your new password", "Confirm your new password");
  await partner.choosePassword("seven77");
  await partner.isTold("Your new password must be at least 12 characters. You entered 7");
  await partner.choosePassword("password1234");
  await partner.isTold("Choose a password that is harder to guess. That one is on a list of common passwords");
  await partner.choosePassword(`${person.name.replaceAll(" ", "")}-portal-9`);
  await partner.isTold("Your new password must not contain your name, your email or the name of this service");
  await partner.choosePassword(newPassword(), "something else");
  await partner.isTold("Confirm password must be the same as your new password");
  await partner.choosePassword(person.password);
  await partner.isTold("Your new password must be different from your current password");
  assert.equal(await partner.field("Your new password").inputValue(), "");
  assert.equal(await partner.field("Confirm password").inputValue(), "");
});

stage.bothWays("cancelling a reset at each step changes nothing", async (partner) => {
  await partner.begin();
  await partner.follow("Forgotten password?");
  await partner.sees("Reset password - step 1 of 3");
  await partner.follow("Cancel");
  await partner.sees("Secure login – step 1 of 2");
  await partner.askForReset();
  await partner.follow("Cancel");
  await partner.sees("Secure login – step 1 of 2");
  await partner.demo.advance(31);
  await partner.confirmReset(await partner.askForReset());
  await partner.follow("Cancel");
  await partner.sees("Secure login – step 1 of 2");
  await partner.submitCredentials();
  await partner.finish(await partner.demo.nextCode(partner.person));
});
