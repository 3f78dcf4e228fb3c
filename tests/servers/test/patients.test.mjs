// tests/servers/test/patients.test.mjs -- the synthetic patients are valid FHIR R4, linked,
// clearly synthetic, and always the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateResource } from '@medplum/core';
import { loadBaseDefinitions, loadResourceTypes } from '../fhir/definitions.mjs';
import patients from '../patients.mjs';

const resources = patients.entry.map((entry) => entry.resource);

test('every resource is valid R4', () => {
  loadBaseDefinitions();
  assert.deepEqual(loadResourceTypes(['Patient', 'Observation']), []);
  for (const resource of resources) assert.deepEqual(validateResource(resource), []);
});

test('ids are unique and every Observation names a patient of the Bundle', () => {
  const names = resources.map(({ resourceType, id }) => `${resourceType}/${id}`);
  assert.equal(new Set(names).size, names.length);
  for (const { resourceType, subject } of resources) {
    if (resourceType === 'Observation') assert.ok(names.includes(subject.reference));
  }
});

test('people are synthetic by name and by tag', () => {
  for (const { resourceType, name, meta } of resources) {
    if (resourceType !== 'Patient') continue;
    assert.match(name[0].family, /^Demo-/);
    assert.equal(meta.tag[0].code, 'HTEST');
  }
});

test('the long record has 130 Observations with one late PGx result', () => {
  const own = resources.filter((r) => r.subject?.reference === 'Patient/demo-many-results');
  const places = own.flatMap((r, n) => (r.id.includes('-lab-') ? [] : [n]));
  assert.equal(own.length, 130);
  assert.deepEqual(places, [122]);
});
