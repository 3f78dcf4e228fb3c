// tests/servers/lib/http.mjs -- small pieces of HTTP that several servers share: bodies, JSON
// answers, OperationOutcomes.
export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

const BODY_BYTES_MAX = 16 * 1024 * 1024;

export async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new HttpError(413, 'too-long', 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(response, status, value, headers = {}) {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': FHIR_JSON,
    'Content-Length': body.length,
    ...headers,
  });
  response.end(body);
  return body.length;
}

/** `code` is from FHIR's issue-type value set. */
export function outcome(code, text, severity = 'error') {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity, code, details: { text }, diagnostics: text }],
  };
}

/** Thrown by handlers; becomes an OperationOutcome with this status. */
export class HttpError extends Error {
  constructor(status, code, text, headers = {}) {
    super(text);
    this.status = status;
    this.headers = headers;
    this.outcome = outcome(code, text);
  }
}
