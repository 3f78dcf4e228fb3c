// tests/servers/fault-peer.mjs -- a FHIR server that misbehaves on request: the first path
// segments choose the fault, the rest is forwarded to a healthy server or answered with a
// sample.
//
//   fault-peer.mjs [--port N] [--target URL] [--cert FILE --key FILE] [--log 1]
//
// With a certificate (PEM, for "localhost") it speaks TLS, and HTTP/2 to whoever asks for it.
//
// Paths: /delay/500/fhir/Observation?..., /status/503/..., /delay/200/reset/..., and so on for
// all names in faults/behaviours.mjs; a path that begins with none of them is forwarded as it
// is. GET /_stats tells what arrived here and at the "foreign" origin, a second listener to
// which redirects and foreign links lead; DELETE /_stats starts counting anew.
import http from 'node:http';
import http2 from 'node:http2';
import { readFileSync } from 'node:fs';
import { FAULTS } from './faults/behaviours.mjs';
import { healthyAnswer } from './faults/forward.mjs';
import { emptyPage } from './faults/samples.mjs';
import { Statistics } from './faults/statistics.mjs';
import { readFlags } from './lib/flags.mjs';
import { outcome, readBody, sendJson } from './lib/http.mjs';
import { endOnSignal, listen, sayReady } from './lib/loopback.mjs';

const flags = readFlags({ port: 0, target: '', cert: '', key: '', log: 0 });
const target = flags.target.replace(/\/$/, '');
const statistics = new Statistics();
const foreignStatistics = new Statistics();

const foreignServer = http.createServer((request, response) => {
  foreignStatistics.count(request);
  request.resume();
  sendJson(response, 200, emptyPage());
});
const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (flags.log) process.stderr.write(`${error.stack}\n`);
    if (response.headersSent) response.destroy();
    else sendJson(response, 502, outcome('transient', `fault peer: ${error.message}`));
  });
});

endOnSignal();
statistics.watch(server);
foreignStatistics.watch(foreignServer);
const foreign = await listen(foreignServer, 0);
const address = await listen(server, flags.port);
const origin = flags.cert ? address.replace('http://127.0.0.1', 'https://localhost') : address;
sayReady(origin, { foreign, faults: Object.keys(FAULTS) });

function createServer(handler) {
  if (!flags.cert) return http.createServer(handler);
  const files = { cert: readFileSync(flags.cert), key: readFileSync(flags.key) };
  return http2.createSecureServer({ ...files, allowHTTP1: true }, handler);
}

async function answer(request, response) {
  if (request.url === '/_stats') return answerStatistics(request, response);
  const seen = statistics.count(request);
  if (flags.log) process.stderr.write(`${request.method} ${request.url}\n`);
  const requestBody = await readBody(request);
  return misbehave({ request, requestBody, response, seen, prefix: '', rest: request.url });
}

function answerStatistics(request, response) {
  statistics.leaveOut(request.socket);
  if (request.method === 'DELETE') {
    statistics.reset();
    foreignStatistics.reset();
  }
  sendJson(response, 200, { ...statistics.toJSON(), foreign: foreignStatistics.toJSON() });
}

/** Runs the fault that the rest of the path begins with; without one, answers properly. */
async function misbehave(exchange) {
  const { response } = exchange;
  const parsed = parseFault(exchange.rest);
  if (!parsed) return send(response, await healthy(exchange));
  if (parsed.error) return sendJson(response, 400, outcome('invalid', parsed.error));
  const { fault, argument, taken, rest } = parsed;
  const inner = { ...exchange, prefix: exchange.prefix + taken, rest };
  return fault.run({
    ...inner,
    argument,
    foreign,
    base: origin + inner.prefix,
    healthy: () => healthy(inner),
    next: () => misbehave(inner),
    nextAs: (other) => misbehave({ ...inner, rest: other }),
    skip: () => misbehave({ ...inner, ...afterNextFault(inner) }),
  });
}

/** Splits "/delay/500/fhir/x" into the fault, its argument, "/delay/500" and "/fhir/x". */
function parseFault(path) {
  const name = /^\/([a-z-]+)(?=[/?]|$)/.exec(path)?.[1];
  const fault = Object.hasOwn(FAULTS, name ?? '') ? FAULTS[name] : undefined;
  if (!fault) return undefined;
  let taken = `/${name}`;
  let argument;
  if (fault.takes) {
    const digits = /^\/(\d{1,12})(?=[/?]|$)/.exec(path.slice(taken.length))?.[1];
    if (digits === undefined) return { error: `/${name}/ needs ${fault.takes} as a number` };
    argument = Number(digits);
    taken += `/${digits}`;
  }
  return { fault, argument, taken, rest: path.slice(taken.length) };
}

function afterNextFault({ prefix, rest }) {
  const following = parseFault(rest);
  return following?.fault ? { prefix: prefix + following.taken, rest: following.rest } : {};
}

function healthy({ request, requestBody, prefix, rest }) {
  return healthyAnswer({ target, rest, request, requestBody, base: origin + prefix });
}

function send(response, { status, headers, body }) {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
