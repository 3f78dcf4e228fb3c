/* gateway/store/file.c -- reading files and folders. */
#include "gateway/store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536

static enum err_code refuse(int reason, const char *name, struct err *err)
{
    return err_set(err, reason == ENOENT ? ERR_NOT_FOUND : ERR_INVALID, "%s: %s", name,
                   strerror(reason));
}

static bool join(const char *dir, const char *name, char ret[PATH_MAX])
{
    int len = snprintf(ret, PATH_MAX, "%s%s%s", dir, name[0] != '\0' ? "/" : "", name);

    return len >= 0 && len < PATH_MAX;
}

static enum err_code read_all(int fd, const char *name, struct buf *ret, struct err *err)
{
    for (;;) {
        size_t left = ret->bytes_max - ret->len;
        /* One byte more than may be, to see that there is more. */
        char *room = buf_reserve(ret, left < READ_BYTES ? left : READ_BYTES);
        char over;
        ssize_t got;

        if (room == NULL)
            return err_set(err, ERR_NOMEM, "%s: no memory to read it", name);
        got = left > 0 ? read(fd, room, left < READ_BYTES ? left : READ_BYTES)
                       : read(fd, &over, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse(errno, name, err);
        if (got == 0)
            return ERR_OK;
        if (left == 0)
            return err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", name, ret->bytes_max);
        buf_added(ret, (size_t)got);
    }
}

enum err_code file_read(const char *dir, const char *name, struct buf *ret, struct err *err)
{
    char path[PATH_MAX];
    struct stat about;
    enum err_code code;
    int fd;

    buf_clear(ret);
    if (!join(dir, name, path))
        return refuse(ENAMETOOLONG, name, err);
    fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a fifo must not block us */
    if (fd < 0)
        return refuse(errno, name, err);
    if (fstat(fd, &about) == 0 && !S_ISREG(about.st_mode))
        code = err_set(err, ERR_INVALID, "%s: not a file", name);
    else
        code = read_all(fd, name, ret, err);
    (void)close(fd);
    return code;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err_code list_all(DIR *folder, const char *name, struct arena *arena,
                              const char ***ret_names, size_t *ret_count, struct err *err)
{
    const char **names = NULL;
    size_t count = 0, max = 0;
    const struct dirent *entry;

    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (count == FILE_NAMES_MAX)
            return err_set(err, ERR_LIMIT, "%s: more than %d files", name, FILE_NAMES_MAX);
        names = arena_grow(arena, names, &max, count, sizeof *names);
        if (names == NULL ||
            (names[count] = arena_cstr(arena, slice_of(entry->d_name))) == NULL)
            return err_set(err, ERR_NOMEM, "%s: no memory to list it", name);
        count++;
    }
    if (errno != 0)
        return refuse(errno, name, err);
    if (count > 1)
        qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return ERR_OK;
}

enum err_code file_list(const char *dir, const char *name, struct arena *arena,
                        const char ***ret_names, size_t *ret_count, struct err *err)
{
    const char *shown = name[0] != '\0' ? name : dir;
    char path[PATH_MAX];
    enum err_code code;
    DIR *folder;

    if (!join(dir, name, path))
        return refuse(ENAMETOOLONG, shown, err);
    folder = opendir(path);
    if (folder == NULL)
        return refuse(errno, shown, err);
    code = list_all(folder, shown, arena, ret_names, ret_count, err);
    (void)closedir(folder);
    return code;
}

bool file_is_folder(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat about;

    return join(dir, name, path) && stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}
