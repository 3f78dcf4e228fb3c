// tests/integration/hooks.test.mjs -- hook calls for every synthetic patient, fetched from a FHIR
// server and prefetched, and every way a request can be wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFhir } from './lib/child.mjs';
import { startGateway, testTheEnd } from './lib/gateway.mjs';
import {
  assertCards,
  assertOutcome,
  bundleOf,
  call,
  hookRequest,
  medicationOf,
  order,
  post,
  SERVICES,
} from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { metric } from './lib/metrics.mjs';

const BODY_BYTES_MAX = 200_000;
const TOKEN = 'hooks-test-token-Zm9v';

const [gateway, fhir] = await Promise.all([
  startGateway({ config: { request_body_bytes_max: BODY_BYTES_MAX } }),
  startFhir(),
]);
gateway.secrets.add(TOKEN);
const fhirServer = fhir.ready;
const templates = (await request(`${gateway.url}/cds-services`)).json.services;

// patient, drug, indicators, what the card must say, alternatives that must be offered.
// Sources: the CPIC guidelines named in rules/knowledge/sources.json.
const PATIENTS = [
  ['clopidogrel', 'clopidogrel', ['critical'], [/CYP2C19 Poor Metabolizer/], ['ticagrelor']],
  ['codeine', 'codeine', ['critical'], [/CYP2D6 Ultrarapid Metabolizer/]],
  ['tramadol', 'tramadol', ['warning'], [/CYP2D6 Poor Metabolizer/]],
  ['simvastatin', 'simvastatin', ['warning'], [/SLCO1B1 Poor Function/]],
  ['rosuvastatin', 'rosuvastatin', ['info'], [/ABCG2 Poor/, /SLCO1B1 Decreased/]],
  ['fluvastatin', 'fluvastatin', ['warning'], [/CYP2C9 Poor/, /SLCO1B1 Poor/]],
  ['azathioprine', 'azathioprine', ['warning'], [/TPMT Intermediate/, /NUDT15 Intermediate/]],
  ['fluorouracil', 'fluorouracil', ['warning'], [/DPYD Intermediate/, /activity score 1/]],
  ['abacavir', 'abacavir', ['critical'], [/HLA-B\\?\*57:01 positive/i]],
  ['carbamazepine', 'carbamazepine', ['critical'], [/HLA-B\\?\*15:02 positive/i]],
  ['atazanavir', 'atazanavir', ['warning'], [/UGT1A1 Poor Metabolizer/]],
  ['amitriptyline', 'amitriptyline', ['warning'], [/CYP2C19 (Ultrar|UM)/, /CYP2D6 (Poor|PM)/]],
  [
    'conflict',
    'clopidogrel',
    ['critical'],
    [/do not agree|disagree/, /\\\*1\/\\\*1/, /\\\*2\/\\\*2/],
  ],
  ['many-results', 'clopidogrel', ['critical'], [/CYP2C19 Poor Metabolizer/, /\\\*2\/\\\*3/]],
  ['no-results', 'clopidogrel', []],
  ['no-results', 'abacavir', []],
  ['entered-in-error', 'clopidogrel', []],
  ['somatic', 'fluorouracil', []],
  ['clopidogrel', 'codeine', []],
  ['clopidogrel', 'of no rule', []],
  ...[
    'abacavir',
    'amitriptyline',
    'atazanavir',
    'azathioprine',
    'carbamazepine',
    'clopidogrel',
    'codeine',
    'fluorouracil',
    'fluvastatin',
    'rosuvastatin',
    'simvastatin',
    'tramadol',
  ].map((drug) => ['normal', drug, []]),
];

async function prefetchFor(hook, patient) {
  const prefetch = {};
  for (const [key, template] of Object.entries(
    templates.find((s) => s.hook === hook).prefetch,
  )) {
    const query = encodeURI(template.replaceAll('{{context.patientId}}', patient));
    prefetch[key] = (await request(`${fhirServer}/${query}`)).json;
  }
  return prefetch;
}

for (const hook of Object.keys(SERVICES)) {
  test(`${hook}: every patient`, async (t) => {
    for (const [name, drug, indicators, says = [], alternatives = []] of PATIENTS) {
      await t.test(`${name}, ${drug}: ${indicators.join() || 'silence'}`, async () => {
        const patient = `demo-${name}`;
        const facts = { hook, patient, drug };
        const fetched = await call(gateway, { ...facts, fhirServer, token: TOKEN });
        const cards = assertCards(fetched, indicators);
        for (const pattern of says) {
          assert.match(`${cards[0].summary}\n${cards[0].detail}`, pattern);
        }
        for (const card of cards) {
          assert.equal(card.extension['io.pgxgate.advice'].drug, drug);
          assert.equal(card.extension['io.pgxgate.advice'].order, 'MedicationRequest/order-1');
        }
        const labels = cards.flatMap((card) => (card.suggestions ?? []).map((s) => s.label));
        for (const drug of alternatives)
          assert.ok(labels.some((label) => label.includes(drug)));

        const again = await call(gateway, { ...facts, fhirServer, token: TOKEN });
        assert.equal(again.text, fetched.text, 'the same question, the same answer');

        // The plain-text result has no LOINC code: only the gateway's own search by category
        // finds it, whoever asked for the rest.
        const prefetch = await prefetchFor(hook, patient);
        const prefetched = await call(gateway, {
          ...facts,
          prefetch,
          ...(name === 'atazanavir' && { fhirServer, token: TOKEN }),
        });
        assert.equal(
          prefetched.text,
          fetched.text,
          'prefetched and fetched give the same cards',
        );
      });
    }
  });
}

test('a suggestion changes the order it is about, and nothing else in it', async () => {
  const orders = [
    order('clopidogrel', {
      id: 'order-7',
      encounter: { reference: 'Encounter/e1' },
      note: [{ text: 'kept' }],
    }),
  ];
  const [card] = assertCards(await call(gateway, { orders, fhirServer }), ['critical']);
  const actions = card.suggestions.map(({ actions: [action] }) => action);
  const update = actions.find(({ type }) => type === 'update');
  assert.equal(update.resource.id, 'order-7');
  assert.deepEqual(update.resource.note, [{ text: 'kept' }]);
  assert.deepEqual(update.resource.encounter, { reference: 'Encounter/e1' });
  assert.equal(update.resource.dosageInstruction, undefined, 'the dose was for the other drug');
  const concept = update.resource.medicationCodeableConcept;
  assert.ok(
    concept.text && concept.coding[0].code && concept.coding[0].system.includes('rxnorm'),
  );
  assert.deepEqual(
    actions.filter(({ type }) => type === 'delete').map(({ resourceId }) => resourceId),
    ['MedicationRequest/order-7'],
  );
});

test('what is asked for decides', async (t) => {
  const both = [order('clopidogrel'), order('simvastatin', { id: 'order-2' })];
  const select = (selections, orders = both) => ({ hook: 'order-select', selections, orders });
  const rows = [
    ['selected: the drug with a finding', select(['MedicationRequest/order-1']), ['critical']],
    ['selected: the other one', select(['MedicationRequest/order-2']), []],
    [
      'both selected',
      select(['MedicationRequest/order-1', 'MedicationRequest/order-2']),
      ['critical'],
    ],
    ['nothing selected', select([]), []],
    ['selected: none of them', select(['MedicationRequest/order-9']), []],
    ['signing looks at all', { orders: both }, ['critical']],
    ['an empty form', { orders: [order(undefined)] }, []],
    ['an empty form selected', select(['MedicationRequest/order-1'], [order(undefined)]), []],
    ['no orders', { orders: [] }, []],
    ['a Bundle without entries', { context: { draftOrders: { resourceType: 'Bundle' } } }, []],
    ['an array in place of the Bundle', { context: { draftOrders: both } }, ['critical']],
    [
      'the same drug twice',
      { orders: [order('clopidogrel'), order('clopidogrel', { id: 'b' })] },
      ['critical'],
    ],
    ['a cancelled order', { orders: [order('clopidogrel', { status: 'cancelled' })] }, []],
    ['do not perform', { orders: [order('clopidogrel', { doNotPerform: true })] }, []],
    [
      'a revised, active order',
      { orders: [order('clopidogrel', { status: 'active' })] },
      ['critical'],
    ],
    [
      'no service request is a drug',
      { orders: [{ resourceType: 'ServiceRequest', id: 's' }] },
      [],
    ],
    [
      '"Patient/" in front of the id',
      { context: { patientId: 'Patient/demo-clopidogrel' } },
      ['critical'],
    ],
    ['hookInstance that is no UUID', { hookInstance: 'trigger 18' }, ['critical']],
    ['unknown members', { more: { extension: { a: null }, other: [1, 2, {}] } }, ['critical']],
    ['topical fluorouracil', { patient: 'demo-fluorouracil', drug: 'fluorouracil cream' }, []],
  ];
  for (const [name, facts, indicators] of rows) {
    await t.test(name, async () => {
      assertCards(await call(gateway, { ...facts, fhirServer }), indicators);
    });
  }
  await t.test('two drugs, two cards, loudest first', async () => {
    const patient = 'demo-amitriptyline';
    const orders = ['amitriptyline', 'tramadol', 'codeine'].map((drug, n) =>
      order(drug, { id: `order-${n}`, patient }),
    );
    const answer = await call(gateway, { patient, orders, fhirServer });
    const cards = assertCards(answer, ['warning', 'warning', 'warning']);
    const drugs = cards.map((card) => card.extension['io.pgxgate.advice'].drug);
    assert.deepEqual(drugs.sort(), ['amitriptyline', 'codeine', 'tramadol']);
    assert.equal(new Set(cards.map(({ uuid }) => uuid)).size, 3);
  });
});

test('medicationReference', async (t) => {
  const medication = {
    resourceType: 'Medication',
    id: 'med-1',
    code: medicationOf('clopidogrel'),
  };
  const stored = await request(`${fhirServer}/Medication`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify({ ...medication, id: undefined }),
  });
  assert.equal(stored.status, 201);
  const { id } = stored.json;
  const byReference = (reference, more) =>
    order(undefined, { medicationReference: { reference }, ...more });
  const rows = [
    ['contained', [byReference('#med-1', { contained: [medication] })], ['critical']],
    ['in the Bundle', [byReference('Medication/med-1'), medication], ['critical']],
    ['to be fetched', [byReference(`Medication/${id}`)], ['critical']],
    ['to be fetched, absolute', [byReference(`${fhirServer}/Medication/${id}`)], ['critical']],
    [
      'one for two orders',
      [byReference(`Medication/${id}`), byReference(`Medication/${id}`, { id: 'b' })],
      ['critical'],
    ],
  ];
  for (const [name, orders, indicators] of rows) {
    await t.test(name, async () => {
      assertCards(await call(gateway, { orders, fhirServer }), indicators);
    });
  }
  await t.test('not there: 412, and why', async () => {
    const answer = await call(gateway, {
      orders: [byReference('Medication/none')],
      fhirServer,
    });
    assertOutcome(answer, 412, {
      code: 'incomplete',
      text: /medication, status, HTTP status 404/,
    });
  });
  await t.test('on another server: 412, nobody is asked', async () => {
    const orders = [byReference('https://elsewhere.example/fhir/Medication/1')];
    assertOutcome(await call(gateway, { orders, fhirServer }), 412, { code: 'incomplete' });
  });
  await t.test('nowhere to fetch it from: 412', async () => {
    const orders = [byReference(`Medication/${id}`)];
    const answer = await call(gateway, { orders, prefetch: { pgx: null } });
    assertOutcome(answer, 412, { code: 'incomplete' });
  });
  await t.test('brought by the prefetch', async () => {
    const prefetch = {
      ...(await prefetchFor('order-sign', 'demo-clopidogrel')),
      meds: bundleOf([medication]),
    };
    const orders = [byReference('Medication/med-1')];
    assertCards(await call(gateway, { orders, prefetch }), ['critical']);
  });
});

test('wrong requests: 400 with the path', async (t) => {
  const good = hookRequest({ fhirServer, token: TOKEN, hook: 'order-select' });
  const changed = (change) => {
    const body = structuredClone(good);
    change(body);
    return body;
  };
  const rows = [
    ['hook', 'required', (b) => delete b.hook],
    ['hook', 'required', (b) => (b.hook = null)],
    ['hook', 'required', (b) => (b.hook = '')],
    ['hook', 'structure', (b) => (b.hook = 7)],
    ['hook', 'value', (b) => (b.hook = 'patient-view')],
    ['hook', 'value', (b) => (b.hook = 'order-sign')],
    ['hookInstance', 'required', (b) => delete b.hookInstance],
    ['hookInstance', 'structure', (b) => (b.hookInstance = ['a'])],
    ['context', 'required', (b) => delete b.context],
    ['context', 'required', (b) => (b.context = null)],
    ['context', 'structure', (b) => (b.context = [b.context])],
    ['context', 'structure', (b) => (b.context = 'text')],
    ['context.userId', 'required', (b) => delete b.context.userId],
    ['context.userId', 'structure', (b) => (b.context.userId = {})],
    ['context.patientId', 'required', (b) => delete b.context.patientId],
    ['context.patientId', 'required', (b) => (b.context.patientId = '')],
    ['context.patientId', 'structure', (b) => (b.context.patientId = 12345)],
    ['context.patientId', 'value', (b) => (b.context.patientId = 'Patient/')],
    ['context.patientId', 'value', (b) => (b.context.patientId = 'x'.repeat(5000))],
    ['context.draftOrders', 'required', (b) => delete b.context.draftOrders],
    ['context.draftOrders', 'required', (b) => (b.context.draftOrders = null)],
    ['context.draftOrders', 'structure', (b) => (b.context.draftOrders = 'text')],
    ['context.draftOrders', 'value', (b) => (b.context.draftOrders = {})],
    ['context.draftOrders', 'value', (b) => (b.context.draftOrders.resourceType = 'List')],
    ['context.draftOrders', 'structure', (b) => (b.context.draftOrders.entry = {})],
    ['context.selections', 'required', (b) => delete b.context.selections],
    ['context.selections', 'structure', (b) => (b.context.selections = 'MedicationRequest/1')],
    ['context.selections', 'structure', (b) => (b.context.selections = [1])],
    ['prefetch', 'structure', (b) => (b.prefetch = [])],
    ['prefetch', 'structure', (b) => (b.prefetch = 'text')],
    ['fhirServer', 'structure', (b) => (b.fhirServer = {})],
    ['fhirServer', 'required', (b) => delete b.fhirServer],
    ['fhirAuthorization', 'structure', (b) => (b.fhirAuthorization = 'Bearer x')],
    [
      'fhirAuthorization.access_token',
      'required',
      (b) => delete b.fhirAuthorization.access_token,
    ],
    [
      'fhirAuthorization.access_token',
      'structure',
      (b) => (b.fhirAuthorization.access_token = 1),
    ],
    [
      'fhirAuthorization.access_token',
      'value',
      (b) => (b.fhirAuthorization.access_token = 'a b'),
    ],
    [
      'fhirAuthorization.access_token',
      'value',
      (b) => (b.fhirAuthorization.access_token = 'a\r\nX: y'),
    ],
  ];
  assertCards(await post(gateway, good), ['critical']);
  for (const [expression, code, change] of rows) {
    await t.test(`${expression}: ${change.toString().replace(/^\(b\) => /, '')}`, async () => {
      const answer = await post(gateway, changed(change), { service: 'pgx-order-select' });
      assertOutcome(answer, 400, { code, expression: expression.slice(0, 95) });
    });
  }
  await t.test('orders left out by the client are counted by themselves', async () => {
    const name = 'pgxgate_calls_total{service="pgx-order-select",outcome="no_draft_orders"}';
    assert.equal(await metric(gateway, name), 2);
  });
});

test('wrong bodies', async (t) => {
  const good = JSON.stringify(hookRequest({ fhirServer, token: TOKEN }));
  const nested = (depth) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)},${good.slice(1)}`;
  const structure = { code: 'structure' };
  const rows = [
    ['nothing', '', 400, structure],
    ['white space', ' \r\n', 400, structure],
    ['no JSON', 'hook=order-sign', 400, structure],
    ['cut short', good.slice(0, -1), 400, structure],
    ['text behind', `${good} x`, 400, structure],
    ['two documents', good + good, 400, structure],
    ['a trailing comma', `${good.slice(0, -1)},}`, 400, structure],
    ['a comment', `/* a */${good}`, 400, structure],
    ['an array', `[${good}]`, 400, structure],
    ['null', 'null', 400, structure],
    ['a number', '1', 400, structure],
    ['U+0000 escaped', `{"a":"x\\u0000y",${good.slice(1)}`, 400, structure],
    ['U+0000 in a name', `{"a\\u0000b":1,${good.slice(1)}`, 400, structure],
    ['a NUL byte', `{"a":"x\0y",${good.slice(1)}`, 400, structure],
    ['half a surrogate pair', `{"a":"\\ud800",${good.slice(1)}`, 400, structure],
    [
      'bytes that are no UTF-8',
      Buffer.from(`{"a":"\xff",${good.slice(1)}`, 'latin1'),
      400,
      structure,
    ],
    ['a name twice', `{"hook":"order-sign",${good.slice(1)}`, 400, structure],
    ['a name twice, escaped', `{"\\u0068ook":"order-sign",${good.slice(1)}`, 400, structure],
    ['nested too deeply', nested(500), 413, { code: 'too-costly' }],
    ['nested very deeply', '['.repeat(100_000), 413, { code: 'too-costly' }],
    ['too large', `{"a":"${'x'.repeat(BODY_BYTES_MAX)}"}`, 413, { code: 'too-costly' }],
  ];
  for (const [name, body, status, issue] of rows) {
    await t.test(`${name}: ${status}`, async () => {
      const answer = await post(gateway, body);
      assertOutcome(answer, status, issue);
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.doesNotMatch(answer.text, /demo-|Practitioner/, 'an error repeats no value');
    });
  }
  await t.test('a byte order mark and nesting that is not too deep are read', async () => {
    assertCards(await post(gateway, `\uFEFF${good}`), ['critical']);
    assertCards(await post(gateway, nested(20)), ['critical']);
  });
  await t.test('exactly as large as allowed is read, one byte more is not', async () => {
    const frame = `{"a":"",${good.slice(1)}`;
    const filled = (bytes) => frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
    assertCards(await post(gateway, filled(BODY_BYTES_MAX)), ['critical']);
    assertOutcome(await post(gateway, filled(BODY_BYTES_MAX + 1)), 413);
  });
});

test('content types', async (t) => {
  const rows = [
    ['application/json', 200],
    ['application/json; charset=utf-8', 200],
    ['APPLICATION/JSON', 200],
    ['application/json ;charset=utf-8', 200],
    ['application/fhir+json', 200],
    ['application/fhir+json; fhirVersion=4.0', 200],
    ['text/plain', 415],
    ['text/json', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/jsonx', 415],
    ['application/json, text/plain', 415],
    [undefined, 415],
  ];
  for (const [contentType, status] of rows) {
    await t.test(`${contentType}: ${status}`, async () => {
      const options = { contentType: contentType ?? null };
      const answer = await call(gateway, { prefetch: { pgx: null } }, options);
      if (status === 200) assertCards(answer, []);
      else assertOutcome(answer, 415, { code: 'not-supported' });
    });
  }
});

test('the wrong service', async () => {
  const body = hookRequest({ fhirServer });
  assertOutcome(await post(gateway, body, { service: 'none' }), 404, { code: 'not-found' });
  const select = await post(gateway, body, { service: 'pgx-order-select' });
  assertOutcome(select, 400, { code: 'value', expression: 'hook' });
  assert.match(select.json.issue[0].diagnostics, /order-select/);
});

testTheEnd([TOKEN]);
