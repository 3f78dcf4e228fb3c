// tests/integration/concurrency.test.mjs -- several workers, many connections, mixed requests,
// releases that change meanwhile: every answer is what it is when one asks alone. Made for the
// thread sanitizer as well, so nothing here depends on how fast anything is.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { startFaultPeer, startFhir } from './lib/child.mjs';
import {
  databaseWithKnowledge,
  KNOWLEDGE,
  pgxgateOk,
  startGateway,
  testTheEnd,
} from './lib/gateway.mjs';
import { assertCards, hookRequest, order, SERVICES } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { rows as select } from './lib/postgres.mjs';
import { Raw } from './lib/raw.mjs';
import { temporaryDirectory } from './lib/scope.mjs';
import { InVain, until } from './lib/wait.mjs';

const CONNECTIONS = 32;
const REQUESTS = 2000;
/** Until both releases were seen: loading one may take longer than all the requests. */
const REQUESTS_MAX = 50 * REQUESTS;
const TOKEN = 'concurrency-test-token-cXV4';

const [database, fhir] = await Promise.all([databaseWithKnowledge(), startFhir()]);
const peer = await startFaultPeer(fhir);
const env = { PGXGATE_DATABASE: database };
const next = path.join(temporaryDirectory(), 'knowledge');
cpSync(KNOWLEDGE, next, { recursive: true });
const releaseFile = path.join(next, 'release.json');
const release = JSON.parse(readFileSync(releaseFile, 'utf8'));
writeFileSync(releaseFile, JSON.stringify({ ...release, version: `${release.version}-next` }));
await pgxgateOk(['rules', 'import', next], { env });
const hashes = (
  await select(database, 'SELECT content_hash AS hash FROM pgxgate.release ORDER BY id')
).map(({ hash }) => hash);

const page = (await request(`${fhir.ready}/Observation?patient=demo-clopidogrel`)).json;
const hookCall = (facts) => {
  const body = hookRequest({ ...facts, hookInstance: 'concurrency' });
  return {
    method: 'POST',
    path: `/cds-services/${SERVICES[body.hook]}`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
};
const plain = (method, target, body) => ({
  method,
  path: target,
  headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
  body,
});
const many = Array.from({ length: 60 }, (_, n) =>
  order(n % 3 ? 'of no rule' : 'clopidogrel', { id: `order-${n}` }),
);

// What is asked, how often among the others, the status.
const KINDS = [
  [hookCall({ prefetch: { pgx: page } }), 6, 200],
  [hookCall({ prefetch: { pgx: null } }), 4, 200],
  [hookCall({ prefetch: { pgx: page }, orders: many }), 2, 200],
  [hookCall({ hook: 'order-select', prefetch: { pgx: page } }), 2, 200],
  [hookCall({ hook: 'medication-prescribe', prefetch: { pgx: page } }), 1, 200],
  [hookCall({ fhirServer: fhir.ready, token: TOKEN }), 3, 200],
  [hookCall({ fhirServer: fhir.ready, patient: 'demo-normal', drug: 'abacavir' }), 1, 200],
  [hookCall({ fhirServer: `${peer.ready}/reset/fhir` }), 1, 412],
  [hookCall({ fhirServer: `${peer.ready}/garbage/fhir` }), 1, 412],
  [hookCall({ fhirServer: 'https://elsewhere.example/fhir' }), 1, 412],
  [hookCall({}), 1, 412],
  [plain('POST', '/cds-services/pgx-order-sign', '{"hook":'), 1, 400],
  [plain('POST', '/cds-services/pgx-order-sign', '{}'), 1, 400],
  [plain('GET', '/cds-services'), 2, 200],
  [plain('HEAD', '/cds-services'), 1, 200],
  [plain('OPTIONS', '/cds-services/pgx-order-sign'), 1, 204],
  [plain('GET', '/none'), 1, 404],
  [plain('DELETE', '/cds-services'), 1, 405],
];
const MIX = KINDS.flatMap(([ask, times, status], kind) =>
  Array.from({ length: times }, () => ({ ...ask, kind, status })),
);

/** A card names the release that decided: apart from that and from what follows, all is the same. */
const RELEASE = new RegExp(hashes.join('|'), 'g');
const UUID = /"uuid":"[0-9a-f-]{36}"/g;
function normalised({ status, headers, text }) {
  const kept = { ...headers };
  for (const name of ['date', 'x-request-id', 'connection', 'keep-alive']) delete kept[name];
  const same = text
    .replace(RELEASE, 'RELEASE')
    .replace(UUID, 'UUID')
    .replaceAll(`${release.version}-next`, release.version)
    .replace(/[0-9a-f]{12}(?=\))/g, 'SHORT');
  delete kept['content-length'];
  return JSON.stringify([status, kept, same]);
}

async function countAudit() {
  return (await select(database, 'SELECT count(*) AS n FROM pgxgate.audit'))[0].n;
}

/** What each kind is answered when one asks alone. */
async function reference(gateway) {
  const answers = [];
  for (const [ask, , status] of KINDS) {
    const { path: target, ...options } = ask;
    const answer = await request(gateway.url + target, options);
    assert.equal(answer.status, status, answer.text);
    answers.push(normalised(answer));
  }
  return answers;
}

for (const workers of [2, 4]) {
  test(`${workers} workers, ${CONNECTIONS} connections, at least ${REQUESTS} requests`, async (t) => {
    await pgxgateOk(['rules', 'activate', hashes[0]], { env });
    const gateway = await startGateway({ database, config: { workers, audit_flush_ms: 10 } });
    const before = await countAudit();
    const wanted = await reference(gateway);
    const audited = before + KINDS.filter(([{ method }]) => method === 'POST').length;
    await until('the audit of these', async () => (await countAudit()) === audited);
    const agents = Array.from(
      { length: CONNECTIONS },
      () => new http.Agent({ keepAlive: true, maxSockets: 1 }),
    );
    const counted = await readMetrics(gateway);
    const asked = new Array(KINDS.length).fill(0);
    const seen = new Set();
    let sent = 0;
    let isLoading = true;

    async function connection(agent) {
      while (sent < REQUESTS || (seen.size < hashes.length && sent < REQUESTS_MAX)) {
        const n = sent++;
        // A stride without common divisor mixes the kinds over the connections.
        const { path: target, kind, ...options } = MIX[(n * 7) % MIX.length];
        const headers = { ...options.headers, ...(n % 97 === 0 && { Connection: 'close' }) };
        const answer = await request(gateway.url + target, { ...options, headers, agent });
        asked[kind]++;
        assert.equal(normalised(answer), wanted[kind], `request ${n}, kind ${kind}`);
        if (kind === 0) seen.add(RELEASE.exec(answer.text)?.[0]);
        RELEASE.lastIndex = 0;
      }
    }
    async function changeReleases() {
      for (let n = 1; isLoading || n < 4; n++) {
        await pgxgateOk(['rules', 'activate', hashes[n % 2]], { env });
        gateway.kill('SIGHUP');
        await readMetrics(gateway);
        await request(`${gateway.admin}/version`);
      }
    }
    async function breakOff() {
      while (isLoading) {
        const raw = await Raw.connect(gateway);
        const { body, path: target } = KINDS[5][0];
        await raw.write(
          `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${body.length}\r\n\r\n${body.slice(0, -20)}`,
        );
        raw.reset();
        await readMetrics(gateway);
      }
    }

    const others = [changeReleases(), breakOff()];
    try {
      await Promise.all(agents.map(connection));
    } finally {
      isLoading = false;
      await Promise.all(others);
      for (const agent of agents) agent.destroy();
    }
    const calls = KINDS.reduce(
      (sum, [{ method }], kind) => sum + (method === 'POST' ? asked[kind] : 0),
      0,
    );

    await t.test('every request was answered as if it were alone', () => {
      assert.equal(
        asked.reduce((sum, n) => sum + n),
        sent,
      );
      for (const [kind, n] of asked.entries()) assert.ok(n > 0, `kind ${kind} was asked`);
    });
    await t.test('both releases answered', () =>
      assert.deepEqual([...seen].sort(), [...hashes].sort()),
    );
    await t.test('each call is counted once', async () => {
      const samples = await readMetrics(gateway);
      let sum = 0;
      for (const [name, value] of samples) {
        if (name.startsWith('pgxgate_calls_total{')) sum += value - counted.get(name);
      }
      assert.equal(sum, calls);
      assert.equal(samples.get('pgxgate_requests_in_flight'), 0);
      assert.equal(samples.get('pgxgate_audit_lost_total'), 0);
    });
    await t.test('each call is in the audit once, by several workers', async () => {
      const total = audited + calls;
      const found = await until('all audit rows', async () => {
        const all = await select(
          database,
          `SELECT worker, count(*) AS n FROM pgxgate.audit WHERE id > ${audited} GROUP BY worker`,
        );
        const n = await countAudit();
        if (n > total) throw new InVain(`${n} rows for ${total} calls`);
        return n === total && all;
      });
      assert.ok(found.length > 1, 'the connections are spread over the workers');
      const [{ gaps }] = await select(
        database,
        `SELECT count(*) AS gaps FROM (SELECT max(sequence) - count(*) AS d FROM pgxgate.audit
           GROUP BY writer) AS w WHERE d <> 0`,
      );
      assert.equal(gaps, 0, 'no sequence has a gap');
    });
    await t.test('it stops in order while requests come in', async () => {
      let isOver = false;
      let refused = 0;
      const loops = Array.from({ length: 8 }, async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        while (!isOver) {
          const { path: target, ...options } = KINDS[0][0];
          try {
            const answer = await request(gateway.url + target, { ...options, agent });
            assertCards(answer, ['critical']);
          } catch (error) {
            if (!['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code)) throw error;
            refused++;
            isOver ||= gateway.hasEnded;
          }
        }
        agent.destroy();
      });
      const { code, signal } = await gateway.stop();
      isOver = true;
      await Promise.all(loops);
      assert.deepEqual({ code, signal }, { code: 0, signal: null });
      assert.ok(refused > 0);
    });
  });
}

testTheEnd([TOKEN]);
