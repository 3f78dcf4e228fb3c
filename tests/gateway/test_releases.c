/* tests/gateway/test_releases.c -- what goes into PostgreSQL comes out again, in the states
 * that there are, and nothing can change it in between. */
#include "gateway/store/governance.h"
#include "gateway/store/release_tables.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

struct setting {
    const char *cluster;
    struct test_database database;
    struct db *db;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct setting setting;

    *state = &setting;
    setting = (struct setting){.cluster = getenv("PGXGATE_TEST_DATABASE")};
    if (setting.cluster == NULL)
        return 0; /* each test says that it is skipped */
    test_database_make(setting.cluster, &setting.database);
    setting.db = test_connect(setting.database.conninfo);
    test_migrate(setting.db);
    arena_init(&setting.arena, (size_t)16 * 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    struct setting *s = *state;

    if (s->cluster == NULL)
        return 0;
    db_free(s->db);
    arena_release(&s->arena);
    test_database_drop(s->cluster, &s->database);
    return 0;
}

static struct setting *need(void **state)
{
    (void)test_cluster(); /* skips */
    return *state;
}

/* The fixture has no algorithm, whose numbers are many; a row of each table will do here. */
static void add_algorithm(struct rules_release *release)
{
    struct rules_algorithm_term *term = rules_add_algorithm_term(release);
    struct rules_algorithm_gene *gene = rules_add_algorithm_gene(release);
    struct rules_drug_algorithm *drug = rules_add_drug_algorithm(release);

    assert_true(term != NULL && gene != NULL && drug != NULL);
    *term = (struct rules_algorithm_term){SLICE("dose"), SLICE("model"), SLICE("age"),
                                          SLICE("-0.00745"), SLICE("guide-1")};
    *gene = (struct rules_algorithm_gene){SLICE("dose"), SLICE("CYP2C19")};
    *drug = (struct rules_drug_algorithm){SLICE("clopidogrel"), SLICE("dose")};
}

/* Imports the fixture as that version and finds it again. */
static struct release_info import(struct setting *s, const char *version)
{
    struct release_info info = {0};
    struct rules_release release;
    struct err err = {0};
    bool is_new = false;

    fixture_release(version, &release);
    add_algorithm(&release);
    assert_ok(releases_import(s->db, &release, &is_new, &err), &err);
    assert_true(is_new);
    rules_release_release(&release);
    assert_ok(releases_find(s->db, version, &s->arena, &info, &err), &err);
    return info;
}

static double ms_since(const struct timespec *start)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 +
           (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* --- round trips ---------------------------------------------------------------------------
 */

static void assert_same_rows(const struct rules_release *a, const struct rules_release *b)
{
    for (size_t t = 0; t < RELEASE_TABLES_COUNT; t++) {
        const struct release_table *table = &RELEASE_TABLES[t];
        size_t a_count, b_count;
        const char *a_rows = release_rows(table, a, &a_count);
        const char *b_rows = release_rows(table, b, &b_count);
        struct buf a_text, b_text;

        assert_int_equal(a_count, b_count);
        buf_init(&a_text, (size_t)64 * 1024 * 1024);
        buf_init(&b_text, (size_t)64 * 1024 * 1024);
        for (size_t i = 0; i < a_count; i++) {
            for (size_t c = 0; c < table->columns_count; c++) {
                release_write_field(&a_text, &table->columns[c], a_rows + i * table->row_bytes);
                release_write_field(&b_text, &table->columns[c], b_rows + i * table->row_bytes);
                buf_add_char(&a_text, '\t');
                buf_add_char(&b_text, '\t');
            }
        }
        if (!slice_eq(buf_slice(&a_text), buf_slice(&b_text)))
            fail_msg("table %s differs", table->name);
        buf_release(&a_text);
        buf_release(&b_text);
    }
}

static void files_to_database_and_back(struct setting *s, struct rules_release *release)
{
    struct rules_release loaded;
    struct release_info info;
    char hash[DIGEST_HEX_SIZE], again[DIGEST_HEX_SIZE];
    struct timespec start;
    struct err err = {0};
    double import_ms;
    bool is_new;

    assert_ok(releases_hash(release, hash, &err), &err);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
    assert_ok(releases_import(s->db, release, &is_new, &err), &err);
    import_ms = ms_since(&start);
    assert_true(is_new);
    assert_ok(releases_import(s->db, release, &is_new, &err), &err);
    assert_false(is_new);
    assert_ok(releases_find(s->db, hash, &s->arena, &info, &err), &err);
    assert_slice_equal(info.content_hash, hash);
    assert_slice_equal(info.state, "draft");
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
    assert_ok(releases_load(s->db, &info, &loaded, &err), &err);
    print_message("%zu recommendations, %zu drug codes: import %.0f ms, load %.0f ms\n",
                  release->recommendations_count, release->drug_codes_count, import_ms,
                  ms_since(&start));
    assert_ok(releases_hash(&loaded, again, &err), &err);
    assert_string_equal(hash, again);
    assert_same_rows(release, &loaded);
    rules_release_release(&loaded);
}

static void the_fixture_survives_a_round_trip(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;

    fixture_release("round-trip", &release);
    files_to_database_and_back(s, &release);
    rules_release_release(&release);
}

static void the_shipped_knowledge_survives_a_round_trip(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;
    struct err err = {0};

    assert_ok(store_read_files("rules/knowledge", &release, &err), &err);
    files_to_database_and_back(s, &release);
    rules_release_release(&release);
}

static void every_byte_of_a_text_survives(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;
    char text[1 + 0x7f];
    size_t len = 0;

    for (char c = 1; c < 0x7f; c++)
        text[len++] = c;
    fixture_release("bytes", &release);
    release.messages[0].meaning = (struct slice){.ptr = text, .len = len};
    release.messages[1].meaning = SLICE("\\N");
    release.messages[2].meaning = SLICE("\\.");
    release.sources[0].title = SLICE("\xf0\x9f\x92\x8a \xe2\x89\xa5 \xc3\xa4");
    files_to_database_and_back(s, &release);
    rules_release_release(&release);
}

static void a_snapshot_and_its_rows_have_one_hash(void **state)
{
    char hash[DIGEST_HEX_SIZE], rows[DIGEST_HEX_SIZE];
    struct rules_knowledge *knowledge;
    struct err err = {0};

    (void)state;
    knowledge = fixture_knowledge("1", hash);
    assert_ok(releases_hash(rules_knowledge_rows(knowledge), rows, &err), &err);
    assert_string_equal(hash, rows);
    rules_knowledge_release(knowledge);
}

/* --- failures on the way in ----------------------------------------------------------------
 */

static void an_import_that_fails_leaves_nothing(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;
    struct err err = {0};
    uint64_t releases = test_number(s->db, "SELECT count(*) FROM pgxgate.release");
    bool is_new;

    fixture_release("broken", &release);
    release.test_genes[0].gene = SLICE("NOTAGENE");
    assert_int_equal(releases_import(s->db, &release, &is_new, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "test_gene: SQLSTATE 23503, table test_gene"));
    assert_null(strstr(err.text, "NOTAGENE"));
    release.test_genes[0].gene = SLICE("CYP2C19");
    release.messages[0].meaning = SLICE("not utf-8 \xff");
    err_clear(&err);
    assert_int_equal(releases_import(s->db, &release, &is_new, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "22021"));
    assert_true(db_is_usable(s->db));
    assert_int_equal(test_number(s->db, "SELECT count(*) FROM pgxgate.release"), releases);
    rules_release_release(&release);
}

static void every_enum_name_is_allowed_by_its_column(void **state)
{
    static const struct {
        const char *column;
        const struct names *names;
    } ROWS[] = {
        {"gene.method", &NAMES_method},
        {"gene.key_kind", &NAMES_key_kind},
        {"drug_code.form", &NAMES_form},
        {"recommendation.classification", &NAMES_classification},
        {"recommendation.alert", &NAMES_alert},
        {"test.alert", &NAMES_alert},
        {"recommendation.sex", &NAMES_sex},
        {"recommendation.label", &NAMES_label},
        {"population.therapy", &NAMES_therapy},
        {"modulator.role", &NAMES_role},
        {"modulator.strength", &NAMES_strength},
        {"action.kind", &NAMES_action_kind},
    };
    struct setting *s = need(state);

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const char *dot = strchr(ROWS[i].column, '.');

        for (size_t n = 0; n < ROWS[i].names->count; n++) {
            char sql[512];

            (void)snprintf(
                sql, sizeof sql,
                "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid "
                "= 'pgxgate.%.*s'::regclass AND pg_get_constraintdef(oid) LIKE "
                "'%%%s%%''%s''%%'",
                (int)(dot - ROWS[i].column), ROWS[i].column, dot + 1, ROWS[i].names->list[n]);
            if (test_number(s->db, sql) != 1)
                fail_msg("%s: '%s'", ROWS[i].column, ROWS[i].names->list[n]);
        }
    }
}

static void a_number_that_is_none_is_refused(void **state)
{
    static const char *const VALUES[] = {"",   "x",        "0.5x",  "1e3",
                                         ".5", "0.123456", "12345", "NaN"};
    struct setting *s = need(state);

    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        struct rules_release release;
        struct err err = {0};
        bool is_new;

        fixture_release("number", &release);
        add_algorithm(&release);
        release.algorithm_terms[0].value = slice_of(VALUES[i]);
        assert_int_equal(releases_import(s->db, &release, &is_new, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "algorithm_term: SQLSTATE 23514"));
        rules_release_release(&release);
    }
}

/* --- immutability and life cycle -----------------------------------------------------------
 */

static void rows_cannot_be_changed(void **state)
{
    struct setting *s = need(state);
    struct release_info draft = import(s, "immutable-draft"), tested = import(s, "immutable");
    struct err err = {0};
    char sql[256];

    assert_ok(releases_mark_tested(s->db, &tested, &err), &err);
    for (size_t i = 0; i < RELEASE_TABLES_COUNT; i++) {
        const char *table = RELEASE_TABLES[i].name;

        (void)snprintf(sql, sizeof sql, "UPDATE pgxgate.%s SET ordinal = ordinal", table);
        test_refused(s->db, sql, "PX001");
        (void)snprintf(sql, sizeof sql, "TRUNCATE pgxgate.%s CASCADE", table);
        test_refused(s->db, sql, "PX001");
        for (int d = 0; d < 2; d++) {
            (void)snprintf(sql, sizeof sql, "DELETE FROM pgxgate.%s WHERE release_id = %s",
                           table, d == 0 ? draft.id.ptr : tested.id.ptr);
            if (db_exec(s->db, "test", sql, &err) == ERR_OK)
                fail_msg("was not refused: %s", sql);
            /* A row that others refer to is refused for that reason first. */
            assert_true(strcmp(db_sqlstate(s->db), "PX001") == 0 ||
                        strcmp(db_sqlstate(s->db), "23503") == 0);
            err_clear(&err);
        }
    }
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO pgxgate.drug VALUES (%s, 999, 'x', false, NULL)",
                   tested.id.ptr);
    test_refused(s->db, sql, "PX001");
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO pgxgate.drug VALUES (%s, 999, 'x', false, NULL)", draft.id.ptr);
    test_exec(s->db, sql);
    assert_ok(releases_delete(s->db, &draft, &err), &err);
    for (size_t i = 0; i < RELEASE_TABLES_COUNT; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM pgxgate.%s WHERE release_id = %s",
                       RELEASE_TABLES[i].name, draft.id.ptr);
        assert_int_equal(test_number(s->db, sql), 0);
    }
}

static void releases_follow_their_life_cycle(void **state)
{
    static const char *const CHANGES[] = {
        "name = 'other'",
        "version = '9'",
        "developer = 'other'",
        "imported_at = now()",
        "content_hash = repeat('0', 64)",
    };
    struct setting *s = need(state);
    struct release_info one = import(s, "cycle-1"), two = import(s, "cycle-2"), found;
    struct err err = {0};
    char sql[256];

    assert_int_equal(releases_activate(s->db, &one, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "cannot go from draft to active"));
    err_clear(&err);
    assert_ok(releases_mark_tested(s->db, &one, &err), &err);
    assert_ok(releases_mark_tested(s->db, &two, &err), &err);
    assert_int_equal(releases_mark_tested(s->db, &two, &err), ERR_INVALID);
    err_clear(&err);
    assert_int_equal(releases_delete(s->db, &one, &err), ERR_DENIED);
    err_clear(&err);
    assert_int_equal(releases_active(s->db, NULL, &s->arena, &found, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_ok(releases_activate(s->db, &one, &err), &err);
    assert_ok(releases_activate(s->db, &two, &err), &err);
    assert_ok(releases_active(s->db, "fixture", &s->arena, &found, &err), &err);
    assert_slice_equal(found.version, "cycle-2");
    assert_ok(releases_find(s->db, "cycle-1", &s->arena, &found, &err), &err);
    assert_slice_equal(found.state, "retired");
    assert_ok(releases_activate(s->db, &one, &err), &err); /* rollback to the older one */
    assert_ok(releases_active(s->db, NULL, &s->arena, &found, &err), &err);
    assert_slice_equal(found.version, "cycle-1");
    assert_true(found.activated_at.len > 0 && found.tested_at.len > 0);
    for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
        (void)snprintf(sql, sizeof sql, "UPDATE pgxgate.release SET %s WHERE id = %s",
                       CHANGES[i], one.id.ptr);
        test_refused(s->db, sql, "PX001");
    }
    (void)snprintf(sql, sizeof sql, "DELETE FROM pgxgate.release WHERE id = %s", one.id.ptr);
    test_refused(s->db, sql, "PX001");
    test_refused(s->db, "TRUNCATE pgxgate.release CASCADE", "PX001");
    (void)snprintf(sql, sizeof sql, "UPDATE pgxgate.release SET state = 'active' WHERE id = %s",
                   two.id.ptr);
    test_refused(s->db, sql, "23505"); /* a second one of the same name */
    assert_true(test_number(s->db, "SELECT count(*) FROM pgxgate.active_recommendation "
                                   "WHERE release_version = 'cycle-1'") == 4);
    assert_int_equal(test_number(s->db,
                                 "SELECT count(*) FROM pgxgate.active_recommendation "
                                 "WHERE gene_keys = 'CYP2D6: 0.0' AND age = '12 to below "
                                 "18 years' AND actions = 'reduce_dose 25-50 %; "
                                 "limit_dose 20.5 mg/d'"),
                     1);
    assert_ok(releases_retire(s->db, &one, &err), &err);
}

static void releases_are_found_by_hash_and_version(void **state)
{
    struct setting *s = need(state);
    struct release_info info = import(s, "find-me"), found, *list;
    struct rules_release release;
    struct err err = {0};
    char prefix[16];
    bool is_new;
    size_t count;

    (void)snprintf(prefix, sizeof prefix, "%.8s", info.content_hash.ptr);
    assert_ok(releases_find(s->db, prefix, &s->arena, &found, &err), &err);
    assert_slice_equal(found.version, "find-me");
    assert_ok(releases_find(s->db, NULL, &s->arena, &found, &err), &err);
    assert_slice_equal(found.version, "find-me");
    (void)snprintf(prefix, sizeof prefix, "%.7s", info.content_hash.ptr);
    assert_int_equal(releases_find(s->db, prefix, &s->arena, &found, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_int_equal(releases_find(s->db, "%", &s->arena, &found, &err), ERR_NOT_FOUND);
    err_clear(&err);
    fixture_release("find-me", &release);
    release.developer = SLICE("somebody else");
    assert_ok(releases_import(s->db, &release, &is_new, &err), &err);
    assert_true(is_new);
    rules_release_release(&release);
    assert_int_equal(releases_find(s->db, "find-me", &s->arena, &found, &err), ERR_INVALID);
    err_clear(&err);
    assert_ok(releases_list(s->db, &s->arena, &list, &count, &err), &err);
    assert_true(count >= 2);
    assert_slice_equal(list[0].developer, "somebody else");
}

static void content_that_was_tampered_with_is_not_loaded(void **state)
{
    struct setting *s = need(state);
    struct release_info info = import(s, "tampered");
    struct rules_release release;
    struct err err = {0};
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "SET session_replication_role = replica; UPDATE pgxgate.recommendation SET "
                   "alert = 'none' WHERE release_id = %s AND alert = 'critical'; "
                   "SET session_replication_role = origin",
                   info.id.ptr);
    test_exec(s->db, sql);
    assert_int_equal(releases_load(s->db, &info, &release, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "was changed in the database"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_and_its_rows_have_one_hash),
        cmocka_unit_test(the_fixture_survives_a_round_trip),
        cmocka_unit_test(the_shipped_knowledge_survives_a_round_trip),
        cmocka_unit_test(every_byte_of_a_text_survives),
        cmocka_unit_test(an_import_that_fails_leaves_nothing),
        cmocka_unit_test(every_enum_name_is_allowed_by_its_column),
        cmocka_unit_test(a_number_that_is_none_is_refused),
        cmocka_unit_test(rows_cannot_be_changed),
        cmocka_unit_test(releases_follow_their_life_cycle),
        cmocka_unit_test(releases_are_found_by_hash_and_version),
        cmocka_unit_test(content_that_was_tampered_with_is_not_loaded),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
