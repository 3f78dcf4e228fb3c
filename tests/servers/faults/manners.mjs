// tests/servers/faults/manners.mjs -- no faults but manners: what some servers refuse or pass
// over that others take. In front of a healthy server.
import { outcome, sendJson } from '../lib/http.mjs';

const HAPLOTYPES = '$find-subject-haplotypes';

export const MANNERS = {
  'no-post': { run: withoutForms },
  'no-include': { run: withoutIncludes },
  'codes-max': { takes: 'a number of codes', run: withFewCodes },
  'ignores-code': { run: withoutCodes },
  epic: { run: likeEpic },
  haplotypes: { run: withHaplotypes },
  'hang-metadata': { run: ({ rest, next }) => (isMetadata(rest) ? undefined : next()) },
};

function withoutForms({ request, response, next }) {
  if (request.method !== 'POST') return next();
  return sendJson(response, 405, outcome('not-supported', 'POST is not supported'));
}

function withoutIncludes(exchange) {
  if (!parametersOf(exchange).has('_include')) return exchange.next();
  return sendJson(exchange.response, 400, outcome('not-supported', 'no _include'));
}

function withFewCodes(exchange) {
  const codes = parametersOf(exchange).get('code')?.split(',') ?? [];
  if (codes.length <= exchange.argument) return exchange.next();
  return sendJson(exchange.response, 400, outcome('too-costly', 'too many codes'));
}

/** Passes the parameter `code` over; the self link of the answer tells. */
function withoutCodes(exchange) {
  return exchange.nextAs(withoutParameter(exchange.rest, 'code'));
}

/** Names itself Epic; searches Observations by category or code only; has genomic indicators. */
async function likeEpic(exchange) {
  const { response, rest, next, healthy } = exchange;
  if (isMetadata(rest)) {
    return changed(response, await healthy(), (statement) => {
      statement.software = { name: 'Epic' };
    });
  }
  const parameters = parametersOf(exchange);
  const isSearch = /\/Observation(\/_search)?(\?|$)/.test(rest);
  if (isSearch && !parameters.has('code') && !parameters.has('category')) {
    const refused = outcome('processing', 'either code or category is needed');
    refused.issue[0].details.coding = [
      { system: 'urn:oid:1.2.840.114350.1.13.0.1.7.2.657369', code: '59108' },
    ];
    return sendJson(response, 400, refused);
  }
  return next();
}

/** Offers the operation of the Genomics Operations for CYP2C19, and knows of a *2/*2. */
async function withHaplotypes(exchange) {
  const { response, rest, next, healthy } = exchange;
  if (isMetadata(rest)) {
    return changed(response, await healthy(), (statement) => {
      statement.rest[0].operation = [{ name: HAPLOTYPES.slice(1) }];
    });
  }
  if (!rest.includes(HAPLOTYPES)) return next();
  return sendJson(response, 200, {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'haplotypes',
        part: [
          { name: 'geneItem', valueString: 'CYP2C19' },
          { name: 'genotype', resource: genotypeOf(parametersOf(exchange).get('subject')) },
        ],
      },
    ],
  });
}

function genotypeOf(subject) {
  const loinc = (code) => ({ coding: [{ system: 'http://loinc.org', code }] });
  const patient = subject.replace(/^Patient\//, '');
  return {
    resourceType: 'Observation',
    id: 'haplotypes-cyp2c19',
    status: 'final',
    code: loinc('84413-4'),
    subject: { reference: `Patient/${patient}` },
    valueCodeableConcept: {
      coding: [{ system: 'https://www.pharmvar.org', display: 'CYP2C19 *2/*2' }],
      text: 'CYP2C19 *2/*2',
    },
    component: [
      {
        code: loinc('48018-6'),
        valueCodeableConcept: {
          coding: [
            { system: 'http://www.genenames.org', code: 'HGNC:2621', display: 'CYP2C19' },
          ],
        },
      },
    ],
  };
}

function isMetadata(rest) {
  return /\/metadata(\?|$)/.test(rest);
}

/** Of the URL and of the form. */
function parametersOf({ rest, requestBody }) {
  const all = new URLSearchParams(rest.split('?')[1] ?? '');
  for (const [name, value] of new URLSearchParams(requestBody.toString())) {
    all.append(name, value);
  }
  return all;
}

function withoutParameter(rest, name) {
  const [path, query] = rest.split('?');
  const parameters = new URLSearchParams(query ?? '');
  parameters.delete(name);
  return `${path}?${parameters}`;
}

function changed(response, { status, body }, change) {
  const value = JSON.parse(body);
  change(value);
  return sendJson(response, status, value);
}
