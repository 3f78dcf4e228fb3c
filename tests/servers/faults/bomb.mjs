// tests/servers/faults/bomb.mjs -- a gzip body of a few hundred kilobytes that inflates to 200
// MB of valid JSON.
import { once } from 'node:events';
import { createGzip } from 'node:zlib';

const INFLATED_BYTES = 200 * 1000 * 1000;
const PIECE = Buffer.alloc(1000 * 1000, ' ');

let made;

/** Made at the first request, then kept. */
export function gzipBomb() {
  made ??= make();
  return made;
}

async function make() {
  const gzip = createGzip({ level: 6 });
  const chunks = [];
  gzip.on('data', (chunk) => chunks.push(chunk));
  gzip.write('{"resourceType":"Bundle","type":"searchset"');
  for (let bytes = 0; bytes < INFLATED_BYTES; bytes += PIECE.length) {
    if (!gzip.write(PIECE)) await once(gzip, 'drain');
  }
  gzip.end('}');
  await once(gzip, 'end');
  return Buffer.concat(chunks);
}
