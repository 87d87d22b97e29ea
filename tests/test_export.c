#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/data/image.h"
#include "tests/sample_look.h"
#include "tests/sample_run.h"
#include "views/export.h"
#include "views/frame.h"

static char folder[256];
static struct sample_run run;

static int begin(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/gptui-export.XXXXXX", tmp ? tmp : "/tmp");
    sample_run_create(&run, 716);
    return mkdtemp(folder) ? 0 : -1;
}

static const char *path_of(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int file_count(bool remove_them) {
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        n += e->d_name[0] != '.';
        if (remove_them && e->d_name[0] != '.')
            unlink(path_of(e->d_name));
    }
    closedir(d);
    return n;
}

static int end(void **state) {
    (void)state;
    sample_run_destroy(&run);
    file_count(true);
    return rmdir(folder);
}

/* The content of a file; free it. */
static char *read_text(const char *name) {
    FILE *f = fopen(path_of(name), "rb");
    assert_non_null(f);
    char *text = calloc(1, 4 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (4 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static size_t occurrences(const char *text, const char *part) {
    size_t n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

/* A canvas with this text in its first row, as SVG; free it. */
static char *svg_of(const char *text, struct style s, int height, int width) {
    struct canvas c = {0};
    struct error e = {0};
    assert_int_equal(canvas_create(&c, height, width, &e), 0);
    canvas_text(&c, canvas_all(&c), 0, 0, s, text);
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("a.svg"), &e), 0);
    canvas_destroy(&c);
    return read_text("a.svg");
}

static const struct style plain = {0xffffff, CANVAS_DEFAULT, 0};

/* ---- screens */

static void text_has_rows_without_blanks_at_their_ends(void **state) {
    (void)state;
    struct canvas c = {0};
    struct error e = {0};
    assert_int_equal(canvas_create(&c, 3, 10, &e), 0);
    canvas_text(&c, canvas_all(&c), 0, 2, plain, "a \u2502");
    canvas_text(&c, canvas_all(&c), 2, 0, plain, "\u65e5x");
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("a.txt"), &e), 0);
    char *text = read_text("a.txt");
    assert_string_equal(text, "  a \u2502\n\n\u65e5x\n");
    free(text);
    canvas_destroy(&c);
}

static void svg_begins_with_its_paper_and_has_its_own_size(void **state) {
    (void)state;
    char *svg = svg_of("", plain, 24, 80);
    assert_non_null(strstr(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"432\" "
                                "viewBox=\"0 0 5760 3456\""));
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"0\" width=\"5760\" height=\"3456\" fill=\"#14171c\"/>"));
    assert_non_null(strstr(svg, "</svg>\n"));
    free(svg);
    run.context.paint.theme = theme_named("light");
    svg = svg_of("", plain, 24, 80);
    assert_non_null(strstr(svg, "fill=\"#fcfcfa\""));
    free(svg);
}

static void svg_text_is_escaped_and_held_to_its_columns(void **state) {
    (void)state;
    char *svg = svg_of("<a & b>", plain, 1, 20);
    assert_non_null(
        strstr(svg, "<text x=\"0\" y=\"112\" fill=\"#ffffff\" textLength=\"504\">&lt;a &amp; b&gt;</text>"));
    free(svg);
    svg = svg_of("ab  cd", plain, 1, 20);
    assert_non_null(strstr(svg, "textLength=\"144\">ab</text>"));
    assert_non_null(strstr(svg, "<text x=\"288\" y=\"112\" fill=\"#ffffff\" textLength=\"144\">cd</text>"));
    free(svg);
    svg = svg_of("a\u65e5b", plain, 1, 20); /* what a font may not have begins anew at its column */
    assert_non_null(strstr(svg, "<text x=\"72\" y=\"112\" fill=\"#ffffff\" textLength=\"144\">\u65e5</text>"));
    assert_non_null(strstr(svg, "<text x=\"216\" y=\"112\" fill=\"#ffffff\">b</text>"));
    free(svg);
}

static void svg_shows_attributes(void **state) {
    (void)state;
    char *svg = svg_of("ab", (struct style){0xff0000, 0x0000ff, CANVAS_BOLD | CANVAS_REVERSE | CANVAS_UNDERLINE}, 1, 9);
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"0\" width=\"144\" height=\"144\" fill=\"#ff0000\"/>"));
    assert_non_null(strstr(svg, "fill=\"#0000ff\" font-weight=\"bold\""));
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"128\" width=\"144\" height=\"8\" fill=\"#0000ff\"/>"));
    free(svg);
}

static void svg_draws_blocks_boxes_and_braille_as_shapes(void **state) {
    (void)state;
    char *svg = svg_of("\u2580\u2580\u2580", plain, 1, 9);
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"0\" width=\"216\" height=\"72\" fill=\"#ffffff\"/>"));
    free(svg);
    svg = svg_of("\u2584\u258c\u2588", plain, 1, 9);
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"72\" width=\"72\" height=\"72\" fill=\"#ffffff\"/>"));
    assert_non_null(strstr(svg, "<rect x=\"72\" y=\"0\" width=\"36\" height=\"144\" fill=\"#ffffff\"/>"));
    assert_non_null(strstr(svg, "<rect x=\"144\" y=\"0\" width=\"72\" height=\"144\" fill=\"#ffffff\"/>"));
    free(svg);
    svg = svg_of("\u2500\u2500\u2534\u2570", plain, 1, 9);
    assert_non_null(strstr(svg, "d=\"M0 72H144\""));
    assert_non_null(strstr(svg, "d=\"M144 72H216M180 0V72\""));
    assert_non_null(strstr(svg, "d=\"M252 0Q252 72 288 72\""));
    free(svg);
    svg = svg_of("\u2801\u2880", plain, 1, 9); /* the first and the last dot */
    assert_non_null(strstr(svg, "d=\"M18 18h1M126 126h1\""));
    free(svg);
    svg = svg_of("\u2500\u2588\u28ff\u2597\u2592", plain, 1, 9);
    assert_int_equal(occurrences(svg, "<text"), 0);
    free(svg);
}

static bool is_utf8(const char *text) {
    while (*text) {
        const char *before = text;
        char again[5];
        canvas_encode(canvas_next_code(&text), again);
        if (strncmp(before, again, (size_t)(text - before)) != 0)
            return false;
    }
    return true;
}

static void every_view_becomes_well_formed_svg(void **state) {
    (void)state;
    struct error e = {0};
    for (int i = 0; i < VIEW_COUNT; i++) {
        struct canvas c = {0};
        run.choice.view = (enum view_id)i;
        assert_int_equal(canvas_create(&c, 40, 120, &e), 0);
        frame_draw(&run.context, &c);
        assert_int_equal(export_screen(&c, &run.context.paint, path_of("a.svg"), &e), 0);
        canvas_destroy(&c);
        char *svg = read_text("a.svg");
        assert_true(is_utf8(svg));
        assert_int_equal(occurrences(svg, "<text"), occurrences(svg, "</text>"));
        assert_int_equal(occurrences(svg, "<rect") + occurrences(svg, "<path"), occurrences(svg, "/>"));
        /* Every sign that opens a tag is one of these: text has none. */
        assert_int_equal(occurrences(svg, "<"), occurrences(svg, "<text") + occurrences(svg, "</text>") +
                                                    occurrences(svg, "/>") + occurrences(svg, "<g ") +
                                                    occurrences(svg, "</g>") + 2);
        assert_true(strlen(svg) < 400000);
        free(svg);
    }
}

static void another_suffix_is_refused(void **state) {
    (void)state;
    struct canvas c = {0};
    struct error e = {0};
    assert_int_equal(canvas_create(&c, 2, 2, &e), 0);
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("a.gif"), &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, ".svg or .txt"));
    assert_int_equal(export_view(&run.context, path_of("a.svg"), &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, ".csv or .png"));
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("A.TXT"), &e), 0);
    assert_int_equal(file_count(false), 1);
    canvas_destroy(&c);
}

static void a_file_that_cannot_be_written_is_said_and_leaves_nothing(void **state) {
    (void)state;
    struct canvas c = {0};
    struct error e = {0};
    assert_int_equal(canvas_create(&c, 2, 2, &e), 0);
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("none/a.svg"), &e), ERROR_IO);
    assert_non_null(strstr(e.text, "none/a.svg: cannot be written"));
    assert_int_equal(mkdir(path_of("a.svg"), 0700), 0); /* written beside it, but not put in its place */
    assert_int_equal(export_screen(&c, &run.context.paint, path_of("a.svg"), &e), ERROR_IO);
    assert_int_equal(file_count(false), 1);
    assert_int_equal(rmdir(path_of("a.svg")), 0);
    canvas_destroy(&c);
}

/* ---- numbers */

/* Field `i` from 0 of a row without quotes. */
static const char *field(const char *row, int i) {
    static char out[128];
    for (; i > 0; i--)
        row = strchr(row, ',') + 1;
    snprintf(out, sizeof out, "%.*s", (int)strcspn(row, ",\r"), row);
    return out;
}

/* Row `i` from 0 of the text. */
static const char *row_at(const char *text, size_t i) {
    for (; i > 0; i--)
        text = strstr(text, "\r\n") + 2;
    return text;
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-7)

static char *csv_of(enum view_id view) {
    struct error e = {0};
    run.choice.view = view;
    if (export_view(&run.context, path_of("a.csv"), &e) < 0)
        fail_msg("%s", e.text);
    return read_text("a.csv");
}

static void curves_have_a_row_a_step(void **state) {
    (void)state;
    char *csv = csv_of(VIEW_GATES);
    assert_int_equal(occurrences(csv, "\r\n"), 1 + 716);
    assert_int_equal(occurrences(csv, "\n"), 1 + 716);
    assert_memory_equal(csv, "step,steps_in_row,train_loss_nats,", 34);
    assert_string_equal(field(csv, 11), "gate.1_share");
    assert_string_equal(field(csv, 11 + 11 + 11), "temp.12");
    const char *row = row_at(csv, 1 + 700);
    double loss;
    assert_string_equal(field(row, 0), "700");
    assert_string_equal(field(row, 1), "1");
    assert_true(series_at(&run.history.loss, 700, &loss));
    assert_near(strtod(field(row, 2), NULL), loss);
    free(csv);
}

static void an_evaluation_stands_behind_the_step_that_it_followed(void **state) {
    (void)state;
    double top1;
    char *csv = csv_of(VIEW_OVERVIEW);
    assert_true(series_at(&run.history.val_top1, 32, &top1));
    assert_string_equal(field(row_at(csv, 1 + 30), 9), "");
    assert_near(strtod(field(row_at(csv, 1 + 31), 9), NULL), top1);
    assert_string_equal(field(row_at(csv, 1 + 32), 9), "");
    assert_string_equal(field(row_at(csv, 1 + 31), 10), "");
    free(csv);
}

static void a_long_run_is_whole_with_its_recent_steps_in_full(void **state) {
    (void)state;
    enum { STEPS = 11003 };
    struct error e = {0};
    history_destroy(&run.history);
    for (int i = 0; i < STEPS; i++) {
        char line[200];
        snprintf(line, sizeof line, "{\"kind\":\"step\",\"step\":%d,\"epoch\":0,\"loss\":%d,\"top1\":0.5,\"lr\":0.1}",
                 i, i);
        assert_int_equal(history_metrics(&run.history, line, &e), 0);
    }
    char *csv = csv_of(VIEW_OVERVIEW);
    size_t rows = occurrences(csv, "\r\n") - 1;
    double next = 0;
    const char *row = row_at(csv, 1);
    for (size_t i = 0; i < rows; i++, row = row_at(row, 1)) {
        double step = strtod(field(row, 0), NULL), count = strtod(field(row, 1), NULL);
        assert_true(step >= next && step <= next);
        assert_near(strtod(field(row, 2), NULL) / (step + (count - 1) / 2 + 1), 1 - 1 / (step + (count - 1) / 2 + 1));
        next = step + count;
        assert_true(step < STEPS - SERIES_RECENT + 16 || (count >= 1 && count <= 1));
    }
    assert_true(next >= STEPS && next <= STEPS);
    free(csv);
}

static void attention_has_a_row_a_patch(void **state) {
    (void)state;
    struct sample_look s = {
        .depth = 12,
        .side = 14,
        .prompts = 5,
        .pixels = 28,
        .request = {.serial = 1, .split = SPLIT_VAL, .index = 17, .block = 7, .head = 2, .prompt = 3}};
    struct look *look = sample_look_make(&s);
    run.context.look = look;
    char *csv = csv_of(VIEW_ATTENTION), expected[64];
    assert_int_equal(occurrences(csv, "\r\n"), 1 + 196);
    snprintf(expected, sizeof expected, "val,17,%llu,8,3,prompt-4,1,0,", (unsigned long long)look->step);
    assert_memory_equal(row_at(csv, 1 + 14), expected, strlen(expected));
    assert_near(strtod(field(row_at(csv, 1 + 14), 9), NULL), (double)look_cls(look)[7 * 196 + 14]);
    free(csv);
    free(look);
}

static void predictions_have_a_row_an_image_with_quoted_names(void **state) {
    (void)state;
    static const char *const names[] = {"a \"b\", c", "plain", "c2", "c3"};
    struct predictions *p = sample_look_predictions(20, 4);
    p->images[0].label = 0;
    p->images[0].said = 1;
    p->images[1].label = -1;
    run.context.predictions = p;
    run.task.class_names = names;
    run.task.classes = 4;
    char *csv = csv_of(VIEW_DATA);
    assert_int_equal(occurrences(csv, "\r\n"), 1 + 20);
    assert_non_null(strstr(row_at(csv, 1), ",0,\"a \"\"b\"\", c\",1,plain,0,"));
    assert_string_equal(field(row_at(csv, 2), 3), "");
    assert_string_equal(field(row_at(csv, 2), 4), "");
    free(csv);
    free(p);
}

static void what_has_no_numbers_says_so_and_leaves_no_file(void **state) {
    (void)state;
    static const enum view_id views[] = {VIEW_LOG, VIEW_SETTINGS, VIEW_HELP, VIEW_ATTENTION, VIEW_DATA};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        struct error e = {0};
        run.choice.view = views[i];
        assert_int_equal(export_view(&run.context, path_of("a.csv"), &e), ERROR_USAGE);
        assert_int_equal(export_view(&run.context, path_of("a.png"), &e), ERROR_USAGE);
        assert_true(strlen(e.text) > 0);
    }
    assert_int_equal(file_count(false), 0);
}

/* ---- pictures */

static struct image png_of(enum view_id view) {
    struct image im;
    struct error e = {0};
    run.choice.view = view;
    if (export_view(&run.context, path_of("a.png"), &e) < 0 || image_read(&im, path_of("a.png"), &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(im.width, 1600);
    assert_int_equal(im.rgb[0], 255); /* white paper */
    return im;
}

static size_t pixels_of(const struct image *im, uint32_t color) {
    size_t n = 0;
    for (int i = 0; i < im->width * im->height; i++)
        n += im->rgb[3 * i] == color >> 16 && im->rgb[3 * i + 1] == (color >> 8 & 255) &&
             im->rgb[3 * i + 2] == (color & 255);
    return n;
}

static void the_overview_is_drawn_with_its_curves(void **state) {
    (void)state;
    struct image im = png_of(VIEW_OVERVIEW);
    assert_true(pixels_of(&im, 0x0072b2) > 3000);
    assert_true(pixels_of(&im, 0xd55e00) > 3000);
    assert_int_equal(pixels_of(&im, 0x8c8c8c), 0);
    image_free(&im);
    sample_run_overlay(&run);
    run.choice.log_scale = true;
    run.choice.smooth = 20;
    im = png_of(VIEW_OVERVIEW);
    assert_true(pixels_of(&im, 0x8c8c8c) > 3000);
    image_free(&im);
}

static void gates_are_drawn_as_map_and_curve(void **state) {
    (void)state;
    struct image im = png_of(VIEW_GATES);
    size_t curve = pixels_of(&im, 0x0072b2);
    assert_true(curve > 2000);
    image_free(&im);
    run.choice.temps = true;
    run.choice.block = 11;
    im = png_of(VIEW_GATES);
    image_free(&im);
    sample_run_method(&run, METHOD_LINEAR);
    struct error e = {0};
    assert_int_equal(export_view(&run.context, path_of("b.png"), &e), ERROR_USAGE);
}

static void reconstructions_are_a_row_and_three_pictures(void **state) {
    (void)state;
    struct error e = {0};
    sample_run_method(&run, METHOD_MAE);
    run.context.look = NULL;
    run.choice.view = VIEW_ATTENTION;
    assert_int_equal(export_view(&run.context, path_of("c.png"), &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, "no reconstruction is known yet"));
    struct look *rebuilt = sample_look_rebuilt(
        &(struct sample_look){.depth = 12, .side = 6, .pixels = 48, .request = {1, SPLIT_VAL, 17, 0, 0, -1, 2}});
    run.context.look = rebuilt;
    struct image im = png_of(VIEW_ATTENTION);
    assert_true(pixels_of(&im, 0x808080) > 493 * 493 / 2); /* what is hidden */
    image_free(&im);
    char *csv = csv_of(VIEW_ATTENTION);
    assert_string_equal(csv, "split,image,step,mask,patches,hidden_patches,loss,baseline_loss,explained_share\r\n"
                             "val,17,716,3,36,27,0.412,0.987,0.582573455\r\n");
    free(csv);
    csv = csv_of(VIEW_OVERVIEW);
    assert_memory_equal(csv, "step,steps_in_row,train_loss,", 29);
    assert_non_null(strstr(csv, ",val_explained_share,"));
    free(csv);
    run.choice.view = VIEW_DATA;
    assert_int_equal(export_view(&run.context, path_of("c.csv"), &e), ERROR_USAGE);
    free(rebuilt);
    run.context.look = NULL;
}

static void a_run_without_a_step_is_drawn_too(void **state) {
    (void)state;
    sample_run_destroy(&run);
    sample_run_create(&run, 0);
    struct image im = png_of(VIEW_OVERVIEW);
    image_free(&im);
}

static void attention_is_drawn_beside_the_image(void **state) {
    (void)state;
    struct sample_look s = {.depth = 12,
                            .side = 14,
                            .prompts = 5,
                            .pixels = 224,
                            .request = {.serial = 1, .split = SPLIT_VAL, .block = 7, .head = -1, .prompt = -1}};
    struct look *look = sample_look_make(&s);
    run.context.look = look;
    struct image three = png_of(VIEW_ATTENTION);
    run.choice.alone = true;
    struct image four = png_of(VIEW_ATTENTION);
    assert_true(four.height < three.height); /* more of them, so smaller */
    image_free(&three);
    image_free(&four);
    free(look);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(text_has_rows_without_blanks_at_their_ends),
        TEST(svg_begins_with_its_paper_and_has_its_own_size),
        TEST(svg_text_is_escaped_and_held_to_its_columns),
        TEST(svg_shows_attributes),
        TEST(svg_draws_blocks_boxes_and_braille_as_shapes),
        TEST(every_view_becomes_well_formed_svg),
        TEST(another_suffix_is_refused),
        TEST(a_file_that_cannot_be_written_is_said_and_leaves_nothing),
        TEST(curves_have_a_row_a_step),
        TEST(an_evaluation_stands_behind_the_step_that_it_followed),
        TEST(a_long_run_is_whole_with_its_recent_steps_in_full),
        TEST(attention_has_a_row_a_patch),
        TEST(predictions_have_a_row_an_image_with_quoted_names),
        TEST(what_has_no_numbers_says_so_and_leaves_no_file),
        TEST(the_overview_is_drawn_with_its_curves),
        TEST(gates_are_drawn_as_map_and_curve),
        TEST(reconstructions_are_a_row_and_three_pictures),
        TEST(a_run_without_a_step_is_drawn_too),
        TEST(attention_is_drawn_beside_the_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
