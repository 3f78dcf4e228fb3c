// tests/integration/cli.test.mjs -- every command: its help, its exit status, what it prints and
// where; and the life of a release from files to use.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { KNOWLEDGE, pgxgate, pgxgateOk, writeSettings } from './lib/gateway.mjs';
import { assertCard } from './lib/hooks.mjs';
import { createDatabase, psql, rows as select } from './lib/postgres.mjs';
import { ROOT, temporaryDirectory } from './lib/scope.mjs';

const COMMANDS = ['serve', 'check-config', 'migrate', 'rules', 'replay', 'inspect', 'version'];
const SCENARIO = path.join(ROOT, 'tests', 'scenario', 'clopidogrel-poor-fetched.json');
const SECRET = 'cli-test-password-c2VjcmV0';
const NOWHERE = `host=127.0.0.1 port=1 user=a password=${SECRET} dbname=b connect_timeout=5`;

const directory = temporaryDirectory();
const fileOf = (name, text) => {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
};

/** Runs it; checks the status and that the secret is nowhere. */
async function check(args, code, { env, stdout = /^/, stderr = /^/ } = {}) {
  const result = await pgxgate(args, { env });
  const shown = `pgxgate ${args.join(' ')}: ${result.code}\n${result.stdout}\n${result.stderr}`;
  assert.equal(result.signal, null, shown);
  assert.equal(result.code, code, shown);
  assert.match(result.stdout, stdout, shown);
  assert.match(result.stderr, stderr, shown);
  assert.ok(!shown.replaceAll(args.join(' '), '').includes(SECRET), shown);
  assert.doesNotMatch(result.stderr, /Sanitizer|runtime error/, shown);
  return result;
}

test('help goes to standard output, wrong usage to standard error', async (t) => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    await t.test(args.join(' '), async () => {
      const { stdout, stderr } = await check(args, 0);
      for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
      assert.equal(stderr, '');
    });
  }
  for (const command of COMMANDS) {
    await t.test(`${command} --help`, async () => {
      const { stderr } = await check([command, '--help'], 0, {
        stdout: new RegExp(`^usage: pgxgate ${command}`),
      });
      assert.equal(stderr, '');
    });
  }
  const wrong = [
    [],
    ['nonsense'],
    ['Serve'],
    ['--nonsense'],
    ['rules'],
    ['rules', 'nonsense'],
    ['rules', 'import'],
    ['rules', 'import', KNOWLEDGE, KNOWLEDGE],
    ['rules', 'list', 'more'],
    ['migrate', 'more'],
    ['replay'],
    ['replay', SCENARIO, SCENARIO],
    ['serve', 'more'],
    ['check-config', 'a', 'b'],
    ['version', 'more'],
    ...COMMANDS.map((command) => [command, '--nonsense']),
    ['serve', '--config'],
    ['replay', SCENARIO, '--knowledge'],
  ];
  for (const args of wrong) {
    await t.test(`${args.join(' ').replaceAll(ROOT, '.') || '(nothing)'}: 64`, async () => {
      const { stdout, stderr } = await check(args, 64);
      assert.equal(stdout, '');
      assert.ok(stderr.length > 0);
    });
  }
});

test('version', async () => {
  for (const args of [['version'], ['--version']]) {
    await check(args, 0, { stdout: /^pgxgate \d+\.\d+\.\d+\n$/ });
  }
});

test('check-config', async (t) => {
  await t.test(
    'a good file: what is in force, secrets masked, and where it is from',
    async () => {
      const file = writeSettings({ workers: 3, deadline_ms: '2s', database: NOWHERE });
      const { stdout } = await check(['check-config', file], 0, {
        env: { PGXGATE_LOG_LEVEL: 'error' },
      });
      assert.match(stdout, /^workers: 3\b/m);
      assert.match(stdout, /^deadline_ms: 2000\b/m);
      assert.match(stdout, /^log_level: "?error\b/m);
      assert.match(stdout, /^database: "\*+"/m);
    },
  );
  await t.test('the example and the effective settings are settings', async () => {
    const example = await pgxgateOk(['check-config', '--example']);
    const first = await check(['check-config', fileOf('example.yaml', example)], 0);
    const again = await check(['check-config', fileOf('effective.yaml', first.stdout)], 0);
    const plain = (text) => text.replace(/ +#.*$/gm, '');
    assert.equal(plain(again.stdout), plain(first.stdout));
    assert.equal(plain(first.stdout), plain((await check(['check-config'], 0)).stdout));
  });
  await t.test('the table has every setting', async () => {
    const table = await pgxgateOk(['check-config', '--table']);
    const settings = (await pgxgateOk(['check-config'])).match(/^[a-z_]+(?=:)/gm);
    assert.ok(settings.length > 20);
    for (const name of settings) assert.ok(table.includes(`| \`${name}\` |`), name);
  });
  // Text of the file, and what must be said about it.
  const wrong = [
    ['lisen: "127.0.0.1:1"\n', /:1:1: .*did you mean "listen"/],
    ['\n\nworkers: many\n', /:3:10: workers: /],
    ['workers: 1000\n', /:1:10: workers: .*256/],
    ['workers: -1\n', /:1:10: /],
    ['listen: nowhere\n', /:1:9: listen: /],
    ['workers: 1\nworkers: 2\n', /:2:1: workers: .*line 1/],
    ['fhir_allowed_servers: ["ftp://a"]\n', /:1:24: fhir_allowed_servers: /],
    ['fhir_allowed_servers: [loopback, "http://a/?b"]\n', /:1:34: /],
    ['deadline_ms: 1h\n', /:1:14: deadline_ms: .*milliseconds/],
    ['workers: [1\n', /:[12]:\d+: /],
    ['- a\n', /:1:1: /],
    ['a: &a [*a]\n', /:1:/],
    ['request_bodies_bytes_max: 1M\nrequest_body_bytes_max: 2M\n', /request_bodies_bytes_max/],
    [`database: "${NOWHERE}"\ndatabase_file: /nowhere\n`, /database_file: /],
    ['database_file: /nowhere/at/all\n', /No such file/],
  ];
  for (const [text, stderr] of wrong) {
    await t.test(`${JSON.stringify(text.slice(0, 40))}: 78`, async () => {
      const file = fileOf('wrong.yaml', text);
      const { stdout } = await check(['check-config', file], 78, { stderr });
      assert.equal(stdout, '');
      await check(['serve', '--config', file], 78, { stderr });
    });
  }
  await t.test('all mistakes at once', async () => {
    const file = fileOf('wrong.yaml', 'workers: x\ndeadline_ms: y\nnonsense: z\n');
    const { stderr } = await check(['check-config', file], 78);
    for (const line of [1, 2, 3]) assert.match(stderr, new RegExp(`wrong\\.yaml:${line}:`));
  });
  await t.test('no such file: 78', async () => {
    await check(['check-config', '/nowhere.yaml'], 78, { stderr: /nowhere\.yaml/ });
  });
  await t.test('a mistake in the environment names its variable', async () => {
    const env = { PGXGATE_WORKERS: 'many' };
    await check(['check-config'], 78, { env, stderr: /PGXGATE_WORKERS: / });
  });
});

test('serve refuses to start without what it needs', async (t) => {
  await t.test('no database and no knowledge: 78', async () => {
    await check(['serve', '--config', writeSettings({})], 78, { stderr: /database/ });
  });
  await t.test('knowledge that is none: 65', async () => {
    const empty = path.join(directory, 'empty');
    mkdirSync(empty, { recursive: true });
    await check(['serve', '--knowledge', empty], 65, { stderr: /start_failed/ });
  });
});

test('migrate', async (t) => {
  const database = await createDatabase();
  const env = { PGXGATE_DATABASE: database };
  const tables = `SELECT count(*) FROM pg_tables WHERE schemaname = 'pgxgate'`;

  await t.test('--check changes nothing and says what is to do', async () => {
    await check(['migrate', '--check'], 1, { env, stdout: /0001_.*to be applied/ });
    assert.equal(await psql(database, tables), '0');
  });
  await t.test('commands before it: 69 and what to do', async () => {
    for (const args of [
      ['rules', 'list'],
      ['rules', 'import', KNOWLEDGE],
      ['rules', 'activate'],
    ]) {
      await check(args, 69, { env, stderr: /pgxgate migrate/ });
    }
  });
  await t.test('several at once, and again: applied once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => check(['migrate'], 0, { env })));
    const applied = all.map(({ stdout }) => stdout.match(/applied in/g)?.length ?? 0);
    const files = applied.reduce((sum, n) => sum + n, 0);
    assert.equal(Math.max(...applied), files, 'one run did it all');
    assert.ok(files >= 2);
    const before = await psql(database, tables);
    const { stdout } = await check(['migrate'], 0, { env, stdout: /up to date/ });
    assert.doesNotMatch(stdout, /applied in/);
    assert.equal(await psql(database, tables), before);
    await check(['migrate', '--check'], 0, { env });
  });
  await t.test('a migration that was changed after it was applied: 65', async () => {
    const copy = path.join(directory, 'migrations');
    cpSync(path.join(ROOT, 'migrations'), copy, { recursive: true });
    const file = path.join(copy, '0001_knowledge.sql');
    writeFileSync(file, `${readFileSync(file, 'utf8')}-- more\n`);
    await check(['migrate', '--dir', copy], 65, { env, stderr: /0001/ });
  });
  await t.test('one that fails leaves nothing behind: 65', async () => {
    const copy = path.join(directory, 'migrations-failing');
    cpSync(path.join(ROOT, 'migrations'), copy, { recursive: true });
    writeFileSync(
      path.join(copy, '0099_bad.sql'),
      'CREATE TABLE pgxgate.half (a int);\nSELECT 1/0;\n',
    );
    const before = await psql(database, tables);
    await check(['migrate', '--dir', copy], 65, { env });
    assert.equal(await psql(database, tables), before);
  });
  const elsewhere = [
    [['migrate', '--database', NOWHERE], 69, /connect/],
    [['migrate', '--database', 'nonsense'], 78, /connection string/],
    [['migrate'], 78, /PGXGATE_DATABASE/],
    [['rules', 'list', '--database', NOWHERE], 69, /connect/],
    [['rules', 'list'], 78, /PGXGATE_DATABASE/],
    [['migrate', '--database', database, '--dir', '/nowhere'], 65, /nowhere/],
  ];
  for (const [args, code, stderr] of elsewhere) {
    await t.test(`${args.slice(0, 3).join(' ').slice(0, 40)}: ${code}`, () =>
      check(args, code, { stderr }),
    );
  }
});

test('rules: from files to use', async (t) => {
  const database = await createDatabase();
  const env = { PGXGATE_DATABASE: database };
  await pgxgateOk(['migrate'], { env });
  const rules = (args, code, wanted) => check(['rules', ...args], code, { env, ...wanted });
  const list = async () => JSON.parse((await rules(['list', '--json'], 0)).stdout);
  const states = async () => (await list()).map(({ state }) => state);
  const copyOf = (name, change) => {
    const copy = path.join(directory, name);
    cpSync(KNOWLEDGE, copy, { recursive: true });
    change(copy);
    return copy;
  };
  const edit = (file, change) => writeFileSync(file, change(readFileSync(file, 'utf8')));

  await t.test('nothing there yet', async () => {
    for (const args of [['activate'], ['test'], ['show'], ['show', 'clopidogrel']]) {
      await rules(args, 1, { stderr: /no release|import/ });
    }
    assert.deepEqual(await list(), []);
  });
  await t.test('import makes a draft, once', async () => {
    await rules(['import', KNOWLEDGE], 0, { stdout: /imported pgxgate-core/ });
    await rules(['import', KNOWLEDGE], 0, { stdout: /there already/ });
    assert.deepEqual(await states(), ['draft']);
  });
  await t.test('show knows the active release only', async () => {
    await rules(['show', 'clopidogrel'], 1, { stderr: /no release is active/ });
  });
  await t.test('test runs the cases that ship with it', async () => {
    const { stdout } = await rules(['test', '--json'], 0);
    const { run, failed } = JSON.parse(stdout);
    assert.equal(failed, 0);
    assert.equal(run, Number(await psql(database, 'SELECT count(*) FROM pgxgate.test')));
    assert.deepEqual(await states(), ['tested']);
    await check(['rules', 'test', '--knowledge', KNOWLEDGE], 0, { stdout: /0 failed/ });
  });
  await t.test('activate, and again', async () => {
    await rules(['activate'], 0, { stdout: /^active: / });
    await rules(['activate'], 0, { stdout: /as before/ });
    assert.deepEqual(await states(), ['active']);
  });
  await t.test('show', async () => {
    await rules(['show'], 0, { stdout: /[0-9a-f]{64}/ });
    await rules(['show', 'clopidogrel'], 0, { stdout: /cpic-clopidogrel-acs-poor/ });
    await rules(['show', 'CYP2C19'], 0, { stdout: /HGNC:2621/ });
    const { stdout } = await rules(['show', 'cpic-clopidogrel-acs-poor'], 0);
    assert.match(stdout, /critical/);
    assert.match(stdout, /prasugrel/);
    assert.match(stdout, /PMID/);
    await rules(['show', 'nothing'], 1, { stderr: /nothing/ });
    await check(['rules', 'show', 'codeine', '--knowledge', KNOWLEDGE], 0, {
      stdout: /CYP2D6/,
    });
  });

  const second = copyOf('second', (copy) =>
    edit(path.join(copy, 'release.json'), (text) => text.replace('"2026.11"', '"2026.12"')),
  );
  await t.test('a second one, and back', async () => {
    await rules(['import', second], 0);
    await rules(['activate', '2026.12'], 0);
    assert.deepEqual(await states(), ['active', 'retired']);
    const [, { hash }] = await list();
    await rules(['activate', hash.slice(0, 8)], 0);
    assert.deepEqual(await states(), ['retired', 'active']);
    const { stdout } = await rules(['list'], 0);
    assert.match(stdout, /retired .*2026\.12/);
    assert.match(stdout, /active .*2026\.11/);
  });
  await t.test('what is not there, or not clear', async () => {
    await rules(['activate', '12345678'], 1, { stderr: /12345678/ });
    await rules(['activate', '2031.01'], 1, { stderr: /2031\.01/ });
  });

  await t.test('one whose cases do not hold is never in use', async () => {
    const quiet = copyOf('quiet', (copy) =>
      edit(path.join(copy, 'drugs', 'clopidogrel.json'), (text) =>
        text.replaceAll('"critical"', '"warning"'),
      ),
    );
    await rules(['import', quiet], 0);
    await rules(['test'], 1, { stdout: /FAILED.*clopidogrel[^]*expected critical/ });
    await rules(['activate'], 1);
    assert.deepEqual(await states(), ['draft', 'retired', 'active']);
    await check(['rules', 'test', '--knowledge', quiet], 1);
  });

  // Change to a copy of the knowledge, and what must be said.
  const json = (file, change) => (copy) =>
    edit(path.join(copy, file), (text) => {
      const object = JSON.parse(text);
      change(object);
      return JSON.stringify(object);
    });
  const drug = 'drugs/clopidogrel.json';
  const wrong = [
    ['no JSON', (copy) => writeFileSync(path.join(copy, drug), '{'), /clopidogrel\.json/],
    ['an unknown word', json(drug, (d) => (d.recommendations[0].alert = 'loud')), /alert/],
    ['an unknown member', json(drug, (d) => (d.nonsense = 1)), /nonsense/],
    ['a member missing', json(drug, (d) => delete d.recommendations[0].alert), /alert/],
    [
      'an unknown gene',
      json(drug, (d) => (d.recommendations[0].when = { XYZ1: ['a'] })),
      /XYZ1/,
    ],
    [
      'an unknown phenotype',
      json(drug, (d) => (d.recommendations[0].when = { CYP2C19: ['Odd'] })),
      /Odd/,
    ],
    [
      'an unknown source',
      json(drug, (d) => (d.recommendations[0].source = 'nobody')),
      /nobody/,
    ],
    [
      'an unknown message',
      json(drug, (d) => (d.recommendations[0].message = 'no.words')),
      /no\.words/,
    ],
    [
      'an id twice',
      json(drug, (d) => (d.recommendations[1].id = d.recommendations[0].id)),
      /acs-poor/,
    ],
    [
      'a file too many',
      (copy) => writeFileSync(path.join(copy, 'notes.txt'), 'x'),
      /notes\.txt/,
    ],
    ['a file missing', (copy) => rmSync(path.join(copy, 'sources.json')), /sources\.json/],
    [
      'a code of two forms',
      (copy) =>
        edit(path.join(copy, 'drug_codes.tsv'), (text) => text + text.split('\n')[1] + '\n'),
      /drug_codes\.tsv|code/,
    ],
  ];
  for (const [name, change, stderr] of wrong) {
    await t.test(`import refuses ${name}: 65`, async () => {
      const before = await list();
      await rules(['import', copyOf(`wrong ${name}`, change)], 65, { stderr });
      assert.deepEqual(await list(), before, 'nothing is left behind');
    });
  }
  await t.test('no such directory: 65', async () => {
    await rules(['import', '/nowhere'], 65, { stderr: /nowhere/ });
  });

  await t.test('replay uses the active release', async () => {
    const { stdout } = await check(['replay', SCENARIO, '--database', database], 0);
    const [{ hash }] = await select(
      database,
      `SELECT content_hash AS hash FROM pgxgate.release WHERE state = 'active'`,
    );
    assert.equal(JSON.parse(stdout).trace.release, hash);
    const byEnvironment = await check(['replay', SCENARIO], 0, { env });
    assert.equal(byEnvironment.stdout, stdout);
  });
});

test('replay', async (t) => {
  const scenario = JSON.parse(readFileSync(SCENARIO, 'utf8'));
  const replay = async (file, code, more = []) => {
    const { stdout } = await check(['replay', file, '--knowledge', KNOWLEDGE, ...more], code);
    return JSON.parse(stdout);
  };
  await t.test('a scenario: the cards it expects, and a trace', async () => {
    const { status, answer, trace } = await replay(SCENARIO, 0);
    assert.equal(status, 200);
    const [expected] = scenario.expect.cards;
    assert.equal(answer.cards.length, scenario.expect.cards.length);
    const [card] = answer.cards;
    assertCard(card);
    assert.equal(card.indicator, expected.indicator);
    for (const text of expected.contains)
      assert.ok(JSON.stringify(card).includes(JSON.stringify(text).slice(1, -1)), text);
    assert.equal(trace.outcome, 'ok');
    assert.equal(trace.genes[0].gene, 'CYP2C19');
  });
  await t.test('--cards: the answer only, the same bytes each time', async () => {
    const first = await replay(SCENARIO, 0, ['--cards']);
    assert.deepEqual(Object.keys(first), ['cards']);
    assert.deepEqual(await replay(SCENARIO, 0, ['--cards']), first);
  });
  await t.test('a plain hook request', async () => {
    const file = fileOf('request.json', JSON.stringify(scenario.request));
    assert.equal((await replay(file, 1)).status, 412, 'nothing is fetched: 404 for all');
  });
  await t.test('an answer that is an error: 1', async () => {
    const file = fileOf(
      'error.json',
      JSON.stringify({ ...scenario, body: '{', request: undefined }),
    );
    const { status, answer } = await replay(file, 1);
    assert.equal(status, 400);
    assert.equal(answer.resourceType, 'OperationOutcome');
  });
  const wrong = [
    ['no such file', '/nowhere.json'],
    ['no JSON', fileOf('a.json', '{')],
    ['empty', fileOf('b.json', '')],
    ['an array', fileOf('c.json', '[]')],
    ['nested too deeply', fileOf('d.json', '['.repeat(100_000))],
  ];
  for (const [name, file] of wrong) {
    await t.test(`${name}: 65`, async () => {
      const args = ['replay', file, '--knowledge', KNOWLEDGE];
      const { stdout, stderr } = await check(args, 65);
      assert.equal(stdout, '');
      assert.ok(stderr.length > 0);
    });
  }
  await t.test('knowledge that is none: 65; a database that is none: 69', async () => {
    await check(['replay', SCENARIO, '--knowledge', '/nowhere'], 65, { stderr: /nowhere/ });
    await check(['replay', SCENARIO, '--database', NOWHERE], 69);
  });
});
