#include "app/help.h"
#include "app/help_topics.h"
#include "app/subcommands.h"
#include "app/version.h"

static void write_subcommands(struct page *p) {
    page_heading(p, "Subcommands");
    page_text(p, "The first one is meant where none is named. Each takes --help and --version; those of which every "
                 "setting is an option also take --config FILE, a file of settings that the other options come after.");
    for (size_t i = 0; i < subcommands_count(); i++) {
        const struct subcommand *command = subcommands_at(i);
        char title[200];
        snprintf(title, sizeof title, "gptui %s \\(em %s", command->name, command->summary);
        page_subheading(p, title);
        help_topics_subcommand(p, command);
    }
}

void help_man(FILE *f) {
    struct page p = {.f = f, .form = PAGE_MAN};
    fprintf(f, ".\\\" Made by `gptui help --man` from the program's tables.\n"
               ".TH GPTUI 1 \"\" \"gptui " VERSION_TEXT "\" \"User Commands\"\n.nh\n.ad l\n");
    page_heading(&p, "Name");
    fputs("gptui \\- gated prompt tuning of self\\-supervised vision transformers\n", f);
    page_heading(&p, "Synopsis");
    fputs(".B gptui\n[\\fBrun\\fR] [\\fISCRIPT\\fR] [\\fB\\-\\-\\fIoption value\\fR]...\n.br\n"
          ".B gptui\n\\fIsubcommand\\fR [\\fIargument\\fR]... [\\fB\\-\\-\\fIoption value\\fR]...\n",
          f);
    page_heading(&p, "Description");
    page_text(&p, help_topics_about);
    write_subcommands(&p);
    for (size_t i = 0; i < help_topics_count(); i++) {
        page_heading(&p, help_topics_at(i)->title);
        help_topics_at(i)->write(&p);
    }
    page_heading(&p, "Examples");
    for (const struct help_example *x = help_topics_examples; x->line; x++) {
        page_text(&p, x->text);
        page_example(&p, x->line);
    }
}
