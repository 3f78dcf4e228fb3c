// tests/sandbox/sandbox.mjs -- looks at a FHIR server, runs the scenarios through a gateway of
// our own, cleans up, and reports; see tests/sandbox/run.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, isSearchset, resourcesOf, told } from './client.mjs';
import { Gateway } from './gateway.mjs';
import { Report } from './report.mjs';
import { DRUG_OF_GENE, GENETICS, hookRequest, RESULT_CODES, SCENARIOS } from './scenarios.mjs';
import { Seed } from './seed.mjs';

const [OK, NO, USAGE, UNAVAILABLE] = [0, 1, 64, 69];
const INDEX_MS = 30_000; // some servers need time until a search finds what was written
const PATIENTS_MAX = 3; // of those that are there

const token = process.env.PGXGATE_FHIR_TOKEN || undefined;
const report = new Report();

function say(text) {
  process.stderr.write(`tests/sandbox/run: ${text}\n`);
}

function readArguments(args) {
  const options = {
    'read-only': { type: 'boolean' },
    timeout: { type: 'string', default: '20' },
  };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [base, ...more] = positionals;
    const url = new URL(base);
    const isBase = /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
    if (!isBase || more.length > 0 || !/^[1-9]\d{0,3}$/.test(values.timeout)) return undefined;
    return {
      base: base.replace(/\/+$/, ''),
      isReadOnly: values['read-only'] === true,
      timeoutMs: Number(values.timeout) * 1000,
    };
  } catch {
    return undefined;
  }
}

// ---- the server ----

function describe({ json }) {
  const rest = json.rest?.[0] ?? {};
  const observation = rest.resource?.find(({ type }) => type === 'Observation');
  const parameters = (observation?.searchParam ?? []).map(({ name }) => name);
  const services = rest.security?.service?.flatMap(({ coding }) => coding ?? []) ?? [];
  const interactions = [...(rest.interaction ?? []), ...(observation?.interaction ?? [])];
  report.section('Server');
  report.fact('FHIR version', json.fhirVersion ?? 'not said');
  report.fact(
    'software',
    [json.software?.name, json.software?.version].filter(Boolean).join(' ') || 'not said',
  );
  report.fact('formats', (json.format ?? []).join(', ') || 'not said');
  report.fact('security', services.map(({ code }) => code).join(', ') || 'not said');
  report.fact('interactions', interactions.map(({ code }) => code).join(', ') || 'not said');
  for (const name of ['patient', 'code', 'category', '_id', 'component-code']) {
    report.fact(`Observation by ${name}`, parameters.includes(name) ? 'said' : 'not said');
  }
}

/** Waits until all the patients' results can be found. */
async function waitForIndex(client, seed) {
  const wanted = seed.created.filter((path) => path.startsWith('Observation/')).length;
  const deadline = performance.now() + INDEX_MS;
  for (;;) {
    let found = 0;
    for (const id of Object.values(seed.patients)) {
      const { json } = await client.search('Observation', { patient: id, _count: 100 });
      found += resourcesOf(json, 'Observation').length;
    }
    if (found >= wanted || performance.now() > deadline) return;
    await sleep(2000);
  }
}

// ---- searches ----

function reportSearch(answer, isMust, name, atLeast = 0) {
  const found = resourcesOf(answer.json, 'Observation').length;
  const isOk = isSearchset(answer) && found >= atLeast;
  report.row(isOk, isMust, name, isSearchset(answer) ? `${found} found` : told(answer));
}

async function checkSearches(client, patient, results) {
  const byCode = { patient, code: RESULT_CODES, _count: 100 };
  report.section('Searches');
  reportSearch(
    await client.search('Observation', byCode),
    true,
    'Observation by patient and codes',
    results,
  );
  reportSearch(
    await client.search('Observation', { patient, category: GENETICS, _count: 100 }),
    false,
    'Observation by patient and category GE',
    results,
  );
  reportSearch(
    await client.searchByPost('Observation', byCode),
    false,
    'the same by POST _search',
    results,
  );
  await checkPaging(client, byCode, results);
  const orders = await client.search('MedicationRequest', { patient, _count: 100 });
  report.row(isSearchset(orders), false, 'MedicationRequest by patient', told(orders));
  const read = await client.get(`Patient/${encodeURIComponent(patient)}`);
  report.row(read.status === 200, false, 'the patient is read by its id', told(read));
}

async function checkPaging(client, byCode, results) {
  const first = await client.search('Observation', { ...byCode, _count: 1 });
  const link = first.json?.link?.find(({ relation }) => relation === 'next')?.url;
  const name = 'further pages';
  if (!isSearchset(first)) return report.row(false, true, name, told(first));
  if (!link) {
    const found = resourcesOf(first.json, 'Observation').length;
    return report.row(found >= results, true, name, `${found} found on one page, no next link`);
  }
  const url = new URL(link, `${client.base}/Observation`);
  if (url.origin !== new URL(client.base).origin) {
    return report.row(
      false,
      true,
      name,
      'the next link leads to another server: it is not followed',
    );
  }
  const second = await client.get(url.href);
  return report.row(
    isSearchset(second),
    true,
    name,
    isSearchset(second) ? 'next link followed' : told(second),
  );
}

// ---- scenarios ----

function describeAnswer({ status, json, ms }) {
  if (status !== 200) return `HTTP ${status}: ${json.issue?.[0]?.diagnostics ?? ''} (${ms} ms)`;
  const cards = json.cards ?? [];
  if (cards.length === 0) return `silence (${ms} ms)`;
  return `${cards.map(({ indicator, summary }) => `${indicator}: ${summary}`).join('; ')} (${ms} ms)`;
}

async function runScenarios(gateway, client, patients) {
  report.section('Scenarios: an order is signed, the gateway fetches the results');
  for (const { patient, drug, speaks, must, what } of SCENARIOS) {
    const answer = await gateway.ask(hookRequest(patients[patient], drug, client.base, token));
    const isOk = answer.status === 200 && answer.json.cards.length > 0 === speaks;
    report.row(isOk, must, `${drug}: ${what}`, describeAnswer(answer));
  }
}

async function checkInspect(gateway, client, patient) {
  const { code, report: seen, text } = await gateway.inspect(client.base, patient, token);
  const genes = seen?.genes?.map(({ gene, diplotype }) => `${gene} ${diplotype ?? ''}`.trim());
  report.row(
    code === 0 && genes?.includes('CYP2C19 *2/*2'),
    true,
    'pgxgate inspect',
    text || (genes ?? []).join(', '),
  );
}

/** The scenarios with patients of ours; false when they could not be put there. */
async function runOnOurs(gateway, client, seed) {
  report.section('Patients');
  const isThere = await seed.create([...new Set(SCENARIOS.map(({ patient }) => patient))]);
  report.fact(isThere ? 'written by' : 'nothing can be written', seed.how);
  if (!isThere) return false;
  await waitForIndex(client, seed);
  const { conflict, clopidogrel } = seed.patients;
  await checkSearches(client, conflict, 2);
  await runScenarios(gateway, client, seed.patients);
  await checkInspect(gateway, client, clopidogrel);
  return true;
}

// ---- what is there ----

async function findPatients(client) {
  const answer = await client.search('Observation', { code: RESULT_CODES, _count: 50 });
  report.fact(
    'results of anybody, by code',
    isSearchset(answer)
      ? `${resourcesOf(answer.json, 'Observation').length} found`
      : told(answer),
  );
  const found = new Set();
  for (const { subject } of resourcesOf(answer.json, 'Observation')) {
    const id = subject?.reference?.match(/(?:^|\/)Patient\/([^/]+)$/)?.[1];
    if (id) found.add(id);
  }
  return [...found].slice(0, PATIENTS_MAX);
}

async function anyPatient(client) {
  const answer = await client.search('Patient', { _count: 1 });
  report.fact(
    'any patient',
    isSearchset(answer) ? `${resourcesOf(answer.json, 'Patient').length} found` : told(answer),
  );
  return resourcesOf(answer.json, 'Patient')[0]?.id;
}

/** What can be told from others' patients: whether results are read, not whether they are right. */
async function runOnTheirs(gateway, client) {
  report.section('Patients that are there');
  const patients = await findPatients(client);
  const [first = await anyPatient(client)] = patients;
  if (!first) {
    report.row(false, true, 'a patient to try with', 'none was found: nothing can be tried');
    return;
  }
  await checkSearches(client, first, patients.length > 0 ? 1 : 0);
  report.section('Scenarios: results that are there');
  if (patients.length === 0)
    report.fact('none', 'no patient with pharmacogenomic results was found');
  for (const [n, patient] of patients.entries()) {
    const { code, report: seen, text } = await gateway.inspect(client.base, patient, token);
    const genes = (seen?.genes ?? []).map(({ gene }) => gene);
    for (const { allele } of seen?.hla ?? []) genes.push(allele.split('*')[0]);
    report.row(
      code === 0,
      true,
      `patient ${n + 1}: pgxgate inspect`,
      text || [...new Set(genes)].join(', ') || 'nothing usable',
    );
    for (const drug of new Set(genes.map((gene) => DRUG_OF_GENE[gene]).filter(Boolean))) {
      const answer = await gateway.ask(hookRequest(patient, drug, client.base, token));
      report.row(
        answer.status === 200,
        true,
        `patient ${n + 1}: an order of ${drug}`,
        describeAnswer(answer),
      );
    }
  }
}

// ---- all of it ----

async function cleanUp(seed) {
  const count = seed.created.length;
  const left = await seed.remove();
  if (count === 0) return;
  report.section('Removed');
  report.row(
    left.length === 0,
    false,
    'what was written',
    left.length === 0 ? `${count} resources` : `left behind: ${left.join(', ')}`,
  );
}

async function main() {
  const wanted = readArguments(process.argv.slice(2));
  if (!wanted) return USAGE;
  const client = new Client(wanted.base, token, wanted.timeoutMs);
  const metadata = await client.get('metadata');
  if (metadata.status === 0) {
    say(`${wanted.base} cannot be reached: ${metadata.reason}`);
    return UNAVAILABLE;
  }
  if (
    metadata.json?.resourceType !== 'CapabilityStatement' &&
    metadata.json?.resourceType !== 'Conformance'
  ) {
    say(
      `${wanted.base}/metadata is no capability statement (${told(metadata)}); is this the base URL of a FHIR server?`,
    );
    return UNAVAILABLE;
  }
  process.stdout.write(`pgxgate and ${wanted.base}\n`);
  describe(metadata);
  const gateway = new Gateway(process.env.PGXGATE_BINARY);
  const seed = new Seed(client);
  const onSignal = () => cleanUp(seed).finally(() => process.exit(NO));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await gateway.start(wanted.base);
    if (wanted.isReadOnly || !(await runOnOurs(gateway, client, seed))) {
      await runOnTheirs(gateway, client);
    }
  } finally {
    await cleanUp(seed);
    await gateway.stop();
  }
  report.verdict();
  return report.failed === 0 ? OK : NO;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.exitCode = UNAVAILABLE;
}
