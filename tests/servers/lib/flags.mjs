// tests/servers/lib/flags.mjs -- command-line flags: `--name value`, typed by their defaults;
// anything else is an error.
import { parseArgs } from 'node:util';

/** Numbers stay numbers, everything else is text. `defaults` is also the list of flags. */
export function readFlags(defaults, args = process.argv.slice(2)) {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: 'string' }]),
  );
  const flags = { ...defaults };
  try {
    const { values } = parseArgs({ args, options, allowPositionals: false });
    for (const [name, text] of Object.entries(values)) {
      flags[name] = typeof defaults[name] === 'number' ? number(name, text) : text;
    }
  } catch (error) {
    const usage = Object.entries(defaults)
      .map(([name, value]) => `  --${name} ${typeof value === 'number' ? 'N' : 'TEXT'}`)
      .join('\n');
    process.stderr.write(`${error.message}\nflags:\n${usage}\n`);
    process.exit(2);
  }
  return flags;
}

function number(name, text) {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new Error(`--${name}: "${text}" is not a number of 0 or more`);
  }
  return value;
}
