// tests/sandbox/report.mjs -- the compatibility report: rows in sections, and a verdict.
const MARKS = { ok: 'ok  ', no: 'no  ', fail: 'FAIL' };

export class Report {
  failed = 0;
  #missing = 0;

  section(title) {
    process.stdout.write(`\n${title}\n`);
  }

  fact(name, value) {
    process.stdout.write(`  ${name.padEnd(34)} ${value}\n`);
  }

  /** A check; only a must that does not hold is a failure. */
  row(isOk, isMust, name, text) {
    const mark = isOk ? MARKS.ok : isMust ? MARKS.fail : MARKS.no;
    if (!isOk && isMust) this.failed++;
    if (!isOk && !isMust) this.#missing++;
    process.stdout.write(`  ${mark} ${isMust ? 'must' : '    '} ${name.padEnd(46)} ${text}\n`);
  }

  verdict() {
    const optional = this.#missing > 0 ? `; ${this.#missing} optional did not work` : '';
    process.stdout.write(
      this.failed === 0
        ? `\nEverything the gateway needs works${optional}.\n`
        : `\n${this.failed} of what the gateway needs did not work${optional}.\n`,
    );
  }
}
