// tests/integration/lib/http.mjs -- an HTTP client that shows everything and corrects nothing:
// no redirects, no headers of its own choice, errors as they come.
import http from 'node:http';
import { onEnd } from './scope.mjs';

const TIMEOUT_MS = 60_000;
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
onEnd(() => agent.destroy());

/** Resolves to {status, headers, text, json, ms}; rejects when there was no whole answer. */
export function request(url, options = {}) {
  const { method = 'GET', headers = {}, body, timeout = TIMEOUT_MS, signal } = options;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      url,
      { method, headers, signal, agent: options.agent ?? agent, timeout },
      (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: incoming.statusCode,
            headers: incoming.headers,
            text,
            json: parse(text),
            ms: performance.now() - started,
          });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeout} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
