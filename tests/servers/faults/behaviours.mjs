// tests/servers/faults/behaviours.mjs -- the faults, by the name that selects them in the path:
// /NAME/[ARGUMENT/]rest-of-the-path.
//
// Each takes an exchange: {request, response, argument, rest, base, foreign, seen} and some
// functions, next() to go on with the rest of the path (perhaps a further fault), nextAs(rest)
// with another rest, and healthy() for the answer that a healthy server would have given.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { FHIR_JSON, outcome, sendJson } from '../lib/http.mjs';
import { gzipBomb } from './bomb.mjs';
import { MANNERS } from './manners.mjs';
import { emptyPage } from './samples.mjs';

const DRIP_MS = 50;

export const FAULTS = {
  delay: { takes: 'milliseconds', run: delay },
  status: { takes: 'a status', run: status },
  once: { run: firstTimeOnly },
  hang: { run: () => {} },
  reset: { run: ({ response }) => response.socket.resetAndDestroy() },
  'reset-body': { run: resetInBody },
  truncate: { run: truncate },
  drip: { run: drip },
  garbage: { run: garbage },
  'wrong-type': { run: wrongType },
  huge: { takes: 'bytes', run: huge },
  'gzip-bomb': { run: bomb },
  gzip: { run: gzip },
  bom: { run: byteOrderMark },
  redirect: { run: redirect },
  outcome: { run: topLevelOutcome },
  'empty-next': { run: emptyNext },
  'endless-next': { run: endlessNext },
  'foreign-next': { run: foreignNext },
  'loop-next': { run: loopNext },
  'relative-next': { run: relativeNext },
  'retry-after': { run: ({ response }) => tooMany(response, '1') },
  'retry-after-date': { run: ({ response }) => tooMany(response, inSeconds(2)) },
  ...MANNERS,
};

async function delay({ argument, next }) {
  await wait(argument);
  return next();
}

function status({ response, argument }) {
  if (argument < 200 || argument > 599) {
    sendJson(response, 400, outcome('invalid', 'the status is from 200 to 599'));
  } else if (argument === 204 || argument === 304) {
    response.writeHead(argument).end();
  } else {
    sendJson(response, argument, outcome('exception', `the fault peer answers ${argument}`));
  }
}

/** The fault that follows happens to the first request of this path only. */
function firstTimeOnly({ seen, next, skip }) {
  return seen === 0 ? next() : skip();
}

async function resetInBody({ response, healthy }) {
  const { status, headers, body } = await healthy();
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1));
  // A reset discards what is unsent: let the first half leave.
  await wait(20);
  response.socket?.resetAndDestroy();
}

async function truncate({ response, healthy }) {
  const { status, headers, body } = await healthy();
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1));
  await wait(20);
  response.socket?.end();
}

async function drip({ response, healthy }) {
  const { status, headers, body } = await healthy();
  response.writeHead(status, { ...headers, 'content-length': body.length });
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await wait(DRIP_MS);
  }
  response.end();
}

function garbage({ response }) {
  response.writeHead(200, { 'content-type': FHIR_JSON });
  response.end('{"resourceType":"Bundle",,,\u0001 this is not JSON ]');
}

function wrongType({ response }) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>Log in</title><p>Please log in.</p>');
}

/** A chunked Bundle of exactly that many bytes (at least the frame), as fast as it goes. */
async function huge({ response, argument }) {
  response.writeHead(200, { 'content-type': FHIR_JSON });
  await pipeline(Readable.from(hugeBundle(argument)), response);
}

function* hugeBundle(bytes) {
  const start = '{"resourceType":"Bundle","type":"searchset","id":"';
  const end = '"}';
  const piece = Buffer.alloc(64 * 1024, 'x');
  yield Buffer.from(start);
  for (let left = bytes - start.length - end.length; left > 0; left -= piece.length) {
    yield left < piece.length ? piece.subarray(0, left) : piece;
  }
  yield Buffer.from(end);
}

async function bomb({ response }) {
  const body = await gzipBomb();
  response.writeHead(200, {
    'content-type': FHIR_JSON,
    'content-encoding': 'gzip',
    'content-length': body.length,
  });
  response.end(body);
}

async function gzip({ response, healthy }) {
  const { status, headers, body } = await healthy();
  const packed = gzipSync(body);
  response.writeHead(status, {
    ...headers,
    'content-encoding': 'gzip',
    'content-length': packed.length,
  });
  response.end(packed);
}

async function byteOrderMark({ response, healthy }) {
  const { status, headers, body } = await healthy();
  response.writeHead(status, headers);
  response.end(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), body]));
}

function redirect({ response, rest, foreign }) {
  response.writeHead(302, { location: foreign + rest, 'content-length': 0 });
  response.end();
}

function topLevelOutcome({ response }) {
  sendJson(response, 200, outcome('processing', 'the search was not carried out'));
}

/** A page without entries that still has a next page. */
async function emptyNext({ response, rest, base }) {
  const link = [{ relation: 'next', url: withParameter(base + rest, '_page', 2) }];
  sendJson(response, 200, { ...emptyPage(), link });
}

/** Every page has another next page. */
function endlessNext({ rest, base, ...exchange }) {
  const page = Number(new URL(base + rest).searchParams.get('_page') ?? 1);
  return withNext(exchange, withParameter(base + rest, '_page', page + 1));
}

function foreignNext({ rest, foreign, ...exchange }) {
  return withNext(exchange, foreign + rest);
}

function loopNext({ rest, base, ...exchange }) {
  return withNext(exchange, base + rest);
}

/** The target's next link, or one to a second page, without scheme and host. */
async function relativeNext({ response, rest, base, healthy }) {
  const { status, body } = await healthy();
  const page = JSON.parse(body);
  const isSecond = new URL(base + rest).searchParams.has('_page');
  const own = page.link?.find((link) => link.relation === 'next')?.url;
  const url = own ?? (isSecond ? undefined : withParameter(base + rest, '_page', 2));
  page.link = (page.link ?? []).filter((link) => link.relation !== 'next');
  if (url) {
    const { pathname, search } = new URL(url);
    page.link.push({ relation: 'next', url: pathname + search });
  }
  sendJson(response, status, page);
}

async function withNext({ response, healthy }, url) {
  const { status, body } = await healthy();
  const page = JSON.parse(body);
  page.link = (page.link ?? []).filter((link) => link.relation !== 'next');
  page.link.push({ relation: 'next', url });
  sendJson(response, status, page);
}

function tooMany(response, retryAfter) {
  sendJson(response, 429, outcome('throttled', 'too many requests'), {
    'Retry-After': retryAfter,
  });
}

function inSeconds(seconds) {
  return new Date(Date.now() + seconds * 1000).toUTCString();
}

function withParameter(address, name, value) {
  const url = new URL(address);
  url.searchParams.set(name, value);
  return url.href;
}
