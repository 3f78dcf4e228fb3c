// tests/servers/lib/loopback.mjs -- listening on loopback: one way to bind, to say "ready" and
// to end.
export const HOST = '127.0.0.1';

// Longer than any client here keeps an idle connection, so that no request meets a close.
const KEEP_ALIVE_MS = 75_000;

/** Binds an http.Server to 127.0.0.1 (port 0 picks one); resolves to its origin. */
export function listen(server, port) {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(`http://${HOST}:${server.address().port}`));
  });
}

/** Ends the process at SIGTERM or SIGINT, open connections or not. */
export function endOnSignal(cleanUp = () => {}) {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      cleanUp();
      process.exit(0);
    });
  }
}

/** The one line that starters wait for; `ms` counts from the start of the process. */
export function sayReady(ready, more = {}) {
  const line = { ready, ms: Math.round(performance.now()), ...more };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
