// tests/servers/test/start.mjs -- starts one of the servers as a process of its own and waits
// for its ready line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export const SERVERS = path.resolve(import.meta.dirname, '..');

/** Resolves to the ready line; the process ends when the test `t` does. */
export async function start(t, script, ...args) {
  const child = spawn(process.execPath, [path.join(SERVERS, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error(`${script} ended before it was ready`);
}

export async function getJson(url, options) {
  const response = await fetch(url, options);
  return { status: response.status, headers: response.headers, body: await response.json() };
}
