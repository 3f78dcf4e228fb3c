// tests/integration/lib/secrets.mjs -- what must never leave the record: every identifier, name,
// date, laboratory and result of the synthetic patients.
import patients from '../../servers/patients.mjs';

// Results in words that are words of the knowledge, too.
const COMMON = /^(positive|negative|normal|poor|intermediate)/i;

const all = [...new Set(patients.entry.flatMap(({ resource }) => ofResource(resource)))];
const ids = all.filter(
  (secret) => /^demo-[a-z-]+$/.test(secret) && !/-(lab|[a-z]*\d)/.test(secret),
);

// An id that begins with the patient's is found by the patient's.
export const PATIENT_SECRETS = all.filter(
  (secret) => ids.includes(secret) || !ids.some((id) => secret.startsWith(id)),
);

function ofResource(resource) {
  const { id, name, birthDate, effectiveDateTime, performer, valueString } = resource;
  const coded = resource.valueCodeableConcept;
  return [
    id,
    name?.[0].family,
    birthDate,
    effectiveDateTime,
    performer?.[0].display,
    valueString,
    coded?.text,
    ...(coded?.coding ?? []).map(({ code, system }) => /pharmvar/.test(system) && code),
  ].filter((text) => text && !COMMON.test(text));
}

// Star alleles stand alone in text that was taken apart.
const GENOTYPES = ['*2/*2', '*2/*3', '*1/*2x2', '*4/*5', '*17/*17', '*28/*28', '*3/*3'];

/** Which of the secrets are in the text. */
export function findSecrets(text, more = []) {
  return [...PATIENT_SECRETS, ...GENOTYPES, 'Practitioner/demo', ...more].filter((secret) =>
    text.includes(secret),
  );
}
