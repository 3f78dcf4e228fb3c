// tests/integration/inspect.test.mjs -- `pgxgate inspect`: files good and bad, and FHIR servers
// that answer, refuse, break and lead astray.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requestToken } from '../servers/get-token.mjs';
import { startFaultPeer, startFhir, startServer } from './lib/child.mjs';
import { freePort, KNOWLEDGE, pgxgate } from './lib/gateway.mjs';
import { bundleOf, hookRequest, order } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { ROOT, temporaryDirectory } from './lib/scope.mjs';
import patients from '../servers/patients.mjs';

const TOKEN = 'inspect-test-token-YmF6';
const [fhir, tokens] = await Promise.all([
  startFhir('--page', '1'),
  startServer('token-server.mjs'),
]);
const [peer, secured, fixed, closedPort] = await Promise.all([
  startFaultPeer(fhir),
  startFhir('--introspect', tokens.introspect),
  startFhir('--token', TOKEN),
  freePort(),
]);
const directory = temporaryDirectory();

async function inspect(from, args = [], { code = 0, env, stderr = /^$/ } = {}) {
  const all = ['inspect', from, '--knowledge', KNOWLEDGE, ...args];
  const result = await pgxgate(all, { env });
  const shown = `pgxgate ${all.join(' ')}: ${result.code}\n${result.stdout}\n${result.stderr}`;
  assert.equal(result.signal, null, shown);
  assert.equal(result.code, code, shown);
  assert.match(result.stderr, stderr, shown);
  assert.doesNotMatch(result.stderr, /Sanitizer|runtime error/, shown);
  assert.ok(!`${result.stdout}${result.stderr}`.includes(TOKEN), shown);
  return result.stdout;
}

const asJson = async (from, args = [], options) =>
  JSON.parse(await inspect(from, ['--json', ...args], options));

const fileOf = (name, content) => {
  const file = path.join(directory, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

const POOR = {
  gene: 'CYP2C19',
  diplotype: '*2/*2',
  phenotype: 'Poor Metabolizer',
  basis: 'asserted',
  state: 'single',
  sources: ['Observation/demo-clopidogrel-cyp2c19'],
  warnings: [],
};
const resourcesOf = (patient) =>
  patients.entry
    .map(({ resource }) => resource)
    .filter(({ id, subject }) => id === patient || subject?.reference === `Patient/${patient}`);

test('files', async (t) => {
  const results = resourcesOf('demo-clopidogrel');
  const want = { genes: [POOR], hla: [], orders: [], ignored: [] };
  const wanted = [
    ['a Bundle', bundleOf(results)],
    ['an array', results],
    ['lines', results.map((resource) => JSON.stringify(resource)).join('\n')],
    ['one resource', results.find(({ resourceType }) => resourceType === 'Observation')],
  ];
  for (const [name, content] of wanted) {
    await t.test(name, async () => {
      assert.deepEqual(await asJson(fileOf('good.json', content)), want);
    });
  }
  await t.test('a hook request: its drafts are evaluated, orders on file are not', async () => {
    const file = fileOf(
      'request.json',
      hookRequest({
        prefetch: { pgx: bundleOf(results), orders: bundleOf([order('codeine', { id: 'b' })]) },
      }),
    );
    const { genes, orders } = await asJson(file);
    assert.deepEqual(genes, [POOR]);
    assert.deepEqual(orders, [
      {
        resource: 'MedicationRequest/order-1',
        ingredients: [{ name: 'clopidogrel', rxcui: '32968' }],
        evaluate: true,
        reason: null,
      },
      {
        resource: 'MedicationRequest/b',
        ingredients: [{ name: 'codeine', rxcui: '2670' }],
        evaluate: false,
        reason: 'not-a-draft',
      },
    ]);
  });
  await t.test('several patients: refused, until one is named', async () => {
    const file = fileOf('all.json', patients);
    const told = { code: 65, stderr: /more than one patient; name one with --patient/ };
    assert.equal(await inspect(file, [], told), '');
    const { genes, ignored } = await asJson(file, ['--patient', 'demo-clopidogrel']);
    assert.deepEqual(genes, [POOR]);
    assert.ok(ignored.length > 20);
    for (const { reason } of ignored) assert.match(reason, /^(foreign-patient|status)$/);
  });
  await t.test('as text', async () => {
    const text = await inspect(fileOf('good.json', bundleOf(results)));
    assert.match(text, /^ {2}CYP2C19 {2}\*2\/\*2 {2}Poor Metabolizer {2}\[single\]$/m);
    assert.match(
      text,
      /^ {4}Observation\/demo-clopidogrel-cyp2c19: "CYP2C19 \*2\/\*2", 2023-05-16, Demo/m,
    );
  });

  const resource = '{"resourceType":"Patient"}';
  const wrong = [
    ['no such file', '/nowhere.json', /cannot open/],
    ['a folder', directory, /cannot/],
    ['empty', fileOf('empty.json', ''), /empty/],
    ['no JSON', fileOf('text.json', 'a result'), /JSON/],
    ['cut off', fileOf('cut.json', '{"resourceType":"Bundle","entry":['), /JSON/],
    ['a bad line', fileOf('lines.ndjson', `${resource}\n{\n${resource}\n`), /line 2/],
    ['a name twice', fileOf('twice.json', '{"resourceType":"A","resourceType":"B"}'), /JSON/],
    ['nested too deeply', fileOf('deep.json', '['.repeat(100_000)), /JSON/],
    ['no FHIR', fileOf('other.json', { a: 1 }), /no FHIR resource/],
    ['no resources', fileOf('none.json', []), /no FHIR resource/],
    ['a server error', fileOf('oo.json', { resourceType: 'OperationOutcome' }), /no data/],
    ['too many resources', fileOf('many.ndjson', `${resource}\n`.repeat(5001)), /resources/],
    ['huge', fileOf('huge.json', `["${'x'.repeat(66 * 1024 * 1024)}"]`), /larger/],
  ];
  for (const [name, file, stderr] of wrong) {
    await t.test(`${name}: 65`, () => inspect(file, [], { code: 65, stderr }));
  }
});

test('a FHIR server', async (t) => {
  const base = fhir.ready;
  await t.test('results of all pages', async () => {
    const { genes, hla } = await asJson(base, ['--patient', 'demo-normal']);
    assert.equal(genes.length, 11);
    // Two tests, each for one allele, both negative.
    for (const { gene, state } of genes) assert.equal(state, gene === 'HLA-B' ? 'agreed' : 'single');
    assert.deepEqual(
      hla.map(({ allele, status }) => `${allele} ${status}`),
      ['HLA-A*31:01 negative', 'HLA-B*15:02 negative', 'HLA-B*57:01 negative'],
    );
  });
  await t.test('one without LOINC, found by its category', async () => {
    const { genes } = await asJson(base, ['--patient', 'Patient/demo-atazanavir']);
    assert.deepEqual(
      genes.map(({ gene, diplotype }) => `${gene} ${diplotype}`),
      ['UGT1A1 *28/*28'],
    );
  });
  await t.test('a conflict: every call', async () => {
    const { genes } = await asJson(base, ['--patient', 'demo-conflict']);
    assert.deepEqual(
      genes.map(({ diplotype, state }) => `${diplotype} ${state}`),
      ['*2/*2 conflict', '*1/*1 conflict'],
    );
  });
  await t.test('orders on file and the Medications they refer to', async () => {
    const put = async (resource) => {
      const { status } = await request(`${base}/${resource.resourceType}/${resource.id}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/fhir+json' },
        body: JSON.stringify(resource),
      });
      assert.ok(status === 200 || status === 201);
    };
    const patient = 'demo-clopidogrel';
    const { medicationCodeableConcept: code } = order('clopidogrel');
    const reference = (id) => ({ medicationReference: { reference: `Medication/${id}` } });
    await put({ resourceType: 'Medication', id: 'inspect-m', code });
    await put(order(undefined, { id: 'inspect-a', patient, ...reference('inspect-m') }));
    await put(order(undefined, { id: 'inspect-b', patient, ...reference('inspect-none') }));
    const { orders, ignored } = await asJson(base, ['--patient', patient]);
    orders.sort((a, b) => (a.resource < b.resource ? -1 : 1));
    assert.deepEqual(orders, [
      {
        resource: 'MedicationRequest/inspect-a',
        ingredients: [{ name: 'clopidogrel', rxcui: '32968' }],
        evaluate: true,
        reason: null,
      },
      {
        resource: 'MedicationRequest/inspect-b',
        ingredients: [],
        evaluate: false,
        reason: 'needs-resource',
      },
    ]);
    assert.deepEqual(ignored, [{ resource: 'Medication/inspect-none', reason: 'not-read' }]);
  });
  await t.test('one that only a report leads to', async () => {
    const subject = { reference: 'Patient/inspect-reported' };
    const resources = [
      { resourceType: 'Patient', id: 'inspect-reported' },
      {
        resourceType: 'Observation',
        id: 'inspect-result',
        status: 'final',
        code: { text: 'CYP2C19 genotype' },
        subject,
        valueCodeableConcept: { text: 'CYP2C19 *2/*17' },
      },
      {
        resourceType: 'DiagnosticReport',
        id: 'inspect-report',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '51969-4' }] },
        subject,
        result: [{ reference: 'Observation/inspect-result' }],
      },
    ];
    for (const resource of resources) {
      const { status } = await request(`${base}/${resource.resourceType}/${resource.id}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/fhir+json' },
        body: JSON.stringify(resource),
      });
      assert.ok(status === 200 || status === 201);
    }
    const { genes } = await asJson(base, ['--patient', 'inspect-reported']);
    assert.deepEqual(
      genes.map(({ gene, diplotype, sources }) => [gene, diplotype, ...sources]),
      [['CYP2C19', '*2/*17', 'Observation/inspect-result']],
    );
  });
  await t.test('no such patient: 65', () =>
    inspect(base, ['--patient', 'nobody'], { code: 65, stderr: /no such patient/ }),
  );
  await t.test('a trailing slash', async () => {
    const { genes } = await asJson(`${base}/`, ['--patient', 'demo-clopidogrel']);
    assert.deepEqual(genes, [POOR]);
  });

  const patient = ['--patient', 'demo-clopidogrel'];
  await t.test('with a token from the environment', async () => {
    const pem = readFileSync(tokens.keys.ES384, 'utf8');
    const answer = await requestToken({ endpoint: tokens.token, pem, scope: 'system/*.rs' });
    const env = { PGXGATE_FHIR_TOKEN: answer.access_token };
    assert.deepEqual((await asJson(secured.ready, patient, { env })).genes, [POOR]);
  });
  await t.test('without, or with a wrong one: 69', async () => {
    const wanted = { code: 69, stderr: /Observation\?code: status, HTTP status 401/ };
    await inspect(fixed.ready, patient, wanted);
    await inspect(fixed.ready, patient, { ...wanted, env: { PGXGATE_FHIR_TOKEN: 'wrong' } });
  });
  await t.test('one that can stand in no header: 78', () =>
    inspect(fixed.ready, patient, {
      code: 78,
      env: { PGXGATE_FHIR_TOKEN: 'a b' },
      stderr: /token/i,
    }),
  );
  await t.test('no such CA file: 78', () =>
    inspect(base, [...patient, '--ca-file', '/nowhere'], { code: 78, stderr: /./ }),
  );
});

test('a FHIR server that is away or broken', async (t) => {
  const patient = ['--patient', 'demo-clopidogrel', '--timeout', '2'];
  const away = [
    ['refused', `http://127.0.0.1:${closedPort}/fhir`, /refused/],
    ['no such name', 'http://fhir.invalid/fhir', /refused/],
    ['hangs', `${peer.ready}/hang/fhir`, /timeout/],
    ['drips', `${peer.ready}/drip/fhir`, /timeout/],
    ['reset', `${peer.ready}/reset/fhir`, /broken/],
    ['truncated', `${peer.ready}/truncate/fhir`, /broken/],
    ['garbage', `${peer.ready}/garbage/fhir`, /JSON/],
    ['an OperationOutcome as 200', `${peer.ready}/outcome/fhir`, /OperationOutcome/],
    ['not JSON', `${peer.ready}/wrong-type/fhir`, /wrong_type/],
    ['a redirect', `${peer.ready}/redirect/fhir`, /302/],
    ['403', `${peer.ready}/status/403/fhir`, /403/],
    ['500', `${peer.ready}/status/500/fhir`, /500/],
    ['another path', `${new URL(fhir.ready).origin}/elsewhere`, /404/],
  ];
  for (const [name, base, stderr] of away) {
    await t.test(`${name}: 69, nothing shown`, async () => {
      assert.equal(await inspect(base, patient, { code: 69, stderr }), '');
    });
  }
  await t.test('pages that lead astray: shown, and 69', async () => {
    for (const fault of ['foreign-next', 'loop-next', 'endless-next']) {
      const { genes, ignored } = await asJson(`${peer.ready}/${fault}/fhir`, patient, {
        code: 69,
        stderr: /not everything could be read/,
        env: { PGXGATE_FHIR_TOKEN: TOKEN },
      });
      assert.deepEqual(genes, [POOR], fault);
      assert.ok(ignored.some(({ reason }) => reason === 'not-read'));
    }
    const { json } = await request(`${peer.ready}/_stats`);
    assert.deepEqual(json.foreign.requests, {}, 'the token goes to no other server');
  });
});

test('every scenario file that is a hook request can be inspected', async (t) => {
  const names = ['clopidogrel-poor-fetched', 'prefetch-data', 'order-reference-contained'];
  for (const name of names) {
    await t.test(name, async () => {
      const scenario = readFileSync(path.join(ROOT, 'tests', 'scenario', `${name}.json`));
      const { orders } = await asJson(fileOf('scenario.json', JSON.parse(scenario).request));
      assert.deepEqual(
        orders.map(({ ingredients: [{ name: drug }], evaluate }) => [drug, evaluate]),
        [['clopidogrel', true]],
      );
    });
  }
});
