// tests/servers/fhir/seed.mjs -- fills the repository from Bundles, keeping the ids and dates
// that the Bundles give.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Reads JSON files (a Bundle or one resource) or modules whose default export is a Bundle. */
export async function readSeeds(files) {
  const documents = await Promise.all(
    files.map(async (file) =>
      file.endsWith('.mjs')
        ? (await import(pathToFileURL(path.resolve(file)))).default
        : JSON.parse(await readFile(file, 'utf8')),
    ),
  );
  return documents.flatMap(resourcesOf);
}

/** A resource that occurs twice is kept as its last version. */
export async function seed(repository, resources) {
  await repository.withSeeding(async () => {
    for (const resource of resources) {
      if (resource.id) await repository.updateResource(resource);
      else await repository.createResource(resource);
    }
  });
}

function resourcesOf(document) {
  if (document.resourceType !== 'Bundle') return [document];
  const entries = (document.entry ?? []).filter((entry) => entry.resource);
  const names = new Map();
  for (const { fullUrl, resource } of entries) {
    if (!fullUrl) continue;
    // A transaction leaves ids to the server; the UUID makes one that references can find.
    if (fullUrl.startsWith('urn:uuid:')) resource.id ??= fullUrl.slice('urn:uuid:'.length);
    if (resource.id) names.set(fullUrl, `${resource.resourceType}/${resource.id}`);
  }
  return entries.map(({ resource }) => withLocalReferences(resource, names));
}

function withLocalReferences(resource, names) {
  if (names.size === 0) return resource;
  return JSON.parse(JSON.stringify(resource), (key, value) =>
    key === 'reference' && names.has(value) ? names.get(value) : value,
  );
}
