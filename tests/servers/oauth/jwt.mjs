// tests/servers/oauth/jwt.mjs -- signs JSON Web Tokens with node:crypto (RS384, ES384).
import { createPrivateKey, randomUUID, sign } from 'node:crypto';

const LIFETIME_S = 300;

export function signJwt({ pem, alg, kid, claims, header = {} }) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ typ: 'JWT', alg, kid, ...header })}.${encode(claims)}`;
  const key = { key: createPrivateKey(pem), dsaEncoding: 'ieee-p1363' };
  return `${input}.${sign('sha384', Buffer.from(input), key).toString('base64url')}`;
}

/** The assertion with which a SMART backend service names itself at the token endpoint. */
export function clientAssertion({ pem, alg, kid, client, audience, now = Date.now() }) {
  const seconds = Math.floor(now / 1000);
  const claims = {
    iss: client,
    sub: client,
    aud: audience,
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + LIFETIME_S,
  };
  return signJwt({ pem, alg, kid, claims });
}
