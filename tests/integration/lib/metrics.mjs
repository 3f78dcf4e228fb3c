// tests/integration/lib/metrics.mjs -- reads the gateway's metrics.
import assert from 'node:assert/strict';
import { request } from './http.mjs';

const SAMPLE = /^([a-z_]+)(?:\{([^}]*)\})? ([0-9.]+)$/;

/** Resolves to a Map from 'name{label="value"}' to its number; every line must be well-formed. */
export async function readMetrics(gateway) {
  const { status, headers, text } = await request(`${gateway.admin}/metrics`);
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const samples = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) [a-z_]+ ./.test(line)) continue;
    const [, name, labels, value] = SAMPLE.exec(line) ?? assert.fail(`not a sample: ${line}`);
    samples.set(labels ? `${name}{${labels}}` : name, Number(value));
  }
  return samples;
}

export async function metric(gateway, name) {
  const samples = await readMetrics(gateway);
  assert.ok(samples.has(name), `no sample ${name}`);
  return samples.get(name);
}
