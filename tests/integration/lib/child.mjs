// tests/integration/lib/child.mjs -- child processes that are ended by their own process id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onEmergency, onEnd, ROOT } from './scope.mjs';

const STOP_MS = 30_000;
const RUN_MS = 60_000;
const SERVERS = path.join(ROOT, 'tests', 'servers');

/** Only what a program needs to run: no setting of the caller leaks into the gateway. */
export function environment(more = {}) {
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('PGXGATE_') && !/^PG[A-Z]+$/.test(name),
    ),
  );
  delete kept.NODE_TEST_CONTEXT;
  return { ...kept, ...more };
}

export function start(command, args, { env = environment(), stdio } = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env,
    stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const settle = onEmergency(() => child.kill('SIGKILL'));
  ended.then(settle, settle);
  return { child, ended, pid: child.pid };
}

/** Sends the signal and waits; a process that does not end is killed, which is an error. */
export async function end({ child, ended, pid }, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`process ${pid} (${child.spawnfile}) did not end in ${STOP_MS} ms`));
    }, STOP_MS);
  });
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}

/** Runs to the end; resolves to {code, signal, stdout, stderr}. */
export async function run(command, args, options = {}) {
  const started = start(command, args, options);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    started.child[name].setEncoding('utf8');
    started.child[name].on('data', (text) => (output[name] += text));
  }
  const timer = setTimeout(() => started.child.kill('SIGKILL'), options.timeout ?? RUN_MS);
  const result = await started.ended.finally(() => clearTimeout(timer));
  return { ...result, ...output };
}

/** A server of tests/servers; resolves to its ready line when it is ready. */
export async function startServer(script, ...args) {
  const started = start(process.execPath, [path.join(SERVERS, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onEnd(() => end(started));
  for await (const line of createInterface({ input: started.child.stdout })) {
    started.child.stdout.resume();
    return { ...JSON.parse(line), pid: started.pid, end: () => end(started) };
  }
  throw new Error(`${script} ended before it was ready`);
}

export function startFhir(...args) {
  return startServer('fhir-server.mjs', '--seed', path.join(SERVERS, 'patients.mjs'), ...args);
}

/** A peer that misbehaves in front of a healthy FHIR server. */
export function startFaultPeer(fhir) {
  return startServer('fault-peer.mjs', '--target', new URL(fhir.ready).origin);
}
