/* How quick the screen is and what it costs while a ViT-B trains on all cores: key to screen, pause to its
 * acknowledgement, CPU time of the interface. scripts/bench-live runs it; not a test. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/terminal.h"

enum { KEYS = 600, PAUSES = 10 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *ms, int n) {
    qsort(ms, (size_t)n, sizeof *ms, compare);
    printf("%-28s p50 %6.1f ms   p99 %6.1f ms   max %6.1f ms   (%d)\n", what, ms[n / 2], ms[(n * 99) / 100], ms[n - 1],
           n);
}

/* Seconds of CPU time of the threads of `pid` that are called `name`; NULL: all of them. */
static double cpu(pid_t pid, const char *name) {
    char path[300], comm[64], line[512];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        unsigned long user = 0, system = 0;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/comm", (int)pid, entry->d_name);
        FILE *f = fopen(path, "re");
        bool named = f && fgets(comm, sizeof comm, f);
        if (f)
            fclose(f);
        comm[named ? strcspn(comm, "\n") : 0] = 0;
        if (name && strcmp(comm, name) != 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)pid, entry->d_name);
        f = fopen(path, "re");
        if (f && fgets(line, sizeof line, f) && strrchr(line, ')'))
            sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
        if (f)
            fclose(f);
        sum += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    }
    if (d)
        closedir(d);
    return sum;
}

/* Lets the program go on for so many seconds. */
static void look_on(struct terminal *t, double seconds) {
    terminal_shows(t, "\x01", seconds);
}

/* What each view's own lines hold, and no other view's. */
struct seen {
    const char *key, *text;
};

/* How long the overview takes to appear and to move, from the program's start. */
static int time_start(char **arguments) {
    enum { STARTS = 10 };
    double first[STARTS], moving[STARTS];
    for (int i = 0; i < STARTS; i++) {
        double started = now();
        struct terminal *t = terminal_start(40, 120, "xterm-256color", "C.UTF-8", (const char *const *)arguments);
        if (!terminal_shows(t, "[1 overview]", 30))
            return 1;
        first[i] = 1000 * (now() - started);
        if (!terminal_shows(t, "batch 2/", 30))
            return 1;
        moving[i] = 1000 * (now() - started);
        terminal_send(t, ":quit!\r");
        terminal_finish(t, 30);
        terminal_destroy(t);
    }
    report("exec to overview", first, STARTS);
    report("exec to its second batch", moving, STARTS);
    return 0;
}

int main(int argc, char **argv) {
    static const struct seen views[] = {{"2", "[2 gates]"}, {"3", "[3 attention]"}, {"4", "[4 data]"},
                                        {"5", "[5 log]"},   {"6", "[6 settings]"},  {"1", "[1 overview]"}};
    double ms[KEYS], pauses[PAUSES];
    if (argc < 3) {
        fprintf(stderr, "usage: bench_live FOLDER GPTUI ARGUMENT...\n");
        return 2;
    }
    if (chdir(argv[1]) < 0)
        return 1;
    if (argc == 3)
        return time_start(argv + 2);
    struct terminal *t = terminal_start(40, 120, "xterm-256color", "C.UTF-8", (const char *const *)argv + 2);
    if (!terminal_shows(t, "RUNNING", 60)) {
        fprintf(stderr, "it does not run:\n%s\n", terminal_text(t));
        return 1;
    }
    pid_t pid = terminal_pid(t);
    look_on(t, 1);
    double start = now(), all = cpu(pid, NULL), ui = cpu(pid, "gptui"), looks = cpu(pid, "trainer");
    for (int i = 0; i < KEYS; i++) {
        const struct seen *v = &views[i % 6];
        look_on(t, 0.15);
        double pressed = now();
        terminal_send(t, v->key);
        if (!terminal_shows(t, v->text, 5)) {
            fprintf(stderr, "no %s on\n%s\n", v->text, terminal_text(t));
            return 1;
        }
        ms[i] = 1000 * (now() - pressed);
    }
    double seconds = now() - start;
    all = cpu(pid, NULL) - all;
    ui = cpu(pid, "gptui") - ui;
    looks = cpu(pid, "trainer") - looks;
    for (int i = 0; i < PAUSES; i++) {
        double pressed = now();
        terminal_send(t, " ");
        if (!terminal_shows(t, "PAUSED", 5))
            return 1;
        pauses[i] = 1000 * (now() - pressed);
        terminal_send(t, " ");
        if (!terminal_shows(t, "RUNNING", 5))
            return 1;
        look_on(t, 0.3);
    }
    report("key to screen", ms, KEYS);
    report("pause to PAUSED", pauses, PAUSES);
    printf("%-28s %.2f%% of the CPU time (%.2f s of %.1f s, in %.0f s); the trainer's own thread, attention included: "
           "%.2f%%\n",
           "interface thread", 100 * ui / all, ui, all, seconds, 100 * looks / all);
    terminal_send(t, ":quit!\r");
    terminal_finish(t, 30);
    terminal_destroy(t);
    return 0;
}
