// tests/integration/lib/hooks.mjs -- hook requests as clients send them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from './http.mjs';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';

/** RxNorm clinical drugs, and one ingredient where the clinical drug is a combination. */
export const DRUGS = {
  abacavir: ['190521', 'abacavir'],
  amitriptyline: ['856834', 'amitriptyline hydrochloride 25 MG Oral Tablet'],
  atazanavir: ['343047', 'atazanavir'],
  azathioprine: ['197388', 'azathioprine 50 MG Oral Tablet'],
  carbamazepine: ['308979', 'carbamazepine 200 MG Oral Tablet'],
  clopidogrel: ['309362', 'clopidogrel 75 MG Oral Tablet'],
  codeine: ['997170', 'codeine sulfate 15 MG Oral Tablet'],
  fluorouracil: ['239177', 'fluorouracil 50 MG/ML Injectable Solution'],
  'fluorouracil cream': ['105583', 'fluorouracil 50 MG/ML Topical Cream'],
  fluvastatin: ['310405', 'fluvastatin 40 MG Oral Capsule'],
  rosuvastatin: ['859751', 'rosuvastatin calcium 20 MG Oral Tablet'],
  simvastatin: ['198211', 'simvastatin 40 MG Oral Tablet'],
  tramadol: ['835603', 'tramadol hydrochloride 50 MG Oral Tablet'],
  'of no rule': ['313782', 'acetaminophen 325 MG Oral Tablet'],
};

export const SERVICES = {
  'order-select': 'pgx-order-select',
  'order-sign': 'pgx-order-sign',
  'medication-prescribe': 'pgx-medication-prescribe',
};

export function medicationOf(drug) {
  const [code, display] = DRUGS[drug];
  return { coding: [{ system: RXNORM, code, display }], text: display };
}

/** A draft MedicationRequest; `drug` undefined gives the empty form, null members are left out. */
export function order(drug, { id = 'order-1', patient = 'demo-clopidogrel', ...more } = {}) {
  const made = {
    resourceType: 'MedicationRequest',
    id,
    status: 'draft',
    intent: 'order',
    ...(drug && { medicationCodeableConcept: medicationOf(drug) }),
    subject: { reference: `Patient/${patient}` },
    dosageInstruction: [{ text: '1 tablet daily' }],
    ...more,
  };
  return withoutNulls(made);
}

function withoutNulls(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

export function bundleOf(resources) {
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) => ({ resource })),
  };
}

/**
 * A whole request body. `drug` or `orders` say what is ordered; `fhirServer`, `token` and
 * `prefetch` what may be read; `context` changes the context, `more` the top level.
 */
export function hookRequest({
  hook = 'order-sign',
  patient = 'demo-clopidogrel',
  drug = 'clopidogrel',
  orders = [order(drug, { patient })],
  selections = orders.map((resource) => `${resource.resourceType}/${resource.id}`),
  fhirServer,
  token,
  prefetch,
  hookInstance = randomUUID(),
  context = {},
  more = {},
} = {}) {
  const field = hook === 'medication-prescribe' ? 'medications' : 'draftOrders';
  return {
    hook,
    hookInstance,
    ...(fhirServer && { fhirServer }),
    ...(token && {
      fhirAuthorization: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'patient/Observation.rs',
        subject: 'pgxgate',
      },
    }),
    context: {
      userId: 'Practitioner/demo-prescriber',
      patientId: patient,
      ...(hook === 'order-select' && { selections }),
      [field]: bundleOf(orders),
      ...context,
    },
    ...(prefetch && { prefetch }),
    ...more,
  };
}

/** Posts a body (an object, or its text) to the service of its hook. */
export function post(gateway, body, options = {}) {
  const { service, contentType = 'application/json', headers = {}, ...rest } = options;
  const id = service ?? SERVICES[body.hook] ?? 'pgx-order-sign';
  return request(`${gateway.url}/cds-services/${id}`, {
    method: 'POST',
    headers: { ...(contentType && { 'Content-Type': contentType }), ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    ...rest,
  });
}

/** Builds the request and posts it. */
export function call(gateway, facts, options) {
  return post(gateway, hookRequest(facts), options);
}

/** An error answer: status, media type and one issue; returns the issue. */
export function assertOutcome(answer, status, { code, expression, text } = {}) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/fhir\+json/);
  assert.equal(answer.json?.resourceType, 'OperationOutcome', answer.text);
  assert.equal(answer.json.issue.length, 1);
  const [issue] = answer.json.issue;
  assert.equal(issue.severity, 'error');
  assert.ok(issue.diagnostics.length > 0);
  if (code) assert.equal(issue.code, code);
  if (expression) assert.deepEqual(issue.expression, [expression]);
  if (text) assert.match(issue.diagnostics, text);
  return issue;
}

/** 200 with cards of these indicators, in this order ([]: silence); returns the cards. */
export function assertCards(answer, indicators) {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(answer.json), ['cards'], answer.text);
  const { cards } = answer.json;
  assert.deepEqual(
    cards.map((card) => card.indicator),
    indicators,
    answer.text,
  );
  for (const card of cards) assertCard(card);
  return cards;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What CDS Hooks 2.0.1 and the clients we know of ask of every card. */
export function assertCard(card) {
  assertNothingEmpty(card, 'card');
  assert.match(card.uuid, UUID);
  assert.ok([...card.summary].length < 140, card.summary);
  assert.ok(['info', 'warning', 'critical'].includes(card.indicator));
  assert.ok(card.detail.length > 0);
  assert.doesNotMatch(card.detail, /<[a-z!/]/i, 'no HTML');
  assert.ok(card.source.label.length > 0);
  assert.match(card.source.url, /^https?:\/\//);
  const { system, code, display } = card.source.topic;
  assert.match(code, /^[A-Za-z0-9]{1,100}$/);
  assert.ok(system && display);
  assert.ok(card.overrideReasons.length > 0);
  for (const reason of card.overrideReasons) {
    assert.deepEqual(Object.keys(reason).sort(), ['code', 'display', 'system']);
  }
  assert.equal('suggestions' in card, 'selectionBehavior' in card);
  if (card.suggestions) assert.match(card.selectionBehavior, /^(any|at-most-one)$/);
  for (const suggestion of card.suggestions ?? []) assertSuggestion(suggestion);
}

function assertSuggestion(suggestion) {
  assert.match(suggestion.uuid, UUID);
  assert.ok(suggestion.label.length > 0);
  assert.equal(suggestion.actions.length, 1, 'one client takes one action per suggestion');
  const [action] = suggestion.actions;
  assert.ok(action.description.length > 0);
  assert.ok(['create', 'update', 'delete'].includes(action.type));
  if (action.type === 'delete') assert.match(action.resourceId, /^[A-Za-z]+\/.+/);
  else if (action.type === 'update') assert.ok(action.resource.id);
  if (action.type !== 'delete') assert.ok(action.resource.resourceType);
}

/** No null, "", [] or {} at any depth. */
export function assertNothingEmpty(value, path) {
  assert.notEqual(value, null, `${path} is null`);
  assert.notEqual(value, '', `${path} is ""`);
  if (typeof value !== 'object') return;
  const entries = Object.entries(value);
  assert.notEqual(entries.length, 0, `${path} is empty`);
  for (const [name, child] of entries) assertNothingEmpty(child, `${path}.${name}`);
}
