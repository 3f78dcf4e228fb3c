// tests/integration/lib/postgres.mjs -- private PostgreSQL clusters and databases, queried with
// psql.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from './child.mjs';
import { onEmergency, onEnd, ROOT, temporaryDirectory } from './scope.mjs';

const SCRIPT = path.join(ROOT, 'deploy', 'postgres');
const PSQL = globSync('/usr/lib/postgresql/*/bin/psql').sort().at(-1) ?? 'psql';

let shared;
let made = 0;

/** A cluster that can be stopped and started again. */
export class Cluster {
  #directory = temporaryDirectory();

  constructor() {
    const stop = () => spawnSync(SCRIPT, ['stop', this.#directory], { stdio: 'ignore' });
    const remove = () => {
      const marker = path.join(this.#directory, 'moved-to');
      if (existsSync(marker)) {
        rmSync(readFileSync(marker, 'utf8').trim(), { recursive: true, force: true });
      }
    };
    const withdraw = onEmergency(() => {
      stop();
      remove();
    });
    onEnd(async () => {
      await this.stop();
      remove();
      withdraw();
    });
  }

  async start() {
    const { code, stdout, stderr } = await run(SCRIPT, [
      'start',
      this.#directory,
      'socket',
      '--throwaway',
    ]);
    if (code !== 0) throw new Error(`deploy/postgres start: ${stderr}`);
    return stdout.trim();
  }

  async stop() {
    const { code, stderr } = await run(SCRIPT, ['stop', this.#directory]);
    if (code !== 0) throw new Error(`deploy/postgres stop: ${stderr}`);
  }
}

/** Resolves to psql's output, unaligned and without headers. */
export async function psql(conninfo, sql) {
  const args = ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', conninfo, '-c', sql];
  const { code, stdout, stderr } = await run(PSQL, args);
  if (code !== 0) throw new Error(`psql: ${stderr.trim()}`);
  return stdout.trimEnd();
}

/** The rows of a SELECT as objects. */
export async function rows(conninfo, select) {
  const text = await psql(conninfo, `SELECT coalesce(json_agg(t), '[]') FROM (${select}) AS t`);
  return JSON.parse(text);
}

/** An empty database of the test file's own; resolves to its connection string. */
export async function createDatabase() {
  shared ??= process.env.PGXGATE_TEST_DATABASE || (await new Cluster().start());
  const name = `pgxgate_it_${process.pid}_${++made}`;
  await psql(shared, `CREATE DATABASE ${name}`);
  onEnd(() => psql(shared, `DROP DATABASE ${name} WITH (FORCE)`));
  return shared.replace(/\bdbname=\S+/, `dbname=${name}`);
}
