// tests/sandbox/client.mjs -- a FHIR client that says in a word why it got no answer.
const JSON_TYPE = 'application/fhir+json';

// The reasons of node's fetch, as a person would say them.
const REASONS = {
  ENOTFOUND: 'DNS: no such name',
  EAI_AGAIN: 'DNS: no answer; is there a network?',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENETUNREACH: 'no network',
  EHOSTUNREACH: 'no route to the host',
  ETIMEDOUT: 'no connection within the time allowed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time allowed',
  UND_ERR_SOCKET: 'the connection was closed',
};

function reasonOf(error, timeoutMs) {
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs / 1000} s`;
  const cause = error.cause ?? error;
  const inner = cause.errors?.[0] ?? cause; // of several addresses the first
  return REASONS[inner.code] ?? `${inner.code ?? ''} ${inner.message}`.trim();
}

export class Client {
  #token;
  #timeoutMs;

  constructor(base, token, timeoutMs) {
    this.base = base;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves to {status, json, reason}; status 0 when there was no answer. */
  async request(method, path, body, headers = {}) {
    const url = /^https?:/.test(path) ? path : `${this.base}${path && `/${path}`}`;
    const isForeign = new URL(url).origin !== new URL(this.base).origin;
    try {
      const response = await fetch(url, {
        method,
        headers: {
          Accept: JSON_TYPE,
          ...(body && { 'Content-Type': JSON_TYPE }),
          ...(this.#token && !isForeign && { Authorization: `Bearer ${this.#token}` }),
          ...headers,
        },
        body: typeof body === 'object' ? JSON.stringify(body) : body,
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const { status } = response;
      return { status, json: parse(await response.text()), headers: response.headers };
    } catch (error) {
      return { status: 0, reason: reasonOf(error, this.#timeoutMs) };
    }
  }

  get(path) {
    return this.request('GET', path);
  }

  search(type, parameters) {
    return this.get(`${type}?${new URLSearchParams(parameters)}`);
  }

  /** The same with the parameters in the body. */
  searchByPost(type, parameters) {
    return this.request('POST', `${type}/_search`, `${new URLSearchParams(parameters)}`, {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The resources of a type in a searchset. */
export function resourcesOf(bundle, type) {
  return (bundle?.entry ?? [])
    .map(({ resource }) => resource)
    .filter((resource) => resource?.resourceType === type);
}

export function isSearchset({ status, json }) {
  return status === 200 && json?.resourceType === 'Bundle';
}

/** What an answer says, in a few words. */
export function told({ status, json, reason }) {
  if (reason) return reason;
  const issue = json?.issue?.[0];
  const text = issue?.details?.text ?? issue?.diagnostics ?? '';
  return `HTTP ${status}${text && `: ${text.replace(/\s+/g, ' ').slice(0, 120)}`}`;
}
