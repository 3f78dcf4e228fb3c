// tests/sandbox/seed.mjs -- puts the scenarios' patients on a server and takes them away again.
//
// Tried in this order: one transaction, single PUTs with ids of ours, single POSTs with ids of
// the server's. Everything carries a tag, and an id or a family name, that says what it is.
import { randomBytes } from 'node:crypto';
import patients from '../servers/patients.mjs';
import { told } from './client.mjs';

const TAG = {
  system: 'urn:pgxgate:sandbox',
  code: 'synthetic',
  display: 'Synthetic test data',
};
const REFUSED = [401, 403, 404, 405, 501];

/** Copies of the patients' resources under ids that nobody else has. */
function copies(names) {
  const run = randomBytes(4).toString('hex');
  const idOf = (id) => id.replace(/^demo-/, `pgxgate-${run}-`);
  const wanted = new Set(names.map((name) => `demo-${name}`));
  return patients.entry
    .map(({ resource }) => resource)
    .filter(
      ({ id, subject }) =>
        wanted.has(id) || wanted.has(subject?.reference?.replace('Patient/', '')),
    )
    .map((resource) => {
      const copy = structuredClone(resource);
      copy.id = idOf(copy.id);
      copy.meta = { ...copy.meta, tag: [TAG] };
      if (copy.subject) {
        copy.subject.reference = `Patient/${idOf(copy.subject.reference.replace('Patient/', ''))}`;
      }
      return { name: resource.id.replace(/^demo-/, ''), resource: copy };
    })
    .sort((a, b) => isPatient(b.resource) - isPatient(a.resource));
}

const isPatient = ({ resourceType }) => resourceType === 'Patient';
const isDone = ({ status }) => status === 200 || status === 201;

export class Seed {
  #client;
  created = []; // "Type/id", in order of creation
  patients = {}; // name of the scenario's patient -> id on the server
  how = ''; // or why nothing could be written

  constructor(client) {
    this.#client = client;
  }

  /** True when all is there. Whatever was created is in `created`, also after a failure. */
  async create(names) {
    const resources = copies(names);
    if (await this.#transaction(resources)) return true;
    for (const method of ['PUT', 'POST']) {
      const done = await this.#singly(resources, method);
      if (done) return true;
      await this.remove();
    }
    return false;
  }

  #note({ name, resource }, id) {
    this.created.push(`${resource.resourceType}/${id}`);
    if (isPatient(resource)) this.patients[name] = id;
  }

  async #transaction(resources) {
    const answer = await this.#client.request('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: resources.map(({ resource }) => ({
        fullUrl: `${this.#client.base}/${resource.resourceType}/${resource.id}`,
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
      })),
    });
    this.how = `a transaction: ${told(answer)}`;
    const entries = answer.json?.entry ?? [];
    if (!isDone(answer) || entries.length !== resources.length) return false;
    // A server that took it for a batch may have done a part of it.
    for (const [n, { response }] of entries.entries()) {
      if (/^20[01]/.test(response?.status ?? ''))
        this.#note(resources[n], resources[n].resource.id);
    }
    if (this.created.length === resources.length) {
      this.how = 'one transaction';
      return true;
    }
    await this.remove();
    return false;
  }

  async #singly(resources, method) {
    for (const item of resources) {
      const resource = structuredClone(item.resource);
      let path = resource.resourceType;
      if (method === 'PUT') path += `/${resource.id}`;
      else delete resource.id;
      if (method === 'POST' && resource.subject) {
        const owner = resources.find(
          (other) => `Patient/${other.resource.id}` === resource.subject.reference,
        );
        resource.subject.reference = `Patient/${this.patients[owner.name]}`;
      }
      const answer = await this.#client.request(method, path, resource);
      const id =
        method === 'PUT' ? resource.id : (answer.json?.id ?? idIn(answer.headers, path));
      if (!isDone(answer) || !id) {
        const isFinal = REFUSED.includes(answer.status) ? 'refused' : 'failed';
        this.how = `${method} of ${item.resource.resourceType} ${isFinal}: ${told(answer)}`;
        return false;
      }
      this.#note(item, id);
    }
    this.how = method === 'PUT' ? 'single PUTs' : "single POSTs, with the server's ids";
    return true;
  }

  /** Newest first, so that nothing refers to what is gone; resolves to what is left. */
  async remove() {
    const left = [];
    while (this.created.length > 0) {
      const path = this.created.pop();
      const { status } = await this.#client.request('DELETE', path);
      if (![200, 202, 204, 404, 410].includes(status)) left.push(path);
    }
    this.patients = {};
    return left;
  }
}

function idIn(headers, type) {
  return headers?.get('location')?.match(new RegExp(`${type}/([^/]+)`))?.[1];
}
