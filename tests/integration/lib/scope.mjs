// tests/integration/lib/scope.mjs -- what a test file started ends with it, whatever happened:
// in order when its tests are over, by force when the process is told to end.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

export const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');

const closers = [];
const emergencies = new Set();

/** `close` runs after the file's tests, last registered first. */
export function onEnd(close) {
  closers.push(close);
}

/** `act` must be synchronous; it runs when the process ends. Returns what withdraws it. */
export function onEmergency(act) {
  emergencies.add(act);
  return () => emergencies.delete(act);
}

/** A directory of the test file's own. */
export function temporaryDirectory() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'pgxgate-integration-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  onEnd(remove);
  onEmergency(remove);
  return directory;
}

after(async () => {
  const errors = [];
  while (closers.length > 0) {
    try {
      await closers.pop()();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
});

function endByForce() {
  for (const act of [...emergencies].reverse()) {
    emergencies.delete(act);
    try {
      act();
    } catch {
      // Nothing can be done any more, and the others must have their turn.
    }
  }
}

process.on('exit', endByForce);
// An error outside of any test ends the process, and the test runner leaves no time for more.
process.on('uncaughtExceptionMonitor', endByForce);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.once(signal, () => process.exit(1));
}
