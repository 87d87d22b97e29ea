#include <string.h>

#include "app/arguments.h"
#include "app/help.h"
#include "app/help_topics.h"
#include "app/recipes.h"
#include "app/subcommands.h"

/* The parts of the script that no table says. Words are taken from the line itself, since bash also parts them at : and
 * =, which stand inside ours (mae:cub, --lr=1); what readline has already typed of such a word is cut from the answers.
 */
static const char head[] = "# bash completion for gptui, made by `gptui help --completion bash`.\n"
                           "\n"
                           "_gptui() {\n"
                           "    local line=${COMP_LINE:0:COMP_POINT} cur prev command options values lead\n"
                           "    local -a words\n"
                           "    cur=${line##*[[:space:]]}\n"
                           "    read -r -a words <<<\"${line%\"$cur\"}\"\n"
                           "    prev=${words[${#words[@]} - 1]}\n"
                           "    if [[ $cur == --*=* ]]; then\n"
                           "        prev=${cur%%=*}\n"
                           "        [[ $COMP_WORDBREAKS == *=* ]] || lead=$prev=\n"
                           "        cur=${cur#*=}\n"
                           "    fi\n"
                           "    COMPREPLY=()\n";

static const char tail[] = "    if [[ $cur == -* ]]; then\n"
                           "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                           "    elif [[ $command == help ]]; then\n"
                           "        COMPREPLY=($(compgen -W \"$topics\" -- \"$cur\"))\n"
                           "    else\n"
                           "        ((${#words[@]} == 1)) && COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
                           "        compopt -o filenames 2>/dev/null\n"
                           "        COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
                           "    fi\n"
                           "    COMPREPLY=(\"${COMPREPLY[@]/#/$lead}\")\n"
                           "}\n"
                           "\n"
                           "complete -F _gptui gptui\n";

static void put_options(FILE *f, const struct option *options) {
    for (; options && options->name; options++)
        fprintf(f, " --%s", options->name);
}

static void put_names(FILE *f) {
    fputs("    local commands=\"", f);
    for (size_t i = 0; i < subcommands_count(); i++)
        fprintf(f, "%s%s", i ? " " : "", subcommands_at(i)->name);
    fputs("\"\n    local topics=\"", f);
    for (size_t i = 0; i < help_topics_count(); i++)
        fprintf(f, "%s ", help_topics_at(i)->name);
    fputs("$commands\"\n    local settings=\"", f);
    for (size_t i = 0; i < settings_count(); i++)
        fprintf(f, "%s--%s", i ? " " : "", settings_at(i)->name);
    fputs("\"\n", f);
}

/* Which options the subcommand on the line has. */
static void put_subcommands(FILE *f) {
    fprintf(f, "    command=${words[1]:-%s}\n    case $command in\n", subcommands_at(0)->name);
    for (size_t i = subcommands_count(); i-- > 0;) {
        const struct subcommand *command = subcommands_at(i);
        fprintf(f, "    %s) options=\"", i ? command->name : "*");
        if (command->takes_settings)
            fputs("$settings", f);
        put_options(f, command->options);
        put_options(f, arguments_common(command->takes_settings));
        fputs("\" ;;\n", f);
    }
    fputs("    esac\n", f);
}

/* What can follow an option: choices as words, files otherwise. */
static void put_values(FILE *f) {
    fputs("    case $prev in\n", f);
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        if (row->type != SETTING_CHOICE && row->type != SETTING_FLAG && strcmp(row->name, "recipe") != 0)
            continue;
        fprintf(f, "    --%s) values=\"", row->name);
        if (row->type == SETTING_FLAG)
            fputs("on off", f);
        for (const struct setting_choice *c = row->choices; c && c->text; c++)
            fprintf(f, "%s%s", c == row->choices ? "" : " ", c->text);
        if (row->type == SETTING_TEXT)
            fputs("auto", f);
        for (size_t k = 0; row->type == SETTING_TEXT && k < recipes_count(); k++)
            fprintf(f, " %s", recipes_at(k)->name);
        for (size_t k = 0; row->type == SETTING_TEXT && k < recipes_count(); k++)
            if (recipes_task(recipes_at(k)))
                fprintf(f, " %s", recipes_task(recipes_at(k)));
        fputs("\" ;;\n", f);
    }
    fputs("    --split) values=\"train val test\" ;;\n    --completion) values=\"bash\" ;;\n    esac\n"
          "    if [[ -n $values ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$values\" -- \"$cur\"))\n"
          "        if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
          "            COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\")\n"
          "        fi\n"
          "        COMPREPLY=(\"${COMPREPLY[@]/#/$lead}\")\n"
          "        return\n"
          "    fi\n",
          f);
}

void help_completion(FILE *f) {
    fputs(head, f);
    put_names(f);
    put_subcommands(f);
    put_values(f);
    fputs(tail, f);
}
