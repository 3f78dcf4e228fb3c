/* tests/gateway/test_fhir_servers.c -- what is known of a FHIR server, by whom, and that nobody
 * waits for it.
 */
#include "tests/fhir/peer.h"

#include "gateway/hooks/servers.h"

#define STATEMENT                                                                              \
    "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"3.0.2\","                     \
    "\"software\":{\"name\":\"Epic\"},\"rest\":[{\"mode\":\"server\","                         \
    "\"resource\":[{\"type\":\"Patient\"}]}]}"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"

static void make_statement(struct buf *buf)
{
    buf_printf(buf, HEAD "Content-Length: %zu\r\n\r\n" STATEMENT, sizeof STATEMENT - 1);
}

static const struct peer_answer ANSWERS[] = {
    {"/fhir/metadata", PEER_SEND, NULL, make_statement},
    {"/fhir/garbage/metadata", PEER_SEND, HEAD "Content-Length: 2\r\n\r\n{,", NULL},
    {"/fhir/other/metadata", PEER_SEND, HEAD "Content-Length: 2\r\n\r\n{}", NULL},
    {"/fhir/gone/metadata", PEER_SEND, "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", NULL},
    {"/fhir/hang/metadata", PEER_HANG, "", NULL},
};

struct world {
    struct rig rig;
    struct hook_servers *servers;
    unsigned read_count;
    enum fhir_fetch_outcome outcome;
    enum fhir_server_kind kind;
};

static void on_statement(void *world_, enum fhir_fetch_outcome outcome,
                         enum fhir_server_kind kind)
{
    struct world *world = world_;

    world->read_count++;
    world->outcome = outcome;
    world->kind = kind;
}

static void world_open(struct world *world, const struct slice *kinds, size_t kinds_count,
                       uint32_t refresh_s)
{
    struct hook_servers_options options = {.kinds = kinds,
                                           .kinds_count = kinds_count,
                                           .refresh_s = refresh_s,
                                           .json_nodes_max = 1000,
                                           .on_statement = on_statement,
                                           .owner = world};
    struct err err = {0};

    *world = (struct world){0};
    rig_open(&world->rig, RIG_LIMITS, ANSWERS, ARRAY_LEN(ANSWERS));
    assert_ok(hook_servers_new(&options, &world->servers, &err), &err);
}

static void world_close(struct world *world)
{
    rig_close(&world->rig);
    hook_servers_free(world->servers);
}

static struct slice base_of(struct world *world, char text[128], const char *path)
{
    (void)snprintf(text, 128, "http://127.0.0.1:%u/fhir%s", world->rig.peer.port, path);
    return slice_of(text);
}

static void refresh(struct world *world, struct slice base, uint64_t now_ms)
{
    hook_servers_refresh(world->servers, world->rig.fetcher, base, now_ms);
}

static void kinds_come_from_the_best_source(void **state)
{
    const struct slice kinds[] = {SLICE("https://ehr.example/a=epic"),
                                  SLICE("https://r4.smarthealthit.org=oracle"),
                                  SLICE("https://ehr.example=hapi")};
    static const struct {
        const char *base;
        enum fhir_server_kind want;
    } rows[] = {
        {"https://ehr.example/a", FHIR_SERVER_EPIC},
        {"https://EHR.example:443/a/", FHIR_SERVER_EPIC},
        {"https://ehr.example/a/b", FHIR_SERVER_EPIC},
        {"https://ehr.example/ab", FHIR_SERVER_HAPI}, /* not below /a, but below the last */
        {"http://ehr.example/a", FHIR_SERVER_GENERIC},
        {"https://r4.smarthealthit.org", FHIR_SERVER_ORACLE}, /* said, not guessed */
        {"https://r3.smarthealthit.org", FHIR_SERVER_SMART},
        {"https://other.example", FHIR_SERVER_GENERIC},
        {"not a URL", FHIR_SERVER_GENERIC},
    };
    struct world world;

    (void)state;
    world_open(&world, kinds, ARRAY_LEN(kinds), 600);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (hook_servers_know(world.servers, slice_of(rows[i].base)).kind != rows[i].want)
            fail_msg("%s", rows[i].base);
    world_close(&world);
}

static void a_statement_is_read_once_in_a_while(void **state)
{
    struct world world;
    char text[128];
    struct slice base;

    (void)state;
    world_open(&world, NULL, 0, 10);
    base = base_of(&world, text, "/");
    refresh(&world, base, 1000);
    refresh(&world, base, 1001); /* is under way */
    assert_int_equal(hook_servers_know(world.servers, base).kind, FHIR_SERVER_GENERIC);
    rig_run(&world.rig, &world.read_count, 1, 0);
    assert_int_equal(world.outcome, FHIR_FETCH_OK);
    assert_int_equal(world.kind, FHIR_SERVER_EPIC);
    base.len--; /* the slash at its end means nothing */
    assert_int_equal(hook_servers_know(world.servers, base).kind, FHIR_SERVER_EPIC);
    assert_int_equal(hook_servers_know(world.servers, base).fhir_major, 3);
    assert_false(hook_servers_know(world.servers, base).may_search_reports);
    refresh(&world, base, 10999);
    rig_run(&world.rig, NULL, 0, 20);
    assert_int_equal(world.rig.peer.requests, 1);
    refresh(&world, base, 11000);
    rig_run(&world.rig, &world.read_count, 2, 0);
    assert_null(strstr(world.rig.peer.last_request, "Authorization"));
    world_close(&world);
}

static void what_was_said_stays(void **state)
{
    struct slice said = SLICE_NONE;
    struct world world;
    char text[128], kind[160];
    struct slice base;

    (void)state;
    world_open(&world, &said, 1, 10); /* read when asked about, not before */
    base = base_of(&world, text, "");
    (void)snprintf(kind, sizeof kind, "%s=canvas", text);
    said = slice_of(kind);
    refresh(&world, base, 1);
    rig_run(&world.rig, &world.read_count, 1, 0);
    assert_int_equal(hook_servers_know(world.servers, base).kind, FHIR_SERVER_CANVAS);
    assert_int_equal(hook_servers_know(world.servers, base).fhir_major, 3); /* that is read */
    world_close(&world);
}

static void bad_statements_change_nothing(void **state)
{
    static const char *const PATHS[] = {"/garbage", "/other", "/gone"};
    struct world world;

    (void)state;
    world_open(&world, NULL, 0, 10);
    for (unsigned i = 0; i < ARRAY_LEN(PATHS); i++) {
        char text[128];
        struct slice base = base_of(&world, text, PATHS[i]);

        refresh(&world, base, 1);
        rig_run(&world.rig, &world.read_count, i + 1, 0);
        assert_int_equal(hook_servers_know(world.servers, base).kind, FHIR_SERVER_GENERIC);
        assert_true(hook_servers_know(world.servers, base).may_search_reports);
    }
    assert_int_equal(world.outcome, FHIR_FETCH_STATUS);
    world_close(&world);
}

static void it_can_be_switched_off(void **state)
{
    struct world world;
    char text[128];

    (void)state;
    world_open(&world, NULL, 0, 0);
    refresh(&world, base_of(&world, text, ""), 1);
    rig_run(&world.rig, NULL, 0, 20);
    assert_int_equal(world.rig.peer.requests, 0);
    world_close(&world);
}

/* The one that was named longest ago makes room, unless its statement is still to come. */
static void the_table_has_an_end(void **state)
{
    struct world world;
    char text[128], hung[128], long_text[HOOK_SERVER_BYTES_MAX + 64];

    (void)state;
    world_open(&world, NULL, 0, 1000);
    refresh(&world, base_of(&world, hung, "/hang"), 1);
    refresh(&world, base_of(&world, text, ""), 2);
    rig_run(&world.rig, &world.read_count, 1, 0);
    assert_int_equal(hook_servers_know(world.servers, slice_of(text)).kind, FHIR_SERVER_EPIC);
    for (unsigned i = 0; i < HOOK_SERVERS_MAX; i++) {
        char other[128];

        (void)snprintf(other, sizeof other, "https://h%u.example/fhir", i); /* is not allowed */
        refresh(&world, slice_of(other), 3 + i);
    }
    assert_int_equal(hook_servers_know(world.servers, slice_of(text)).kind,
                     FHIR_SERVER_GENERIC);
    refresh(&world, slice_of(hung), 100); /* is there: it is not asked again */
    rig_run(&world.rig, NULL, 0, 20);
    assert_int_equal(world.rig.peer.requests, 2);
    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text, "https://h/", 10);
    refresh(&world, (struct slice){long_text, sizeof long_text}, 200);
    assert_int_equal(
        hook_servers_know(world.servers, (struct slice){long_text, sizeof long_text}).kind,
        FHIR_SERVER_GENERIC);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_come_from_the_best_source),
        cmocka_unit_test(a_statement_is_read_once_in_a_while),
        cmocka_unit_test(what_was_said_stays),
        cmocka_unit_test(bad_statements_change_nothing),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(the_table_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
