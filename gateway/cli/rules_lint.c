/* gateway/cli/rules_lint.c -- `pgxgate rules lint`: what is wrong with valid knowledge. */
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "rules/lint.h"

struct report {
    bool wants_json;
    struct json_writer json;
};

static void tell(void *owner, const struct rules_finding *finding)
{
    struct report *report = owner;
    const char *severity = finding->is_error ? "error" : "warning";

    if (!report->wants_json) {
        (void)printf("%-7s  %-15s  %.*s: %.*s\n", severity, rules_lint_rule_name(finding->rule),
                     SLICE_ARG(finding->about), SLICE_ARG(finding->text));
        return;
    }
    json_write_object(&report->json);
    json_write_member_text(&report->json, "severity", slice_of(severity));
    json_write_member_text(&report->json, "rule",
                           slice_of(rules_lint_rule_name(finding->rule)));
    json_write_member_text(&report->json, "about", finding->about);
    json_write_member_text(&report->json, "text", finding->text);
    json_write_object_end(&report->json);
}

static int run(const struct rules_arguments *arguments, const struct rules_knowledge *knowledge)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);
    struct report report = {.wants_json = arguments->wants_json};
    struct rules_lint_counts counts = {0};
    struct err err = {0};
    struct buf json;
    int status = EXIT_OK;

    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&report.json, &json);
    json_write_object(&report.json);
    json_write_member_text(&report.json, "name", rows->name);
    json_write_member_text(&report.json, "version", rows->version);
    json_write_member_text(&report.json, "hash", rules_knowledge_hash(knowledge));
    json_write_name(&report.json, "findings");
    json_write_array(&report.json);
    if (rules_lint(knowledge, tell, &report, &counts, &err) != ERR_OK) {
        buf_release(&json);
        return cli_fail("rules lint", &err);
    }
    json_write_array_end(&report.json);
    json_write_member_u64(&report.json, "errors", counts.errors);
    json_write_member_u64(&report.json, "warnings", counts.warnings);
    json_write_object_end(&report.json);
    if (arguments->wants_json)
        status = rules_print_json(&json);
    else
        (void)printf("%.*s %.*s (%.*s): %zu errors, %zu warnings\n", SLICE_ARG(rows->name),
                     SLICE_ARG(rows->version), RULES_SHORT_HASH,
                     rules_knowledge_hash(knowledge).ptr, counts.errors, counts.warnings);
    buf_release(&json);
    return status == EXIT_OK && counts.errors > 0 ? EXIT_NO : status;
}

int rules_lint_command(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    int status = rules_load_any("rules lint", arguments, &knowledge);

    if (status == EXIT_OK)
        status = run(arguments, knowledge);
    rules_knowledge_release(knowledge);
    return status;
}
