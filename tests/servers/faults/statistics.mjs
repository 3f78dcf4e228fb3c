// tests/servers/faults/statistics.mjs -- what reached a listener: connections, and requests by
// path, with their queries (of synthetic patients). Values of headers are not kept, only whether
// they were there.
const QUERIES_MAX = 100;

export class Statistics {
  #accepted = 0;
  #open = 0;
  #requests = new Map();
  #observers = new WeakSet();

  watch(server) {
    server.on('connection', (socket) => {
      this.#accepted++;
      this.#open++;
      socket.on('close', () => {
        if (!this.#observers.has(socket)) this.#open--;
      });
    });
  }

  /** A connection that asks for the statistics is not part of them. */
  leaveOut(socket) {
    if (this.#observers.has(socket)) return;
    this.#observers.add(socket);
    this.#accepted--;
    this.#open--;
  }

  /** Counts a request; returns how many there were of this path before. */
  count({ url, method, headers, httpVersion }) {
    const [path, query = ''] = url.split('?');
    const entry = this.#requests.get(path) ?? {
      count: 0,
      methods: [],
      versions: [],
      queries: [],
      authorization: false,
    };
    if (!entry.methods.includes(method)) entry.methods.push(method);
    if (!entry.versions.includes(httpVersion)) entry.versions.push(httpVersion);
    if (entry.queries.length < QUERIES_MAX) entry.queries.push(query);
    entry.authorization ||= headers.authorization !== undefined;
    this.#requests.set(path, entry);
    return entry.count++;
  }

  reset() {
    this.#accepted = this.#open;
    this.#requests.clear();
  }

  toJSON() {
    return {
      connections: { accepted: this.#accepted, open: this.#open },
      requests: Object.fromEntries(this.#requests),
    };
  }
}
