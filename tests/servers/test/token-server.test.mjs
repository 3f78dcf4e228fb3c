// tests/servers/test/token-server.test.mjs -- the token server: both key kinds, refusals, and
// tokens that the FHIR server believes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requestToken } from '../get-token.mjs';
import { clientAssertion } from '../oauth/jwt.mjs';
import { SERVERS, getJson, start } from './start.mjs';

test('tokens for RS384 and ES384 keys open the FHIR server within their scope', async (t) => {
  const server = await start(t, 'token-server.mjs');
  const seed = path.join(SERVERS, 'patients.mjs');
  const args = ['--seed', seed, '--introspect', server.introspect];
  const fhir = await start(t, 'fhir-server.mjs', ...args);
  for (const [alg, file] of Object.entries(server.keys)) {
    const { access_token: token } = await requestToken({
      endpoint: server.token,
      pem: readFileSync(file, 'utf8'),
      scope: 'system/Patient.rs',
    });
    const headers = { Authorization: `Bearer ${token}` };
    const statusOf = async (url) => (await getJson(`${fhir.ready}/${url}`, { headers })).status;
    assert.equal(await statusOf('Patient/demo-codeine'), 200, alg);
    assert.equal(await statusOf('Observation?patient=demo-codeine'), 403, alg);
  }
  const headers = { Authorization: 'Bearer made-up' };
  assert.equal((await getJson(`${fhir.ready}/Patient/demo-codeine`, { headers })).status, 401);
});

test('replayed, expired and misaddressed assertions are refused', async (t) => {
  const server = await start(t, 'token-server.mjs');
  const facts = {
    pem: readFileSync(server.keys.ES384, 'utf8'),
    alg: 'ES384',
    kid: 'test-es384',
    client: server.client,
    audience: server.token,
  };
  const post = (assertion) =>
    getJson(server.token, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: server.scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
  const good = clientAssertion(facts);
  assert.equal((await post(good)).status, 200);
  assert.equal((await post(good)).status, 401);
  const hourAgo = Date.now() - 3_600_000;
  assert.equal((await post(clientAssertion({ ...facts, now: hourAgo }))).status, 401);
  const elsewhere = { ...facts, audience: 'https://elsewhere.example/token' };
  assert.equal((await post(clientAssertion(elsewhere))).status, 401);
});
