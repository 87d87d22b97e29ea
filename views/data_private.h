/* What the data view is made of: the list of samples, the confusion matrix, the classes. Only its files include it. */
#ifndef VIEWS_DATA_PRIVATE_H
#define VIEWS_DATA_PRIVATE_H

#include "views/view.h"

/* The rows of the list: indices into predictions->images in the order in which they are shown. */
struct data_list {
    uint32_t *order; /* [count] */
    size_t count;
};

struct data_layout {
    struct area list, matrix, classes; /* width 0: not shown */
    int entry;                         /* rows of a sample; 1: without its picture */
    int titles;                        /* rows above the samples */
    int shown;                         /* samples that fit */
};

void data_layout_make(struct area a, struct data_layout *out);

/* Takes memory; false: there is none. */
bool data_list_make(const struct view_context *x, struct data_list *out);
void data_list_free(struct data_list *l);
/* The first row that is shown: as scrolled, or as the chosen sample asks where nothing was scrolled. */
size_t data_list_first(const struct view_context *x, const struct data_list *l, const struct data_layout *o);
/* As a view's wanted(). */
void data_list_wanted(const struct view_context *x, struct area a, struct pictures_request *out);
void data_list_draw(const struct view_context *x, const struct data_list *l, const struct data_layout *o,
                    struct canvas *c);

/* The matrix with its labels, its scale, and the pairs that are taken for each other most often. */
void data_confusion_draw(const struct view_context *x, struct canvas *c, struct area a);

/* Images and top-1 of every class, the worst first. */
void data_classes_draw(const struct view_context *x, struct canvas *c, struct area a);

/* "38.1%", "100%", "0.31%". */
const char *data_percent(double share, char out[static 32]);

#endif
