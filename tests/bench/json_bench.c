/* tests/bench/json_bench.c -- how fast is fhir/json.h, next to json-c?
 *
 * Reads 200 different bodies (an order-select call with a prefetched Bundle, grown to a given
 * size from a seed) in rotation, because one body read again and again only shows how well the
 * branch predictor learned it. The two readers take turns, round by round; printed are medians
 * with the range, as megabytes per second and microseconds per body. CPU time of this process.
 *
 * Not a test and not built by default: cmake --build --preset release --target json_bench, or
 *     gcc -std=c17 -D_GNU_SOURCE -O2 -I. -o json_bench tests/bench/json_bench.c fhir/json.c
 *         fhir/json_[nvw]*.c rules/base/[abes]*.c $(pkg-config --cflags --libs json-c)
 *     ./json_bench [body bytes, default 40960] [rounds, default 7]
 */
#include "fhir/json_c.h"
#include "fhir/json_write.h"

#define BODIES_COUNT   200
#define ROUNDS_MAX     99
#define BODY_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define NODES_MAX      (1u << 24)

struct bench {
    struct buf bodies[BODIES_COUNT];
    size_t bytes; /* of all bodies */
    struct json_doc doc;
};

/* xorshift64*: the same bodies on every machine. */
static uint32_t next_random(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)((*seed * 0x2545f4914f6cdd1du) >> 33) % below;
}

static void write_coding(struct json_writer *w, const char *list, const char *system,
                         struct slice code, struct slice display)
{
    json_write_name(w, list);
    json_write_object(w);
    json_write_name(w, "coding");
    json_write_array(w);
    json_write_object(w);
    json_write_member_text(w, "system", slice_of(system));
    json_write_member_text(w, "code", code);
    json_write_member_text(w, "display", display);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_component(struct json_writer *w, struct arena *arena, uint64_t *seed)
{
    static const char *const NAMES[][2] = {
        {"48018-6", "Gene studied [ID]"},
        {"84413-4", "Genotype display name"},
        {"53037-8", "Genetic variation clinical significance [Imp]"},
        {"51963-7", "Medication assessed [ID]"},
        {"81252-9", "Discrete genetic variant"},
    };
    uint32_t pick = next_random(seed, ARRAY_LEN(NAMES));

    json_write_object(w);
    write_coding(w, "code", "http://loinc.org", slice_of(NAMES[pick][0]),
                 slice_of(NAMES[pick][1]));
    if (next_random(seed, 3) == 0) {
        json_write_name(w, "valueQuantity");
        json_write_object(w);
        json_write_name(w, "value");
        json_write_raw(
            w, arena_printf(arena, "%u.%02u", next_random(seed, 9), next_random(seed, 100)));
        json_write_member_text(w, "unit", SLICE("1"));
        json_write_object_end(w);
    } else {
        write_coding(
            w, "valueCodeableConcept", "http://www.genenames.org/geneId",
            arena_printf(arena, "HGNC:%u", next_random(seed, 30000)),
            arena_printf(arena, "*%u/*%u", next_random(seed, 40), next_random(seed, 1000)));
    }
    json_write_object_end(w);
}

static void write_observation(struct json_writer *w, struct arena *arena, uint64_t *seed)
{
    json_write_object(w);
    json_write_member_text(w, "resourceType", SLICE("Observation"));
    json_write_member_text(w, "id",
                           arena_printf(arena, "example-%08x", next_random(seed, 1u << 30)));
    if (next_random(seed, 2) == 0) {
        json_write_name(w, "meta");
        json_write_object(w);
        json_write_member_text(w, "lastUpdated", SLICE("2026-01-31T08:15:00.000+01:00"));
        json_write_object_end(w);
    }
    json_write_member_text(w, "status",
                           next_random(seed, 4) ? SLICE("final") : SLICE("amended"));
    write_coding(
        w, "code", "http://loinc.org",
        arena_printf(arena, "%u-%u", 40000 + next_random(seed, 50000), next_random(seed, 10)),
        SLICE("Gene product functional interpretation"));
    json_write_name(w, "subject");
    json_write_object(w);
    json_write_member_text(w, "reference", SLICE("Patient/example"));
    json_write_object_end(w);
    if (next_random(seed, 3) == 0)
        json_write_member_text(w, "effectiveDateTime", SLICE("2025-11-02"));
    if (next_random(seed, 8) == 0)
        json_write_member_text(w, "comment",
                               SLICE("first line\nsecond \"line\", 3\xc2\xa0\xc2\xb5g/ml"));
    json_write_name(w, "component");
    json_write_array(w);
    for (uint32_t i = 1 + next_random(seed, 7); i > 0; i--)
        write_component(w, arena, seed);
    json_write_array_end(w);
    json_write_object_end(w);
}

/* Observations are added until the body has its size. */
static void make_body(struct buf *buf, size_t bytes, uint64_t seed)
{
    struct json_writer w;
    struct arena arena;

    arena_init(&arena, BODY_BYTES_MAX);
    buf_init(buf, BODY_BYTES_MAX);
    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_member_text(&w, "hook", SLICE("order-select"));
    json_write_member_text(&w, "hookInstance", SLICE("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"));
    json_write_name(&w, "context");
    json_write_object(&w);
    json_write_member_text(&w, "userId", SLICE("Practitioner/example"));
    json_write_member_text(&w, "patientId", SLICE("example"));
    json_write_object_end(&w);
    json_write_name(&w, "prefetch");
    json_write_object(&w);
    json_write_name(&w, "genomics");
    json_write_object(&w);
    json_write_member_text(&w, "resourceType", SLICE("Bundle"));
    json_write_name(&w, "entry");
    json_write_array(&w);
    while (buf->len < bytes && !buf_failed(buf)) {
        json_write_object(&w);
        json_write_name(&w, "resource");
        write_observation(&w, &arena, &seed);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    json_write_object_end(&w);
    json_write_object_end(&w);
    arena_release(&arena);
}

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_ours(struct bench *bench, struct slice body)
{
    struct err err = {0};

    if (json_parse(&bench->doc, body, NODES_MAX, &err) == ERR_OK)
        return true;
    (void)fprintf(stderr, "%s\n", err.text);
    return false;
}

static bool read_json_c(struct bench *bench, struct slice body)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *root;

    (void)bench;
    if (tokener == NULL)
        return false;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, body.ptr, (int)body.len);
    json_tokener_free(tokener);
    return root != NULL && json_object_put(root) == 1;
}

/* One pass over all bodies, repeated until it took long enough to be measured; seconds each. */
static double time_pass(struct bench *bench,
                        bool (*read)(struct bench *bench, struct slice body))
{
    double start = cpu_seconds(), seconds = 0;
    unsigned passes = 0;

    while (seconds < 0.2) {
        for (size_t i = 0; i < BODIES_COUNT; i++)
            if (!read(bench, buf_slice(&bench->bodies[i])))
                exit(EXIT_FAILURE);
        passes++;
        seconds = cpu_seconds() - start;
    }
    return seconds / passes;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double print_row(const char *name, const struct bench *bench, double *seconds,
                        size_t rounds)
{
    double median, us = 1e6 / BODIES_COUNT;

    qsort(seconds, rounds, sizeof *seconds, compare_doubles);
    median = seconds[rounds / 2];
    (void)printf("%-8s %8.0f MB/s %9.2f us per body [%.2f-%.2f]\n", name,
                 (double)bench->bytes / median / 1e6, median * us, seconds[0] * us,
                 seconds[rounds - 1] * us);
    return median;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], ratio;
    uint32_t body_bytes = 40960, rounds = 7;

    if ((argc > 1 && !slice_to_u32(slice_of(argv[1]), 8u << 20, &body_bytes)) ||
        (argc > 2 && !slice_to_u32(slice_of(argv[2]), ROUNDS_MAX, &rounds)) || rounds == 0) {
        (void)fprintf(stderr, "usage: %s [body bytes] [rounds]\n", argv[0]);
        return EXIT_FAILURE;
    }
    json_doc_init(&bench.doc);
    for (size_t i = 0; i < BODIES_COUNT; i++) {
        make_body(&bench.bodies[i], body_bytes, i + 1);
        bench.bytes += bench.bodies[i].len;
    }
    for (size_t i = 0; i < rounds; i++) {
        ours[i] = time_pass(&bench, read_ours);
        theirs[i] = time_pass(&bench, read_json_c);
    }
    (void)printf("%u bodies of %zu bytes, %u rounds\n", BODIES_COUNT,
                 bench.bytes / BODIES_COUNT, rounds);
    ratio = print_row("json-c", &bench, theirs, rounds);
    ratio /= print_row("pgxgate", &bench, ours, rounds);
    (void)printf("ratio %.1f\n", ratio);
    for (size_t i = 0; i < BODIES_COUNT; i++)
        buf_release(&bench.bodies[i]);
    json_doc_release(&bench.doc);
    return EXIT_SUCCESS;
}
