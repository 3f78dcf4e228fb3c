/* tests/fhir/test_bundle.c -- what a collection holds, and what each form of reference finds.
 */
#include "tests/fhir/parsed.h"

#include "fhir/json_pick.h"

/* "Observation/a Patient[1] ..." in order; "-" for an empty place. */
static struct slice names(const struct fhir_collection *c, struct arena *arena)
{
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < c->resources_count; i++) {
        struct slice name = c->resources[i].name;

        s = arena_printf(arena, "%.*s%s%.*s%s", SLICE_ARG(s), i == 0 ? "" : " ",
                         SLICE_ARG(name), c->resources[i].type.len == 0 ? "-" : "");
    }
    return s;
}

static void what_is_collected(void **state)
{
    static const struct {
        const char *json;
        const char *want;
    } rows[] = {
        {"{'resourceType':'Patient','id':'p'}", "Patient/p"},
        {"{'resourceType':'Patient'}", "Patient[0]"},
        {"[{'resourceType':'Patient'},{'resourceType':'Observation'}]",
         "Patient[0] Observation[1]"},
        {"{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'A','id':'1'}},"
         "{'fullUrl':'x'},{'resource':null},{'resource':{'resourceType':'B','id':'2'}}]}",
         "A/1 B/2"},
        {"{'resourceType':'Bundle'}", ""},
        {"{'resourceType':'Bundle','entry':{}}", ""},
        {"{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Bundle','entry':["
         "{'resource':{'resourceType':'A','id':'1'}}]}}]}",
         "A/1"},
        {"{'resourceType':'Bundle','entry':[{'fullUrl':'http://e/A/7','resource':"
         "{'resourceType':'A'}}]}",
         "A/7"},
        {"{'resourceType':'Parameters','parameter':[{'name':'n','resource':"
         "{'resourceType':'A','id':'1'}},{'part':[{'resource':{'resourceType':'B','id':'2'}},"
         "{'part':[{'resource':{'resourceType':'C','id':'3'}}]}]},{'valueString':'x'}]}",
         "A/1 B/2 C/3"},
        {"{'resourceType':'R','id':'1','contained':[{'resourceType':'A','id':'x'},"
         "{'resourceType':'A','id':'x'},{'id':'no type'},7,{'resourceType':'B'}]}",
         "R/1 A/x B[2]"},
        {"[{'resourceType':'R','id':'1','contained':[{'resourceType':'A','id':'x'}]},"
         "{'resourceType':'A','id':'x'}]",
         "R/1 A/x A/x"},
        /* twice the same */
        {"[{'resourceType':'A','id':'1'},{'resourceType':'A','id':'1'}]", "A/1"},
        {"[{'resourceType':'A','id':'1'},{'resourceType':'B','id':'1'}]", "A/1 B/1"},
        {"[{'resourceType':'A'},{'resourceType':'A'}]", "A[0] A[1]"},
        {"{'resourceType':'Bundle','entry':[{'fullUrl':'urn:uuid:1','resource':"
         "{'resourceType':'A'}},{'fullUrl':'urn:uuid:1','resource':{'resourceType':'A'}}]}",
         "A[0]"},
        /* nothing to collect */
        {"null", ""},
        {"7", ""},
        {"'text'", ""},
        {"{}", ""},
        {"{'resourceType':7}", ""},
        {"{'resourceType':null}", ""},
        {"[[[{'resourceType':'A','id':'1'}]]]", "A/1"},
        {"{'id':'1','resourceT\\u0079pe':'A'}", "A/1"},
        {"{'resourceType':'A','id':'a\\u002fb'}", "A/a/b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        if (!slice_eq_text(names(&p.collection, &p.arena), rows[i].want))
            fail_msg("row %zu: %.*s, not %s", i, SLICE_ARG(names(&p.collection, &p.arena)),
                     rows[i].want);
        parsed_release(&p);
    }
}

#define BUNDLE                                                                                 \
    "{'resourceType':'Bundle','entry':["                                                       \
    "{'fullUrl':'http://e.org/fhir/Observation/a','resource':{'resourceType':'Observation',"   \
    "'id':'a'}},"                                                                              \
    "{'fullUrl':'urn:uuid:11','resource':{'resourceType':'Patient','id':'p'}},"                \
    "{'fullUrl':'urn:uuid:12','resource':{'resourceType':'Medication'}},"                      \
    "{'fullUrl':'http://e.org/fhir/Medication/"                                                \
    "noid','resource':{'resourceType':'Medication'}},"                                         \
    "{'resource':{'resourceType':'MedicationRequest','id':'r','contained':["                   \
    "{'resourceType':'Medication','id':'m'},{'resourceType':'Substance','id':'s'}]}},"         \
    "{'resource':{'resourceType':'MedicationRequest','id':'q','contained':["                   \
    "{'resourceType':'Medication','id':'m'}]}}]}"

static void every_form_of_reference(void **state)
{
    enum { A, P, UUID, NOID, R, R_M, R_S, Q, Q_M };
    static const struct {
        const char *reference;
        int from; /* index, or -1 */
        int want;
    } rows[] = {
        {"Observation/a", -1, A},
        {"Observation/a/_history/3", -1, A},
        {"http://e.org/fhir/Observation/a", -1, A},
        {"https://other.org/x/Observation/a", -1, A},
        {"http://e.org/fhir/Observation/a/_history/1", -1, A},
        {"urn:uuid:11", -1, P},
        {"Patient/p", -1, P},
        {"urn:uuid:12", -1, UUID},
        {"http://e.org/fhir/Medication/noid", -1, NOID},
        {"Medication/noid", -1, NOID},
        {"#m", R, R_M},
        {"#m", Q, Q_M},
        {"#s", R, R_S},
        {"#s", R_M, R_S}, /* from one contained resource to another */
        {"#", R_M, R},
        {"#", R, R},
        {"#s", Q, -1},
        {"#m", -1, -1},
        {"Medication/m", -1, -1}, /* contained: nobody outside may refer to it */
        {"Observation/b", -1, -1},
        {"Patient/a", -1, -1},
        {"observation/a", -1, -1},
        {"a", -1, -1},
        {"/a", -1, -1},
        {"Observation/", -1, -1},
        {"urn:uuid:99", -1, -1},
        {"", -1, -1},
        {"#", -1, -1},
        {"/", -1, -1},
        {"//", -1, -1},
        {"/_history/1", -1, -1},
    };
    struct parsed p;

    (void)state;
    parsed_init(&p);
    parsed_add(&p, BUNDLE);
    assert_int_equal(p.collection.resources_count, 9);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fhir_resource *from =
            rows[i].from < 0 ? NULL : &p.collection.resources[rows[i].from];
        const struct fhir_resource *found =
            fhir_collection_find(&p.collection, slice_of(rows[i].reference), from);
        const struct fhir_resource *want =
            rows[i].want < 0 ? NULL : &p.collection.resources[rows[i].want];

        if (found != want)
            fail_msg("%s", rows[i].reference);
    }
    assert_int_equal(p.collection.resources[R_M].parent, R);
    assert_int_equal(p.collection.resources[R].parent, SIZE_MAX);
    parsed_release(&p);
}

static void an_empty_collection_finds_nothing(void **state)
{
    struct fhir_collection collection;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    fhir_collection_init(&collection, &arena);
    assert_null(fhir_collection_find(&collection, SLICE("Patient/1"), NULL));
    assert_null(fhir_collection_find(&collection, SLICE("#x"), NULL));
    arena_release(&arena);
}

/* The newer version takes the older one's place, with what it contains. */
static void a_newer_version_replaces(void **state)
{
#define VERSION(updated, contained)                                                            \
    "{'resourceType':'A','id':'1','meta':{'lastUpdated':'" updated                             \
    "'},'code':{'text':'" updated "'},'contained':[{'resourceType':'C','id':'" contained       \
    "'}]}"
    static const struct {
        const char *json;
        const char *want; /* lastUpdated of A/1 */
        const char *names;
        const char *contained; /* that it now has */
    } rows[] = {
        {"[" VERSION("2024", "x") "," VERSION("2023", "y") "]", "2024", "A/1 C/x", "#x"},
        {"[" VERSION("2024", "x") "," VERSION("2024", "y") "]", "2024", "A/1 C/x", "#x"},
        {"[" VERSION("2023", "x") "," VERSION("2024", "y") "]", "2024", "A/1 - C/y", "#y"},
        {"[" VERSION("2023", "x") "," VERSION("2024", "x") "]", "2024", "A/1 - C/x", "#x"},
        {"[{'resourceType':'A','id':'1'}," VERSION("2024", "y") "]", "2024", "A/1 C/y", "#y"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fhir_resource *a, *contained;
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        a = fhir_collection_find(&p.collection, SLICE("A/1"), NULL);
        assert_non_null(a);
        assert_true(json_text_is(json_at(a->json, "meta", "lastUpdated"), rows[i].want));
        assert_true(json_text_is(json_get(a->code, "text"), rows[i].want));
        assert_slice_equal(names(&p.collection, &p.arena), rows[i].names);
        contained = fhir_collection_find(&p.collection, slice_of(rows[i].contained), a);
        assert_non_null(contained);
        assert_ptr_equal(&p.collection.resources[contained->parent], a);
        parsed_release(&p);
    }
}

static void many_resources_are_found_again(void **state)
{
    struct parsed p;
    struct err err = {0};

    (void)state;
    parsed_init(&p);
    buf_add_text(&p.text, "[");
    for (int i = 0; i < FHIR_RESOURCES_MAX; i++)
        buf_printf(&p.text, "%s{\"resourceType\":\"Observation\",\"id\":\"%d\"}",
                   i == 0 ? "" : ",", i);
    buf_add_text(&p.text, "]");
    parsed_read(&p);
    assert_ok(fhir_collection_add(&p.collection, json_root(&p.doc), &err), &err);
    assert_int_equal(p.collection.resources_count, FHIR_RESOURCES_MAX);
    for (int i = 0; i < FHIR_RESOURCES_MAX; i++) {
        struct slice reference = arena_printf(&p.arena, "Observation/%d", i);

        assert_ptr_equal(fhir_collection_find(&p.collection, reference, NULL),
                         &p.collection.resources[i]);
    }
    /* the same again adds nothing; one more is too many */
    assert_ok(fhir_collection_add(&p.collection, json_root(&p.doc), &err), &err);
    assert_int_equal(p.collection.resources_count, FHIR_RESOURCES_MAX);
    buf_clear(&p.text);
    buf_add_text(&p.text, "{\"resourceType\":\"Observation\"}");
    parsed_read(&p);
    assert_int_equal(fhir_collection_add(&p.collection, json_root(&p.doc), &err), ERR_LIMIT);
    parsed_release(&p);
}

static void every_lack_of_memory_is_an_error(void **state)
{
    size_t succeeded_at = 0;

    (void)state;
    for (size_t bytes = 0; bytes < 60000 && succeeded_at == 0; bytes += 64) {
        struct fhir_collection collection;
        struct err err = {0};
        struct arena arena;
        struct parsed p;
        enum err_code code;

        parsed_init(&p);
        parsed_add(&p, BUNDLE);
        arena_init(&arena, bytes);
        fhir_collection_init(&collection, &arena);
        code = fhir_collection_add(&collection, json_root(&p.doc), &err);
        if (code == ERR_OK)
            succeeded_at = bytes;
        else
            assert_int_equal(code, ERR_NOMEM);
        arena_release(&arena);
        parsed_release(&p);
    }
    assert_true(succeeded_at > 0);
}

static void next_page(void **state)
{
    static const struct {
        const char *json;
        const char *want;
    } rows[] = {
        {"{'resourceType':'Bundle','link':[{'relation':'self','url':'a'},"
         "{'relation':'next','url':'http:\\/\\/e.org\\/x?page=2'}]}",
         "http://e.org/x?page=2"},
        {"{'resourceType':'Bundle','link':[{'relation':'self','url':'a'}]}", ""},
        {"{'resourceType':'Bundle','link':[{'relation':'next'}]}", ""},
        {"{'resourceType':'Bundle','link':'next'}", ""},
        {"{'resourceType':'Bundle'}", ""},
        {"7", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_slice_equal(fhir_bundle_next(json_root(&p.doc), &p.arena), rows[i].want);
        parsed_release(&p);
    }
}

static void kinds_of_answers(void **state)
{
    static const struct {
        const char *json;
        enum fhir_answer want;
    } rows[] = {
        {"null", FHIR_ANSWER_NULL},
        {"{'resourceType':'Bundle'}", FHIR_ANSWER_DATA},
        {"{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'OperationOutcome'}}]}",
         FHIR_ANSWER_DATA},
        {"{'resourceType':'Patient','id':'1'}", FHIR_ANSWER_DATA},
        {"{'resourceType':'OperationOutcome'}", FHIR_ANSWER_OUTCOME},
        {"{}", FHIR_ANSWER_WRONG},
        {"[]", FHIR_ANSWER_WRONG},
        {"'text'", FHIR_ANSWER_WRONG},
        {"{'resourceType':7}", FHIR_ANSWER_WRONG},
        {"false", FHIR_ANSWER_WRONG},
    };

    (void)state;
    assert_int_equal(fhir_answer_of(JSON_NONE), FHIR_ANSWER_NONE);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        if (fhir_answer_of(json_root(&p.doc)) != rows[i].want)
            fail_msg("%s", rows[i].json);
        parsed_release(&p);
    }
}

/* json_pick must say what json_get says, for every shape. */
static void picked_members_are_the_gotten_ones(void **state)
{
    static const struct json_want WANTS[] = {JSON_WANT("a"), JSON_WANT("bcd"),
                                             JSON_WANT_PREFIX("value")};
    static const struct {
        const char *json;
        const char *a, *bcd, *value;
    } rows[] = {
        {"{'a':'1','bcd':'2','valueString':'3'}", "1", "2", "3"},
        {"{'value':'3','b':'x','bc':'x','bcde':'x','A':'x'}", "", "", "3"},
        {"{'valu':'x','xvalue':'x'}", "", "", ""},
        {"{'a':null,'valueString':null,'valueCode':'4'}", "", "", "4"},
        {"{'\\u0061':'1','b\\u0063d':'2','\\u0076alueX':'3'}", "1", "2", "3"},
        {"{'\\u0062':'x','b\\u0063':'x','v\\u0061lu':'x'}", "", "", ""},
        {"{}", "", "", ""},
        {"[{'a':'1'}]", "", "", ""},
        {"'a'", "", "", ""},
        {"{'x':{'a':'1'},'bcd':'2'}", "", "2", ""},
    };
    struct json found[ARRAY_LEN(WANTS)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        json_pick(json_root(&p.doc), WANTS, ARRAY_LEN(WANTS), found);
        assert_slice_equal(json_text(found[0], &p.arena), rows[i].a);
        assert_slice_equal(json_text(found[1], &p.arena), rows[i].bcd);
        assert_slice_equal(json_text(found[2], &p.arena), rows[i].value);
        parsed_release(&p);
    }
    json_pick(JSON_NONE, WANTS, ARRAY_LEN(WANTS), found);
    assert_true(json_is_absent(found[0]) && json_is_absent(found[2]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_collected),
        cmocka_unit_test(every_form_of_reference),
        cmocka_unit_test(an_empty_collection_finds_nothing),
        cmocka_unit_test(a_newer_version_replaces),
        cmocka_unit_test(many_resources_are_found_again),
        cmocka_unit_test(every_lack_of_memory_is_an_error),
        cmocka_unit_test(next_page),
        cmocka_unit_test(kinds_of_answers),
        cmocka_unit_test(picked_members_are_the_gotten_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
