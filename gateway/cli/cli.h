/* gateway/cli/cli.h -- the commands of pgxgate; argv[0] is the command's own name. */
#ifndef GATEWAY_CLI_CLI_H
#define GATEWAY_CLI_CLI_H

int cli_serve(int argc, char **argv);
int cli_check_config(int argc, char **argv);
int cli_migrate(int argc, char **argv);
int cli_rules(int argc, char **argv);
int cli_codes(int argc, char **argv);
int cli_advise(int argc, char **argv);
int cli_replay(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_phenotype(int argc, char **argv);
int cli_version(int argc, char **argv);

/* Everything pgxgate does from its arguments to its exit status: finds the command and runs
 * it; `help`, `--help` and `--version` too. */
int cli_main(int argc, char **argv);

#endif
