/* fhir/json_names.c -- does an object give one member name twice?
 *
 * The reader asks only about objects in which two names look alike. A few members are compared
 * each with each; more go through a hash table that lives in the document and is reused.
 *
 * The names are the sender's choice, so a hash that he can predict would let him make all of
 * them collide and the search quadratic. Hence SipHash-1-3 (Aumasson and Bernstein, 2012) under
 * a key that the document draws from the kernel when it first needs one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fhir/json_private.h"

#define PAIRS_MEMBERS_MAX 4

static struct slice raw_name(const struct json_doc *doc, const struct json_node *node)
{
    return (struct slice){.ptr = doc->text + node->name_start, .len = node->name_len};
}

static bool has_escape(const struct json_node *node)
{
    return (node->flags & JSON_NODE_NAME_HAS_ESCAPE) != 0;
}

static bool names_equal(const struct json_doc *doc, const struct json_node *a,
                        const struct json_node *b)
{
    struct json_bytes left, right;
    int c;

    if (!has_escape(a) && !has_escape(b))
        return a->name_print == b->name_print && slice_eq(raw_name(doc, a), raw_name(doc, b));
    left = json_bytes_of(raw_name(doc, a));
    right = json_bytes_of(raw_name(doc, b));
    do {
        c = json_bytes_next(&left);
        if (c != json_bytes_next(&right))
            return false;
    } while (c >= 0);
    return true;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 of the unescaped name. */
static uint64_t hash_name(const struct json_doc *doc, const struct json_node *node)
{
    uint64_t v[4] = {
        doc->names_key[0] ^ 0x736f6d6570736575, doc->names_key[1] ^ 0x646f72616e646f6d,
        doc->names_key[0] ^ 0x6c7967656e657261, doc->names_key[1] ^ 0x7465646279746573};
    struct json_bytes bytes = json_bytes_of(raw_name(doc, node));
    uint64_t word = 0, len = 0;

    for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes)) {
        word |= (uint64_t)c << (len % 8 * 8);
        if (++len % 8 != 0)
            continue;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        word = 0;
    }
    word |= len << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static enum err_code check_pairs(const struct json_doc *doc, uint32_t first, uint32_t *ret)
{
    const struct json_node *nodes = doc->nodes;

    for (uint32_t at = nodes[first].next; at != 0; at = nodes[at].next)
        for (uint32_t earlier = first; earlier != at; earlier = nodes[earlier].next)
            if (names_equal(doc, &nodes[earlier], &nodes[at])) {
                *ret = at;
                return ERR_INVALID;
            }
    return ERR_OK;
}

/* A table of `slots` node numbers, all 0: node 0 is the root, which has no name. */
static bool clear_table(struct json_doc *doc, uint32_t slots)
{
    if (doc->names == NULL &&
        getrandom(doc->names_key, sizeof doc->names_key, 0) != sizeof doc->names_key) {
        /* Only a sandbox that forbids the call comes here: addresses are hard to guess too. */
        doc->names_key[0] = (uint64_t)(uintptr_t)doc->nodes;
        doc->names_key[1] = (uint64_t)(uintptr_t)&slots;
    }
    if (doc->names_max < slots) {
        free(doc->names);
        doc->names_max = 0;
        doc->names = reallocarray(NULL, slots, sizeof *doc->names);
        if (doc->names == NULL)
            return false;
        doc->names_max = slots;
    }
    memset(doc->names, 0, slots * sizeof *doc->names);
    return true;
}

static enum err_code check_hashed(struct json_doc *doc, uint32_t first, uint32_t members,
                                  uint32_t *ret)
{
    const struct json_node *nodes = doc->nodes;
    uint32_t slots = 64;

    while (slots < 2 * members) /* below 2^26: a member takes four bytes of text */
        slots *= 2;
    if (!clear_table(doc, slots))
        return ERR_NOMEM;
    for (uint32_t at = first; at != 0; at = nodes[at].next) {
        uint32_t slot = (uint32_t)hash_name(doc, &nodes[at]) & (slots - 1);

        for (; doc->names[slot] != 0; slot = (slot + 1) & (slots - 1))
            if (names_equal(doc, &nodes[doc->names[slot]], &nodes[at])) {
                *ret = at;
                return ERR_INVALID;
            }
        doc->names[slot] = at;
    }
    return ERR_OK;
}

enum err_code json_names_check(struct json_doc *doc, uint32_t object, uint32_t *ret)
{
    uint32_t first = object + 1, members = 0;

    for (uint32_t at = first; at != 0; at = doc->nodes[at].next)
        members++;
    if (members <= PAIRS_MEMBERS_MAX)
        return check_pairs(doc, first, ret);
    return check_hashed(doc, first, members, ret);
}
