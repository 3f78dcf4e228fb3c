/* rules/base/banned.h -- functions that lose lengths, errors or thread safety do not compile.
 *
 * Use slices, struct buf and the parsers of slice.h instead. Included by slice.h, so that it
 * holds everywhere.
 */
#ifndef RULES_BASE_BANNED_H
#define RULES_BASE_BANNED_H

/* The declarations must be seen before the names are poisoned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atof
#pragma GCC poison gmtime localtime ctime asctime

#endif
