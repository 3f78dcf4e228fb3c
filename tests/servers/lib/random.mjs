// tests/servers/lib/random.mjs -- repeatable pseudo-random numbers (mulberry32): the same seed
// gives the same data everywhere.
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function pick(random, list) {
  return list[Math.floor(random() * list.length)];
}

/** An integer from `low` to `high`, both included. */
export function between(random, low, high) {
  return low + Math.floor(random() * (high - low + 1));
}

export function uuidFrom(random) {
  const hex = (digits) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const variant = '89ab'[Math.floor(random() * 4)];
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}

export function dateFrom(random, firstYear, lastYear) {
  const two = (number) => String(number).padStart(2, '0');
  const year = between(random, firstYear, lastYear);
  return `${year}-${two(between(random, 1, 12))}-${two(between(random, 1, 28))}`;
}
