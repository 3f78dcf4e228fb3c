/* tests/fhir/test_fetch_tls.c -- TLS servers are verified: their chain and their name.
 *
 * The server is `openssl s_server`, with a certificate for "localhost" made for this run.
 */
#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fhir/peer.h"

#define SERVER_START_MS 10000

extern char **environ;

struct tls_server {
    char folder[64];
    char certificate[128];
    unsigned port;
    pid_t pid; /* 0 while it does not run */
};

static pid_t spawn(const char *folder, const char *command)
{
    const char *const args[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addchdir_np(&actions, folder);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, "sh", &actions, NULL, (char *const *)args, environ) != 0)
        pid = 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static bool make_certificate(struct tls_server *server)
{
    pid_t pid = spawn(server->folder,
                      "exec openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
                      " -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
                      " -addext subjectAltName=DNS:localhost");
    int status = 1;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void write_answer(const struct tls_server *server)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/fhir", server->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("HTTP/1.0 200 OK\r\nContent-Type: application/fhir+json\r\n\r\n{}", file);
    assert_int_equal(fclose(file), 0);
}

static bool is_listening(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    (void)close(fd);
    return ok;
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static bool server_start(struct tls_server *server)
{
    char command[160];

    server->port = free_port();
    (void)snprintf(command, sizeof command,
                   "exec openssl s_server -accept 127.0.0.1:%u -cert cert.pem -key key.pem"
                   " -HTTP -quiet",
                   server->port);
    server->pid = spawn(server->folder, command);
    for (int i = 0; server->pid > 0 && i < SERVER_START_MS / 10; i++) {
        if (is_listening(server->port))
            return true;
        (void)usleep(10000);
    }
    return false;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    struct tls_server *server = *state;

    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, NULL, 0);
    }
    return nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state)
{
    static struct tls_server server;

    (void)snprintf(server.folder, sizeof server.folder, "/tmp/pgxgate-tls-XXXXXX");
    if (mkdtemp(server.folder) == NULL)
        return -1;
    (void)snprintf(server.certificate, sizeof server.certificate, "%s/cert.pem", server.folder);
    *state = &server;
    if (!make_certificate(&server))
        return 0;
    write_answer(&server);
    return server_start(&server) ? 0 : tear_down(state) - 1;
}

static void fetch_over_tls(const struct tls_server *server, const char *host,
                           const char *ca_file, struct call *call)
{
    struct fhir_fetcher_limits limits = RIG_LIMITS;
    const struct slice base = SLICE("https://loopback/fhir");
    struct err err = {0};
    struct rig rig;

    rig_open(&rig, RIG_LIMITS, NULL, 0);
    fhir_fetcher_close(rig.fetcher, NULL, NULL);
    limits.ca_file = ca_file;
    assert_ok(fhir_fetcher_new(&rig.loop, &base, 1, limits, &rig.fetcher, &err), &err);
    (void)snprintf(call->url, sizeof call->url, "https://%s:%u/fhir", host, server->port);
    call->fetch.url = slice_of(call->url);
    call->fetch.timeout_ms = 10000;
    call->fetch.on_done = call_on_done;
    for (unsigned i = 1; i <= 3; i++) {
        assert_ok(fhir_fetch_start(rig.fetcher, &call->fetch, &err), &err);
        rig_run(&rig, &call->done_count, i, 0);
    }
    rig_close(&rig);
}

static void servers_are_verified(void **state)
{
    const struct tls_server *server = *state;
    const struct {
        const char *host;
        const char *ca_file;
        enum fhir_fetch_outcome want;
    } rows[] = {
        {"localhost", server->certificate, FHIR_FETCH_OK},
        {"LOCALHOST", server->certificate, FHIR_FETCH_OK},
        {"127.0.0.1", server->certificate, FHIR_FETCH_BROKEN}, /* not the certificate's name */
        {"localhost", NULL, FHIR_FETCH_BROKEN}, /* no authority of the system signed it */
    };

    if (server->pid == 0) {
        print_message("skipped: no openssl command\n");
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {0};

        fetch_over_tls(server, rows[i].host, rows[i].ca_file, &call);
        if (call.reply.outcome != rows[i].want)
            fail_msg("row %zu: %s (%s)", i, fhir_fetch_outcome_name(call.reply.outcome),
                     call.reply.reason);
        assert_slice_equal(call.reply.body, rows[i].want == FHIR_FETCH_OK ? "{}" : "");
        call_release(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_verified),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
