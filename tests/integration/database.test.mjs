// tests/integration/database.test.mjs -- the gateway and its PostgreSQL: absent at start, lost
// and found again, releases that change under load, and what the audit keeps.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startFhir } from './lib/child.mjs';
import {
  databaseWithKnowledge,
  KNOWLEDGE,
  loadKnowledge,
  pgxgateOk,
  startGateway,
  testTheEnd,
} from './lib/gateway.mjs';
import { assertCards, assertOutcome, call, hookRequest, post } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { metric, readMetrics } from './lib/metrics.mjs';
import { Cluster, psql, rows as select } from './lib/postgres.mjs';
import { temporaryDirectory } from './lib/scope.mjs';
import { findSecrets } from './lib/secrets.mjs';
import { until } from './lib/wait.mjs';

const TOKEN = 'database-test-token-QmF6';
const CARD = ['critical'];
// So slow a poll that only a notification can be in time.
const POLL_S = 3600;

const cluster = new Cluster();
const [own, fhir] = await Promise.all([cluster.start(), startFhir()]);
const facts = { fhirServer: fhir.ready, token: TOKEN };

async function readiness(gateway) {
  const { status, json } = await request(`${gateway.admin}/readyz`);
  return { status, text: JSON.stringify(json) };
}

const hashOf = (answer) => answer.json.cards[0].extension['io.pgxgate.advice'].release;

/** A copy of the shipped knowledge with another version, so that its content has another hash. */
function changedKnowledge(version) {
  const copy = path.join(temporaryDirectory(), 'knowledge');
  cpSync(KNOWLEDGE, copy, { recursive: true });
  const file = path.join(copy, 'release.json');
  const release = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...release, version }));
  return copy;
}

test('a database that comes and goes', async (t) => {
  await cluster.stop();
  const gateway = await startGateway({
    database: own,
    waitFor: 'started',
    config: { knowledge_poll_s: POLL_S },
  });

  await t.test('absent at start: alive, not ready, and says so', async () => {
    assert.equal((await request(`${gateway.admin}/livez`)).status, 200);
    const { status, text } = await readiness(gateway);
    assert.equal(status, 503);
    assert.match(text, /failed/);
    const answer = await call(gateway, facts);
    assertOutcome(answer, 503, { code: 'transient' });
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal((await request(`${gateway.url}/cds-services`)).json.services.length, 3);
    assert.equal(await metric(gateway, 'pgxgate_database_up'), 0);
    assertOutcome(await post(gateway, '{'), 503);
  });

  await t.test('there, but empty: not ready, and the log says what to do', async () => {
    await cluster.start();
    await gateway.event('store_failed', ({ text }) => /migrate/.test(text));
    assert.equal((await readiness(gateway)).status, 503);
  });

  await t.test('without a release: connected, not ready yet', async () => {
    await pgxgateOk(['migrate'], { env: { PGXGATE_DATABASE: own } });
    await until(
      'the connection',
      async () => (await metric(gateway, 'pgxgate_database_up')) === 1,
    );
    const { status, text } = await readiness(gateway);
    assert.equal(status, 503);
    assert.match(text, /no release is active/);
    assertOutcome(await call(gateway, facts), 503);
  });

  await t.test('a first release is activated: ready, by notification', async () => {
    await loadKnowledge(own);
    await gateway.ready();
    assertCards(await call(gateway, facts), CARD);
    const { text } = await readiness(gateway);
    assert.doesNotMatch(text, /degraded|failed/);
    const loaded = await gateway.event('knowledge_loaded');
    const [{ hash }] = await select(
      own,
      `SELECT content_hash AS hash FROM pgxgate.release WHERE state = 'active'`,
    );
    assert.equal(loaded.release, hash);
  });

  const during = [];
  await t.test('lost while running: cards from memory, degraded', async () => {
    await cluster.stop();
    await until(
      'it to be noticed',
      async () => (await metric(gateway, 'pgxgate_database_up')) === 0,
    );
    for (let n = 0; n < 10; n++) {
      const hookInstance = `while-away-${n}`;
      during.push(hookInstance);
      assertCards(await call(gateway, { ...facts, hookInstance }), CARD);
    }
    const { status, text } = await readiness(gateway);
    assert.equal(status, 200);
    assert.match(text, /degraded/);
    assert.equal(await metric(gateway, 'pgxgate_database_up'), 0);
    await until('the rows to wait', async () => {
      return (await metric(gateway, 'pgxgate_audit_queued')) >= during.length;
    });
    assert.ok(gateway.events('store_failed').length > 0);
  });

  await t.test(
    'back: ready, and the audit rows of that time are written, once each',
    async () => {
      await cluster.start();
      await until(
        'it to be noticed',
        async () => (await metric(gateway, 'pgxgate_database_up')) === 1,
      );
      await until(
        'an empty queue',
        async () => (await metric(gateway, 'pgxgate_audit_queued')) === 0,
      );
      const { text } = await readiness(gateway);
      assert.doesNotMatch(text, /degraded|failed/);
      const found = await select(
        own,
        `SELECT hook_instance FROM pgxgate.audit WHERE hook_instance LIKE 'while-away-%' ORDER BY sequence`,
      );
      assert.deepEqual(
        found.map(({ hook_instance: name }) => name),
        during,
      );
      assert.equal(await metric(gateway, 'pgxgate_audit_lost_total'), 0);
      assert.ok(gateway.events('store_recovered').length > 0);
    },
  );

  await t.test('no row was lost or written twice', async () => {
    const [{ writers, n, last }] = await select(
      own,
      `SELECT count(DISTINCT writer) AS writers, count(*) AS n, max(sequence) AS last FROM pgxgate.audit`,
    );
    assert.deepEqual({ writers, n }, { writers: 1, n: last });
    await until('the count', async () => {
      return (await metric(gateway, 'pgxgate_audit_stored_total')) === n;
    });
  });

  await t.test('the listening connection was made anew: a release still arrives', async () => {
    const before = hashOf(await call(gateway, facts));
    await loadKnowledge(own, changedKnowledge('2026.11-again'));
    await until('the new release', async () => hashOf(await call(gateway, facts)) !== before);
  });

  await t.test('stopped while it is away: still in order', async () => {
    await cluster.stop();
    assertCards(await call(gateway, facts), CARD);
    assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
    await cluster.start();
  });
});

test('another release becomes active under load', async (t) => {
  const database = await databaseWithKnowledge();
  const gateway = await startGateway({
    database,
    config: { knowledge_poll_s: POLL_S, workers: 2 },
  });
  const first = hashOf(await call(gateway, facts));
  await pgxgateOk(['rules', 'import', changedKnowledge('2026.11-next')], {
    env: { PGXGATE_DATABASE: database },
  });
  const second = (
    await select(
      database,
      `SELECT content_hash AS hash FROM pgxgate.release WHERE state = 'draft'`,
    )
  )[0].hash;
  assert.notEqual(first, second);

  let isOver = false;
  const seen = [];
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const answer = await call(gateway, facts);
      assertCards(answer, CARD);
      seen.push(hashOf(answer));
    }
  });
  const switchTo = async (hash) => {
    await pgxgateOk(['rules', 'activate', hash], { env: { PGXGATE_DATABASE: database } });
    await until(`answers from ${hash.slice(0, 8)}`, () => seen.at(-1) === hash);
  };
  try {
    await until('some load', () => seen.length > 20);
    await switchTo(second);
    await switchTo(first);
    await switchTo(second);
  } finally {
    isOver = true;
    await Promise.all(load);
  }
  await t.test('every request was answered, by one of the two', () => {
    assert.deepEqual([...new Set(seen)].sort(), [first, second].sort());
  });
  await t.test('each answer is in the audit with the release that decided', async () => {
    const counts = await until('all rows', async () => {
      const found = await select(
        database,
        `SELECT release_hash AS hash, count(*) AS n FROM pgxgate.audit GROUP BY 1`,
      );
      const sum = found.reduce((n, row) => n + row.n, 0);
      return sum === seen.length + 1 && found;
    });
    for (const { hash, n } of counts) {
      const answered = seen.filter((one) => one === hash).length + (hash === first ? 1 : 0);
      assert.equal(n, answered, hash);
    }
  });
  await t.test('each load is counted and logged', async () => {
    await until('four loads', async () => {
      return (await metric(gateway, 'pgxgate_knowledge_loads_total')) === 4;
    });
    assert.equal(await metric(gateway, 'pgxgate_knowledge_failures_total'), 0);
    assert.deepEqual(
      gateway.events('knowledge_loaded').map(({ release }) => release),
      [first, second, first, second],
    );
  });
});

test('a release that is planned becomes active by itself, approved and all', async () => {
  const database = await databaseWithKnowledge();
  const env = { PGXGATE_DATABASE: database };
  const gateway = await startGateway({ database, config: { knowledge_poll_s: 1 } });
  const before = hashOf(await call(gateway, facts));
  await pgxgateOk(['rules', 'import', changedKnowledge('2026.11-planned')], { env });
  await pgxgateOk(['rules', 'test', '2026.11-planned'], { env });
  await pgxgateOk(['rules', 'policy', '--approvals', '2'], { env });
  for (const name of ['Ada Example', 'Ben Example']) {
    await pgxgateOk(['rules', 'approve', '2026.11-planned', '--by', name], { env });
  }
  const second = Math.ceil(Date.now() / 1000) + 2;
  const at = new Date(second * 1000).toISOString().replace('.000', '');
  await pgxgateOk(['rules', 'activate', '2026.11-planned', '--at', at], { env });
  assert.equal(hashOf(await call(gateway, facts)), before);
  await until('the planned release', async () => hashOf(await call(gateway, facts)) !== before);
  assert.ok(Date.now() >= second * 1000);
  const [row] = await select(
    database,
    `SELECT state, is_scheduled, activated_at >= effective_from AS in_time
       FROM pgxgate.release WHERE version = '2026.11-planned'`,
  );
  assert.deepEqual(row, { state: 'active', is_scheduled: false, in_time: true });
});

test('a release that was tampered with is not taken into use', async () => {
  const database = await databaseWithKnowledge();
  const gateway = await startGateway({ database, config: { knowledge_poll_s: 1 } });
  const before = hashOf(await call(gateway, facts));
  await pgxgateOk(['rules', 'import', changedKnowledge('2026.11-evil')], {
    env: { PGXGATE_DATABASE: database },
  });
  await psql(
    database,
    `BEGIN; SET session_replication_role = replica;
     UPDATE pgxgate.recommendation SET alert = 'none'
      WHERE id = 'cpic-clopidogrel-acs-poor' AND release_id = (SELECT max(id) FROM pgxgate.release);
     SET session_replication_role = origin;
     UPDATE pgxgate.release SET state = 'tested' WHERE id = (SELECT max(id) FROM pgxgate.release);
     UPDATE pgxgate.release SET state = 'retired' WHERE state = 'active';
     UPDATE pgxgate.release SET state = 'active' WHERE id = (SELECT max(id) FROM pgxgate.release);
     COMMIT`,
  );
  await gateway.event('knowledge_failed');
  const answer = await call(gateway, facts);
  assertCards(answer, CARD);
  assert.equal(hashOf(answer), before);
  await until('it to be counted', async () => {
    return (await metric(gateway, 'pgxgate_knowledge_failures_total')) > 0;
  });
});

test('what the audit keeps', async (t) => {
  const database = await databaseWithKnowledge();
  const gateway = await startGateway({ database, config: { deadline_ms: 5000 } });
  const card = await call(gateway, { ...facts, hookInstance: 'audit-card' });
  const hash = hashOf(card);
  const posted = [
    ['audit-silence', { ...facts, patient: 'demo-normal' }],
    ['audit-none', { ...facts, drug: 'of no rule', hook: 'order-select' }],
    ['audit-412', { patient: 'demo-clopidogrel' }],
    ['audit-error', { context: { draftOrders: null } }],
    ['audit-old', { ...facts, hook: 'medication-prescribe' }],
  ];
  for (const [hookInstance, more] of posted) await call(gateway, { ...more, hookInstance });
  await post(gateway, '{"patientId": "demo-clopidogrel", broken');
  await post(gateway, hookRequest(facts), { contentType: 'text/plain' });
  await request(`${gateway.url}/cds-services/pgx-order-sign`);
  // Neither of these is a hook call.
  await request(`${gateway.url}/cds-services`);
  await request(`${gateway.url}/none`);
  const WANTED = posted.length + 4;

  const all = await until('the rows', async () => {
    const found = await select(database, 'SELECT * FROM pgxgate.audit ORDER BY sequence');
    return found.length >= WANTED && found;
  });
  const rowOf = (name) => all.find(({ hook_instance: instance }) => instance === name);

  await t.test('one row for each hook call, none for others', () => {
    assert.equal(all.length, WANTED);
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_, n) => n + 1),
    );
  });
  await t.test('who, what, when', () => {
    const row = rowOf('audit-card');
    assert.equal(row.service, 'pgx-order-sign');
    assert.equal(row.hook, 'order-sign');
    assert.equal(row.outcome, 'ok');
    assert.equal(row.http_status, 200);
    assert.equal(row.cards, 1);
    assert.equal(row.release_hash, hash);
    assert.equal(row.is_cut, false);
    assert.equal(row.worker, 0);
    assert.ok(Math.abs(Date.parse(row.at) - Date.now()) < 600_000);
    assert.match(row.request_id, /^[\w.-]+$/);
  });
  await t.test('the request id is the one in the log and in the answer', () => {
    const { request_id: id } = rowOf('audit-card');
    assert.equal(gateway.events('call_answered', (line) => line.request_id === id).length, 1);
    assert.equal(card.headers['x-request-id'], id);
    assert.equal(new Set(all.map((row) => row.request_id)).size, all.length);
  });
  await t.test('how long, and where the time went', () => {
    const row = rowOf('audit-card');
    for (const name of ['took_us', 'parse_us', 'wait_us', 'decide_us', 'render_us']) {
      assert.ok(row[name] > 0, name);
    }
    const parts = row.parse_us + row.wait_us + row.decide_us + row.render_us;
    assert.ok(row.took_us >= parts, `${row.took_us} < ${parts}`);
  });
  await t.test('what was decided, by which rules', () => {
    const [decision] = rowOf('audit-card').decisions;
    assert.equal(decision.drug, 'clopidogrel');
    assert.equal(decision.alert, 'critical');
    assert.ok(decision.rules.includes('cpic-clopidogrel-acs-poor'));
    assert.deepEqual(decision.genes, [{ gene: 'CYP2C19', state: decision.genes[0].state }]);
    assert.equal(rowOf('audit-silence').decisions[0].alert, 'none');
    assert.equal(rowOf('audit-silence').cards, 0);
    assert.deepEqual(rowOf('audit-none').decisions, []);
  });
  await t.test('what was read, and what was missing', () => {
    const [fetch] = rowOf('audit-card').fetches;
    assert.deepEqual([fetch.kind, fetch.outcome, fetch.status], ['pgx', 'ok', 200]);
    assert.ok(fetch.took_us > 0);
    assert.equal(rowOf('audit-card').gaps.prefetch, 'absent');
    assert.equal(rowOf('audit-412').gaps.is_incomplete, true);
    assert.equal(rowOf('audit-none').gaps.unresolved_orders, 1);
  });
  await t.test('failures by the label that the metrics have', async () => {
    const outcomes = all.map(({ outcome, http_status: status }) => `${outcome} ${status}`);
    assert.deepEqual(outcomes.sort(), [
      'bad_json 400',
      'data_missing 412',
      'no_draft_orders 400',
      'ok 200',
      'ok 200',
      'ok 200',
      'ok 200',
      'wrong_media_type 415',
      'wrong_method 405',
    ]);
    const samples = await readMetrics(gateway);
    for (const [service, outcome, n] of [
      ['pgx-order-sign', 'ok', 2],
      ['pgx-order-select', 'ok', 1],
      ['pgx-medication-prescribe', 'ok', 1],
      ['pgx-order-sign', 'bad_json', 1],
      ['pgx-order-sign', 'data_missing', 1],
    ]) {
      const name = `pgxgate_calls_total{service="${service}",outcome="${outcome}"}`;
      assert.equal(samples.get(name), n, name);
    }
    assert.equal(samples.get('pgxgate_cards_total{indicator="critical"}'), 2);
    assert.equal(samples.get('pgxgate_calls_silent_total{service="pgx-order-sign"}'), 1);
    assert.equal(samples.get('pgxgate_other_requests_total'), 2);
  });
  await t.test('no patient', async () => {
    const text = await psql(database, 'SELECT a FROM pgxgate.audit AS a');
    assert.ok(text.includes('audit-card'), 'the text is whole');
    assert.deepEqual(findSecrets(text, [TOKEN]), []);
  });
  await t.test('rows can only be added', async () => {
    for (const statement of ['DELETE FROM', 'TRUNCATE', 'UPDATE']) {
      const sql = `${statement} pgxgate.audit${statement === 'UPDATE' ? ' SET cards = 0' : ''}`;
      await assert.rejects(psql(database, sql), /refused/);
    }
  });
});

test('what waits for the audit at the end is written before the process ends', async () => {
  const database = await databaseWithKnowledge();
  const gateway = await startGateway({ database, config: { audit_flush_ms: 10_000 } });
  for (let n = 0; n < 5; n++) await call(gateway, { hookInstance: `last-${n}` });
  assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
  assert.equal(await psql(database, 'SELECT count(*) FROM pgxgate.audit'), '5');
});

testTheEnd([TOKEN]);
