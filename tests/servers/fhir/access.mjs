// tests/servers/fhir/access.mjs -- who may read: a fixed bearer token, or tokens that the token
// server vouches for.
import { HttpError } from '../lib/http.mjs';
import { RESOURCE_SERVER } from '../oauth/clients.mjs';

const SCOPE = /^(?:system|patient|user)\/([A-Za-z]+|\*)\.(read|write|\*|c?r?u?d?s?)$/;

/** Returns check(headers, type, isWrite), which throws an HttpError when access is denied. */
export function accessCheck({ token, introspect }) {
  if (introspect)
    return (headers, type, isWrite) => byServer(introspect, headers, type, isWrite);
  if (token) return (headers) => byValue(token, headers);
  return () => {};
}

function byValue(token, headers) {
  if (bearerOf(headers) !== token) throw unauthorized();
}

async function byServer(url, headers, type, isWrite) {
  const token = bearerOf(headers);
  if (!token) throw unauthorized();
  const { id, secret } = RESOURCE_SERVER;
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
  });
  if (!response.ok) throw new HttpError(503, 'transient', 'the token server does not answer');
  const answer = await response.json();
  if (!answer.active) throw unauthorized();
  if (type && !scopeAllows(answer.scope ?? '', type, isWrite)) {
    throw new HttpError(403, 'forbidden', `no scope for ${type}`);
  }
}

/** SMART scopes, version 1 (`.read`, `.write`, `.*`) and 2 (letters of "cruds"). */
export function scopeAllows(scope, type, isWrite) {
  return scope.split(' ').some((item) => {
    const [, target, rights] = SCOPE.exec(item) ?? [];
    if (target !== '*' && target !== type) return false;
    if (rights === '*') return true;
    if (rights === 'read' || rights === 'write') return (rights === 'write') === isWrite;
    return isWrite ? /[cud]/.test(rights) : /r.*s/.test(rights);
  });
}

function bearerOf(headers) {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function unauthorized() {
  return new HttpError(401, 'login', 'a valid bearer token is required', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
