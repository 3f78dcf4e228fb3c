/* gateway/store/file.h -- whole files and folders, with limits.
 *
 * Errors name the file as the caller does and the operating system's reason.
 */
#ifndef GATEWAY_STORE_FILE_H
#define GATEWAY_STORE_FILE_H

#include "rules/base/arena.h"
#include "rules/base/buf.h"
#include "rules/base/err.h"

#define FILE_NAMES_MAX 10000 /* in one folder */

/* Replaces the buffer's content by that of dir/name. ERR_NOT_FOUND: there is no such file;
 * ERR_LIMIT: larger than the buffer's maximum. */
enum err_code file_read(const char *dir, const char *name, struct buf *ret,
                        struct err *err) MUST_CHECK;

/* The names in dir/name (name "" for dir itself) in byte order, without those that begin with a
 * dot. Array and names live in the arena. ERR_NOT_FOUND: there is no such folder. */
enum err_code file_list(const char *dir, const char *name, struct arena *arena,
                        const char ***ret_names, size_t *ret_count, struct err *err) MUST_CHECK;

/* True for a folder that can be opened. */
bool file_is_folder(const char *dir, const char *name);

#endif
