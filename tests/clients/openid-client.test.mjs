// openid-client from npm, unmodified, told nothing but where the provider is and its client's id, secret and address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oidc from "openid-client";
import { Demo } from "../browser/harness.mjs";
import { Walker } from "./walker.mjs";

let demo;
let client;
before(async () => {
  demo = await Demo.start();
  client = demo.client("sample-library");
});
after(() => demo?.stop());

/** The library's own reading of the discovery document; ID tokens are verified against the published keys. */
const discover = (authentication = oidc.ClientSecretBasic(client.client_secret)) =>
  oidc.discovery(new URL(demo.facts.issuer), client.client_id, client.client_secret, authentication, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });

/** An authorization request with everything there is to protect it, and what the answer is held against. */
async function authorization(config, scope = "openid profile email") {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: client.redirect_uris[0],
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  };
  return { request: oidc.buildAuthorizationUrl(config, parameters), checks, parameters };
}

test("a partner logs in, and the code is good for one exchange", async () => {
  const person = demo.people[0];
  const config = await discover();
  const { request, checks } = await authorization(config);
  const answer = await new Walker(demo).logIn(request, person);
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
  const claims = tokens.claims();
  assert.equal(claims.iss, demo.facts.issuer);
  assert.equal(claims.aud, client.client_id);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.email, person.email);
  assert.equal(info.name, person.name);

  await assert.rejects(oidc.authorizationCodeGrant(config, answer, checks), { error: "invalid_grant" });
});

test("a secret sent in another way than registered is refused", async () => {
  const config = await discover(oidc.ClientSecretPost(client.client_secret));
  const { request, checks } = await authorization(config);
  const answer = await new Walker(demo).logIn(request, demo.people[0]);
  await assert.rejects(oidc.authorizationCodeGrant(config, answer, checks), { error: "invalid_client" });
});

test("a code is worth nothing without its verifier", async () => {
  const config = await discover();
  const { request, checks } = await authorization(config);
  const answer = await new Walker(demo).logIn(request, demo.people[1]);
  const other = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
  await assert.rejects(oidc.authorizationCodeGrant(config, answer, other), { error: "invalid_grant" });
});

test("a wrong secret is refused", async () => {
  const config = await discover(oidc.ClientSecretBasic("not the right one"));
  const { request, checks } = await authorization(config);
  const answer = await new Walker(demo).logIn(request, demo.people[1]);
  await assert.rejects(oidc.authorizationCodeGrant(config, answer, checks), { code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE", status: 401 });
});

test("cancelling is told as access_denied", async () => {
  const config = await discover();
  const { request, checks } = await authorization(config);
  const answer = await new Walker(demo).cancel(request);
  await assert.rejects(oidc.authorizationCodeGrant(config, answer, checks), { error: "access_denied" });
});

test("tokens are refreshed, looked into and given back", async () => {
  const config = await discover();
  const { request, checks } = await authorization(config, "openid email offline_access");
  const answer = await new Walker(demo).logIn(request, demo.people[0]);
  const first = await oidc.authorizationCodeGrant(config, answer, checks);
  const second = await oidc.refreshTokenGrant(config, first.refresh_token);
  assert.equal(second.claims().sub, first.claims().sub);
  assert.notEqual(second.refresh_token, first.refresh_token);
  const known = await oidc.tokenIntrospection(config, second.access_token);
  assert.deepEqual([known.active, known.client_id, known.sub], [true, client.client_id, first.claims().sub]);
  await oidc.tokenRevocation(config, second.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, second.access_token)).active, false);
  await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), { error: "invalid_grant" });
});

test("a service acts for itself", async () => {
  const config = await discover();
  const tokens = await oidc.clientCredentialsGrant(config, { scope: "library:read" });
  assert.equal(tokens.scope, "library:read");
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).sub, client.client_id);
  await assert.rejects(oidc.clientCredentialsGrant(config, { scope: "openid" }), { error: "invalid_scope" });
});

test("a request is pushed before anybody is sent", async () => {
  const config = await discover();
  const { checks, parameters } = await authorization(config);
  const request = await oidc.buildAuthorizationUrlWithPAR(config, parameters);
  assert.deepEqual([...request.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const answer = await new Walker(demo).logIn(request, demo.people[1]);
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
  assert.equal(tokens.claims().aud, client.client_id);
});
