// oauth4webapi from npm, unmodified: a client that registers itself, proves who it is by its own key, pushes its
// requests, has its answers signed and its tokens bound, and hears when somebody logs out.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import { Demo } from "../browser/harness.mjs";
import { Walker } from "./walker.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };
const redirectUri = "http://127.0.0.1:8099/callback";

let demo;
let server;
let ears;
/** Logout tokens, as they come in. */
const heard = [];
before(async () => {
  demo = await Demo.start();
  const issuer = new URL(demo.facts.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  ears = createServer(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    heard.push(new URLSearchParams(body).get("logout_token"));
    answer.end();
  }).listen(0, "127.0.0.1");
  await once(ears, "listening");
});
after(async () => {
  ears?.close();
  await demo?.stop();
});

/** A client of its own, with a key that only it has. */
async function register(metadata) {
  const keys = await oauth.generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await crypto.subtle.exportKey("jwk", keys.publicKey)), kid: "own", use: "sig", alg: "ES256" };
  const wanted = {
    client_name: "Rota Planner",
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [jwk] },
    backchannel_logout_uri: `http://127.0.0.1:${ears.address().port}/out`,
    ...metadata,
  };
  const answer = await oauth.dynamicClientRegistrationRequest(server, wanted, insecure);
  const client = await oauth.processDynamicClientRegistrationResponse(answer);
  return { client, proof: oauth.PrivateKeyJwt({ key: keys.privateKey, kid: "own" }) };
}

/** From a pushed request to the tokens, with everything that can be bound bound. */
async function logIn({ client, proof }, walker, more = {}) {
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const bound = { DPoP, ...insecure };
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
  const asked = {
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid profile email offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...more,
  };
  const pushed = await oauth.pushedAuthorizationRequest(server, client, proof, asked, bound);
  const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, pushed);
  const request = new URL(server.authorization_endpoint);
  request.search = new URLSearchParams({ client_id: client.client_id, request_uri });
  const back = await walker.logIn(request, demo.people[0]);
  const validated = more.response_mode?.endsWith("jwt")
    ? await oauth.validateJwtAuthResponse(server, client, back, state, insecure)
    : oauth.validateAuthResponse(server, client, back, state);
  const answer = await oauth.authorizationCodeGrantRequest(server, client, proof, validated, redirectUri, verifier, bound);
  const expected = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, expected);
  await oauth.validateApplicationLevelSignature(server, answer, insecure);
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens), bound };
}

test("a bound token opens UserInfo, is refreshed, looked into and given back", async () => {
  const registered = await register({ userinfo_signed_response_alg: "ES256", id_token_signed_response_alg: "ES256" });
  const { client, proof } = registered;
  const { tokens, claims, bound } = await logIn(registered, new Walker(demo), { response_mode: "jwt" });
  assert.equal(tokens.token_type, "dpop");
  const info = await oauth.userInfoRequest(server, client, tokens.access_token, bound);
  const told = await oauth.processUserInfoResponse(server, client, claims.sub, info);
  await oauth.validateApplicationLevelSignature(server, info, insecure);
  assert.equal(told.name, demo.people[0].name);

  const refreshed = await oauth.refreshTokenGrantRequest(server, client, proof, tokens.refresh_token, bound);
  const next = await oauth.processRefreshTokenResponse(server, client, refreshed);
  const asked = await oauth.introspectionRequest(server, client, proof, next.access_token, insecure);
  const known = await oauth.processIntrospectionResponse(server, client, asked);
  assert.ok(known.active && known.cnf.jkt);
  const revoked = await oauth.revocationRequest(server, client, proof, next.refresh_token, insecure);
  await oauth.processRevocationResponse(revoked);
  await assert.rejects(async () => {
    const late = await oauth.refreshTokenGrantRequest(server, client, proof, next.refresh_token, bound);
    return oauth.processRefreshTokenResponse(server, client, late);
  }, { error: "invalid_grant" });
});

test("every service hears of a log-out, and the one that asked has its person back", async () => {
  const [here, elsewhere] = [await register(), await register({ client_name: "Room Booking" })];
  const walker = new Walker(demo);
  const first = await logIn(here, walker);
  const second = await logIn(elsewhere, walker, { prompt: "login" });
  assert.equal(first.claims.sid, second.claims.sid);
  const out = new URL(server.end_session_endpoint);
  out.search = new URLSearchParams({ id_token_hint: first.tokens.id_token, post_logout_redirect_uri: redirectUri, state: "out" });
  assert.equal(String(await walker.leaveBy(out)), `${redirectUri}?state=out`);
  for (let waited = 0; heard.length < 2 && waited < 100; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = heard.map((token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")));
  assert.deepEqual(said.map((token) => token.aud).sort(), [here, elsewhere].map(({ client }) => client.client_id).sort());
  for (const token of said) {
    assert.equal(token.sid, first.claims.sid);
    assert.deepEqual(token.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
  }
});
