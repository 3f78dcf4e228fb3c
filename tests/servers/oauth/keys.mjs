// tests/servers/oauth/keys.mjs -- key pairs for signing: made new, as PEM for a client and as
// JWK for a server.
import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

const KINDS = {
  RS384: () => generate('rsa', { modulusLength: 2048 }),
  ES384: () => generate('ec', { namedCurve: 'P-384' }),
};

export const ALGORITHMS = Object.keys(KINDS);

/** {alg, kid, pem, publicJwk} for "RS384" or "ES384". */
export async function makeKey(alg) {
  const { privateKey, publicKey } = await KINDS[alg]();
  return {
    alg,
    kid: kidOf(alg),
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicJwk: { ...publicKey.export({ format: 'jwk' }), alg, use: 'sig', kid: kidOf(alg) },
  };
}

export function kidOf(alg) {
  return `test-${alg.toLowerCase()}`;
}

export function algorithmOf(pem) {
  return createPrivateKey(pem).asymmetricKeyType === 'rsa' ? 'RS384' : 'ES384';
}
