// Shows a hook request and its answer in a terminal, for people. Usage: show-card.mjs REQUEST ANSWER
import { readFileSync } from 'node:fs';

const [request, answer] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const isTerminal = process.stdout.isTTY;
const paint = (code, text) => (isTerminal ? `\x1b[${code}m${text}\x1b[0m` : text);
const COLOURS = { critical: '1;97;41', warning: '1;30;43', info: '1;97;44' };
const WIDTH = Math.min(process.stdout.columns || 92, 92);

// Breaks a paragraph at words; list items keep their indent.
function wrap(line, indent) {
  const hang = line.startsWith('- ') ? '  ' : '';
  const rows = [''];
  for (const word of line.split(' ')) {
    const row = rows[rows.length - 1];
    if (row && (indent + row + ' ' + word).length > WIDTH) rows.push(hang + word);
    else rows[rows.length - 1] = row ? `${row} ${word}` : word;
  }
  return rows.map((row) => indent + row).join('\n');
}

// The little Markdown that cards use: **headings**, *emphasis*, `code`, escapes, entities.
function plain(text) {
  return text
    .replace(/\*\*(.+?)\*\*/g, (_, t) => paint('1', t))
    .replace(/(?<!\\)\*(?!\s)((?:\\.|[^*\\])+?)\*/g, (_, t) => paint('3', t))
    .replace(/`([^`]+)`/g, '$1')
    .replace(/\\([\\`*_[\]()#|~:@.])/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

function showRequest() {
  const orders = (request.context.draftOrders.entry ?? []).map((entry) => entry.resource);
  console.log('\n' + paint('2', `POST ${request.hook}, prefetch: ${request.prefetch ? 'yes' : 'none'}, fhirServer: ${request.fhirServer}`));
  for (const order of orders)
    console.log(paint('2', `  ${order.resourceType}/${order.id}: ${order.medicationCodeableConcept?.text} for ${order.subject?.reference}`));
}

function showCard(card) {
  console.log('\n' + paint(COLOURS[card.indicator], ` ${card.indicator.toUpperCase()} `) + ' ' + paint('1', card.summary) + '\n');
  for (const line of card.detail.trim().split('\n')) console.log(line ? plain(wrap(line, '  ')) : '');
  if (card.suggestions) console.log('');
  for (const suggestion of card.suggestions ?? []) console.log(`  ${paint('1;36', '[ ' + suggestion.label + ' ]')}`);
  console.log(paint('2', `\n  ${card.source.label}${card.source.url ? ' - ' + card.source.url : ''}`));
  if (card.overrideReasons) console.log(paint('2', wrap('Override reasons: ' + card.overrideReasons.map((reason) => reason.display).join('; '), '  ')));
}

showRequest();
if (answer.cards) {
  answer.cards.forEach(showCard);
  if (answer.cards.length === 0) console.log('\n  No card: nothing to say about this order.');
} else {
  const issue = answer.issue?.[0] ?? {};
  console.log('\n' + paint(COLOURS.warning, ` ${issue.code ?? 'error'} `) + ` ${issue.diagnostics ?? ''}`);
  process.exitCode = 1;
}
console.log('');
