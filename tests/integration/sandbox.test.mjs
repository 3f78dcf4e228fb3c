// tests/integration/sandbox.test.mjs -- tests/sandbox/run against servers that take our patients,
// that only let themselves be read, that lack something, and that are not there.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { requestToken } from '../servers/get-token.mjs';
import { environment, run, startFaultPeer, startFhir, startServer } from './lib/child.mjs';
import { BINARY, freePort } from './lib/gateway.mjs';
import { request } from './lib/http.mjs';
import { ROOT } from './lib/scope.mjs';

const RUN = path.join(ROOT, 'tests', 'sandbox', 'run');

const [fhir, tokens] = await Promise.all([startFhir(), startServer('token-server.mjs')]);
const [peer, secured, closedPort] = await Promise.all([
  startFaultPeer(fhir),
  startFhir('--introspect', tokens.introspect),
  freePort(),
]);

async function sandbox(args, code, { env = {}, stdout = /^/, stderr = /^$/ } = {}) {
  const result = await run(RUN, args, {
    env: environment({ PGXGATE_BINARY: BINARY, ...env }),
    timeout: 120_000,
  });
  const shown = `${args.join(' ')}: ${result.code}\n${result.stdout}\n${result.stderr}`;
  assert.equal(result.code, code, shown);
  assert.match(result.stdout, stdout, shown);
  assert.match(result.stderr, stderr, shown);
  return result.stdout;
}

async function countAll() {
  const { json } = await request(`${fhir.ready}/Observation?_summary=count`);
  return json.total;
}

test('a server that takes our patients', async () => {
  const before = await countAll();
  const report = await sandbox([fhir.ready], 0, {
    stdout: /Everything the gateway needs works/,
  });
  assert.match(report, /written by +one transaction/);
  assert.equal(report.match(/^ {2}ok {3}must/gm).length, 13);
  assert.doesNotMatch(report, /^ {2}(FAIL|no) /m);
  assert.match(report, /clopidogrel: no result: silence +silence/);
  assert.match(report, /critical: Clopidogrel: CYP2C19 results disagree/);
  assert.equal(await countAll(), before, 'nothing of ours is left');
});

test('one that only lets itself be read: what is there', async (t) => {
  await t.test('because it refuses', async () => {
    const pem = readFileSync(tokens.keys.ES384, 'utf8');
    const answer = await requestToken({ endpoint: tokens.token, pem, scope: 'system/*.rs' });
    const env = { PGXGATE_FHIR_TOKEN: answer.access_token };
    const report = await sandbox([secured.ready], 0, { env });
    assert.match(report, /nothing can be written +POST of Patient refused: HTTP 403/);
    assert.match(report, /patient 1: an order of \w+ +(critical|warning|info): /);
    assert.ok(!report.includes(answer.access_token));
  });
  await t.test('because we are told to', async () => {
    const before = await countAll();
    const report = await sandbox([fhir.ready, '--read-only'], 0);
    assert.doesNotMatch(report, /written by/);
    assert.equal(await countAll(), before);
  });
});

test('one where something is missing: 1, and the row says what', async () => {
  const report = await sandbox([`${peer.ready}/foreign-next/fhir`, '--read-only'], 1, {
    stdout: /of what the gateway needs did not work/,
  });
  assert.match(report, /FAIL must further pages .*another server: it is not followed/);
  const { json } = await request(`${peer.ready}/_stats`);
  assert.deepEqual(json.foreign.requests, {});
});

test('one without a valid token: 1', async () => {
  await sandbox([secured.ready], 1, { stdout: /HTTP 401/ });
});

test('none: 69, and why', async (t) => {
  const wanted = [
    ['refused', `http://127.0.0.1:${closedPort}/fhir`, /connection refused/],
    ['no such name', 'http://fhir.invalid/fhir', /DNS/],
    ['hangs', `${peer.ready}/hang/fhir`, /no answer in 1 s/],
    ['reset', `${peer.ready}/reset/fhir`, /cannot be reached: /],
    ['an error', `${peer.ready}/status/503/fhir`, /no capability statement \(HTTP 503/],
    ['garbage', `${peer.ready}/garbage/fhir`, /no capability statement \(HTTP 200/],
    ['not the base', `${fhir.ready}/Patient`, /is this the base URL/],
  ];
  for (const [name, base, stderr] of wanted) {
    await t.test(name, async () => {
      assert.equal(await sandbox([base, '--timeout', '1'], 69, { stderr }), '');
    });
  }
});

test('wrong usage: 64', async (t) => {
  const wrong = [
    [],
    ['nonsense'],
    ['ftp://fhir.invalid'],
    ['http://u:p@fhir.invalid'],
    ['http://fhir.invalid/fhir?a=b'],
    [fhir.ready, fhir.ready],
    [fhir.ready, '--nonsense'],
    [fhir.ready, '--timeout', '0'],
  ];
  for (const args of wrong) {
    await t.test(args.join(' ') || '(nothing)', () =>
      sandbox(args, 64, { stderr: /^usage: tests\/sandbox\/run/ }),
    );
  }
  await t.test('help', () => sandbox(['--help'], 0, { stdout: /^usage: / }));
});
