/* gateway/cli/exit.h -- what the exit status says, in the numbers of sysexits.h. */
#ifndef GATEWAY_CLI_EXIT_H
#define GATEWAY_CLI_EXIT_H

#define EXIT_OK          0
#define EXIT_NO          1 /* it ran, and the answer is no: a test failed, a check found faults */
#define EXIT_USAGE       64 /* the command line is wrong */
#define EXIT_DATA        65 /* an input file is wrong */
#define EXIT_UNAVAILABLE 69 /* something we depend on is not there: database, port */
#define EXIT_INTERNAL    70 /* a fault in this program, or no memory */
#define EXIT_CONFIG      78 /* the configuration is wrong */

#endif
