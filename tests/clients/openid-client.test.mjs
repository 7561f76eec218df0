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

test("tokens are bound to a key that the library proves to have", async () => {
  const config = await discover();
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const { checks, parameters } = await authorization(config, "openid email offline_access");
  const request = await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  const answer = await new Walker(demo).logIn(request, demo.people[0]);
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  const { sub } = tokens.claims();
  assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, sub);
  await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, sub), { status: 401 });
  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(next.token_type, "dpop");
});

test("a device is connected by somebody who is logged in elsewhere", async () => {
  const config = await discover();
  const begun = await oidc.initiateDeviceAuthorization(config, { scope: "openid profile" });
  const walker = new Walker(demo);
  await walker.logIn((await authorization(config)).request, demo.people[1]);
  const said = await walker.connect(begun.verification_uri_complete, begun.user_code);
  assert.match(said, /You can go back to your device/);
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, begun);
  assert.equal(tokens.claims().aud, client.client_id);
});

test("a service exchanges the token that it was shown for one for the next service", async () => {
  const config = await discover();
  const { parameters, checks } = await authorization(config);
  const resource = "https://library.example/api";
  const request = oidc.buildAuthorizationUrl(config, { ...parameters, resource });
  const answer = await new Walker(demo).logIn(request, demo.people[0]);
  const shown = await oidc.authorizationCodeGrant(config, answer, checks);
  const exchanged = await oidc.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: shown.access_token,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    resource: "https://archive.example/api",
  });
  const known = await oidc.tokenIntrospection(config, exchanged.access_token);
  assert.deepEqual([known.aud, known.act.sub], ["https://archive.example/api", client.client_id]);
});

test("a library registers itself, proves who it is by its own key, and asks before it learns anything", async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "own", use: "sig", alg: "ES256" };
  const metadata = {
    client_name: "Rota Planner",
    redirect_uris: client.redirect_uris,
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [jwk] },
    userinfo_signed_response_alg: "ES256",
    id_token_signed_response_alg: "ES256",
  };
  const proof = oidc.PrivateKeyJwt({ key: privateKey, kid: "own" });
  const config = await oidc.dynamicClientRegistration(new URL(demo.facts.issuer), metadata, proof, {
    execute: [oidc.allowInsecureRequests],
  });
  const { request, checks } = await authorization(config, "openid profile offline_access");
  const answer = await new Walker(demo).logIn(request, demo.people[0]);
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.name, demo.people[0].name);
  assert.ok((await oidc.refreshTokenGrant(config, tokens.refresh_token)).access_token);
});
