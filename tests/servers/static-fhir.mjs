// tests/servers/static-fhir.mjs -- the fastest FHIR server that node:http allows, for the
// benchmark's fetches: any search is answered with one prepared page of about 38 KB, any
// Patient read with a Patient.
//
//   static-fhir.mjs [--port N]
import http from 'node:http';
import { benchPatient, resultPage } from './bench/resources.mjs';
import { readFlags } from './lib/flags.mjs';
import { FHIR_JSON } from './lib/http.mjs';
import { endOnSignal, listen, sayReady } from './lib/loopback.mjs';
import { randomFrom, uuidFrom } from './lib/random.mjs';

const OBSERVATIONS = 55;
const PATIENTS_KEPT_MAX = 1000;
const PATIENT_MARK = 'patient-of-the-request';

const flags = readFlags({ port: 0 });
const template = JSON.stringify(templatePage());
const pages = new Map();
const patients = new Map();

endOnSignal();
const server = http.createServer((request, response) => {
  const body = bodyFor(request.url);
  response.writeHead(200, { 'Content-Type': FHIR_JSON, 'Content-Length': body.length });
  response.end(body);
});
const origin = await listen(server, flags.port);
sayReady(`${origin}/fhir`, { bytes: template.length });

function bodyFor(url) {
  const read = /\/Patient\/([A-Za-z0-9.-]{1,64})(?:\?|$)/.exec(url)?.[1];
  if (read) return kept(patients, read, makePatient);
  const searched = /[?&](?:patient|subject)=(?:Patient(?:\/|%2F))?([A-Za-z0-9.-]{1,64})/i.exec(
    url,
  );
  return kept(pages, searched?.[1] ?? 'unknown', makePage);
}

/** Makes each patient's answer once; the benchmark asks for a few hundred. */
function kept(store, id, make) {
  let body = store.get(id);
  if (!body) {
    if (store.size >= PATIENTS_KEPT_MAX) store.clear();
    body = Buffer.from(make(id));
    store.set(id, body);
  }
  return body;
}

function makePage(id) {
  return template.replaceAll(PATIENT_MARK, id);
}

function makePatient(id) {
  return JSON.stringify(benchPatient({ id, birthDate: '1960-01-01', gender: 'female' }));
}

function templatePage() {
  const random = randomFrom(2);
  const makeId = () => uuidFrom(random);
  return resultPage({ patient: PATIENT_MARK, count: OBSERVATIONS, random, makeId });
}
