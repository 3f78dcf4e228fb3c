// tests/sandbox/gateway.mjs -- a pgxgate of our own on loopback that may read one server.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const KNOWLEDGE = path.join(ROOT, 'rules', 'knowledge');
const STOP_MS = 10_000;
const SETTINGS = {
  listen: '127.0.0.1:0',
  admin_listen: '',
  workers: 1,
  // A sandbox may be slow and far; how slow it is, the report says.
  fhir_connect_timeout_ms: 10_000,
  deadline_ms: 20_000,
  // What was just created must be seen.
  fhir_cache_s: 0,
  log_level: 'info',
};

export class Gateway {
  #binary;
  #child;
  #directory;

  constructor(binary) {
    this.#binary = binary;
  }

  /** Resolves when it listens, with knowledge. */
  async start(base) {
    this.#directory = mkdtempSync(path.join(os.tmpdir(), 'pgxgate-sandbox-'));
    const file = path.join(this.#directory, 'gateway.yaml');
    const settings = { ...SETTINGS, fhir_allowed_servers: [base] };
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
        .join(''),
    );
    this.#child = spawn(this.#binary, ['serve', '--config', file, '--knowledge', KNOWLEDGE], {
      cwd: ROOT,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    let isListening = false;
    for await (const line of createInterface({ input: this.#child.stderr })) {
      text += `${line}\n`;
      const event = parse(line);
      if (event?.event === 'listening' && event.server === 'hooks') {
        this.url = `http://127.0.0.1:${event.port}`;
      }
      isListening ||= event?.event === 'started';
      if (this.url && isListening) {
        this.#child.stderr.resume();
        return;
      }
    }
    throw new Error(`the gateway did not start: ${text}`);
  }

  /** Posts to the order-sign service: {status, json, ms}. */
  async ask(body) {
    const started = performance.now();
    const response = await fetch(`${this.url}/cds-services/pgx-order-sign`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = await response.json();
    return { status: response.status, json, ms: Math.round(performance.now() - started) };
  }

  /** What `pgxgate inspect` shows of a patient: {code, report, text}. */
  inspect(base, patient, token) {
    const args = ['inspect', base, '--patient', patient, '--json', '--knowledge', KNOWLEDGE];
    const env = environment(token ? { PGXGATE_FHIR_TOKEN: token } : {});
    return new Promise((resolve) => {
      execFile(this.#binary, args, { cwd: ROOT, env, maxBuffer: 1 << 26 }, (error, out, text) =>
        resolve({ code: error ? error.code : 0, report: parse(out), text: text.trim() }),
      );
    });
  }

  async stop() {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** No setting of the caller's gateway leaks into this one. */
function environment(more = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^PGXGATE_|^PG[A-Z]+$/.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
