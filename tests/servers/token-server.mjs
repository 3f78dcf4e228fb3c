// tests/servers/token-server.mjs -- an OAuth 2 token server for SMART Backend Services on
// loopback: client_credentials with private_key_jwt (RS384, ES384), opaque access tokens,
// introspection.
//
//   token-server.mjs [--port N] [--keys DIR] [--ttl SECONDS] [--client ID --jwks FILE]
//                    [--log 1]
//
// It knows a test client whose keys it makes at start: RS384.pem and ES384.pem in --keys (or in
// a temporary directory that goes away with it). --client and --jwks add a client by its public
// JWK Set. get-token.mjs asks for a token with such a key.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import Provider from 'oidc-provider';
import { readFlags } from './lib/flags.mjs';
import { endOnSignal, listen, sayReady } from './lib/loopback.mjs';
import { RESOURCE_SERVER, SCOPES, TEST_CLIENT } from './oauth/clients.mjs';
import { ALGORITHMS, makeKey } from './oauth/keys.mjs';

const flags = readFlags({ port: 0, keys: '', ttl: 300, client: '', jwks: '', log: 0 });
const keys = await Promise.all(ALGORITHMS.map(makeKey));
const directory = writeKeys(keys);

// The issuer's address is needed before the provider exists, so the port is taken first.
let handle;
const server = http.createServer((request, response) => handle(request, response));
const origin = await listen(server, flags.port);
const provider = makeProvider(origin);
handle = provider.callback();

const endpoints = {
  token: `${origin}/token`,
  introspect: `${origin}/introspect`,
  jwks: `${origin}/jwks`,
};
sayReady(origin, {
  ...endpoints,
  client: TEST_CLIENT,
  scope: SCOPES[0],
  keys: Object.fromEntries(keys.map(({ alg }) => [alg, path.join(directory, `${alg}.pem`)])),
});

function makeProvider(issuer) {
  const made = new Provider(issuer, {
    clients: [
      backendService(TEST_CLIENT, { keys: keys.map((key) => key.publicJwk) }),
      ...(flags.client ? [backendService(flags.client, readJwks(flags.jwks))] : []),
      {
        client_id: RESOURCE_SERVER.id,
        client_secret: RESOURCE_SERVER.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: SCOPES,
    clientAuthMethods: ['private_key_jwt', 'client_secret_basic'],
    enabledJWA: { clientAuthSigningAlgValues: ALGORITHMS },
    ttl: { ClientCredentials: () => flags.ttl },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
    },
    routes: { token: '/token', introspection: '/introspect', jwks: '/jwks' },
  });
  if (flags.log) logEvents(made);
  return made;
}

function backendService(id, jwks) {
  return {
    client_id: id,
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: SCOPES.join(' '),
    jwks,
  };
}

function readJwks(file) {
  const { keys: found } = JSON.parse(readFileSync(file, 'utf8'));
  return { keys: found };
}

function writeKeys(made) {
  const isTemporary = flags.keys === '';
  const target = isTemporary
    ? mkdtempSync(path.join(os.tmpdir(), 'pgxgate-keys-'))
    : flags.keys;
  mkdirSync(target, { recursive: true });
  for (const { alg, pem } of made) {
    writeFileSync(path.join(target, `${alg}.pem`), pem, { mode: 0o600 });
  }
  const jwks = { keys: made.map((key) => key.publicJwk) };
  writeFileSync(path.join(target, 'jwks.json'), `${JSON.stringify(jwks, null, 2)}\n`);
  endOnSignal(() => isTemporary && rmSync(target, { recursive: true, force: true }));
  return target;
}

function logEvents(made) {
  for (const name of ['grant.success', 'grant.error', 'introspection.error', 'server_error']) {
    made.on(name, (_context, error) => {
      const detail = error?.error_detail ?? error?.error_description ?? error?.message ?? '';
      process.stderr.write(`${name} ${error?.error ?? ''} ${detail}\n`);
    });
  }
}
