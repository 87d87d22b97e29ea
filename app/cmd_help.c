#include <stdio.h>
#include <string.h>

#include "app/help.h"
#include "app/page.h"
#include "app/subcommands.h"

static int run(const struct arguments *a, struct error *e) {
    const char *shell = arguments_value(a, "completion");
    if (shell && strcmp(shell, "bash") != 0)
        return error_set(e, ERROR_USAGE, "--completion is \"%.80s\", expected bash", shell);
    if (shell)
        help_completion(stdout);
    else if (arguments_has(a, "man"))
        help_man(stdout);
    else
        return help_print(stdout, page_width(stdout), a->count ? a->values[0] : NULL, e);
    return 0;
}

const struct subcommand cmd_help = {
    .name = "help",
    .synopsis = "[TOPIC] [--man | --completion bash]",
    .summary = "what a subcommand or a topic is about",
    .details =
        "Prints help on a subcommand, or on settings, commands (of scripts), keys, recipes, evaluation, files (of "
        "the run folder) or exit-codes; without a TOPIC, on the program.",
    .options = (const struct option[]){{"man", NULL, "print the manual page, as man(7) troff"},
                                       {"completion", "bash",
                                        "print a completion script: eval \"$(gptui help "
                                        "--completion bash)\""},
                                       {NULL, NULL, NULL}},
    .most = 1,
    .run = run,
};
