// tests/integration/http.test.mjs -- clients that are slow, broken, hostile or just old, on raw
// sockets; and the server's orderly end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFaultPeer, startFhir } from './lib/child.mjs';
import {
  freePort,
  pgxgate,
  startGateway,
  testTheEnd,
  writeSettings,
  KNOWLEDGE,
} from './lib/gateway.mjs';
import { assertCards, call, hookRequest, post } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { metric, readMetrics } from './lib/metrics.mjs';
import { exchange, Raw } from './lib/raw.mjs';
import { sleep, until } from './lib/wait.mjs';

const HEADER_BYTES_MAX = 4096;
const BODY_BYTES_MAX = 100_000;
const SHORT_MS = 400;

const fhir = await startFhir();
const peer = await startFaultPeer(fhir);
const limits = {
  request_header_bytes_max: HEADER_BYTES_MAX,
  request_body_bytes_max: BODY_BYTES_MAX,
  request_bodies_bytes_max: 1_000_000,
};
const [gateway, hasty, small] = await Promise.all([
  startGateway({ config: { ...limits, deadline_ms: 3000 } }),
  // Impatient in everything.
  startGateway({
    config: {
      ...limits,
      header_timeout_ms: SHORT_MS,
      body_timeout_ms: SHORT_MS,
      idle_timeout_ms: SHORT_MS,
    },
  }),
  // Room for little.
  startGateway({
    config: { connections_max: 4, requests_in_flight_max: 2, deadline_ms: 60_000 },
  }),
]);

const DISCOVERY = '/cds-services';
const SERVICE = `${DISCOVERY}/pgx-order-sign`;
const CARD = ['critical'];

const head = (line, ...headers) => `${[line, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`;
const get = (path = DISCOVERY, ...headers) => head(`GET ${path} HTTP/1.1`, ...headers);
const postHead = (...headers) =>
  head(`POST ${SERVICE} HTTP/1.1`, 'Content-Type: application/json', ...headers);
const whole = (body, ...headers) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `${postHead(`Content-Length: ${Buffer.byteLength(text)}`, ...headers)}${text}`;
};
const slowCall = (ms) => hookRequest({ fhirServer: `${peer.ready}/delay/${ms}/fhir` });

async function assertStillAnswers(from = gateway) {
  const answer = await request(from.url + DISCOVERY, { agent: false });
  assert.equal(answer.status, 200);
}

test('pipelined requests are answered in their order', async (t) => {
  await t.test('a slow one first', async () => {
    const raw = await Raw.connect(gateway);
    await raw.write(
      whole(slowCall(300)) +
        get() +
        get('/none') +
        head('OPTIONS / HTTP/1.1') +
        whole('{') +
        whole(hookRequest({ patient: 'demo-normal', fhirServer: fhir.ready })) +
        get(DISCOVERY, 'Connection: close') +
        get('/never-read'),
    );
    const statuses = [];
    for (let answer; (answer = await raw.answer());) {
      statuses.push(answer.status);
      if (statuses.length === 1) assert.equal(answer.json.cards.length, 1);
      if (statuses.length === 6) assert.deepEqual(answer.json, { cards: [] });
    }
    assert.deepEqual(statuses, [200, 200, 404, 204, 400, 200, 200]);
    raw.close();
  });
  await t.test('many, in pieces of every size', async () => {
    const COUNT = 60;
    const body = hookRequest({ prefetch: { pgx: null } });
    const bytes = Array.from({ length: COUNT }, (_, n) =>
      n % 2 ? whole({ ...body, hookInstance: `h${n}` }) : get(n % 4 ? '/none' : DISCOVERY),
    ).join('');
    const raw = await Raw.connect(gateway);
    const sending = (async () => {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 1009) {
        await raw.write(bytes.slice(at, at + size));
      }
    })();
    for (let n = 0; n < COUNT; n++) {
      const { status } = await raw.answer();
      assert.equal(status, n % 2 || n % 4 === 0 ? 200 : 404, `answer ${n}`);
    }
    await sending;
    raw.close();
  });
  await t.test('more of them than anybody should send at once', async () => {
    const raw = await Raw.connect(gateway);
    const COUNT = 2000;
    const sending = raw.write(get('/none').repeat(COUNT));
    for (let n = 0; n < COUNT; n++) assert.equal((await raw.answer()).status, 404);
    await sending;
    raw.close();
  });
  await assertStillAnswers();
});

test('a connection is kept and used again', async () => {
  const before = await metric(gateway, 'pgxgate_connections_total');
  const raw = await Raw.connect(gateway);
  for (let n = 0; n < 50; n++) {
    await raw.write(n % 2 ? get() : whole(hookRequest({ prefetch: { pgx: null } })));
    assert.equal((await raw.answer()).status, 200);
  }
  assert.equal((await metric(gateway, 'pgxgate_connections_total')) - before, 1);
  await raw.write(get(DISCOVERY, 'Connection: close'));
  const last = await raw.answer();
  assert.match(last.headers.connection, /close/i);
  assert.equal(await raw.end(), '');
});

test('bodies come with a length, in chunks, or after leave', async (t) => {
  const body = JSON.stringify(hookRequest({ fhirServer: fhir.ready }));
  const chunked = (size) => {
    let text = '';
    for (let at = 0; at < body.length; at += size) {
      const piece = body.slice(at, at + size);
      text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    }
    return `${text}0\r\n\r\n`;
  };
  const rows = [
    ['a length', whole(body)],
    ['one chunk', `${postHead('Transfer-Encoding: chunked')}${chunked(1e9)}`],
    ['many chunks', `${postHead('Transfer-Encoding: chunked')}${chunked(7)}`],
    [
      'a chunk extension',
      postHead('Transfer-Encoding: chunked') + chunked(1e9).replace('\r\n', ';a=b\r\n'),
    ],
    [
      'a trailer',
      postHead('Transfer-Encoding: chunked') + chunked(1e9).replace(/\r\n$/, 'X: y\r\n\r\n'),
    ],
    ['an absolute target', whole(body).replace(SERVICE, `http://a${SERVICE}`)],
    ['an empty line first', `\r\n${whole(body)}`],
    [
      'the name of a header in any case',
      whole(body).replace('Content-Length', 'cOnTeNt-LeNgTh'),
    ],
  ];
  for (const [name, bytes] of rows) {
    await t.test(name, async () => {
      const { answer, raw } = await exchange(gateway, bytes);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.cards.length, 1);
      await raw.write(get());
      assert.equal((await raw.answer()).status, 200, 'what follows is read from its beginning');
      raw.close();
    });
  }
  await t.test('Expect: 100-continue', async () => {
    const raw = await Raw.connect(gateway);
    await raw.write(postHead(`Content-Length: ${body.length}`, 'Expect: 100-continue'));
    assert.equal((await raw.answer()).status, 100);
    await raw.write(body);
    assert.equal((await raw.answer()).json.cards.length, 1);
    raw.close();
  });
  await t.test(
    'Expect: 100-continue for a body that is too large: 413 before it is sent',
    async () => {
      const bytes = postHead(`Content-Length: ${BODY_BYTES_MAX + 1}`, 'Expect: 100-continue');
      const { answer, raw } = await exchange(gateway, bytes);
      assert.equal(answer.status, 413);
      raw.close();
    },
  );
  await t.test('Expect: anything else', async () => {
    const { answer, raw } = await exchange(
      gateway,
      postHead('Expect: tea', 'Content-Length: 1'),
    );
    assert.equal(answer.status, 417);
    raw.close();
  });
});

test('HTTP/1.0', async (t) => {
  const rows = [
    ['closes', 'GET /cds-services HTTP/1.0\r\nHost: a\r\n\r\n', true],
    ['needs no Host', 'GET /cds-services HTTP/1.0\r\n\r\n', true],
    ['keeps on request', 'GET /cds-services HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', false],
  ];
  for (const [name, bytes, closes] of rows) {
    await t.test(name, async () => {
      const { answer, raw } = await exchange(gateway, bytes);
      assert.equal(answer.status, 200);
      assert.equal(answer.json.services.length, 3);
      if (closes) assert.equal(await raw.end(), '');
      else {
        await raw.write(bytes);
        assert.equal((await raw.answer()).status, 200);
      }
      raw.close();
    });
  }
});

const chunk = (bytes) => postHead('Transfer-Encoding: chunked') + bytes;

// What, bytes, status, the cause in the metrics. All are answered once, and the connection ends:
// no byte behind them is read as a request.
const REFUSED = [
  [
    'both lengths',
    postHead('Content-Length: 5', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
    'length',
  ],
  [
    'both lengths, other order',
    postHead('Transfer-Encoding: chunked', 'Content-Length: 5') + '0\r\n\r\n',
    400,
    'length',
  ],
  ['two equal lengths', postHead('Content-Length: 2', 'Content-Length: 2') + '{}', 400],
  ['two lengths', postHead('Content-Length: 2', 'Content-Length: 3') + '{}', 400],
  ['a list of lengths', postHead('Content-Length: 2, 2') + '{}', 400],
  ['a length with a sign', postHead('Content-Length: +2') + '{}', 400],
  ['a negative length', postHead('Content-Length: -2') + '{}', 400],
  ['a hexadecimal length', postHead('Content-Length: 0x2') + '{}', 400],
  ['a length with a space in it', postHead('Content-Length: 2 2') + '{}', 400],
  ['no length where one is named', postHead('Content-Length: ') + '{}', 400],
  ['a length beyond 64 bits', postHead('Content-Length: 99999999999999999999') + '{}', 400],
  [
    'a coding twice',
    postHead('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
  ],
  ['a coding that looks like it', postHead('Transfer-Encoding: xchunked') + '0\r\n\r\n', 501],
  ['a list of codings', postHead('Transfer-Encoding: gzip, chunked') + '0\r\n\r\n', 501],
  [
    'chunked, then another',
    postHead('Transfer-Encoding: chunked, identity') + '0\r\n\r\n',
    501,
  ],
  ['a tab in a coding', postHead('Transfer-Encoding: \x0bchunked') + '0\r\n\r\n'],
  [
    'chunks from HTTP/1.0',
    head(`POST ${SERVICE} HTTP/1.0`, 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
  ],
  ['a folded line', get(DISCOVERY, 'X: a', ' b'), 400, 'folded'],
  ['a folded length', postHead('X: y', ' Content-Length: 2') + '{}', 400, 'folded'],
  ['a folded first line', 'GET /cds-services HTTP/1.1\r\n Host: a\r\n\r\n', 400],
  ['a space before the colon', get(DISCOVERY, 'Content-Length : 2'), 400],
  ['no colon', get(DISCOVERY, 'Content-Length'), 400],
  ['no name', get(DISCOVERY, ': 2'), 400],
  ['a line feed alone', 'GET /cds-services HTTP/1.1\nHost: a\n\n', 400, 'line_end'],
  ['a line feed alone in a header', get(DISCOVERY, 'X: a\nContent-Length: 2'), 400, 'line_end'],
  ['a carriage return in a header', get(DISCOVERY, 'X: a\rY: b'), 400],
  ['a NUL in a header', get(DISCOVERY, 'X: a\0b'), 400],
  ['a NUL in the target', get('/cds\0services'), 400],
  ['no Host', 'GET /cds-services HTTP/1.1\r\n\r\n', 400, 'host'],
  ['two Hosts', get(DISCOVERY, 'Host: b'), 400],
  ['a Host with a path', 'GET /cds-services HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'host'],
  ['a Host with user info', 'GET /cds-services HTTP/1.1\r\nHost: a@b\r\n\r\n', 400, 'host'],
  ['no version', 'GET /cds-services\r\nHost: a\r\n\r\n', 505],
  ['no target', 'GET HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a target without a slash', get('cds-services'), 400],
  ['a fragment', get('/cds-services#a'), 400],
  ['an asterisk', get('*'), 400],
  ['an unknown method', head('BREW /cds-services HTTP/1.1')],
  ['a method in small letters', head('get /cds-services HTTP/1.1')],
  ['CONNECT', head('CONNECT a:80 HTTP/1.1')],
  ['TRACE', head('TRACE /cds-services HTTP/1.1'), 501, 'method'],
  ['HTTP/2.0', head('GET /cds-services HTTP/2.0'), 505],
  ['HTTP/1.2', head('GET /cds-services HTTP/1.2'), 505],
  ['HTTP/0.9', 'GET /cds-services HTTP/0.9\r\n\r\n', 505],
  ['another protocol', 'GET /cds-services ICY/1.0\r\nHost: a\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['a TLS hello', Buffer.from('16030100c4010000c00303', 'hex'), 400],
  ['zeros', Buffer.alloc(200), 400],
  ['a greeting', 'EHLO a\r\nMAIL FROM: b\r\n\r\n'],
  ['a chunk size that is none', chunk('zz\r\n{}\r\n0\r\n\r\n'), 400, 'chunk'],
  ['a negative chunk size', chunk('-2\r\n{}\r\n0\r\n\r\n'), 400, 'chunk'],
  ['no chunk size', chunk('\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk longer than it says', chunk('1\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk that ends in a line feed', chunk('2\r\n{}\n0\r\n\r\n'), 400],
  ['a chunk beyond 64 bits', chunk('fffffffffffffffff\r\n'), 400],
  [
    'a chunk beyond the limit',
    chunk(`${(BODY_BYTES_MAX + 1).toString(16)}\r\n`),
    413,
    'body_size',
  ],
  [
    'chunks beyond the limit',
    chunk(`1000\r\n${'x'.repeat(4096)}\r\n`.repeat(26)),
    413,
    'body_size',
  ],
  ['endless chunk extensions', chunk(`1;${'a'.repeat(500_000)}`)],
  [
    'a length beyond the limit',
    postHead(`Content-Length: ${BODY_BYTES_MAX + 1}`),
    413,
    'body_size',
  ],
  [
    'headers beyond the limit',
    get(DISCOVERY, `X: ${'x'.repeat(HEADER_BYTES_MAX)}`),
    431,
    'head_size',
  ],
  [
    'headers without an end',
    `GET /cds-services HTTP/1.1\r\nX: ${'x'.repeat(HEADER_BYTES_MAX * 4)}`,
    431,
  ],
  [
    'too many headers',
    get(DISCOVERY, ...Array.from({ length: 120 }, (_, n) => `A${n}: b`)),
    431,
  ],
  ['a target beyond the limit', get(`/${'x'.repeat(HEADER_BYTES_MAX)}`), 414, 'target_size'],
];

test('what is no proper request is refused once, and nothing behind it is read', async (t) => {
  for (const [name, bytes, status, cause] of REFUSED) {
    await t.test(`${name}: ${status ?? '4xx or 501'}`, async () => {
      const counter = `pgxgate_http_refused_total{cause="${cause}"}`;
      const before = cause && (await metric(gateway, counter));
      const raw = await Raw.connect(gateway);
      await raw.write(Buffer.concat([Buffer.from(bytes, 'latin1'), Buffer.from(get())]));
      const answer = await raw.answer();
      if (status) assert.equal(answer.status, status, answer.text);
      else assert.ok(/^(4..|501)$/.test(answer.status), `${answer.status}`);
      assert.equal(answer.json.resourceType, 'OperationOutcome');
      assert.match(answer.headers.connection, /close/i);
      assert.equal(await raw.end(), '', 'one answer only');
      raw.close();
      if (cause) assert.equal((await metric(gateway, counter)) - before, 1, counter);
      await assertStillAnswers();
    });
  }
});

test('a client that closes its side', async (t) => {
  await t.test('after a whole request: gets its answer', async () => {
    const raw = await Raw.connect(gateway);
    await raw.write(whole(slowCall(200)));
    raw.shut();
    assert.equal((await raw.answer()).json.cards.length, 1);
    assert.equal(await raw.end(), '');
  });
  await t.test('after several: gets all answers', async () => {
    const raw = await Raw.connect(gateway);
    await raw.write(whole(slowCall(100)) + get() + get('/none'));
    raw.shut();
    for (const status of [200, 200, 404]) assert.equal((await raw.answer()).status, status);
    assert.equal(await raw.answer(), null);
  });
  for (const [name, bytes] of [
    ['in the head', 'GET /cds-services HT'],
    ['in the body', whole('{"hook":"order-sign"}').slice(0, -5)],
  ]) {
    await t.test(`${name}: is told`, async () => {
      const { raw, answer } = await (async () => {
        const made = await Raw.connect(gateway);
        await made.write(bytes);
        made.shut();
        return { raw: made, answer: await made.answer() };
      })();
      assert.equal(answer.status, 400);
      assert.equal(await raw.end(), '');
    });
  }
  await t.test('before anything: is not answered', async () => {
    const raw = await Raw.connect(gateway);
    raw.shut();
    assert.equal(await raw.end(), '');
  });
  await assertStillAnswers();
});

test('slow clients are given up, others are served meanwhile', async (t) => {
  async function drip(raw, bytes, ms) {
    for (const byte of bytes) {
      if (raw.isEnded) return;
      await raw.write(byte);
      await sleep(ms);
    }
  }
  const rows = [
    ['a slow head', (raw) => drip(raw, get(DISCOVERY, `X: ${'x'.repeat(500)}`), 20), 408],
    ['a head that stops', (raw) => raw.write('GET /cds-services HTTP/1.1\r\nHost:'), 408],
    ['a body that stops', (raw) => raw.write(`${postHead('Content-Length: 100')}{"a"`), 408],
    ['a body that never starts', (raw) => raw.write(postHead('Content-Length: 100')), 408],
    [
      'a slow body',
      (raw) => drip(raw, [postHead('Content-Length: 999'), ...'x'.repeat(500)], 20),
      408,
    ],
    [
      'slow chunks',
      (raw) =>
        drip(raw, [postHead('Transfer-Encoding: chunked'), ...'1\r\nx\r\n'.repeat(99)], 20),
      408,
    ],
    ['silence', () => {}, null],
    ['silence after an answer', (raw) => raw.write(get()), 200],
  ];
  const timeouts = 'pgxgate_http_refused_total{cause="timeout"}';
  const before = await metric(hasty, timeouts);
  const raws = await Promise.all(rows.map(() => Raw.connect(hasty)));
  const sending = rows.map(([, send], n) => send(raws[n]));
  for (let n = 0; n < 5; n++) assertCards(await call(hasty, { fhirServer: fhir.ready }), CARD);
  for (const [n, [name, , status]] of rows.entries()) {
    await t.test(`${name}: ${status ?? 'closed'}`, async () => {
      const answer = await raws[n].answer();
      assert.equal(answer?.status ?? null, status);
      if (status === 408) assert.equal(answer.json.issue[0].code, 'timeout');
      assert.equal(await raws[n].end(), '', 'and then the connection ends');
      await sending[n];
      raws[n].close();
    });
  }
  assert.equal(
    (await metric(hasty, timeouts)) - before,
    rows.filter((row) => row[2] === 408).length,
  );
  await assertStillAnswers(hasty);
  await t.test(
    'a call that waits for FHIR longer than any of these times is no slow client',
    async () => {
      const raw = await Raw.connect(hasty);
      await raw.write(whole(slowCall(SHORT_MS * 4)));
      assert.equal((await raw.answer()).json.cards.length, 1);
      raw.close();
    },
  );
});

test('connections that break off', async (t) => {
  const body = whole(hookRequest({ fhirServer: fhir.ready }));
  const hanging = whole(hookRequest({ fhirServer: `${peer.ready}/hang/fhir` }));
  const rows = [
    ['at once', ''],
    ['in the request line', 'GET /cds'],
    ['in the headers', get().slice(0, -6)],
    ['in the body', body.slice(0, -10)],
    ['after the request', body],
    ['while it is worked on', hanging],
    ['with more requests behind', body + get() + hanging + get()],
  ];
  for (const [name, bytes] of rows) {
    await t.test(name, async () => {
      for (let n = 0; n < 10; n++) {
        const raw = await Raw.connect(gateway);
        await raw.write(bytes);
        if (n % 2) await sleep(n);
        raw.reset();
      }
      await assertStillAnswers();
    });
  }
  await t.test('a client that does not take its answers', async () => {
    const raw = await Raw.connect(gateway);
    raw.socket.pause();
    for (let n = 0; n < 50; n++) void raw.write(get().repeat(100));
    await sleep(100);
    await assertStillAnswers();
    raw.reset();
  });
  await t.test('none is left open, nothing is in flight', async () => {
    await until('the server to be alone', async () => {
      const samples = await readMetrics(gateway);
      // What the HTTP client of this test keeps may stay.
      return (
        samples.get('pgxgate_connections_open') <= 8 &&
        samples.get('pgxgate_requests_in_flight') === 0
      );
    });
  });
});

test('limits of the whole server', async (t) => {
  await t.test('connections above the limit are told so', async () => {
    const held = [];
    for (let n = 0; n < 4; n++) {
      const raw = await Raw.connect(small);
      await raw.write(get());
      assert.equal((await raw.answer()).status, 200);
      held.push(raw);
    }
    const surplus = await Raw.connect(small);
    const answer = await surplus.answer();
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal(answer.json.issue[0].code, 'throttled');
    surplus.close();
    for (const raw of held) raw.close();
    await until(
      'room',
      async () => (await request(small.url + DISCOVERY, { agent: false })).status === 200,
    );
  });
  await t.test('calls above the limit: 503, and then room again', async () => {
    const held = [];
    for (let n = 0; n < 2; n++) {
      const raw = await Raw.connect(small);
      await raw.write(whole(hookRequest({ fhirServer: `${peer.ready}/hang/fhir` })));
      held.push(raw);
    }
    const inFlight = async () => metric(small, 'pgxgate_requests_in_flight');
    await until('two in flight', async () => (await inFlight()) === 2);
    const answer = await call(small, { fhirServer: fhir.ready }, { agent: false });
    assert.equal(answer.status, 503);
    assert.equal(answer.json.issue[0].code, 'throttled');
    assert.ok(Number(answer.headers['retry-after']) > 0);
    for (const raw of held) raw.reset();
    await until('none in flight', async () => (await inFlight()) === 0);
    assertCards(await call(small, { fhirServer: fhir.ready }, { agent: false }), CARD);
  });
});

test('the admin listener', async (t) => {
  const rows = [
    ['GET', '/livez', 200],
    ['GET', '/readyz', 200],
    ['GET', '/metrics', 200],
    ['GET', '/version', 200],
    ['HEAD', '/livez', 200],
    ['POST', '/livez', 405],
    ['GET', '/', 404],
    ['GET', '/cds-services', 404],
  ];
  for (const [method, path, status] of rows) {
    await t.test(`${method} ${path}: ${status}`, async () => {
      const answer = await request(gateway.admin + path, { method });
      assert.equal(answer.status, status);
      if (method === 'HEAD') assert.equal(answer.text, '');
      if (path === '/version' && status === 200) {
        assert.equal(answer.json.name, 'pgxgate');
        assert.match(answer.json.version, /^\d+\.\d+/);
        assert.match(answer.json.release, /^[0-9a-f]{64}$/);
      }
      // It has no database on purpose: shown, and no reason not to be ready.
      if (path === '/readyz') assert.equal(answer.json.status, 'degraded');
    });
  }
});

test('it ends in order', async (t) => {
  const begin = (config) => startGateway({ config: { deadline_ms: 60_000, ...config } });
  async function inFlight(from, ms) {
    const raw = await Raw.connect(from);
    await raw.write(whole(slowCall(ms)));
    await until('it to be in flight', async () => {
      return (await metric(from, 'pgxgate_requests_in_flight')) === 1;
    });
    return raw;
  }
  for (const signal of ['SIGTERM', 'SIGINT']) {
    await t.test(`${signal}: what is in flight is finished, nothing new begins`, async () => {
      const from = await begin();
      const idle = await Raw.connect(from);
      await idle.write(get());
      await idle.answer();
      const raw = await inFlight(from, 500);
      from.kill(signal);
      assert.equal(await idle.end(), '', 'an idle connection is closed');
      await assert.rejects(request(from.url + DISCOVERY, { agent: false }), /ECONNREFUSED/);
      assert.equal((await raw.answer()).json.cards.length, 1);
      assert.equal(await raw.end(), '', 'its connection is not kept');
      assert.deepEqual(await from.ended(), { code: 0, signal: null });
      assert.equal(from.events('signal').length, 1);
      assert.equal(from.events('stopped').length, 1);
      assert.equal(from.events('call_answered').at(-1).status, 200);
    });
  }
  await t.test('a drain has an end', async () => {
    const from = await begin({ drain_timeout_ms: 200 });
    const raw = await inFlight(from, 600_000);
    from.kill('SIGTERM');
    assert.equal(await raw.answer(), null);
    assert.deepEqual(await from.ended(), { code: 0, signal: null });
    assert.equal(from.events('call_abandoned').length, 1);
  });
  await t.test('a second signal ends the drain', async () => {
    const from = await begin({ drain_timeout_ms: 600_000 });
    const raw = await inFlight(from, 600_000);
    from.kill('SIGTERM');
    await from.event('signal');
    from.kill('SIGTERM');
    assert.equal(await raw.answer(), null);
    assert.deepEqual(await from.ended(), { code: 0, signal: null });
  });
  await t.test('SIGHUP and SIGPIPE end nothing', async () => {
    const from = await begin();
    from.kill('SIGHUP');
    from.kill('SIGPIPE');
    for (let n = 0; n < 5; n++) await assertStillAnswers(from);
    assert.equal(from.hasEnded, false);
  });
  await t.test('a port that is taken: 69, and the log says which', async () => {
    const port = await freePort();
    const taken = await startGateway({ config: { listen: `127.0.0.1:${port}` } });
    const settings = { listen: `127.0.0.1:${port}`, admin_listen: '127.0.0.1:0', workers: 1 };
    const args = ['serve', '--config', writeSettings(settings), '--knowledge', KNOWLEDGE];
    const { code, stderr } = await pgxgate(args);
    assert.equal(code, 69, stderr);
    assert.match(stderr, /start_failed/);
    assert.match(stderr, new RegExp(`${port}`));
    await assertStillAnswers(taken);
  });
  await t.test('the admin port is taken: 69', async () => {
    const port = new URL(gateway.admin).port;
    const settings = { listen: '127.0.0.1:0', admin_listen: `127.0.0.1:${port}`, workers: 2 };
    const args = ['serve', '--config', writeSettings(settings), '--knowledge', KNOWLEDGE];
    const { code, stderr } = await pgxgate(args);
    assert.equal(code, 69, stderr);
  });
});

test('an error repeats nothing of the request', async () => {
  const secret = 'demo-clopidogrel';
  for (const bytes of [
    get(`/${secret}`),
    get(`/cds-services/${secret}`),
    get(DISCOVERY, `X ${secret}`),
    head(`BREW /${secret} HTTP/1.1`),
    postHead(`Content-Length: ${secret}`),
  ]) {
    const { answer, raw } = await exchange(gateway, bytes);
    assert.ok(answer.status >= 400);
    assert.ok(!answer.text.includes(secret), answer.text);
    assert.ok(!JSON.stringify(answer.headers).includes(secret));
    raw.close();
  }
  const { text } = await post(gateway, `{"hook": "${secret}"}`);
  assert.ok(!text.includes(secret), text);
});

testTheEnd();
