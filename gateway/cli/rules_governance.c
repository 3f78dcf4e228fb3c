/* gateway/cli/rules_governance.c -- `pgxgate rules activate`, rollback, unschedule, approve,
 * policy and list: a release's way into use and out of it. */
#include <ctype.h>

#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/governance.h"
#include "rules/evaluate.h"

static void print_name(const struct release_info *info)
{
    (void)printf("%.*s %.*s (%.*s)", SLICE_ARG(info->name), SLICE_ARG(info->version),
                 RULES_SHORT_HASH, info->content_hash.ptr);
}

/* One release as a JSON document. */
static int print_info_json(const struct release_info *info)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    rules_write_info(&w, info);
    json_write_object_end(&w);
    status = rules_print_json(&json);
    buf_release(&json);
    return status;
}

static int find_again(const char *command, struct db *db, const struct release_info *before,
                      struct arena *arena, struct release_info *ret)
{
    struct err err = {0};

    if (releases_find(db, before->content_hash.ptr, arena, ret, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}

/* --- cases ---------------------------------------------------------------------------------
 */

static void complain(void *owner, const struct rules_test *test, struct slice what)
{
    (void)owner;
    (void)fprintf(stderr, "FAILED  %.*s\n        %.*s\n", SLICE_ARG(test->name),
                  SLICE_ARG(what));
}

static int check_cases(const char *command, const struct rules_knowledge *knowledge)
{
    size_t run = 0, failed = rules_run_tests(knowledge, complain, NULL, &run);

    if (failed == 0 && run > 0)
        return EXIT_OK;
    (void)fprintf(stderr, "pgxgate %s: refused: of %zu tests %zu failed\n", command, run,
                  failed);
    return EXIT_NO;
}

/* Finds, loads (which compares the hash), tests, and marks a draft as tested. */
static int check_release(const char *command, struct db *db, const char *word,
                         struct arena *arena, struct release_info *ret)
{
    struct rules_knowledge *knowledge = NULL;
    int status = rules_load_release(command, db, word, arena, ret, &knowledge);

    if (status == EXIT_OK)
        status = check_cases(command, knowledge);
    rules_knowledge_release(knowledge);
    return status == EXIT_OK ? rules_mark_tested(command, db, ret) : status;
}

/* --- activate ------------------------------------------------------------------------------
 */

/* The form YYYY-MM-DDTHH:MM[:SS], then Z or an offset; whether there is such a time the
 * database knows. */
static bool is_date_time(const char *text)
{
    static const char SHAPE[] = "dddd-dd-ddTdd:dd";
    size_t at = 0;

    for (; SHAPE[at] != '\0'; at++)
        if (SHAPE[at] == 'd' ? !isdigit((unsigned char)text[at]) : text[at] != SHAPE[at])
            return false;
    if (text[at] == ':') {
        if (!isdigit((unsigned char)text[at + 1]) || !isdigit((unsigned char)text[at + 2]))
            return false;
        at += 3;
    }
    if (strcmp(text + at, "Z") == 0)
        return true;
    return (text[at] == '+' || text[at] == '-') && isdigit((unsigned char)text[at + 1]) &&
           isdigit((unsigned char)text[at + 2]) && text[at + 3] == ':' &&
           isdigit((unsigned char)text[at + 4]) && isdigit((unsigned char)text[at + 5]) &&
           text[at + 6] == '\0';
}

static int print_activated(const struct rules_arguments *arguments, struct db *db,
                           const struct release_info *before, struct arena *arena)
{
    struct release_info info;
    int status = find_again("rules activate", db, before, arena, &info);

    if (status != EXIT_OK)
        return status;
    if (arguments->wants_json)
        return print_info_json(&info);
    (void)printf("%s: ", arguments->at != NULL ? "scheduled" : "active");
    print_name(&info);
    if (arguments->at != NULL)
        (void)printf(" from %.*s\n", SLICE_ARG(info.effective_from));
    else
        (void)printf("%s\n", slice_eq_text(before->state, "active") ? ", as before" : "");
    return EXIT_OK;
}

static int activate_release(const struct rules_arguments *arguments, struct db *db,
                            struct arena *arena)
{
    struct release_info info;
    enum err_code code = ERR_OK;
    struct err err = {0};
    int status = check_release("rules activate", db, arguments->word, arena, &info);

    if (status != EXIT_OK)
        return status;
    if (arguments->at != NULL)
        code = releases_schedule(db, &info, arguments->at, &err);
    else if (!slice_eq_text(info.state, "active"))
        code = releases_activate(db, &info, &err);
    if (code != ERR_OK)
        return rules_refuse("rules activate", &err);
    return print_activated(arguments, db, &info, arena);
}

int rules_activate(const struct rules_arguments *arguments)
{
    if (arguments->at != NULL && !is_date_time(arguments->at)) {
        (void)fputs("pgxgate rules activate: --at wants a date and time with its offset, like "
                    "2026-12-01T06:00Z or 2026-12-01T07:00:00+01:00\n",
                    stderr);
        return EXIT_USAGE;
    }
    return rules_with_database(arguments, "rules activate", activate_release);
}

/* --- rollback ------------------------------------------------------------------------------
 */

static int print_rollback(const struct rules_arguments *arguments,
                          const struct release_info *from, const struct release_info *to)
{
    struct json_writer w;
    struct buf json;
    int status;

    if (!arguments->wants_json) {
        (void)printf("active: ");
        print_name(to);
        (void)printf("; retired: ");
        print_name(from);
        (void)printf("\n");
        return EXIT_OK;
    }
    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    json_write_name(&w, "from");
    json_write_object(&w);
    rules_write_info(&w, from);
    json_write_object_end(&w);
    json_write_name(&w, "to");
    json_write_object(&w);
    rules_write_info(&w, to);
    json_write_object_end(&w);
    json_write_object_end(&w);
    status = rules_print_json(&json);
    buf_release(&json);
    return status;
}

static int roll_back(const struct rules_arguments *arguments, struct db *db,
                     struct arena *arena)
{
    struct release_info from, to;
    struct err err = {0};
    int status;

    if (releases_active(db, arguments->word, arena, &from, &err) != ERR_OK ||
        releases_before(db, &from, arena, &to, &err) != ERR_OK)
        return rules_refuse("rules rollback", &err);
    status = check_release("rules rollback", db, to.content_hash.ptr, arena, &to);
    if (status == EXIT_OK && releases_activate(db, &to, &err) != ERR_OK)
        return rules_refuse("rules rollback", &err);
    if (status == EXIT_OK)
        status = find_again("rules rollback", db, &from, arena, &from);
    if (status == EXIT_OK)
        status = find_again("rules rollback", db, &to, arena, &to);
    return status == EXIT_OK ? print_rollback(arguments, &from, &to) : status;
}

int rules_rollback(const struct rules_arguments *arguments)
{
    return rules_with_database(arguments, "rules rollback", roll_back);
}

static int unschedule(const struct rules_arguments *arguments, struct db *db,
                      struct arena *arena)
{
    struct release_info info;
    struct err err = {0};
    size_t count = 0;

    if (arguments->word != NULL &&
        releases_find(db, arguments->word, arena, &info, &err) != ERR_OK)
        return rules_refuse("rules unschedule", &err);
    if (releases_unschedule(db, arguments->word != NULL ? &info : NULL, &count, &err) != ERR_OK)
        return cli_fail("rules unschedule", &err);
    if (count == 0) {
        (void)fputs("pgxgate rules unschedule: nothing is scheduled\n", stderr);
        return EXIT_NO;
    }
    (void)printf("unscheduled: %zu\n", count);
    return EXIT_OK;
}

int rules_unschedule(const struct rules_arguments *arguments)
{
    return rules_with_database(arguments, "rules unschedule", unschedule);
}

/* --- approve -------------------------------------------------------------------------------
 */

static int approvals_json(const struct release_info *info, uint32_t needed,
                          const struct release_approval *approvals, size_t count)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    json_write_member_text(&w, "name", info->name);
    json_write_member_text(&w, "version", info->version);
    json_write_member_text(&w, "hash", info->content_hash);
    json_write_member_u64(&w, "needed", needed);
    json_write_name(&w, "approvals");
    json_write_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(&w);
        json_write_member_text(&w, "by", approvals[i].approver);
        json_write_member_text(&w, "role", approvals[i].role);
        json_write_member_text(&w, "at", approvals[i].approved_at);
        json_write_member_text(&w, "note", approvals[i].note);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    status = rules_print_json(&json);
    buf_release(&json);
    return status;
}

static int print_approvals(const struct rules_arguments *arguments, struct db *db,
                           const struct release_info *info, struct arena *arena)
{
    struct release_approval *approvals = NULL;
    struct err err = {0};
    uint32_t needed = 0;
    size_t count = 0;

    if (releases_policy(db, &needed, &err) != ERR_OK ||
        releases_approvals(db, info, arena, &approvals, &count, &err) != ERR_OK)
        return cli_fail("rules approve", &err);
    if (arguments->wants_json)
        return approvals_json(info, needed, approvals, count);
    print_name(info);
    (void)printf(": approved by %zu, needed %u\n", count, needed);
    for (size_t i = 0; i < count; i++)
        (void)printf("  %.*s  %.*s (database role %.*s)%s%.*s\n",
                     SLICE_ARG(approvals[i].approved_at), SLICE_ARG(approvals[i].approver),
                     SLICE_ARG(approvals[i].role), approvals[i].note.len > 0 ? ": " : "",
                     SLICE_ARG(approvals[i].note));
    return EXIT_OK;
}

static int approve_release(const struct rules_arguments *arguments, struct db *db,
                           struct arena *arena)
{
    struct release_info info;
    struct err err = {0};

    if (releases_find(db, arguments->word, arena, &info, &err) != ERR_OK)
        return rules_refuse("rules approve", &err);
    if (arguments->by != NULL &&
        releases_approve(db, &info, arguments->by, arguments->note, &err) != ERR_OK)
        return rules_refuse("rules approve", &err);
    return print_approvals(arguments, db, &info, arena);
}

int rules_approve(const struct rules_arguments *arguments)
{
    if (arguments->note != NULL && arguments->by == NULL) {
        (void)fputs("pgxgate rules approve: --note needs --by\n", stderr);
        return EXIT_USAGE;
    }
    return rules_with_database(arguments, "rules approve", approve_release);
}

/* --- policy --------------------------------------------------------------------------------
 */

static int show_policy(const struct rules_arguments *arguments, struct db *db,
                       struct arena *arena)
{
    enum err_code code = ERR_OK;
    struct err err = {0};
    uint32_t approvals = 0;

    (void)arena;
    if (slice_to_u32(slice_of(arguments->approvals), GOVERNANCE_APPROVALS_MAX, &approvals))
        code = releases_set_policy(db, approvals, &err);
    if (code != ERR_OK || releases_policy(db, &approvals, &err) != ERR_OK)
        return cli_fail("rules policy", &err);
    (void)printf(arguments->wants_json ? "{\"approvals\":%u}\n"
                                       : "approvals needed to activate a release: %u\n",
                 approvals);
    return EXIT_OK;
}

int rules_policy(const struct rules_arguments *arguments)
{
    uint32_t ignored;

    if (arguments->approvals != NULL &&
        !slice_to_u32(slice_of(arguments->approvals), GOVERNANCE_APPROVALS_MAX, &ignored)) {
        (void)fprintf(stderr, "pgxgate rules policy: --approvals is a number from 0 to %d\n",
                      GOVERNANCE_APPROVALS_MAX);
        return EXIT_USAGE;
    }
    return rules_with_database(arguments, "rules policy", show_policy);
}

/* --- list ----------------------------------------------------------------------------------
 */

static int list_json(const struct release_info *infos, size_t count)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(&w);
        rules_write_info(&w, &infos[i]);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    status = rules_print_json(&json);
    buf_release(&json);
    return status;
}

static int list_releases(const struct rules_arguments *arguments, struct db *db,
                         struct arena *arena)
{
    struct release_info *infos = NULL;
    struct err err = {0};
    size_t count = 0;

    if (releases_list(db, arena, &infos, &count, &err) != ERR_OK)
        return cli_fail("rules list", &err);
    if (arguments->wants_json)
        return list_json(infos, count);
    if (count > 0)
        (void)printf("%-*s  %-8s  %-20s  %-12s  %-22s  %-22s  %-8s  %s\n", RULES_SHORT_HASH,
                     "HASH", "STATE", "NAME", "VERSION", "IMPORTED", "ACTIVATED", "APPROVED",
                     "SCHEDULED");
    for (size_t i = 0; i < count; i++) {
        const struct release_info *info = &infos[i];

        (void)printf("%.*s  %-8.*s  %-20.*s  %-12.*s  %-22.*s  %-22.*s  %8.*s",
                     RULES_SHORT_HASH, info->content_hash.ptr, SLICE_ARG(info->state),
                     SLICE_ARG(info->name), SLICE_ARG(info->version),
                     SLICE_ARG(info->imported_at), SLICE_ARG(info->activated_at),
                     SLICE_ARG(info->approvals));
        if (info->scheduled.len > 0)
            (void)printf("  %.*s from %.*s", SLICE_ARG(info->scheduled),
                         SLICE_ARG(info->effective_from));
        (void)printf("\n");
    }
    return EXIT_OK;
}

int rules_list(const struct rules_arguments *arguments)
{
    return rules_with_database(arguments, "rules list", list_releases);
}
