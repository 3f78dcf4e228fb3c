// tests/servers/fhir-server.mjs -- a FHIR R4 server in memory for tests and the demo: Medplum's
// router and search engine behind node:http. This file is HTTP only: addresses, CORS, access,
// errors.
//
//   fhir-server.mjs [--port N] [--seed FILE,FILE] [--page N] [--token T | --introspect URL]
//                   [--token-endpoint URL] [--log 1]
//
// --seed takes Bundles (JSON, or a module whose default export is one); --page is the largest
// page; --log 1 writes one line per request to standard error.
import http from 'node:http';
import { getStatus, isOk } from '@medplum/core';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { accessCheck } from './fhir/access.mjs';
import { capabilityStatement, smartConfiguration } from './fhir/capability.mjs';
import { loadBaseDefinitions, loadResourceTypes } from './fhir/definitions.mjs';
import { engineUrl, makePage, planSearch } from './fhir/search.mjs';
import { readSeeds, seed } from './fhir/seed.mjs';
import { readFlags } from './lib/flags.mjs';
import { HttpError, outcome, readBody, sendJson } from './lib/http.mjs';
import { endOnSignal, listen, sayReady } from './lib/loopback.mjs';

const PREFIX = '/fhir';
const ADVERTISED_TYPES = [
  'AllergyIntolerance',
  'Condition',
  'DiagnosticReport',
  'Encounter',
  'Medication',
  'MedicationRequest',
  'MedicationStatement',
  'Observation',
  'Patient',
  'Practitioner',
  'ServiceRequest',
];
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, Accept, Prefer, If-None-Exist',
  'Access-Control-Expose-Headers': 'Location, ETag, Content-Location',
};

const flags = readFlags({
  port: 0,
  seed: '',
  page: 50,
  token: '',
  introspect: '',
  'token-endpoint': '',
  log: 0,
});
const checkAccess = accessCheck(flags);
const router = new FhirRouter();
const repository = new MemoryRepository();
let base;

endOnSignal();
loadBaseDefinitions();
const seeds = await readSeeds(flags.seed.split(',').filter(Boolean));
loadResourceTypes([...ADVERTISED_TYPES, ...seeds.map((resource) => resource.resourceType)]);
await seed(repository, seeds);

const server = http.createServer((request, response) => {
  const started = performance.now();
  answer(request)
    .catch(answerOfError)
    .then(({ status, body, headers }) => {
      const all = { ...CORS, ...headers };
      let bytes = 0;
      if (body === undefined) response.writeHead(status, all).end();
      else bytes = sendJson(response, status, body, all);
      if (flags.log) logLine(request, status, bytes, performance.now() - started);
    });
});
base = (await listen(server, flags.port)) + PREFIX;
sayReady(base, { resources: seeds.length });

async function answer(request) {
  if (request.method === 'OPTIONS') return { status: 204 };
  const raw = await readBody(request);
  const url = new URL(request.url, base);
  if (url.pathname !== PREFIX && !url.pathname.startsWith(`${PREFIX}/`)) {
    throw new HttpError(404, 'not-found', `the FHIR base is ${base}`);
  }
  const path = decodeURIComponent(url.pathname.slice(PREFIX.length + 1)).replace(/\/$/, '');
  if (path === 'metadata') {
    const isSecured = Boolean(flags.token || flags.introspect);
    return { status: 200, body: capabilityStatement(base, ADVERTISED_TYPES, isSecured) };
  }
  if (path === '.well-known/smart-configuration' && flags['token-endpoint']) {
    return { status: 200, body: smartConfiguration(flags['token-endpoint']) };
  }

  const type = path.split('/')[0];
  const isSearchPost = request.method === 'POST' && path === `${type}/_search`;
  const isSearch = isSearchPost || (request.method === 'GET' && path === type && type !== '');
  await checkAccess(request.headers, type, request.method !== 'GET' && !isSearchPost);
  if (type === '' && raw.length > 0) await checkEntries(request.headers, JSON.parse(raw));
  if (type !== '' && !type.startsWith('$') && loadResourceTypes([type]).length > 0) {
    throw new HttpError(404, 'not-supported', `"${type}" is not a resource type of FHIR R4`);
  }
  if (!isSearch) return interact(request, path + url.search, raw);

  const query = new URLSearchParams(url.search);
  if (isSearchPost) {
    for (const [name, value] of new URLSearchParams(raw.toString())) query.append(name, value);
  }
  return search(type, query, /handling=strict/.test(request.headers.prefer ?? ''));
}

/** A batch or transaction may do what each of its entries may do. */
async function checkEntries(headers, bundle) {
  for (const { request } of bundle.entry ?? []) {
    await checkAccess(headers, request?.url?.split(/[/?]/)[0], request?.method !== 'GET');
  }
}

async function search(type, query, isStrict) {
  const plan = planSearch(type, query, { pageMax: flags.page, isStrict });
  const [result, bundle] = await route('GET', engineUrl(plan), {}, undefined);
  if (!isOk(result)) return { status: getStatus(result), body: result };
  return { status: 200, body: makePage(bundle, plan, base) };
}

/** Reads, writes and batches: the engine's business. */
async function interact(request, target, raw) {
  const body = raw.length > 0 ? JSON.parse(raw) : undefined;
  if (body?.resourceType === 'Bundle' && target === '') {
    loadResourceTypes((body.entry ?? []).map((e) => e.request?.url?.split(/[/?]/)[0] ?? ''));
  }
  const [result, resource] = await route(request.method, target, request.headers, body);
  const status = getStatus(result);
  if (!isOk(result) || !resource) return { status, body: result };
  const version = resource.meta?.versionId;
  const headers = version ? { ETag: `W/"${version}"` } : {};
  if (status === 201) {
    headers.Location = `${base}/${resource.resourceType}/${resource.id}/_history/${version}`;
  }
  return { status, body: resource, headers };
}

function route(method, url, headers, body) {
  const request = { method, url, pathname: '', params: {}, query: {}, headers, body };
  return router.handleRequest(request, repository);
}

function answerOfError(error) {
  if (error instanceof HttpError) {
    return { status: error.status, body: error.outcome, headers: error.headers };
  }
  if (error instanceof SyntaxError || error instanceof URIError) {
    return { status: 400, body: outcome('structure', error.message) };
  }
  process.stderr.write(`${error.stack}\n`);
  return { status: 500, body: outcome('exception', error.message) };
}

function logLine({ method, url, headers }, status, bytes, ms) {
  const auth = headers.authorization ? 'bearer' : 'anonymous';
  process.stderr.write(`${method} ${url} ${auth} ${status} ${bytes}B ${ms.toFixed(1)}ms\n`);
}
