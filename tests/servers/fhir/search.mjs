// tests/servers/fhir/search.mjs -- searches: the request as the engine wants it, and its answer
// as a page with links.
import { getSearchParameters } from '@medplum/core';
import { HttpError } from '../lib/http.mjs';

// Parameters about the result, which are not among a type's search parameters.
const RESULT_PARAMETERS = new Set([
  '_count',
  '_elements',
  '_include',
  '_offset',
  '_revinclude',
  '_sort',
  '_summary',
  '_total',
]);

/** Splits a query into what is understood and how the page is cut. */
export function planSearch(type, query, { pageMax, isStrict }) {
  const known = getSearchParameters(type) ?? {};
  const parameters = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === '_format' || name === '_pretty') continue;
    const code = name.split(/[:.]/)[0];
    if (code in known || RESULT_PARAMETERS.has(code) || code === '_has') {
      parameters.append(name, value);
    } else if (isStrict) {
      throw new HttpError(400, 'invalid', `unknown search parameter "${name}"`);
    }
  }
  return {
    type,
    parameters,
    count: Math.min(wholeNumber(parameters, '_count') ?? pageMax, pageMax),
    offset: wholeNumber(parameters, '_offset') ?? 0,
  };
}

/** What to hand to the engine: the same search, cut to one page. */
export function engineUrl(plan) {
  const parameters = new URLSearchParams(plan.parameters);
  if (parameters.get('_summary') !== 'count') parameters.set('_count', plan.count);
  return `${plan.type}?${parameters}`;
}

/** Adds links and full URLs. The self link names only the parameters that were used. */
export function makePage(bundle, plan, base) {
  const { type, parameters, count, offset } = plan;
  const total = bundle.total ?? 0;
  const linkTo = (relation, start) => {
    const query = new URLSearchParams(parameters);
    query.set('_count', count);
    query.set('_offset', start);
    return { relation, url: `${base}/${type}?${query}` };
  };
  const link = [linkTo('self', offset)];
  if (count > 0 && offset + count < total) link.push(linkTo('next', offset + count));
  if (count > 0 && offset > 0) link.push(linkTo('previous', Math.max(0, offset - count)));
  const entry = bundle.entry?.map(({ resource, search }) => ({
    fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
    resource,
    search: search ?? { mode: 'match' },
  }));
  return { resourceType: 'Bundle', type: 'searchset', total, link, ...(entry && { entry }) };
}

function wholeNumber(parameters, name) {
  const text = parameters.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new HttpError(400, 'invalid', `${name} is not a number`);
  return Number(text);
}
