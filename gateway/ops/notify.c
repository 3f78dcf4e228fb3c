/* gateway/ops/notify.c -- the protocol of sd_notify(3): one datagram per message. */
#include "gateway/ops/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rules/base/slice.h"

void notify_systemd(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path == NULL ? 0 : strlen(path);
    int fd;

    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') /* an abstract name */
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* A full queue would block the loop; then it is systemd that is behind, not we. */
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    (void)close(fd);
}

uint64_t notify_watchdog_ms(void)
{
    uint64_t us = 0;
    uint64_t pid = 0;

    if (!slice_to_u64(slice_of(getenv("WATCHDOG_USEC")), UINT64_MAX, &us))
        return 0;
    if (slice_to_u64(slice_of(getenv("WATCHDOG_PID")), UINT64_MAX, &pid) &&
        pid != (uint64_t)getpid())
        return 0;
    return us / 1000;
}
