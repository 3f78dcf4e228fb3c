// tests/servers/test/bench.test.mjs -- the benchmark's material: repeatable bodies of the right
// sizes, and peers that answer them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SERVERS, getJson, start } from './start.mjs';

function bodiesIn(t, ...args) {
  const out = mkdtempSync(path.join(os.tmpdir(), 'pgxgate-bodies-'));
  t.after(() => rmSync(out, { recursive: true }));
  const script = path.join(SERVERS, 'bench-bodies.mjs');
  execFileSync(process.execPath, [script, '--out', out, '--count', '20', ...args]);
  return new Map(
    readdirSync(out).map((name) => [name, readFileSync(path.join(out, name), 'utf8')]),
  );
}

test('bodies are repeatable, varied and of the sizes that their names say', (t) => {
  const bodies = bodiesIn(t);
  assert.deepEqual(bodies, bodiesIn(t));
  assert.notDeepEqual(bodies, bodiesIn(t, '--seed', '2'));
  assert.equal(new Set(bodies.values()).size, 60);
  const sizes = { '2k': [1800, 2200], '40k': [37_000, 44_000], fetch: [1300, 1700] };
  for (const [name, text] of bodies) {
    const [low, high] = sizes[name.split('-')[0]];
    assert.ok(text.length >= low && text.length <= high, `${name}: ${text.length}`);
    assert.match(JSON.parse(text).hookInstance, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
  }
});

test('the Fastify peer finds the result in the prefetch and on the FHIR server', async (t) => {
  const fhir = await start(t, 'static-fhir.mjs');
  const peer = await start(t, 'fastify-peer.mjs');
  for (const [name, body] of bodiesIn(t, '--fhir-server', fhir.ready)) {
    const answer = await getJson(`${peer.ready}/cds-services/order-sign`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    assert.equal(answer.status, 200, name);
    assert.equal(answer.body.cards.length, 1, name);
    assert.match(answer.body.cards[0].detail, /CYP2C19 \*2\/\*2/);
  }
});

test('the static FHIR server answers for the patient in the address', async (t) => {
  const { ready, bytes } = await start(t, 'static-fhir.mjs');
  assert.ok(bytes > 36_000 && bytes < 41_000, `${bytes}`);
  const { body } = await getJson(`${ready}/Observation?patient=Patient/abc&code=x`);
  const subjects = new Set(body.entry.map(({ resource }) => resource.subject.reference));
  assert.deepEqual([...subjects], ['Patient/abc']);
  assert.equal((await getJson(`${ready}/Patient/abc`)).body.id, 'abc');
});
