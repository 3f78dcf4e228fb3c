// tests/servers/get-token.mjs -- prints an access token: signs a client assertion and posts it
// to the token endpoint.
//
//   get-token.mjs --token-endpoint URL --key PEM [--client ID] [--kid ID] [--scope TEXT]
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readFlags } from './lib/flags.mjs';
import { TEST_CLIENT } from './oauth/clients.mjs';
import { clientAssertion } from './oauth/jwt.mjs';
import { algorithmOf, kidOf } from './oauth/keys.mjs';

/** Resolves to the token endpoint's answer, or throws its error. */
export async function requestToken({ endpoint, pem, client = TEST_CLIENT, kid, scope }) {
  const alg = algorithmOf(pem);
  const response = await fetch(endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: clientAssertion({
        pem,
        alg,
        kid: kid || kidOf(alg),
        client,
        audience: endpoint,
      }),
    }),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`${response.status} ${answer.error}: ${answer.error_description ?? ''}`);
  }
  return answer;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const flags = readFlags({
    'token-endpoint': '',
    key: '',
    client: TEST_CLIENT,
    kid: '',
    scope: 'system/*.rs',
  });
  try {
    const answer = await requestToken({
      ...flags,
      endpoint: flags['token-endpoint'],
      pem: readFileSync(flags.key, 'utf8'),
    });
    process.stdout.write(`${answer.access_token}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
