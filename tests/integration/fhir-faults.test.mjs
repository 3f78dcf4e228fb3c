// tests/integration/fhir-faults.test.mjs -- FHIR servers that hang, break, lie and lead astray:
// each ends as the outcome it should, within the deadline, and no token goes where it must not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { requestToken } from '../servers/get-token.mjs';
import { startFaultPeer, startFhir, startServer } from './lib/child.mjs';
import { freePort, databaseWithKnowledge, startGateway, testTheEnd } from './lib/gateway.mjs';
import { assertCards, assertOutcome, call, hookRequest, order } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { rows as select } from './lib/postgres.mjs';
import { Raw } from './lib/raw.mjs';
import { sleep, until } from './lib/wait.mjs';

const DEADLINE_MS = 2500;
const BODY_BYTES_MAX = 1_000_000;
const PAGES_MAX = 4;
const TOKEN = 'fault-test-token-YmFy';

const [database, fhir, tokens] = await Promise.all([
  databaseWithKnowledge(),
  startFhir(),
  startServer('token-server.mjs'),
]);
const [peer, secured, closedPort] = await Promise.all([
  startFaultPeer(fhir),
  startFhir('--introspect', tokens.introspect),
  freePort(),
]);
const limits = {
  fhir_body_bytes_max: BODY_BYTES_MAX,
  fhir_pages_max: PAGES_MAX,
  // All faults at once: those that hang must not keep the others from a connection.
  fhir_connections_per_host: 64,
};
const [gateway, patient] = await Promise.all([
  startGateway({ database, config: { ...limits, deadline_ms: DEADLINE_MS } }),
  // Waits for minutes: what is answered does not owe it to a deadline.
  startGateway({ config: { ...limits, deadline_ms: 60_000 } }),
]);

const CARD = ['critical'];
const UNREAD = /Part of the record could not be read/;
const MISSING = { code: 'incomplete', expression: 'fhirServer' };

// Path in front of the FHIR base, what a poor metabolizer's order gets, what silence becomes for
// a patient without findings: indicators, or the reason in the 412. `noted`: the card says that
// something could not be read.
const FAULTS = [
  ['', CARD, []],
  ['/delay/100', CARD, []],
  ['/gzip', CARD, []],
  ['/bom', CARD, []],
  ['/relative-next', CARD, []],
  ['/huge/300000', [], []],
  ['/delay/60000', /pgx, timeout, HTTP status 0/, /timeout/],
  ['/hang', /pgx, timeout, HTTP status 0/, /timeout/],
  ['/drip', /pgx, timeout/, /timeout/],
  ['/delay/200/hang', /pgx, timeout/, /timeout/],
  ['/reset', /pgx, broken, HTTP status 0/, /broken/],
  ['/reset-body', /pgx, broken/, /broken/],
  ['/truncate', /pgx, broken/, /broken/],
  ['/garbage', /pgx, broken, HTTP status 200/, /broken/],
  ['/outcome', /pgx, broken, HTTP status 200/, /broken/],
  ['/wrong-type', /pgx, wrong_type, HTTP status 200/, /wrong_type/],
  [`/huge/${BODY_BYTES_MAX + 1}`, /pgx, too_large/, /too_large/],
  ['/huge/900000000', /pgx, too_large/, /too_large/],
  ['/gzip-bomb', /pgx, gzip_bomb/, /gzip_bomb/],
  ['/redirect', /pgx, status, HTTP status 302/, /302/],
  ['/retry-after', /pgx, status, HTTP status 429/, /429/],
  ['/retry-after-date', /pgx, status, HTTP status 429/, /429/],
  ...[204, 206, 304, 400, 401, 403, 404, 410, 500, 502, 503].map((status) => [
    `/status/${status}`,
    new RegExp(`pgx, status, HTTP status ${status}`),
    new RegExp(`HTTP status ${status}`),
  ]),
  ['/empty-next', /limits of fetches or pages/, /limits of fetches or pages/],
  ['/endless-next', { noted: CARD }, /limits of fetches or pages/],
  ['/loop-next', { noted: CARD }, /limits of fetches or pages/],
  ['/foreign-next', { noted: CARD }, /limits of fetches or pages|fhirServer/],
];

function assertWanted(answer, want) {
  if (want instanceof RegExp) {
    const issue = assertOutcome(answer, 412, { ...MISSING, text: want });
    assert.doesNotMatch(issue.diagnostics, /127\.0\.0\.1|demo-|http:/, 'no URL, no patient');
    return;
  }
  const cards = assertCards(answer, want.noted ?? want);
  for (const { detail } of cards) {
    if (want.noted) assert.match(detail, UNREAD);
    else assert.doesNotMatch(detail, UNREAD);
  }
}

async function foreignRequests() {
  return (await request(`${peer.ready}/_stats`)).json.foreign.requests;
}

test('every fault has its outcome, all at the same time', async (t) => {
  const serverAt = (fault) => `${peer.ready}${fault}/fhir`;
  await request(`${peer.ready}/gzip-bomb`); // is made at the first request
  const before = await readMetrics(gateway);
  const answers = await Promise.all(
    FAULTS.map(([fault]) =>
      Promise.all(
        ['demo-clopidogrel', 'demo-normal'].map((id) =>
          call(gateway, {
            patient: id,
            fhirServer: serverAt(fault),
            token: TOKEN,
            hookInstance: `fault ${fault} ${id === 'demo-normal' ? 'normal' : 'poor'}`,
          }),
        ),
      ),
    ),
  );
  for (const [n, [fault, poor, normal]] of FAULTS.entries()) {
    await t.test(`${fault || '(healthy)'}, a finding`, () => assertWanted(answers[n][0], poor));
    await t.test(`${fault || '(healthy)'}, none`, () => assertWanted(answers[n][1], normal));
  }
  await t.test('none took many deadlines', () => {
    for (const { ms } of answers.flat()) assert.ok(ms < DEADLINE_MS * 10, `${ms} ms`);
  });
  await t.test('nothing arrived at the foreign origin', async () => {
    assert.deepEqual(await foreignRequests(), {});
  });
  await t.test('each fetch is counted by its outcome', async () => {
    const after = await readMetrics(gateway);
    const grown = (name) => after.get(name) - before.get(name);
    for (const outcome of ['ok', 'status', 'broken', 'timeout', 'too_large', 'gzip_bomb', 'wrong_type']) {
      assert.ok(grown(`pgxgate_fhir_fetches_total{outcome="${outcome}"}`) >= 2, outcome);
    }
    const missing = 'pgxgate_calls_total{service="pgx-order-sign",outcome="data_missing"}';
    assert.equal(grown(missing), answers.flat().filter(({ status }) => status === 412).length);
  });
  await t.test('each is in the audit with its outcome', async () => {
    const found = await until('all audit rows', async () => {
      const all = await select(
        database,
        `SELECT hook_instance, http_status, fetches FROM pgxgate.audit
         WHERE hook_instance LIKE 'fault %'`,
      );
      return all.length === FAULTS.length * 2 && all;
    });
    const hung = found.find(({ hook_instance: name }) => name === 'fault /hang poor');
    assert.equal(hung.http_status, 412);
    assert.equal(hung.fetches[0].outcome, 'timeout');
    const pages = found.find(({ hook_instance: name }) => name === 'fault /endless-next poor');
    assert.equal(pages.fetches.length, PAGES_MAX);
  });
});

test('a fault that passes: the next call is answered', async () => {
  const facts = { fhirServer: `${peer.ready}/once/reset-body/fhir` };
  assertOutcome(await call(gateway, facts), 412, { ...MISSING, text: /pgx, broken/ });
  assertCards(await call(gateway, facts), CARD);
});

test('a server that asks to come again is asked again, once and in time', async (t) => {
  for (const fault of ['status/500', 'status/503', 'retry-after', 'retry-after-date']) {
    await t.test(fault, async () => {
      const fhirServer = `${peer.ready}/once/${fault}/fhir`;
      const answer = await call(gateway, { fhirServer, hookInstance: `again ${fault}` });
      assertCards(answer, CARD);
      assert.doesNotMatch(answer.text, UNREAD);
      if (fault.startsWith('retry')) assert.ok(answer.ms >= 900, `${answer.ms} ms`);
      const [{ fetches }] = await until('the audit row', async () => {
        const all = await select(
          database,
          `SELECT fetches FROM pgxgate.audit WHERE hook_instance = 'again ${fault}'`,
        );
        return all.length === 1 && all;
      });
      assert.deepEqual(
        fetches.map(({ kind, status }) => [kind, status]),
        [
          ['pgx', Number(/status.(\d+)/.exec(fault)?.[1] ?? 429)],
          ['pgx', 200],
        ],
      );
    });
  }
  await t.test('not when the wait would end behind the deadline', async () => {
    const started = performance.now();
    const facts = { fhirServer: `${peer.ready}/once/retry-after/fhir` };
    const hasty = await startGateway({ config: { deadline_ms: 500 } });
    await request(`${peer.ready}/_stats`, { method: 'DELETE' });
    assertOutcome(await call(hasty, facts), 412, { ...MISSING, text: /HTTP status 429/ });
    assert.ok(performance.now() - started < 60_000);
    const { requests } = (await request(`${peer.ready}/_stats`)).json;
    assert.equal(requests['/once/retry-after/fhir/Observation'].count, 1);
  });
});

test('no server there, or none that may be asked', async (t) => {
  const rows = [
    ['a closed port', `http://127.0.0.1:${closedPort}/fhir`, /pgx, refused, HTTP status 0/],
    ['not on the list', 'https://elsewhere.example/fhir', /allow-list/],
    ['an address that looks like it', 'http://127.0.0.1.elsewhere.example/fhir', /allow-list/],
    ['user info', `http://127.0.0.1@elsewhere.example/fhir`, /allow-list/],
    ['no http', 'ftp://127.0.0.1/fhir', /allow-list/],
    ['no URL', 'fhir', /allow-list/],
    ['link-local, where clouds keep secrets', 'http://169.254.169.254/fhir', /allow-list/],
  ];
  for (const [name, fhirServer, text] of rows) {
    await t.test(name, async () => {
      assertOutcome(await call(gateway, { fhirServer, token: TOKEN }), 412, {
        ...MISSING,
        text,
      });
    });
  }
});

test('the token goes to the FHIR server and nowhere else', async (t) => {
  await request(`${peer.ready}/_stats`, { method: 'DELETE' });
  await t.test('it is sent with every fetch', async () => {
    assertCards(await call(gateway, { fhirServer: `${peer.ready}/fhir`, token: TOKEN }), CARD);
    assertCards(await call(gateway, { fhirServer: `${peer.ready}/gzip/fhir` }), CARD);
    const { requests } = (await request(`${peer.ready}/_stats`)).json;
    assert.equal(requests['/fhir/Observation'].authorization, true);
    assert.deepEqual(requests['/fhir/Observation'].methods, ['GET']);
    assert.equal(requests['/gzip/fhir/Observation'].authorization, false, 'none was given');
  });
  // "loopback" allows every port of this machine: only the origin keeps these apart.
  const elsewhere = {
    'a redirect': { fhirServer: `${peer.ready}/redirect/fhir` },
    'a next link': { fhirServer: `${peer.ready}/foreign-next/fhir` },
    'a reference in an order': {
      fhirServer: `${peer.ready}/fhir`,
      orders: [
        order(undefined, {
          medicationReference: { reference: `${peer.foreign}/fhir/Medication/m1` },
        }),
      ],
    },
    'a next link in the prefetch': {
      fhirServer: `${peer.ready}/fhir`,
      prefetch: {
        pgx: {
          resourceType: 'Bundle',
          type: 'searchset',
          link: [{ relation: 'next', url: `${peer.foreign}/fhir/Observation?page=2` }],
        },
      },
    },
    'a next link with a back-slash in the prefetch': {
      fhirServer: `${peer.ready}/fhir`,
      prefetch: {
        pgx: {
          resourceType: 'Bundle',
          type: 'searchset',
          link: [{ relation: 'next', url: `\\\\${new URL(peer.foreign).host}\\fhir?page=2` }],
        },
      },
    },
    'a next link without scheme in the prefetch': {
      fhirServer: `${peer.ready}/fhir`,
      prefetch: {
        pgx: {
          resourceType: 'Bundle',
          type: 'searchset',
          link: [{ relation: 'next', url: `//${new URL(peer.foreign).host}/fhir?page=2` }],
        },
      },
    },
  };
  for (const [name, facts] of Object.entries(elsewhere)) {
    await t.test(`not along ${name}`, async () => {
      const answer = await call(gateway, { ...facts, token: TOKEN });
      assert.ok([200, 412].includes(answer.status), answer.text);
      if (name !== 'a next link') assert.equal(answer.status, 412);
      assert.deepEqual(await foreignRequests(), {});
    });
  }
});

test('a FHIR server that checks tokens', async (t) => {
  const tokenFor = async (scope, alg = 'ES384') => {
    const pem = readFileSync(tokens.keys[alg], 'utf8');
    const answer = await requestToken({ endpoint: tokens.token, pem, scope });
    gateway.secrets.add(answer.access_token);
    return answer.access_token;
  };
  const good = await tokenFor('system/*.rs');
  const rows = [
    ['a good token', good, CARD],
    ['one that may read Observations', await tokenFor('system/Observation.rs', 'RS384'), CARD],
    ['one that may read Patients only', await tokenFor('system/Patient.rs'), /HTTP status 403/],
    ['a wrong token', 'made-up', /HTTP status 401/],
    ['a good token with a letter more', `${good}x`, /HTTP status 401/],
    ['none', undefined, /HTTP status 401/],
  ];
  for (const [name, token, want] of rows) {
    await t.test(name, async () => {
      assertWanted(await call(gateway, { fhirServer: secured.ready, token }), want);
    });
  }
  await t.test('sources that the token may not read are no gap', async () => {
    const token = await tokenFor('system/Observation.rs');
    const facts = { patient: 'nobody', fhirServer: secured.ready, token };
    assertCards(await call(gateway, { ...facts, hookInstance: 'scope nobody' }), []);
    const [{ fetches, gaps }] = await until('the audit row', async () => {
      const all = await select(
        database,
        `SELECT fetches, gaps FROM pgxgate.audit WHERE hook_instance = 'scope nobody'`,
      );
      return all.length === 1 && all;
    });
    assert.deepEqual(
      fetches.map(({ kind, status }) => [kind, status]),
      [
        ['pgx', 200],
        ['pgx_category', 200],
        ['report', 403],
        ['report', 403],
      ],
    );
    assert.deepEqual(gaps.unread, []);
  });
  await t.test('one call does not inherit the token of another', async () => {
    const calls = Array.from({ length: 40 }, (_, n) => (n % 2 ? good : undefined));
    const answers = await Promise.all(
      calls.map((token) => call(gateway, { fhirServer: secured.ready, token })),
    );
    for (const [n, answer] of answers.entries()) {
      assertWanted(answer, calls[n] ? CARD : /HTTP status 401/);
    }
  });
});

test('healthy calls are answered while others hang', async () => {
  const abandoned = 'pgxgate_requests_abandoned_total';
  const HANGING = 40;
  const hanging = await Promise.all(
    Array.from({ length: HANGING }, async (_, n) => {
      const raw = await Raw.connect(patient);
      const fault = ['/hang', '/drip', '/delay/600000'][n % 3];
      const body = JSON.stringify(hookRequest({ fhirServer: `${peer.ready}${fault}/fhir` }));
      await raw.write(
        `POST /cds-services/pgx-order-sign HTTP/1.1\r\nHost: a\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return raw;
    }),
  );
  await until('all to be in flight', async () => {
    const samples = await readMetrics(patient);
    return samples.get('pgxgate_requests_in_flight') >= HANGING;
  });
  for (let n = 0; n < 20; n++) {
    const facts = { fhirServer: fhir.ready, ...(n % 2 && { patient: 'demo-normal' }) };
    assertCards(await call(patient, facts), n % 2 ? [] : CARD);
  }
  for (const raw of hanging) assert.equal(raw.received, '');
  for (const raw of hanging) raw.reset();
  await until('all to be given up', async () => {
    const samples = await readMetrics(patient);
    return (
      samples.get(abandoned) === HANGING && samples.get('pgxgate_requests_in_flight') === 0
    );
  });
  assert.equal(patient.events('call_abandoned').length, HANGING);
  assertCards(await call(patient, { fhirServer: fhir.ready }), CARD);
});

test('more than its server can serve at once waits, and is answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 150 }, () =>
      call(patient, { fhirServer: `${peer.ready}/delay/20/fhir` }),
    ),
  );
  for (const answer of answers) assertCards(answer, CARD);
});

test('no connection to a FHIR server outlives the call that broke it', async () => {
  await sleep(0);
  await until('the peer to be left alone', async () => {
    const { connections } = (await request(`${peer.ready}/_stats`)).json;
    // Idle connections may be kept: per host, as many as the setting allows, of two gateways.
    return connections.open <= 2 * limits.fhir_connections_per_host;
  });
});

testTheEnd([TOKEN]);
