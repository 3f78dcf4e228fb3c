// tests/servers/faults/statistics.mjs -- what reached a listener: connections, and requests by
// path. Values of headers are not kept, only whether they were there.
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
  count({ url, method, headers }) {
    const path = url.split('?')[0];
    const entry = this.#requests.get(path) ?? { count: 0, methods: [], authorization: false };
    if (!entry.methods.includes(method)) entry.methods.push(method);
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
