/* fhir/json_write.h -- write JSON straight into a buffer, in the order of the calls.
 *
 * Commas and escaping are done here; nesting is checked by assertion. Text is written as UTF-8,
 * escaping only what RFC 8259 demands; a byte that is no UTF-8 becomes U+FFFD, so that what was
 * cut from a longer text cannot spoil the whole answer. Whether the buffer overflowed is asked
 * once at the end (buf_failed). Members with empty values must simply not be written: CDS Hooks
 * forbids empty strings, arrays and nulls, so json_write_member_text skips an empty slice.
 */
#ifndef FHIR_JSON_WRITE_H
#define FHIR_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/slice.h"

#define JSON_WRITE_DEPTH_MAX 32

struct json_writer {
    struct buf *buf; /* borrowed */
    uint8_t depth;
    bool has_name;                        /* a value is owed */
    bool has_value[JSON_WRITE_DEPTH_MAX]; /* a comma is owed at this depth */
    char closers[JSON_WRITE_DEPTH_MAX];   /* of the containers open above depth 0 */
};

void json_write_init(struct json_writer *writer, struct buf *buf);

void json_write_object(struct json_writer *writer); /* { */
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer); /* [ */
void json_write_array_end(struct json_writer *writer);

/* "name": with a name of our own, which needs no escaping */
void json_write_name(struct json_writer *writer, const char *name);
void json_write_name_slice(struct json_writer *writer, struct slice name); /* any text */
void json_write_text(struct json_writer *writer, struct slice text);
void json_write_u64(struct json_writer *writer, uint64_t value);
void json_write_bool(struct json_writer *writer, bool value);
void json_write_raw(struct json_writer *writer, struct slice json); /* one finished value */

/* Member shorthands. The text one writes nothing for an empty slice. */
void json_write_member_text(struct json_writer *writer, const char *name, struct slice text);
void json_write_member_u64(struct json_writer *writer, const char *name, uint64_t value);
void json_write_member_bool(struct json_writer *writer, const char *name, bool value);

#endif
