/* gateway/store/text.h -- UTF-8 that came from files and clients. */
#ifndef GATEWAY_STORE_TEXT_H
#define GATEWAY_STORE_TEXT_H

#include "rules/base/slice.h"

/* The length of the UTF-8 sequence that `s` begins with (Unicode 15, table 3-7); 0 when it is
 * malformed or s is empty. */
size_t text_char_len(struct slice s);

bool text_is_utf8(struct slice s);
/* Code points of well-formed text. */
size_t text_chars(struct slice s);

/* True for a byte that has no place in one line of text: C0 controls and DEL. */
bool text_has_control(struct slice s);

/* The longest head of at most bytes_max that does not cut a character. */
struct slice text_head(struct slice s, size_t bytes_max);

/* Copies s.len bytes to `ret`, with '?' for each control character and each byte that is not
 * part of well-formed UTF-8. */
void text_clean(struct slice s, char *ret);

#endif
