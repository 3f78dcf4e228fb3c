/* gateway/ops/notify.h -- tells systemd how the service is, when systemd asked to be told. */
#ifndef GATEWAY_OPS_NOTIFY_H
#define GATEWAY_OPS_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1", "STOPPING=1" or "WATCHDOG=1" to $NOTIFY_SOCKET; nothing without it. */
void notify_systemd(const char *state);

/* How often the watchdog wants to hear of us; 0: there is none. */
uint64_t notify_watchdog_ms(void);

#endif
