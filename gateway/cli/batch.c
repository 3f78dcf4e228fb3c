/* gateway/cli/batch.c -- lines in, lines out. */
#include "gateway/cli/batch.h"

#include <errno.h>

#include "gateway/cli/exit.h"
#include "gateway/store/text.h"

#define OUT_BYTES_MAX    ((size_t)16 * 1024 * 1024)
#define OUT_FLUSH_BYTES  ((size_t)64 * 1024)
#define COMPLAINTS_SHOWN 100

/* A line as it is read: its bytes up to the limit. */
struct line {
    char bytes[BATCH_LINE_BYTES_MAX + BATCH_LINE_PADDING];
    size_t len;
    bool is_too_long;
};

void batch_complain(struct batch *batch, const char *reason)
{
    if (batch->complained_line == batch->line_number)
        return;
    batch->complained_line = batch->line_number;
    if (batch->complaints++ < COMPLAINTS_SHOWN)
        (void)fprintf(stderr, "pgxgate %s: line %llu: %s\n", batch->command,
                      (unsigned long long)batch->line_number, reason);
}

/* False at the end of the file, or when it cannot be read. */
static bool read_line(FILE *file, struct line *ret)
{
    int c;

    ret->len = 0;
    ret->is_too_long = false;
    while ((c = getc_unlocked(file)) != EOF && c != '\n') {
        if (ret->len < BATCH_LINE_BYTES_MAX)
            ret->bytes[ret->len++] = (char)c;
        else
            ret->is_too_long = true;
    }
    memset(ret->bytes + ret->len, 0, BATCH_LINE_PADDING);
    return (c != EOF || ret->len > 0) && ferror(file) == 0;
}

/* NULL when the line may be answered. */
static const char *fault_of(const struct line *line, struct slice text)
{
    if (line->is_too_long)
        return "longer than 65536 bytes";
    if (!text_is_utf8(text))
        return "not UTF-8";
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\t' && text_has_control(slice_head(slice_from(text, i), 1)))
            return "has a control character";
    return NULL;
}

static struct slice text_of(const struct line *line, bool is_first)
{
    struct slice text = {line->bytes, line->len};

    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text = slice_head(text, text.len - 1);
    if (is_first && slice_starts(text, SLICE("\xef\xbb\xbf"))) /* byte order mark */
        text = slice_from(text, 3);
    return text;
}

static enum err_code flush(struct batch *batch, size_t at_least, struct err *err)
{
    if (buf_failed(&batch->out))
        return err_set(err, ERR_NOMEM, "no memory for the answers");
    if (batch->out.len < at_least)
        return ERR_OK;
    if (batch->out.len > 0 &&
        fwrite(batch->out.bytes, 1, batch->out.len, stdout) != batch->out.len)
        return err_set(err, ERR_INTERNAL, "standard output: %s", strerror(errno));
    buf_clear(&batch->out);
    return ERR_OK;
}

static enum err_code answer_lines(const struct batch_handler *handler, FILE *file, void *owner,
                                  struct batch *batch, struct err *err)
{
    struct line line;

    while (read_line(file, &line)) {
        struct slice text = text_of(&line, batch->line_number++ == 0);
        const char *fault = fault_of(&line, text);
        enum err_code code = ERR_OK;

        if (fault != NULL)
            code = handler->bad_line(owner, text, fault, err);
        else if (slice_trim(text).len > 0)
            code = handler->line(owner, text, err);
        if (code != ERR_OK || flush(batch, OUT_FLUSH_BYTES, err) != ERR_OK)
            return err->code;
    }
    if (ferror(file) != 0)
        return err_set(err, ERR_INVALID, "the input cannot be read: %s", strerror(errno));
    if (flush(batch, 0, err) != ERR_OK)
        return err->code;
    return fflush(stdout) == 0
               ? ERR_OK
               : err_set(err, ERR_INTERNAL, "standard output: %s", strerror(errno));
}

int batch_run(const struct batch_handler *handler, const char *file_name, void *owner,
              struct batch **ret_batch)
{
    bool is_input = file_name == NULL || strcmp(file_name, "-") == 0;
    struct batch batch = {.command = handler->command};
    FILE *file = is_input ? stdin : fopen(file_name, "r");
    struct err err = {0};

    if (file == NULL) {
        (void)fprintf(stderr, "pgxgate %s: %s: %s\n", batch.command, file_name,
                      strerror(errno));
        return EXIT_DATA;
    }
    buf_init(&batch.out, OUT_BYTES_MAX);
    *ret_batch = &batch;
    (void)answer_lines(handler, file, owner, &batch, &err);
    *ret_batch = NULL;
    buf_release(&batch.out);
    if (!is_input)
        (void)fclose(file);
    if (batch.complaints > COMPLAINTS_SHOWN)
        (void)fprintf(stderr, "pgxgate %s: %llu more lines are wrong\n", batch.command,
                      (unsigned long long)(batch.complaints - COMPLAINTS_SHOWN));
    if (err.code != ERR_OK) {
        (void)fprintf(stderr, "pgxgate %s: line %llu: %s\n", batch.command,
                      (unsigned long long)batch.line_number, err.text);
        return err.code == ERR_INVALID ? EXIT_DATA : EXIT_INTERNAL;
    }
    return batch.complaints > 0 ? EXIT_DATA : EXIT_OK;
}
