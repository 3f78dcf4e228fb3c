/* tests/fuzz/fuzz_import.c -- any bytes are a site's table or one of RxNorm's files; what is
 * accepted makes a release whose codes can be indexed, what is refused says where and why.
 *
 * The first byte says which file the rest is; the others are those of tests/data/rxnorm.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/store/rxnorm.h"
#include "gateway/store/site_codes.h"
#include "rules/knowledge.h"

#define DATA "tests/data/rxnorm"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char input[64];                       /* the path of the bytes under test */
static char folders[RXNORM_FILES_COUNT][64]; /* in each, one file is the input */

static void link_to(const char *target, const char *dir, const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    if (symlink(target, path) != 0)
        abort();
}

static int make_folders(void)
{
    int fd = memfd_create("input", 0);
    char *data = realpath(DATA, NULL);

    if (fd < 0 || data == NULL)
        abort();
    (void)snprintf(input, sizeof input, "/proc/self/fd/%d", fd);
    for (int i = 0; i < RXNORM_FILES_COUNT; i++) {
        (void)snprintf(folders[i], sizeof folders[i], "/tmp/pgxgate-fuzz.XXXXXX");
        if (mkdtemp(folders[i]) == NULL)
            abort();
        for (int j = 0; j < RXNORM_FILES_COUNT; j++) {
            const char *name = rxnorm_file_name((enum rxnorm_file)j);
            char good[4200];

            (void)snprintf(good, sizeof good, "%s/%s", data, name);
            link_to(i == j ? input : good, folders[i], name);
        }
    }
    free(data);
    return fd;
}

static void remove_folders(void)
{
    for (int i = 0; i < RXNORM_FILES_COUNT; i++) {
        for (int j = 0; j < RXNORM_FILES_COUNT; j++) {
            char path[160];

            (void)snprintf(path, sizeof path, "%s/%s", folders[i],
                           rxnorm_file_name((enum rxnorm_file)j));
            (void)unlink(path);
        }
        (void)rmdir(folders[i]);
    }
}

static void make_release(struct rules_release *release)
{
    static const char *const DRUGS[][2] = {{"clopidogrel", "32968"}, {"codeine", "2670"}};

    rules_release_init(release);
    release->name = release->version = SLICE("1");
    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++) {
        struct rules_drug *row = rules_add_drug(release);

        if (row != NULL)
            *row = (struct rules_drug){.name = slice_of(DRUGS[i][0]),
                                       .rxcui = slice_of(DRUGS[i][1])};
    }
}

static void check(struct rules_release *release, const struct err *err)
{
    struct rules_knowledge *k = NULL;
    struct err ignored = {0};

    if (err->code != ERR_OK) {
        assert(err->text[0] != '\0');
        for (const char *c = err->text; *c != '\0'; c++)
            assert((unsigned char)*c >= ' ');
    } else if (rules_knowledge_new(release, SLICE("0"), &k, &ignored) == ERR_OK) {
        rules_knowledge_release(k);
    }
    rules_release_release(release);
}

static void import_table(void)
{
    const struct feed_options options = {0};
    struct site_codes_report report;
    struct rules_release release;
    struct err err = {0};

    make_release(&release);
    if (site_codes_import(input, &options, &release, &report, &err) == ERR_OK)
        assert(report.codes.added == release.drug_codes_count);
    check(&release, &err);
}

static void import_rxnorm(size_t file)
{
    static struct rxnorm_report report;
    const struct feed_options options = {0};
    struct rules_release release;
    struct err err = {0};

    make_release(&release);
    if (rxnorm_import(folders[file], &options, &release, &report, &err) == ERR_OK)
        assert(report.codes.added == release.drug_codes_count);
    check(&release, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        fd = make_folders();
        (void)atexit(remove_folders);
    }
    if (size == 0)
        return 0;
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data + 1, size - 1, 0) != (ssize_t)(size - 1))
        abort();
    if (data[0] % (RXNORM_FILES_COUNT + 1) == RXNORM_FILES_COUNT)
        import_table();
    else
        import_rxnorm(data[0] % (RXNORM_FILES_COUNT + 1));
    return 0;
}
