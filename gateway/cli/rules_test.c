/* gateway/cli/rules_test.c -- `pgxgate rules test`: the cases that ship with a release. */
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "rules/evaluate.h"

struct test_report {
    const struct rules_arguments *arguments;
    struct json_writer json;
    struct buf bytes;
    size_t run, failed;
};

static void report_failure(void *owner, const struct rules_test *test, struct slice what)
{
    struct test_report *report = owner;

    if (!report->arguments->wants_json) {
        (void)printf("FAILED  %.*s\n        %.*s\n", SLICE_ARG(test->name), SLICE_ARG(what));
        return;
    }
    json_write_object(&report->json);
    json_write_member_text(&report->json, "test", test->name);
    json_write_member_text(&report->json, "drug", test->drug);
    json_write_member_text(&report->json, "what", what);
    json_write_object_end(&report->json);
}

/* Runs the cases and prints what failed; EXIT_NO unless there are cases and all hold. */
static int run_cases(const struct rules_arguments *arguments,
                     const struct rules_knowledge *knowledge)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);
    struct test_report report = {.arguments = arguments};
    int status = EXIT_OK;

    buf_init(&report.bytes, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&report.json, &report.bytes);
    json_write_object(&report.json);
    json_write_member_text(&report.json, "name", rows->name);
    json_write_member_text(&report.json, "version", rows->version);
    json_write_member_text(&report.json, "hash", rules_knowledge_hash(knowledge));
    json_write_name(&report.json, "failures");
    json_write_array(&report.json);
    report.failed = rules_run_tests(knowledge, report_failure, &report, &report.run);
    json_write_array_end(&report.json);
    json_write_member_u64(&report.json, "run", report.run);
    json_write_member_u64(&report.json, "failed", report.failed);
    json_write_object_end(&report.json);
    if (arguments->wants_json)
        status = rules_print_json(&report.bytes);
    else
        (void)printf("%.*s %.*s (%.*s): %zu tests, %zu failed\n", SLICE_ARG(rows->name),
                     SLICE_ARG(rows->version), RULES_SHORT_HASH,
                     rules_knowledge_hash(knowledge).ptr, report.run, report.failed);
    buf_release(&report.bytes);
    if (status == EXIT_OK && (report.failed > 0 || report.run == 0))
        status = EXIT_NO;
    return status;
}

static int test_release(const struct rules_arguments *arguments, struct db *db,
                        struct arena *arena)
{
    struct rules_knowledge *knowledge = NULL;
    struct release_info info;
    int status =
        rules_load_release("rules test", db, arguments->word, arena, &info, &knowledge);

    if (status == EXIT_OK)
        status = run_cases(arguments, knowledge);
    if (status == EXIT_OK)
        status = rules_mark_tested("rules test", db, &info);
    rules_knowledge_release(knowledge);
    return status;
}

static int test_files(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    int status = rules_load_files("rules test", arguments->knowledge, &knowledge);

    if (status == EXIT_OK)
        status = run_cases(arguments, knowledge);
    rules_knowledge_release(knowledge);
    return status;
}

int rules_test(const struct rules_arguments *arguments)
{
    if (arguments->knowledge != NULL && arguments->word != NULL) {
        (void)fputs("pgxgate rules test: give a release or --knowledge, not both\n", stderr);
        return EXIT_USAGE;
    }
    return arguments->knowledge != NULL
               ? test_files(arguments)
               : rules_with_database(arguments, "rules test", test_release);
}
