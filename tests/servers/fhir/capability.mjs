// tests/servers/fhir/capability.mjs -- what the server says of itself: CapabilityStatement and
// SMART configuration.
import { getSearchParameters } from '@medplum/core';

const INTERACTIONS = ['read', 'vread', 'search-type', 'create', 'update', 'patch', 'delete'];

export function capabilityStatement(base, types, isSecured) {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-01-01',
    kind: 'instance',
    software: { name: 'pgxgate test FHIR server' },
    implementation: { description: 'In-memory FHIR R4 server with synthetic data', url: base },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        ...(isSecured && { security: { cors: true, service: [SMART_SERVICE] } }),
        resource: types.map((type) => ({
          type,
          interaction: INTERACTIONS.map((code) => ({ code })),
          versioning: 'versioned',
          searchParam: searchParametersOf(type),
        })),
        interaction: [{ code: 'batch' }],
      },
    ],
  };
}

export function smartConfiguration(tokenEndpoint) {
  return {
    token_endpoint: tokenEndpoint,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    scopes_supported: ['system/*.rs'],
    capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
  };
}

const SMART_SERVICE = {
  coding: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
      code: 'SMART-on-FHIR',
    },
  ],
};

// The engine cannot match these types; a server must not advertise what it does not do.
const UNSUPPORTED = new Set(['composite', 'quantity', 'number', 'special']);

function searchParametersOf(type) {
  return Object.values(getSearchParameters(type) ?? {})
    .filter((parameter) => !UNSUPPORTED.has(parameter.type))
    .map((parameter) => ({ name: parameter.code, type: parameter.type }));
}
