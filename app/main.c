/* Finds the subcommand, parses its arguments, runs it, and says what went wrong. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/help.h"
#include "app/page.h"
#include "app/subcommands.h"
#include "app/version.h"
#include "core/nearest.h"

/* A first word that is no file and nearly a subcommand is a misspelt one, not a script. */
static int check_script(const char *word, struct error *e) {
    if (word[0] == '-' || strpbrk(word, "./") || access(word, F_OK) == 0)
        return 0;
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < subcommands_count(); i++)
        nearest_offer(&near, subcommands_at(i)->name);
    char hint[128];
    return error_set(e, ERROR_USAGE, "\"%.80s\" is no subcommand and no file%s", word,
                     nearest_hint(&near, "", "see `gptui --help`", hint, sizeof hint));
}

/* A standard stream that is closed would give its number to the next file that is opened, and a line of output would
 * land in a run folder. What is put there instead fails to write, or to read, as the closed one would. */
static void hold_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(1); /* no place left to say why */
}

/* --help right after the program's name is about the program, after a subcommand's about that. */
static int answer(const struct arguments *a, bool named, struct error *e) {
    int result = 0;
    if (a->version)
        printf("gptui %s\n", VERSION_TEXT);
    else
        result = help_print(stdout, page_width(stdout), named ? a->command->name : NULL, e);
    return result;
}

/* A result that nobody received is none: a full disk behind `> FILE` is a failure. A pipe whose reader has seen enough
 * ends the program by SIGPIPE, as usual. */
static int flush_output(struct error *e) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    return error_set(e, ERROR_IO, "standard output cannot be written%s%s", errno ? ": " : "",
                     errno ? strerror(errno) : "");
}

int main(int argc, char **argv) {
    struct error e = {0};
    struct arguments a = {0};
    hold_standard_streams();
    /* The character set for the screen; numbers keep their decimal point. */
    setlocale(LC_CTYPE, "");

    const struct subcommand *command = argc > 1 ? subcommands_find(argv[1]) : NULL;
    bool named = command != NULL;
    int skip = named ? 2 : argc > 0, result = 0;
    if (!named)
        command = subcommands_at(0);
    if (!named && argc > 1)
        result = check_script(argv[1], &e);
    if (result == 0)
        result = arguments_parse(&a, command, argc - skip, argv + skip, &e);
    if (result == 0)
        result = a.help || a.version ? answer(&a, named, &e) : command->run(&a, &e);
    arguments_free(&a);
    if (result == 0 && flush_output(&e) < 0)
        result = e.code;
    if (result >= 0)
        return result;
    fprintf(stderr, "gptui%s%s: %s\n", named ? " " : "", named ? command->name : "", e.text);
    return error_exit_status(result);
}
