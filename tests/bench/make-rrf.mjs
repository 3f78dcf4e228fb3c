// tests/bench/make-rrf.mjs -- RxNorm files of the size of the prescribable set, and knowledge
// whose drugs they fill.
//
//   node tests/bench/make-rrf.mjs REFERENCE KNOWLEDGE OUT
//
// REFERENCE is a folder with ingredients.tsv, precise_ingredients.tsv, clinical_drugs.tsv,
// relations.tsv and ndc.tsv. OUT/rrf gets their concepts, relations and NDCs in the rich release
// format, filled up with rows of other vocabularies to the real sizes; OUT/knowledge gets a copy
// of KNOWLEDGE in which every ingredient of the reference is a drug.
import { cpSync, createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';

const SIZES = { 'RXNCONSO.RRF': 30e6, 'RXNREL.RRF': 195e6, 'RXNSAT.RRF': 275e6 };
const [reference, knowledge, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: make-rrf.mjs REFERENCE KNOWLEDGE OUT');
  process.exit(64);
}

function table(name) {
  const [head, ...lines] = readFileSync(path.join(reference, name), 'utf8').trimEnd().split('\n');
  const columns = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((v, i) => [columns[i], v])));
}

async function write(name, rows, filler) {
  const stream = createWriteStream(path.join(out, 'rrf', name));
  let bytes = 0, chunk = '';
  const flush = async () => {
    bytes += chunk.length;
    if (!stream.write(chunk)) await once(stream, 'drain');
    chunk = '';
  };
  for (const row of rows) {
    chunk += row;
    if (chunk.length > 1e6) await flush();
  }
  for (let i = 0; bytes + chunk.length < SIZES[name]; i++) {
    chunk += filler(i);
    if (chunk.length > 1e6) await flush();
  }
  await flush();
  stream.end();
  await once(stream, 'close');
}

const ingredients = table('ingredients.tsv').filter((r) => r.rxcui);
const products = table('clinical_drugs.tsv');
const pins = table('precise_ingredients.tsv');
const types = new Map(products.map((r) => [r.rxcui, r.tty.split('/')[0]]));
const names = new Map();
let atom = 9000000;
const conso = [];
function concept(rxcui, tty, name) {
  if (names.has(rxcui)) return;
  names.set(rxcui, name);
  atom++;
  conso.push(`${rxcui}|ENG||||||${atom}|${atom}|${rxcui}||RXNORM|${tty}|${rxcui}|${name}||N|4096|\n`);
}
for (const r of ingredients) concept(r.rxcui, r.tty || 'IN', r.rxnorm_name || r.name);
for (const r of pins) concept(r.pin_rxcui, 'PIN', r.pin_name);
for (const r of products) concept(r.rxcui, types.get(r.rxcui), r.name);

const rel = [];
function relate(from, rela, inverse, to) {
  if (!names.has(from) || !names.has(to)) return;
  atom += 2;
  rel.push(`${to}||CUI|RO|${from}||CUI|${rela}|${atom}||RXNORM|||||4096|\n`);
  rel.push(`${from}||CUI|RO|${to}||CUI|${inverse}|${atom + 1}||RXNORM|||||4096|\n`);
}
const INVERSE = { consists_of: 'constitutes', has_ingredient: 'ingredient_of', tradename_of: 'has_tradename', contains: 'contained_in' };
const told = new Set();
for (const r of table('relations.tsv')) {
  relate(r.subject_rxcui, r.rela, INVERSE[r.rela], r.object_rxcui);
  told.add(r.subject_rxcui);
}
for (const r of pins) relate(r.pin_rxcui, 'form_of', 'has_form', r.in_rxcui);
for (const r of products) {
  if (told.has(r.rxcui) && types.get(r.rxcui) !== 'SBD') continue;
  for (const to of r.ingredient_rxcuis.split(' ')) relate(r.rxcui, types.get(r.rxcui) === 'BN' ? 'tradename_of' : 'has_ingredient', 'ingredient_of', to);
}
const sat = table('ndc.tsv').map((r) => `${r.rxcui}|||9000000|AUI|${r.rxcui}|AT${++atom}||NDC|RXNORM|${r.ndc11}|N|4096|\n`);

rmSync(out, { recursive: true, force: true });
mkdirSync(path.join(out, 'rrf'), { recursive: true });
await write('RXNCONSO.RRF', conso, (i) => `${5000000 + i}|ENG||||||${8000000 + i}||||MTHSPL|DP|NDC${i}|a product of another vocabulary, number ${i}||N|4096|\n`);
await write('RXNREL.RRF', rel, (i) => `|${8000000 + i}|AUI|RO||${7000000 + i}|AUI|has_active_ingredient|${6000000 + i}||MTHSPL||||||\n`);
await write('RXNSAT.RRF', sat, (i) => `${5000000 + i}|||${8000000 + i}|AUI|${i}|AT${i}||SPL_SET_ID|MTHSPL|0a1b2c3d-0000-0000-0000-${String(i).padStart(12, '0')}|N|4096|\n`);

const copy = path.join(out, 'knowledge');
cpSync(knowledge, copy, { recursive: true });
const { drugs } = JSON.parse(readFileSync(path.join(copy, 'alternatives.json'), 'utf8'));
const there = new Set([...drugs.map((d) => d.name), ...readdirSync(path.join(copy, 'drugs')).map((f) => f.replace(/\.json$/, ''))]);
for (const r of ingredients) if (!there.has(r.name)) { drugs.push({ name: r.name, rxcui: r.rxcui }); there.add(r.name); }
writeFileSync(path.join(copy, 'alternatives.json'), JSON.stringify({ drugs }, null, 1));
console.error(`${conso.length} concepts, ${rel.length} relations, ${sat.length} NDCs, ${there.size} drugs`);
