// tests/integration/lib/gateway.mjs -- the gateway's process: its commands, its server, its log.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { end, environment, run, start } from './child.mjs';
import { request } from './http.mjs';
import { createDatabase, psql } from './postgres.mjs';
import { onEnd, ROOT, temporaryDirectory } from './scope.mjs';
import { findSecrets } from './secrets.mjs';
import { InVain, until } from './wait.mjs';

export const BINARY = path.resolve(ROOT, process.env.PGXGATE_BINARY || 'build/dev/pgxgate');
export const KNOWLEDGE = path.join(ROOT, 'rules', 'knowledge');

const PRESETS = {
  listen: '127.0.0.1:0',
  admin_listen: '127.0.0.1:0',
  workers: 1,
  fhir_allowed_servers: ['loopback'],
  fhir_connect_timeout_ms: 5000,
  // Generous, so that a slow machine does not turn a healthy call into a late one.
  deadline_ms: 20_000,
  // Each call reads for itself, and one test's failures are not another's: what is kept between
  // calls has tests of its own.
  fhir_cache_s: 0,
  fhir_breaker_failures: 0,
};

const started = [];
let directory;
let files = 0;

/** Runs a command to its end: {code, signal, stdout, stderr}. */
export function pgxgate(args, { env = {}, ...options } = {}) {
  return run(BINARY, args, { env: environment(env), ...options });
}

/** The same, and it must succeed; resolves to its standard output. */
export async function pgxgateOk(args, options) {
  const { code, stdout, stderr } = await pgxgate(args, options);
  assert.equal(code, 0, `pgxgate ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** A database with the shipped knowledge active; resolves to its connection string. */
export async function databaseWithKnowledge() {
  const conninfo = await createDatabase();
  await loadKnowledge(conninfo);
  return conninfo;
}

export async function loadKnowledge(conninfo, knowledge = KNOWLEDGE) {
  const env = { PGXGATE_DATABASE: conninfo };
  await pgxgateOk(['migrate'], { env });
  await pgxgateOk(['rules', 'import', knowledge], { env });
  await pgxgateOk(['rules', 'activate'], { env });
}

/** Writes a settings file; resolves to its path. YAML reads JSON values. */
export function writeSettings(settings) {
  directory ??= temporaryDirectory();
  const file = path.join(directory, `gateway-${++files}.yaml`);
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}\n`,
  );
  writeFileSync(file, lines.join(''));
  return file;
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts `pgxgate serve` from the shipped knowledge files, or with `database`; resolves when it
 * is ready, or (`waitFor: 'started'`) when it listens.
 */
export async function startGateway({ config = {}, database, waitFor = 'ready' } = {}) {
  const settings = { ...PRESETS, ...config };
  const args = ['serve', '--config', writeSettings(settings)];
  if (!database) args.push('--knowledge', KNOWLEDGE);
  // Workers share a port only when it has a number.
  if (settings.workers > 1 && settings.listen.endsWith(':0')) {
    return startGateway({
      config: { ...config, listen: `127.0.0.1:${await freePort()}` },
      database,
      waitFor,
    });
  }
  const gateway = new Gateway(args, database);
  started.push(gateway);
  onEnd(() => gateway.stop());
  await gateway.listen();
  if (waitFor === 'ready') await gateway.ready();
  return gateway;
}

export class Gateway {
  #process;
  lines = []; // events
  noise = []; // lines that are no events: a sanitizer's report, a message
  secrets = new Set(); // that must not be in the log, besides those every file knows

  constructor(args, database) {
    this.database = database;
    const env = environment(database ? { PGXGATE_DATABASE: database } : {});
    this.#process = start(BINARY, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.text = '';
    createInterface({ input: this.#process.child.stderr }).on('line', (line) => {
      this.text += `${line}\n`;
      try {
        this.lines.push(JSON.parse(line));
      } catch {
        this.noise.push(line);
      }
    });
  }

  get pid() {
    return this.#process.pid;
  }

  get hasEnded() {
    const { child } = this.#process;
    return child.exitCode !== null || child.signalCode !== null;
  }

  events(name, match = () => true) {
    return this.lines.filter((line) => line.event === name && match(line));
  }

  async event(name, match) {
    return until(`event ${name}`, () => {
      const [found] = this.events(name, match);
      if (!found && this.hasEnded) throw new InVain(`the gateway ended: ${this.text}`);
      return found;
    });
  }

  async listen() {
    const { port } = await this.event('listening', ({ server }) => server === 'hooks');
    const { port: admin } = await this.event('listening', ({ server }) => server === 'admin');
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.admin = `http://127.0.0.1:${admin}`;
    await this.event('started');
  }

  ready() {
    return until('the gateway to be ready', async () => {
      if (this.hasEnded) throw new InVain(`the gateway ended: ${this.text}`);
      return (await request(`${this.admin}/readyz`)).status === 200;
    });
  }

  kill(signal) {
    process.kill(this.pid, signal);
  }

  /** Resolves to {code, signal}. */
  ended() {
    return this.#process.ended;
  }

  stop(signal) {
    return end(this.#process, signal);
  }
}

/**
 * The last test of a file: every gateway it started stops in order, was not complained about by
 * a sanitizer, and kept the patients to itself.
 */
export function testTheEnd(secrets = []) {
  test('stops in order; no patient value in its log or audit', async (t) => {
    assert.ok(started.length > 0);
    for (const [n, gateway] of started.entries()) {
      await t.test(`gateway ${n + 1}`, async () => {
        const wasRunning = !gateway.hasEnded;
        const { code, signal } = await gateway.stop();
        assert.deepEqual(gateway.noise, []);
        if (wasRunning) assert.deepEqual({ code, signal }, { code: 0, signal: null });
        const found = findSecrets(gateway.text, [...secrets, ...gateway.secrets]);
        assert.deepEqual(found, [], 'in the log');
      });
    }
    const databases = new Set(started.map(({ database }) => database).filter(Boolean));
    for (const database of databases) {
      const text = await psql(database, 'SELECT a FROM pgxgate.audit AS a');
      assert.deepEqual(findSecrets(text, secrets), [], 'in the audit');
    }
  });
}
