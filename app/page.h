/* A page of help, written once and printed as wrapped text or as man(7) troff.
 *
 *     struct page p = {.f = stdout, .form = PAGE_TEXT, .width = 80, .column = 24};
 *     page_heading(&p, "Options");
 *     page_item(&p, "--top", "N", "how many classes a line names");
 *
 * All text is ASCII. Errors of the stream stay in it, for the caller to ask. */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdio.h>

enum page_form { PAGE_TEXT, PAGE_MAN };
enum page_part { PAGE_NOTHING, PAGE_HEADING, PAGE_PARAGRAPH, PAGE_ITEM, PAGE_EXAMPLE };

struct page {
    FILE *f;
    enum page_form form;
    int width;           /* of text, in columns */
    int column;          /* where the text of an item starts */
    enum page_part last; /* private: decides on blank lines */
};

/* The width of the terminal that `f` is, between 40 and 100; 80 where it is none. */
int page_width(FILE *f);

void page_heading(struct page *p, const char *title);
void page_subheading(struct page *p, const char *title);

/* Paragraphs, parted by empty lines. Other line breaks do not count, but those of a line that starts with a blank. */
void page_text(struct page *p, const char *text);

/* Turns the blanks of `text` into ones at which no line breaks. */
void page_keep(char *text);

/* A name, what follows it ("" or NULL: nothing), and what it means; \n breaks the line. */
void page_item(struct page *p, const char *name, const char *argument, const char *text);

/* An item below the one before. */
void page_detail(struct page *p, const char *name, const char *text);

/* A line to be typed. */
void page_example(struct page *p, const char *line);

#endif
