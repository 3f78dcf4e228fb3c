/* fhir/bundle.c -- collect resources, and find one by any form of reference.
 *
 * The index is one open-addressing table of (hash, resource). Three keys may lead to a
 * resource: its type and id, the fullUrl of its entry (unless that only repeats type and id),
 * and, for a contained resource, its container's place and its id. The key itself is not
 * stored: a hit is compared with the resource.
 */
#include "fhir/bundle.h"

#include <assert.h>

#include "fhir/json_pick.h"

#define SLOTS_FIRST 64

struct fhir_slot {
    uint32_t hash;
    uint32_t resource; /* index + 1; 0: free */
};

enum key_kind { KEY_TYPE_ID, KEY_FULL_URL, KEY_CONTAINED };

struct key {
    enum key_kind kind;
    struct slice type;     /* TYPE_ID */
    struct slice text;     /* the id or the URL */
    struct json container; /* CONTAINED */
    bool has_hash;
    uint32_t hash;
};

void fhir_collection_init(struct fhir_collection *collection, struct arena *arena)
{
    *collection = (struct fhir_collection){.arena = arena};
}

static uint64_t load(const char *at, size_t bytes)
{
    uint64_t word = 0;

    memcpy(&word, at, bytes);
    return word;
}

/* Eight bytes a step: ids and URLs of every resource of every request pass here. */
static uint64_t mix(uint64_t hash, struct slice s)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    uint64_t last = 0;

    for (; end - at >= 8; at += 8) {
        hash = (hash ^ load(at, 8)) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    if (end - at >= 4) /* two loads that may overlap */
        last = load(at, 4) | load(end - 4, 4) << 32;
    else
        while (at < end)
            last = last << 8 | (unsigned char)*at++;
    hash = (hash ^ last ^ s.len << 56) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static uint32_t hash_of(const struct fhir_collection *collection, struct key *key)
{
    if (key->has_hash)
        return key->hash;
    /* Where the arena lies differs from process to process, so nobody can prepare ids that
     * all fall into one slot; how much they could cost is bounded by FHIR_RESOURCES_MAX. */
    uint64_t hash = (uint64_t)(uintptr_t)collection->arena + (uint64_t)key->kind;

    switch (key->kind) {
    case KEY_TYPE_ID:
        hash = mix(hash, key->text); /* ids differ, types hardly do */
        break;
    case KEY_FULL_URL:
        hash = mix(hash, key->text);
        break;
    case KEY_CONTAINED:
        hash =
            mix(hash + (uint64_t)(uintptr_t)key->container.doc + key->container.at, key->text);
        break;
    }
    key->has_hash = true;
    key->hash = (uint32_t)(hash >> 16);
    return key->hash;
}

/* Whether the URL ends in "/type/id", or is "type/id". */
static bool ends_in(struct slice url, struct slice type, struct slice id)
{
    size_t len = type.len + 1 + id.len;

    return url.len >= len && slice_ends(url, id) && url.ptr[url.len - id.len - 1] == '/' &&
           slice_eq(slice_head(slice_from(url, url.len - len), type.len), type) &&
           (url.len == len || url.ptr[url.len - len - 1] == '/');
}

/* The last segment of "base/type/id", else empty. */
static struct slice restful_id(struct slice url, struct slice type)
{
    size_t at = url.len;

    while (at > 0 && url.ptr[at - 1] != '/')
        at--;
    return ends_in(url, type, slice_from(url, at)) ? slice_from(url, at) : SLICE_NONE;
}

/* The id other resources refer to it by. */
static struct slice public_id(const struct fhir_resource *resource)
{
    return resource->id.len > 0 ? resource->id : restful_id(resource->full_url, resource->type);
}

static bool json_same(struct json a, struct json b)
{
    return a.doc == b.doc && a.at == b.at;
}

static bool has_key(const struct fhir_collection *collection,
                    const struct fhir_resource *resource, const struct key *key)
{
    switch (key->kind) {
    case KEY_TYPE_ID:
        return resource->parent == SIZE_MAX && slice_eq(public_id(resource), key->text) &&
               slice_eq(resource->type, key->type);
    case KEY_FULL_URL:
        return slice_eq(resource->full_url, key->text);
    case KEY_CONTAINED:
        return resource->parent != SIZE_MAX && slice_eq(resource->id, key->text) &&
               json_same(collection->resources[resource->parent].json, key->container);
    }
    return false;
}

/* Index of the resource with this key, SIZE_MAX when there is none. */
static size_t look_up(const struct fhir_collection *collection, struct key *key)
{
    uint32_t hash;

    if (collection->slots_max == 0 || key->text.len == 0)
        return SIZE_MAX;
    hash = hash_of(collection, key);
    for (size_t i = hash;; i++) {
        const struct fhir_slot *slot = &collection->slots[i & (collection->slots_max - 1)];

        if (slot->resource == 0)
            return SIZE_MAX;
        if (slot->hash == hash &&
            has_key(collection, &collection->resources[slot->resource - 1], key))
            return slot->resource - 1;
    }
}

static void put(struct fhir_slot *slots, size_t slots_max, struct fhir_slot slot)
{
    size_t i = slot.hash & (slots_max - 1);

    while (slots[i].resource != 0)
        i = (i + 1) & (slots_max - 1);
    slots[i] = slot;
}

/* Makes the table at least twice as large as `count`. */
static bool make_slots(struct fhir_collection *collection, size_t count)
{
    size_t larger = collection->slots_max == 0 ? SLOTS_FIRST : collection->slots_max;
    struct fhir_slot *slots;

    if (2 * count <= collection->slots_max)
        return true;
    while (larger < 2 * count)
        larger *= 2;
    slots = arena_array(collection->arena, larger, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < collection->slots_max; i++)
        if (collection->slots[i].resource != 0)
            put(slots, larger, collection->slots[i]);
    collection->slots = slots;
    collection->slots_max = larger;
    return true;
}

static enum err_code index_by(struct fhir_collection *collection, struct key *key,
                              size_t resource, struct err *err)
{
    struct fhir_slot slot = {.resource = (uint32_t)resource + 1};

    if (key->text.len == 0)
        return ERR_OK;
    if (!make_slots(collection, collection->slots_count + 1))
        return err_set(err, ERR_NOMEM, "no memory for the index of resources");
    slot.hash = hash_of(collection, key);
    put(collection->slots, collection->slots_max, slot);
    collection->slots_count++;
    return ERR_OK;
}

/* "Observation/abc" or "Observation[7]". */
static struct slice name_of(const struct fhir_resource *resource, size_t index,
                            struct arena *arena)
{
    struct slice id = resource->id;
    size_t len = resource->type.len + 1 + id.len;
    char *name;

    if (id.len == 0)
        return arena_printf(arena, "%.*s[%zu]", SLICE_ARG(resource->type), index);
    name = arena_alloc(arena, len);
    if (name == NULL)
        return SLICE_NONE;
    memcpy(name, resource->type.ptr, resource->type.len);
    name[resource->type.len] = '/';
    memcpy(name + resource->type.len + 1, id.ptr, id.len);
    return (struct slice){name, len};
}

/* The members that a collection must know. */
struct head {
    struct json type, id, contained, code, component, extension;
};

static struct head head_of(struct json object)
{
    static const struct json_want WANTS[] = {JSON_WANT("resourceType"), JSON_WANT("id"),
                                             JSON_WANT("contained"),    JSON_WANT("code"),
                                             JSON_WANT("component"),    JSON_WANT("extension")};
    struct json found[ARRAY_LEN(WANTS)];

    json_pick(object, WANTS, ARRAY_LEN(WANTS), found);
    return (struct head){.type = found[0],
                         .id = found[1],
                         .contained = found[2],
                         .code = found[3],
                         .component = found[4],
                         .extension = found[5]};
}

/* The seconds and fractions of two instants compare as text when both are in one time zone;
 * servers write their own resources in one. */
static bool is_newer(struct json a, struct json b, struct arena *arena)
{
    return slice_compare(json_text(json_at(a, "meta", "lastUpdated"), arena),
                         json_text(json_at(b, "meta", "lastUpdated"), arena)) > 0;
}

static enum err_code add_any(struct fhir_collection *collection, struct json value,
                             struct slice full_url, struct err *err);

static enum err_code add_contained(struct fhir_collection *collection, struct json contained,
                                   size_t parent, struct err *err);

/* A resource that is here already. Keeps the newer one, in the older one's place; of two that
 * share only the URL of their entry, the first. */
static enum err_code replace(struct fhir_collection *collection, size_t at,
                             const struct fhir_resource *other, struct json contained,
                             struct err *err)
{
    struct fhir_resource *resource = &collection->resources[at];

    if (!slice_eq(resource->type, other->type) || !slice_eq(resource->id, other->id) ||
        !is_newer(other->json, resource->json, collection->arena))
        return ERR_OK;
    resource->json = other->json;
    resource->code = other->code;
    resource->has_parts = other->has_parts;
    /* What the older one contained belongs to nobody now. */
    for (size_t i = at + 1; i < collection->resources_count; i++)
        if (collection->resources[i].parent == at)
            collection->resources[i] = (struct fhir_resource){.parent = SIZE_MAX};
    return add_contained(collection, contained, at, err);
}

static enum err_code append(struct fhir_collection *collection, struct fhir_resource resource,
                            struct err *err)
{
    struct fhir_resource *resources;

    if (collection->resources_count == FHIR_RESOURCES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d resources", FHIR_RESOURCES_MAX);
    resources = arena_grow(collection->arena, collection->resources, &collection->resources_max,
                           collection->resources_count, sizeof *resources);
    if (resources == NULL || collection->arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for resources");
    collection->resources = resources;
    resources[collection->resources_count++] = resource;
    return ERR_OK;
}

/* One resource that is not a container of resources. */
static enum err_code add_resource(struct fhir_collection *collection, struct json object,
                                  const struct head *head, struct slice full_url, size_t parent,
                                  struct err *err)
{
    struct arena *arena = collection->arena;
    struct fhir_resource resource = {
        .json = object,
        .type = json_text(head->type, arena),
        .id = json_text(head->id, arena),
        .full_url = full_url,
        .parent = parent,
        .code = head->code,
        .has_parts = !json_is_absent(head->component) || !json_is_absent(head->extension),
    };
    struct key by_id = {.kind = KEY_TYPE_ID, .type = resource.type};
    struct key by_url = {.kind = KEY_FULL_URL, .text = full_url};
    size_t index = collection->resources_count, same;

    if (parent != SIZE_MAX) {
        by_id = (struct key){.kind = KEY_CONTAINED,
                             .text = resource.id,
                             .container = collection->resources[parent].json};
    } else {
        by_id.text = public_id(&resource);
        if (by_id.text.len > 0 && ends_in(full_url, resource.type, by_id.text)) {
            by_url.text = SLICE_NONE; /* says nothing more, */
            resource.name =           /* and ends in the name */
                slice_from(full_url, full_url.len - resource.type.len - 1 - by_id.text.len);
        }
    }
    same = look_up(collection, &by_id);
    if (same == SIZE_MAX)
        same = look_up(collection, &by_url);
    if (same != SIZE_MAX)
        return parent != SIZE_MAX ? ERR_OK
                                  : replace(collection, same, &resource, head->contained, err);
    if (resource.name.len == 0)
        resource.name = name_of(&resource, index, arena);
    if (append(collection, resource, err) != ERR_OK ||
        index_by(collection, &by_id, index, err) != ERR_OK ||
        index_by(collection, &by_url, index, err) != ERR_OK)
        return err->code;
    return parent == SIZE_MAX ? add_contained(collection, head->contained, index, err) : ERR_OK;
}

/* Contained resources contain no others (FHIR R4, dom-2). */
static enum err_code add_contained(struct fhir_collection *collection, struct json contained,
                                   size_t parent, struct err *err)
{
    for (struct json c = json_first(contained); !json_is_absent(c); c = json_next(c)) {
        struct head head;

        if (!json_is(c, JSON_OBJECT))
            continue;
        head = head_of(c);
        if (json_is(head.type, JSON_STRING) &&
            add_resource(collection, c, &head, SLICE_NONE, parent, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* Room for `more` resources at once, so that a Bundle does not make the array grow and grow.
 */
static void reserve(struct fhir_collection *collection, size_t more)
{
    struct fhir_resource *resources;
    size_t max = collection->resources_count + more;

    if (max <= collection->resources_max || max > FHIR_RESOURCES_MAX ||
        !make_slots(collection, max))
        return;
    resources = arena_array(collection->arena, max, sizeof *resources);
    if (resources == NULL)
        return; /* the next append says so */
    if (collection->resources_count > 0)
        memcpy(resources, collection->resources,
               collection->resources_count * sizeof *resources);
    collection->resources = resources;
    collection->resources_max = max;
}

static enum err_code add_entries(struct fhir_collection *collection, struct json entries,
                                 struct err *err)
{
    static const struct json_want WANTS[] = {JSON_WANT("fullUrl"), JSON_WANT("resource")};

    reserve(collection, json_count(entries));
    for (struct json e = json_first(entries); !json_is_absent(e); e = json_next(e)) {
        struct json found[ARRAY_LEN(WANTS)];

        json_pick(e, WANTS, ARRAY_LEN(WANTS), found);
        if (add_any(collection, found[1], json_text(found[0], collection->arena), err) !=
            ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* Parameters.parameter[] and .part[], each with a resource or further parts. */
static enum err_code add_parts(struct fhir_collection *collection, struct json parts,
                               struct err *err)
{
    for (struct json p = json_first(parts); !json_is_absent(p); p = json_next(p))
        if (add_any(collection, json_get(p, "resource"), SLICE_NONE, err) != ERR_OK ||
            add_parts(collection, json_get(p, "part"), err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* Nesting is bounded by JSON_DEPTH_MAX. */
static enum err_code add_any(struct fhir_collection *collection, struct json value,
                             struct slice full_url, struct err *err)
{
    struct slice type;
    struct head head;

    if (!json_is(value, JSON_OBJECT))
        return ERR_OK;
    head = head_of(value);
    if (!json_is(head.type, JSON_STRING))
        return ERR_OK;
    type = json_text(head.type, collection->arena);
    if (slice_eq(type, SLICE("Bundle")))
        return add_entries(collection, json_get(value, "entry"), err);
    if (slice_eq(type, SLICE("Parameters")))
        return add_parts(collection, json_get(value, "parameter"), err);
    return add_resource(collection, value, &head, full_url, SIZE_MAX, err);
}

enum err_code fhir_collection_add(struct fhir_collection *collection, struct json value,
                                  struct err *err)
{
    if (!json_is(value, JSON_ARRAY))
        return add_any(collection, value, SLICE_NONE, err);
    for (struct json v = json_first(value); !json_is_absent(v); v = json_next(v))
        if (fhir_collection_add(collection, v, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static const struct fhir_resource *at_or_null(const struct fhir_collection *collection,
                                              size_t index)
{
    return index == SIZE_MAX ? NULL : &collection->resources[index];
}

/* "#id" in the container of `from`, which may be the container itself. */
static const struct fhir_resource *find_contained(const struct fhir_collection *collection,
                                                  struct slice id,
                                                  const struct fhir_resource *from)
{
    struct key key = {.kind = KEY_CONTAINED, .text = id};

    if (from == NULL)
        return NULL;
    key.container =
        from->parent == SIZE_MAX ? from->json : collection->resources[from->parent].json;
    if (id.len == 0) /* "#" is the container */
        return from->parent == SIZE_MAX ? from : &collection->resources[from->parent];
    return at_or_null(collection, look_up(collection, &key));
}

const struct fhir_resource *fhir_collection_find(const struct fhir_collection *collection,
                                                 struct slice reference,
                                                 const struct fhir_resource *from)
{
    struct key key = {.kind = KEY_FULL_URL};
    size_t history, index, slash;

    if (reference.len == 0)
        return NULL;
    if (reference.ptr[0] == '#')
        return find_contained(collection, slice_from(reference, 1), from);
    history = slice_find(reference, SLICE("/_history/"));
    if (history != SIZE_MAX)
        reference = slice_head(reference, history);
    key.text = reference;
    index = look_up(collection, &key);
    if (index != SIZE_MAX)
        return at_or_null(collection, index);
    for (slash = reference.len; slash > 0 && reference.ptr[slash - 1] != '/';)
        slash--;
    if (slash < 2)
        return NULL;
    key = (struct key){.kind = KEY_TYPE_ID, .text = slice_from(reference, slash)};
    reference = slice_head(reference, slash - 1);
    for (slash = reference.len; slash > 0 && reference.ptr[slash - 1] != '/';)
        slash--;
    key.type = slice_from(reference, slash);
    return at_or_null(collection, look_up(collection, &key));
}

struct slice fhir_bundle_link(struct json bundle, const char *relation, struct arena *arena)
{
    struct json links = json_get(bundle, "link");

    for (struct json l = json_first(links); !json_is_absent(l); l = json_next(l))
        if (json_text_is(json_get(l, "relation"), relation))
            return json_text(json_get(l, "url"), arena);
    return SLICE_NONE;
}

struct slice fhir_bundle_next(struct json bundle, struct arena *arena)
{
    return fhir_bundle_link(bundle, "next", arena);
}

enum fhir_answer fhir_answer_of(struct json value)
{
    struct json type = json_get(value, "resourceType");

    if (json_is_absent(value))
        return FHIR_ANSWER_NONE;
    if (json_is(value, JSON_NULL))
        return FHIR_ANSWER_NULL;
    if (!json_is(type, JSON_STRING))
        return FHIR_ANSWER_WRONG;
    return json_text_is(type, "OperationOutcome") ? FHIR_ANSWER_OUTCOME : FHIR_ANSWER_DATA;
}
