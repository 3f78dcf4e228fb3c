// tests/servers/faults/forward.mjs -- what a healthy server would have answered: the target's
// answer, or a sample without one.
import http from 'node:http';
import { FHIR_JSON } from '../lib/http.mjs';
import { samplePage } from './samples.mjs';

const agent = new http.Agent({ keepAlive: true });
const HOP_HEADERS = [
  'connection',
  'host',
  'keep-alive',
  'transfer-encoding',
  'accept-encoding',
];

/**
 * Resolves to {status, headers, body}. Links in JSON bodies that point to the target are made
 * to point here, below the same fault, so that paging meets the fault on every page.
 */
export function healthyAnswer({ target, rest, request, requestBody, base }) {
  if (!target) return Promise.resolve(sampleAnswer(rest, base));
  const headers = { ...request.headers };
  for (const name of Object.keys(headers)) if (name.startsWith(':')) delete headers[name];
  for (const name of HOP_HEADERS) delete headers[name];
  return new Promise((resolve, reject) => {
    const options = { method: request.method, headers, agent };
    const outgoing = http.request(target + rest, options, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const received = Buffer.concat(chunks);
        const type = incoming.headers['content-type'] ?? FHIR_JSON;
        const body = /json/.test(type)
          ? Buffer.from(received.toString().replaceAll(target, base))
          : received;
        const kept = { ...incoming.headers };
        for (const name of [...HOP_HEADERS, 'content-length']) delete kept[name];
        resolve({
          status: incoming.statusCode,
          headers: { ...kept, 'content-type': type },
          body,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(requestBody);
  });
}

function sampleAnswer(rest, base) {
  const query = new URL(rest, 'http://sample').searchParams;
  const patient = (query.get('patient') ?? query.get('subject') ?? 'demo').replace(
    /^Patient\//,
    '',
  );
  const page = samplePage(patient);
  page.link = [{ relation: 'self', url: base + rest }];
  return {
    status: 200,
    headers: { 'content-type': FHIR_JSON },
    body: Buffer.from(JSON.stringify(page)),
  };
}
