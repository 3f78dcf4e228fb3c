// tests/servers/oauth/clients.mjs -- the clients that the test token server always knows.

/** The FHIR server, which asks the token server about tokens. */
export const RESOURCE_SERVER = { id: 'fhir-server', secret: 'loopback-only' };

/** A backend service whose keys the token server makes at start. */
export const TEST_CLIENT = 'test-client';

export const SCOPES = [
  'system/*.rs',
  'system/*.read',
  'system/Patient.rs',
  'system/Patient.read',
  'system/Observation.rs',
  'system/Observation.read',
  'system/Condition.rs',
  'system/DiagnosticReport.rs',
  'system/Medication.rs',
  'system/MedicationRequest.rs',
];
