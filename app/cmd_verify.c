#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/subcommand.h"
#include "core/number.h"
#include "core/train/verify.h"

struct tally {
    size_t tensors;
    double worst;
    char name[512];
};

static void on_tensor(void *context, const char *path, const char *name, double error) {
    struct tally *t = context;
    printf("%s\t%s\t%.3g\n", path, name, error);
    if (t->tensors++ == 0 || error > t->worst) {
        t->worst = error;
        snprintf(t->name, sizeof t->name, "%s", name);
    }
}

static int run(const struct arguments *a, struct error *e) {
    double tolerance = 1e-4;
    const char *given = arguments_value(a, "tolerance");
    if (given && (!number_real(given, &tolerance) || tolerance <= 0))
        return error_set(e, ERROR_USAGE, "tolerance is \"%s\", expected a number above 0", given);
    struct tally t = {0};
    for (int i = 0; i < a->count; i++) {
        int r = verify_file(a->values[i], on_tensor, &t, e);
        if (r < 0)
            return r;
    }
    printf("verified %zu tensors, worst %.3g %s\n", t.tensors, t.worst, t.name);
    return t.worst <= tolerance ? 0 : 1;
}

const struct subcommand cmd_verify = {
    .name = "verify",
    .synopsis = "FILE... [--tolerance X]",
    .summary = "check this build, BLAS and CPU against golden files",
    .details =
        "A golden file holds weights, a batch, and what forward, backward and five optimizer steps must give, as "
        "PyTorch computed it in float64; tests/fixtures/golden in the sources has some.\n\n"
        "Prints a line a tensor, FILE, NAME and ERROR with tabs between, ERROR being the largest difference over the "
        "largest expected value, and a last line with the worst. The exit status is 1 if that is above the tolerance.",
    .options = (const struct option[]){{"tolerance", "X", "largest error that passes (1e-4)"}, {NULL, NULL, NULL}},
    .least = 1,
    .most = -1,
    .run = run,
};
