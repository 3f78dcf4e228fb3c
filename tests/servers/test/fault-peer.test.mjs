// tests/servers/test/fault-peer.test.mjs -- the fault peer: each fault is what its name says,
// and the statistics tell who saw a token.
import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { SERVERS, getJson, start } from './start.mjs';

/** Resolves to {status, headers, body} or to the error that ended the exchange. */
function get(url, headers = {}, timeout = 5000) {
  return new Promise((resolve) => {
    let isAnswered = false;
    const request = http.get(url, { headers, timeout, agent: false }, (response) => {
      isAnswered = true;
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', (error) => resolve({ error, partial: Buffer.concat(chunks) }));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    // After the answer began, its own error tells what had arrived.
    request.on('error', (error) => isAnswered || resolve({ error }));
  });
}

test('answers of its own', async (t) => {
  const { ready, foreign, faults } = await start(t, 'fault-peer.mjs');
  const rest = '/fhir/Observation?patient=abc';
  const nextOf = async (name) => {
    const { body } = await get(`${ready}/${name}${rest}`);
    return JSON.parse(body).link.find((link) => link.relation === 'next').url;
  };
  const checks = {
    delay: async () => {
      const started = performance.now();
      assert.equal((await get(`${ready}/delay/120${rest}`)).status, 200);
      assert.ok(performance.now() - started >= 115);
    },
    status: async () => assert.equal((await get(`${ready}/status/503${rest}`)).status, 503),
    once: async () => {
      assert.equal((await get(`${ready}/once/status/500${rest}`)).status, 500);
      assert.equal((await get(`${ready}/once/status/500${rest}`)).status, 200);
    },
    hang: async () => {
      assert.equal((await get(`${ready}/hang${rest}`, {}, 150)).error.message, 'timeout');
    },
    reset: async () =>
      assert.equal((await get(`${ready}/reset${rest}`)).error.code, 'ECONNRESET'),
    'reset-body': async () => {
      const { error, partial } = await get(`${ready}/reset-body${rest}`);
      assert.equal(error.code, 'ECONNRESET');
      assert.ok(partial.length > 0);
    },
    truncate: async () => {
      const { error, partial } = await get(`${ready}/truncate${rest}`);
      assert.ok(error && partial.length > 0);
    },
    drip: async () => {
      assert.equal((await get(`${ready}/status/404/drip${rest}`)).status, 404);
      const response = await fetch(`${ready}/drip${rest}`);
      const reader = response.body.getReader();
      assert.equal((await reader.read()).value.length, 1);
      await reader.cancel();
    },
    garbage: async () => {
      const { status, headers, body } = await get(`${ready}/garbage${rest}`);
      assert.equal(status, 200);
      assert.match(headers['content-type'], /fhir\+json/);
      assert.throws(() => JSON.parse(body));
    },
    'wrong-type': async () => {
      const { status, headers } = await get(`${ready}/wrong-type${rest}`);
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^text\/html/);
    },
    huge: async () => {
      const { headers, body } = await get(`${ready}/huge/3000000${rest}`);
      assert.equal(headers['transfer-encoding'], 'chunked');
      assert.equal(body.length, 3_000_000);
      JSON.parse(body);
    },
    'gzip-bomb': async () => {
      const { headers, body } = await get(`${ready}/gzip-bomb${rest}`);
      assert.equal(headers['content-encoding'], 'gzip');
      assert.ok(body.length < 1_000_000);
      assert.ok(gunzipSync(body).length > 200_000_000);
    },
    gzip: async () => JSON.parse(gunzipSync((await get(`${ready}/gzip${rest}`)).body)),
    bom: async () => {
      const { body } = await get(`${ready}/bom${rest}`);
      assert.equal(body.subarray(0, 3).toString('hex'), 'efbbbf');
    },
    redirect: async () => {
      const { status, headers } = await get(`${ready}/redirect${rest}`);
      assert.equal(status, 302);
      assert.equal(headers.location, foreign + rest);
    },
    outcome: async () => {
      const { status, body } = await get(`${ready}/outcome${rest}`);
      assert.equal(status, 200);
      assert.equal(JSON.parse(body).resourceType, 'OperationOutcome');
    },
    'empty-next': async () => {
      assert.equal(await nextOf('empty-next'), `${ready}/empty-next${rest}&_page=2`);
    },
    'endless-next': async () => {
      assert.equal(await nextOf('endless-next'), `${ready}/endless-next${rest}&_page=2`);
    },
    'foreign-next': async () => assert.equal(await nextOf('foreign-next'), foreign + rest),
    'loop-next': async () =>
      assert.equal(await nextOf('loop-next'), `${ready}/loop-next${rest}`),
    'relative-next': async () => {
      assert.equal(await nextOf('relative-next'), `/relative-next${rest}&_page=2`);
    },
    'retry-after': async () => {
      const { status, headers } = await get(`${ready}/retry-after${rest}`);
      assert.equal(status, 429);
      assert.equal(headers['retry-after'], '1');
    },
    'retry-after-date': async () => {
      const { headers } = await get(`${ready}/retry-after-date${rest}`);
      assert.ok(Date.parse(headers['retry-after']) > Date.now() - 1000);
    },
    'no-post': async () => {
      const post = (url) => fetch(url, { method: 'POST', body: new URLSearchParams('code=a') });
      const refused = await post(`${ready}/no-post/fhir/Observation/_search`);
      assert.equal(refused.status, 405);
      assert.equal((await get(`${ready}/no-post${rest}`)).status, 200);
    },
    'no-include': async () => {
      assert.equal((await get(`${ready}/no-include${rest}&_include=a`)).status, 400);
      assert.equal((await get(`${ready}/no-include${rest}`)).status, 200);
    },
    'codes-max': async () => {
      assert.equal((await get(`${ready}/codes-max/2${rest}&code=a,b,c`)).status, 400);
      assert.equal((await get(`${ready}/codes-max/2${rest}&code=a,b`)).status, 200);
      const form = { method: 'POST', body: new URLSearchParams('code=a,b,c') };
      const posted = await fetch(`${ready}/codes-max/2/fhir/Observation/_search`, form);
      assert.equal(posted.status, 400);
    },
    'ignores-code': async () => {
      const { body } = await get(`${ready}/ignores-code${rest}&code=a`);
      const self = JSON.parse(body).link.find((link) => link.relation === 'self').url;
      assert.equal(self, `${ready}/ignores-code${rest}`);
    },
    epic: async () => {
      assert.equal((await get(`${ready}/epic${rest}`)).status, 400);
      assert.equal((await get(`${ready}/epic/fhir/Observation?_id=a`)).status, 400);
      assert.equal((await get(`${ready}/epic${rest}&code=a`)).status, 200);
      const { body } = await get(`${ready}/epic/fhir/metadata`);
      assert.deepEqual(JSON.parse(body).software, { name: 'Epic' });
    },
    'hang-metadata': async () => {
      const { error } = await get(`${ready}/hang-metadata/fhir/metadata`, {}, 150);
      assert.equal(error.message, 'timeout');
      assert.equal((await get(`${ready}/hang-metadata${rest}`)).status, 200);
    },
    haplotypes: async () => {
      const operation = 'fhir/$find-subject-haplotypes?subject=Patient/abc';
      const { body } = await get(`${ready}/haplotypes/${operation}`);
      const [, genotype] = JSON.parse(body).parameter[0].part;
      assert.equal(genotype.resource.subject.reference, 'Patient/abc');
    },
  };
  assert.deepEqual(Object.keys(checks).sort(), [...faults].sort());
  for (const [name, check] of Object.entries(checks)) await t.test(name, check);
});

test('forwards with its own links, so that paging stays below the fault', async (t) => {
  const seed = ['--seed', path.join(SERVERS, 'patients.mjs'), '--page', '5'];
  const fhir = await start(t, 'fhir-server.mjs', ...seed);
  const { ready } = await start(t, 'fault-peer.mjs', '--target', new URL(fhir.ready).origin);
  const url = `${ready}/delay/10/fhir/Observation?patient=demo-normal`;
  const { body } = await getJson(url);
  const next = body.link.find((link) => link.relation === 'next').url;
  assert.ok(next.startsWith(`${ready}/delay/10/fhir/Observation?`));
  assert.equal((await getJson(next)).body.entry.length, 5);
});

test('counts requests and tokens at both origins', async (t) => {
  const { ready, foreign } = await start(t, 'fault-peer.mjs');
  await get(`${ready}/fhir/Patient/a`, { Authorization: 'Bearer t' });
  await get(`${ready}/fhir/Patient/a`);
  await get(`${foreign}/fhir/Patient/b`);
  const { body } = await getJson(`${ready}/_stats`);
  const alike = { methods: ['GET'], versions: ['1.1'] };
  const a = { ...alike, count: 2, queries: ['', ''], authorization: true };
  const b = { ...alike, count: 1, queries: [''], authorization: false };
  assert.deepEqual(body.requests, { '/fhir/Patient/a': a });
  assert.equal(body.connections.accepted, 2);
  assert.deepEqual(body.foreign.requests, { '/fhir/Patient/b': b });
  const emptied = await getJson(`${ready}/_stats`, { method: 'DELETE' });
  assert.deepEqual(emptied.body.requests, {});
});
