// The benchmark's conductor: starts the gateway, its peer and a static FHIR server, runs wrk in
// interleaved rounds and prints a Markdown table of medians. Called by tests/bench/run, which
// sets PGXGATE_DATABASE.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const ROUNDS = Number(process.argv[2]);
const SECONDS = Number(process.argv[3]);
const CONNECTIONS = 16;
const GATEWAY = 'build/release/pgxgate';
const OUT = 'build/bench';
const SERVER_CORE = '0';
const LOAD_CORE = '1';
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));
const children = [];

function start(core, command, args, options = {}) {
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  children.push(child);
  return child;
}

// The first line of the stream that `accept` makes something of.
async function firstLine(stream, accept) {
  for await (const line of createInterface({ input: stream })) {
    const found = accept(line);
    if (found) {
      stream.resume();
      return found;
    }
  }
  throw new Error('a server ended before it was ready');
}

async function startNode(script, args, core) {
  const child = start(core, process.execPath, [`tests/servers/${script}`, ...args]);
  child.stderr.resume();
  return { pid: child.pid, url: await firstLine(child.stdout, (line) => JSON.parse(line).ready) };
}

const post = (url, body) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

// Asks until the answer is something, at most 10 s.
async function until(ask) {
  for (let i = 0; i < 200; i++) {
    const found = await ask();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('the gateway did not start');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startGateway() {
  for (const args of [['migrate'], ['rules', 'import', 'rules/knowledge'], ['rules', 'activate']])
    execFileSync(GATEWAY, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const port = await freePort();
  writeFileSync(
    `${OUT}/gateway.yaml`,
    `listen: 127.0.0.1:${port}\nadmin_listen: 127.0.0.1:0\nworkers: 1\nfhir_allowed_servers: [loopback]\nlog_level: warning\nfhir_cache_s: 0\n`,
  );
  const log = `${OUT}/gateway.log`;
  const child = start(SERVER_CORE, GATEWAY, ['serve', '--config', `${OUT}/gateway.yaml`], { stdio: ['ignore', 'ignore', openSync(log, 'w')] });
  const url = `http://127.0.0.1:${port}`;
  await until(() => post(`${url}/cds-services/pgx-order-sign`, '{}').then((answer) => answer.status !== 503, () => false));
  return { pid: child.pid, url };
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const peakMegabytes = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const microseconds = (text) => parseFloat(text) * { us: 1, ms: 1000, s: 1e6 }[text.replace(/[\d.]/g, '')];

function load(server, path, bodies) {
  const args = ['-c', LOAD_CORE, 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '--latency'];
  if (bodies.length) args.push('-s', 'tests/bench/wrk.lua', server.url, '--', path, ...bodies);
  else args.push(server.url + path);
  const before = cpuSeconds(server.pid);
  const text = execFileSync('taskset', args, { encoding: 'utf8' });
  const after = cpuSeconds(server.pid);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${path}: ${text}`);
  const requests = Number(/(\d+) requests in/.exec(text)[1]);
  if (requests === 0) throw new Error(`${path}: no answer`);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    p50: microseconds(/50%\s+(\S+)/.exec(text)[1]),
    p99: microseconds(/99%\s+(\S+)/.exec(text)[1]),
    cpu: ((after - before) * 1e6) / requests,
  };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const medians = (rows) => Object.fromEntries(Object.keys(rows[0]).map((key) => [key, median(rows.map((row) => row[key]))]));

// Both must answer with one card before anything is measured.
async function assertCard(url, body) {
  const { cards } = await (await post(url, readFileSync(body))).json();
  if (cards?.length !== 1) throw new Error(`${url}: no card for ${body}`);
}

async function main() {
  mkdirSync(`${OUT}/bodies`, { recursive: true });
  const fhir = await startNode('static-fhir.mjs', ['--port', '0'], LOAD_CORE);
  execFileSync(process.execPath, ['tests/servers/bench-bodies.mjs', '--out', `${OUT}/bodies`, '--fhir-server', fhir.url]);
  const files = (prefix) => readdirSync(`${OUT}/bodies`).filter((name) => name.startsWith(prefix)).sort().map((name) => `${OUT}/bodies/${name}`);
  const gateway = await startGateway();
  const fastify = await startNode('fastify-peer.mjs', ['--port', '0'], SERVER_CORE);
  const gatewayPath = '/cds-services/pgx-order-sign';
  const fastifyPath = '/cds-services/order-sign';
  const cases = [
    { name: 'trivial GET (discovery; peer: fixed text)', ours: '/cds-services', peers: '/trivial', bodies: [] },
    { name: '2 KB, prefetch', ours: gatewayPath, peers: fastifyPath, bodies: files('2k-') },
    { name: '40 KB, prefetch', ours: gatewayPath, peers: fastifyPath, bodies: files('40k-') },
    { name: 'no prefetch, one FHIR search (38 KB)', ours: gatewayPath, peers: fastifyPath, bodies: files('fetch-') },
  ];
  for (const { ours, peers, bodies } of cases)
    if (bodies.length) {
      await assertCard(gateway.url + ours, bodies[0]);
      await assertCard(fastify.url + peers, bodies[0]);
    }
  for (const row of cases) [row.gateway, row.fastify] = [[], []];
  for (let round = 0; round <= ROUNDS; round++)
    for (const row of cases) {
      const ours = load(gateway, row.ours, row.bodies);
      const peers = load(fastify, row.peers, row.bodies);
      if (round > 0) row.gateway.push(ours), row.fastify.push(peers); // round 0 warms up
    }
  const trivial = medians(cases[0].gateway);
  const us = (value) => Math.round(value).toLocaleString('en');
  console.log('| case | req/s | p50 us | p99 us | CPU us | x Fastify (req/s) | x Fastify (CPU) | x own trivial (CPU) |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const row of cases) {
    const [a, b] = [medians(row.gateway), medians(row.fastify)];
    console.log(
      `| ${row.name} | ${us(a.perSecond)} | ${us(a.p50)} | ${us(a.p99)} | ${a.cpu.toFixed(1)} | ` +
        `${(a.perSecond / b.perSecond).toFixed(1)} | ${(b.cpu / a.cpu).toFixed(1)} | ${(a.cpu / trivial.cpu).toFixed(1)} |`,
    );
    console.log(`| ... Fastify | ${us(b.perSecond)} | ${us(b.p50)} | ${us(b.p99)} | ${b.cpu.toFixed(1)} | 1 | 1 | |`);
  }
  console.log(`\nPeak RSS: gateway ${peakMegabytes(gateway.pid).toFixed(1)} MB, Fastify ${peakMegabytes(fastify.pid).toFixed(1)} MB. ` +
    `${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s, medians, one core for the server, one for load, FHIR server and PostgreSQL, audit on, log level warning.`);
}

try {
  await main();
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM'), await once(child, 'exit');
}
