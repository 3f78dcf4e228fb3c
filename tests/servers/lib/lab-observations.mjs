// tests/servers/lib/lab-observations.mjs -- everyday laboratory results: the company that
// pharmacogenomic results keep in a record.
import { LOINC, concept } from './fhir-codes.mjs';

// LOINC code, name, UCUM unit, reference range, decimals.
const TESTS = [
  ['718-7', 'Hemoglobin [Mass/volume] in Blood', 'g/dL', 12, 17.5, 1],
  ['4544-3', 'Hematocrit [Volume Fraction] of Blood by Automated count', '%', 36, 50, 1],
  ['6690-2', 'Leukocytes [#/volume] in Blood by Automated count', '10*3/uL', 4, 11, 1],
  ['789-8', 'Erythrocytes [#/volume] in Blood by Automated count', '10*6/uL', 4, 5.9, 2],
  ['777-3', 'Platelets [#/volume] in Blood by Automated count', '10*3/uL', 150, 400, 0],
  ['2951-2', 'Sodium [Moles/volume] in Serum or Plasma', 'mmol/L', 135, 145, 0],
  ['2823-3', 'Potassium [Moles/volume] in Serum or Plasma', 'mmol/L', 3.5, 5.1, 1],
  ['2075-0', 'Chloride [Moles/volume] in Serum or Plasma', 'mmol/L', 98, 107, 0],
  ['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma', 'mg/dL', 0.6, 1.3, 2],
  ['3094-0', 'Urea nitrogen [Mass/volume] in Serum or Plasma', 'mg/dL', 7, 20, 0],
  ['2345-7', 'Glucose [Mass/volume] in Serum or Plasma', 'mg/dL', 70, 140, 0],
  ['17861-6', 'Calcium [Mass/volume] in Serum or Plasma', 'mg/dL', 8.6, 10.3, 1],
  ['1988-5', 'C reactive protein [Mass/volume] in Serum or Plasma', 'mg/L', 0, 10, 1],
  ['2276-4', 'Ferritin [Mass/volume] in Serum or Plasma', 'ng/mL', 15, 300, 0],
  ['1975-2', 'Bilirubin.total [Mass/volume] in Serum or Plasma', 'mg/dL', 0.1, 1.2, 1],
  ['1751-7', 'Albumin [Mass/volume] in Serum or Plasma', 'g/dL', 3.5, 5.0, 1],
  ['2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma', 'mg/dL', 120, 240, 0],
  ['2571-8', 'Triglyceride [Mass/volume] in Serum or Plasma', 'mg/dL', 50, 200, 0],
  ['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood', '%', 4.5, 7, 1],
  ['3016-3', 'Thyrotropin [Units/volume] in Serum or Plasma', 'm[IU]/L', 0.4, 4.5, 2],
];

/** One result; `random` is a function of no arguments that returns a number in [0, 1). */
export function labObservation({ id, patient, date, random }) {
  const [code, display, unit, low, high, decimals] = TESTS[Math.floor(random() * TESTS.length)];
  const value = Number((low + (high - low) * random()).toFixed(decimals));
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [
      concept('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory'),
    ],
    code: concept(LOINC, code, display, display.split(' [')[0]),
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: date,
    performer: [{ display: 'Demo General Laboratory' }],
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
    referenceRange: [{ low: { value: low, unit }, high: { value: high, unit } }],
  };
}
