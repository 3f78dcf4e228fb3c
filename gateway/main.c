/* gateway/main.c -- pgxgate starts here; gateway/cli/main.c does the rest. */
#include "gateway/cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
