// tests/integration/discovery.test.mjs -- GET /cds-services as clients read it, and what the
// paths beside it answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFhir } from './lib/child.mjs';
import { startGateway, testTheEnd } from './lib/gateway.mjs';
import { assertNothingEmpty, assertOutcome, hookRequest, post } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { Raw } from './lib/raw.mjs';

const [gateway, strict, fhir] = await Promise.all([
  startGateway(),
  startGateway({ config: { cors_allowed_origins: ['https://ehr.example.org'] } }),
  startFhir(),
]);
const DISCOVERY = '/cds-services';
const SERVICE = `${DISCOVERY}/pgx-order-sign`;

const discover = async (path = DISCOVERY, options) => request(gateway.url + path, options);

test('describes the services', async (t) => {
  const answer = await discover();
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(answer.json), ['services']);
  const { services } = answer.json;

  await t.test('one for each hook, each with an id of its own', () => {
    const hooks = services.map(({ hook }) => hook).sort();
    assert.deepEqual(hooks, ['medication-prescribe', 'order-select', 'order-sign']);
    assert.equal(new Set(services.map(({ id }) => id)).size, services.length);
  });
  await t.test('all fields, none empty', () => {
    assertNothingEmpty(answer.json, 'discovery');
    for (const service of services) {
      for (const name of ['hook', 'id', 'title', 'description', 'usageRequirements']) {
        assert.equal(typeof service[name], 'string', name);
      }
      assert.match(service.id, /^[A-Za-z0-9.-]+$/);
    }
  });
  await t.test('every id is the path of a service', async () => {
    for (const { id, hook } of services) {
      const body = hookRequest({ hook, prefetch: { pgx: null } });
      assert.equal((await post(gateway, body, { service: id })).status, 200, id);
    }
  });
  await t.test('the same to everybody who asks again', async () => {
    assert.equal((await discover()).text, answer.text);
  });
});

test('prefetch templates run on a FHIR server', async (t) => {
  const { services } = (await discover()).json;
  for (const { id, prefetch } of services) {
    for (const [key, template] of Object.entries(prefetch)) {
      await t.test(`${id} ${key}`, async () => {
        assertPortable(template);
        const query = template.replaceAll('{{context.patientId}}', 'demo-clopidogrel');
        assert.doesNotMatch(query, /[{}]/, 'a token that clients do not know');
        const answer = await request(`${fhir.ready}/${encodeURI(query)}`, {
          headers: { Prefer: 'handling=strict' },
        });
        assert.equal(answer.status, 200, answer.text);
        if (key === 'patient') assert.equal(answer.json.id, 'demo-clopidogrel');
        else if (key === 'medications') assert.equal(answer.json.resourceType, 'Bundle');
        else assert.equal(answer.json.entry[0].resource.id, 'demo-clopidogrel-cyp2c19');
      });
    }
  }
});

// CDS Hooks 2.0.1, "Prefetch query restrictions"; some clients fold repeated parameters.
function assertPortable(template) {
  const names = [...new URLSearchParams(template.split('?')[1] ?? '').keys()];
  assert.equal(new Set(names).size, names.length, 'each parameter once');
  for (const name of names) assert.match(name, /^(patient|code|_sort|_count)$/);
}

test('the medication list is offered where the site has use for it', async () => {
  const off = await startGateway({ config: { phenoconversion: 'off' } });
  const keys = async ({ url }) =>
    (await request(`${url}/cds-services`)).json.services.map(({ prefetch }) =>
      Object.keys(prefetch).join(),
    );
  assert.deepEqual(new Set(await keys(gateway)), new Set(['patient,pgx,medications']));
  assert.deepEqual(new Set(await keys(off)), new Set(['patient,pgx']));
});

test('paths and methods beside it', async (t) => {
  const rows = [
    // method, path, status, Allow or the code
    ['GET', '/cds-services/', 200],
    ['GET', '/cds-services//', 200],
    ['HEAD', '/cds-services', 200],
    ['HEAD', '/cds-services/', 200],
    ['GET', '/cds-services?x=1', 200],
    ['POST', '/cds-services', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', '/cds-services', 405, 'GET, HEAD, OPTIONS'],
    ['DELETE', '/cds-services/', 405, 'GET, HEAD, OPTIONS'],
    ['GET', SERVICE, 405, 'POST, OPTIONS'],
    ['HEAD', SERVICE, 405, 'POST, OPTIONS'],
    ['PATCH', SERVICE, 405, 'POST, OPTIONS'],
    ['DELETE', `${SERVICE}/`, 405, 'POST, OPTIONS'],
    ['GET', '/', 404],
    ['GET', '/cds-service', 404],
    ['GET', '/cds-servicesx', 404],
    ['GET', '/CDS-Services', 404],
    ['GET', '/metrics', 404],
    ['GET', '/livez', 404],
    ['GET', '/cds-services/no-such-service', 404],
    ['POST', '/cds-services/no-such-service', 404],
    ['POST', '/cds-services/pgx-order-sign/feedback', 404],
    ['POST', '/cds-services/pgx-order-sign%2f', 404],
    ['POST', '/', 404],
  ];
  for (const [method, path, status, allow] of rows) {
    await t.test(`${method} ${path}: ${status}`, async () => {
      const answer = await discover(path, { method });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers['access-control-allow-origin'], '*', 'CORS on errors too');
      assert.equal(answer.headers.allow, allow);
      if (method === 'HEAD') return assert.equal(answer.text, '');
      if (status === 200) return assert.equal(answer.json.services.length, 3);
      assertOutcome(answer, status, { code: status === 404 ? 'not-found' : 'not-supported' });
    });
  }
});

test('HEAD has the headers of GET and no body', async () => {
  const raw = await Raw.connect(gateway);
  await raw.write(`HEAD ${DISCOVERY} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await raw.write(`GET ${DISCOVERY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const head = await raw.answer({ isHead: true });
  const get = await raw.answer();
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal(head.headers['content-type'], get.headers['content-type']);
  assert.equal(await raw.end(), '', 'nothing between the two or behind them');
});

test('a service is found through duplicate and trailing slashes', async () => {
  // The Sandbox joins a discovery URL that ends in a slash to "//id".
  for (const path of ['/cds-services//pgx-order-sign', '/cds-services/pgx-order-sign/']) {
    const answer = await request(gateway.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(hookRequest({ prefetch: { pgx: null } })),
    });
    assert.equal(answer.status, 200, path);
  }
});

test('CORS', async (t) => {
  const origin = 'https://ehr.example.org';
  const preflight = (from, path, more = {}) =>
    request(from.url + path, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', ...more },
    });
  await t.test('preflight: 204 without credentials, headers by name', async () => {
    for (const path of [DISCOVERY, SERVICE, '/cds-services/no-such-service', '/']) {
      const answer = await preflight(gateway, path, {
        'Access-Control-Request-Headers': 'authorization,content-type',
      });
      assert.equal(answer.status, 204, path);
      assert.equal(answer.text, '');
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      const allowed = answer.headers['access-control-allow-headers'].toLowerCase().split(/, */);
      assert.ok(allowed.includes('authorization') && allowed.includes('content-type'));
      const methods = answer.headers['access-control-allow-methods'].split(/, */);
      assert.ok(methods.includes('POST') && methods.includes('GET'));
      assert.ok(Number(answer.headers['access-control-max-age']) > 0);
    }
  });
  await t.test('listed origins are named, others are not', async () => {
    const rows = [
      [origin, origin],
      ['https://evil.example.org', undefined],
      ['https://ehr.example.org.evil.example', undefined],
      ['null', undefined],
    ];
    for (const [sent, allowed] of rows) {
      for (const answer of [
        await request(strict.url + DISCOVERY, { headers: { Origin: sent } }),
        await request(strict.url + '/none', { headers: { Origin: sent } }),
        await preflight(strict, SERVICE, { Origin: sent }),
        await post(strict, '{', { headers: { Origin: sent } }),
      ]) {
        assert.equal(answer.headers['access-control-allow-origin'], allowed, sent);
        assert.match(answer.headers.vary, /\bOrigin\b/);
      }
    }
  });
  await t.test('on refused requests too', async () => {
    const raw = await Raw.connect(strict);
    const lines = [
      'GET /cds-services HTTP/1.1',
      'Host: a',
      `Origin: ${origin}`,
      'X: y',
      'Bad header',
    ];
    await raw.write(`${lines.join('\r\n')}\r\n\r\n`);
    const answer = await raw.answer();
    assert.equal(answer.status, 400);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    raw.close();
  });
});

testTheEnd();
