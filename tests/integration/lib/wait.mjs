// tests/integration/lib/wait.mjs -- waiting for something to become true, with a generous end.
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 30_000;
const PAUSE_MS = 25;

/** Thrown by a probe when waiting has become pointless. */
export class InVain extends Error {}

/** Resolves to the first truthy value of `probe`; its errors count as "not yet". */
export async function until(what, probe, { ms = WAIT_MS, pause = PAUSE_MS } = {}) {
  const deadline = performance.now() + ms;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      if (error instanceof InVain) throw error;
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `waited ${ms} ms in vain for: ${what}${last ? ` (${last.message})` : ''}`,
      );
    }
    await sleep(pause);
  }
}

export { sleep };
