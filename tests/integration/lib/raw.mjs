// tests/integration/lib/raw.mjs -- a TCP client that writes any bytes and reads answers as they
// come, for requests that no HTTP library would send.
import net from 'node:net';

const TIMEOUT_MS = 60_000;

export class Raw {
  #bytes = Buffer.alloc(0);
  #waiting = [];
  isClosed = false; // both sides, or reset
  isEnded = false; // the server sends no more
  error;

  static async connect(gateway) {
    const raw = new Raw();
    raw.socket = net.connect({ host: '127.0.0.1', port: gateway.port, allowHalfOpen: true });
    raw.socket.setNoDelay(true);
    raw.socket.on('data', (chunk) => raw.#take(chunk));
    raw.socket.on('end', () => {
      raw.isEnded = true;
      raw.#wake();
    });
    raw.socket.on('error', (error) => {
      raw.error = error;
    });
    raw.socket.on('close', () => {
      raw.isEnded = true;
      raw.isClosed = true;
      raw.#wake();
    });
    await new Promise((resolve, reject) => {
      raw.socket.once('connect', resolve);
      raw.socket.once('error', reject);
    });
    return raw;
  }

  #take(chunk) {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake();
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  get received() {
    return this.#bytes.toString('latin1');
  }

  write(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Closes the sending side only. */
  shut() {
    this.socket.end();
  }

  reset() {
    this.socket.resetAndDestroy();
  }

  close() {
    this.socket.destroy();
  }

  async #until(what, probe) {
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const value = probe();
      if (value !== undefined) return value;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}; received: ${this.received}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The next whole answer, taken from what was received; null when the server ended before. */
  answer({ isHead = false } = {}) {
    return this.#until('an answer', () => {
      const taken = parseAnswer(this.#bytes, { isHead });
      if (taken) {
        this.#bytes = this.#bytes.subarray(taken.bytes);
        return taken;
      }
      if (!this.isEnded) return undefined;
      this.close();
      return null;
    });
  }

  /** Until the server sends no more, then closes; resolves to what was left unread. */
  async end() {
    await this.#until('the end', () => (this.isEnded ? true : undefined));
    this.close();
    return this.received;
  }
}

function parseAnswer(bytes, { isHead }) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [, version, status] = /^HTTP\/(1\.[01]) (\d{3}) /.exec(statusLine) ?? [];
  if (!version) throw new Error(`not a status line: ${statusLine}`);
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([^\s:]+): ?(.*)$/.exec(line) ?? [];
    if (!name) throw new Error(`not a header: ${line}`);
    headers[name.toLowerCase()] = value;
  }
  const isBodiless = isHead || status.startsWith('1') || status === '204' || status === '304';
  const length = isBodiless ? 0 : Number(headers['content-length'] ?? NaN);
  if (Number.isNaN(length)) throw new Error('an answer without Content-Length');
  const end = headEnd + 4 + length;
  if (bytes.length < end) return undefined;
  const text = bytes.subarray(headEnd + 4, end).toString();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // Not every answer has a body.
  }
  return { version, status: Number(status), headers, text, json, bytes: end };
}

/** One connection, these bytes, one answer, and the end of the connection if it comes. */
export async function exchange(gateway, bytes) {
  const raw = await Raw.connect(gateway);
  await raw.write(bytes);
  const answer = await raw.answer();
  return { answer, raw };
}
