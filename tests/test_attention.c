#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cells.h"
#include "tests/sample_look.h"
#include "tests/sample_run.h"
#include "views/attention_private.h"
#include "views/views.h"

static struct sample_run run;
static struct canvas canvas;

static const struct sample_look ordinary = {
    .depth = 12, .side = 6, .prompts = 10, .pixels = 96, .request = {1, SPLIT_VAL, 17, 7, -1, -1, 0}};

/* A run whose newest look is this one, and whose choice is what it was asked for. */
static struct look *open_with(struct sample_look s) {
    sample_run_create(&run, 716);
    struct look *l = sample_look_make(&s);
    run.choice.split = s.request.split;
    run.choice.image = s.request.index;
    run.choice.block = s.request.block;
    run.choice.head = s.request.head;
    run.choice.prompt = s.request.prompt;
    run.context.look = l;
    run.context.look_age = 0.3;
    return l;
}

static void draw(int height, int width) {
    sample_run_draw(&run, &attention_view, &canvas, height, width);
}

static void close_run(struct look *l) {
    free(l);
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
}

#define assert_shows(text) sample_run_assert_shows(&canvas, text)

static void the_header_says_what_is_looked_at_and_what_the_model_says(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(19, 80);
    assert_shows("val #17  WRONG  true Painted Bunting 12.0%  said Indigo Bunting 38.1%  step 716");
    assert_shows("block 8/12  head mean of 12  query mean of prompts  0.3 s old");
    l->said = 0;
    draw(19, 80);
    assert_shows("RIGHT");
    assert_false(sample_run_shows(&canvas, "WRONG"));
    close_run(l);
}

static void numbers_are_those_of_the_rows(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    struct attention_facts f;
    assert_true(attention_facts_make(l, false, &f));
    double mean = 0, bits = 0, total = 0;
    const float *cls = look_rows(l) + 1 + l->prompts;
    for (int p = 0; p < l->prompts; p++)
        mean += (double)attention_facts_prompt_map(l, p)[4] / l->prompts;
    for (int i = 0; i < l->patches; i++)
        total += (double)cls[i];
    for (int i = 0; i < l->patches; i++)
        bits -= (double)cls[i] / total * log2((double)cls[i] / total);
    assert_true(fabs((double)f.query[4] - mean) < 1e-7);
    assert_true(fabs(f.of_cls.bits - bits) < 1e-9);
    assert_true(fabs(f.of_cls.cls + f.of_cls.prompts + f.of_cls.patches - 1) < 1e-5);
    assert_true(fabs(f.of_query.cls + f.of_query.prompts + f.of_query.patches - 1) < 1e-5);
    assert_true(f.low <= (double)f.query[0] && f.high >= f.of_cls.peak && f.high >= f.of_query.peak);
    attention_facts_free(&f);
    draw(19, 80);
    assert_shows("to CLS     2.1%   2.1%");
    assert_shows("prompts   31.4%  31.4%");
    assert_shows("patches   66.5%  66.5%");
    assert_shows("at most 5.2");
    close_run(l);
}

static void a_uniform_row_has_all_the_bits_there_are(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    float *cls = (float *)(void *)((char *)l + l->rows) + 1 + l->prompts;
    struct attention_facts f;
    for (int i = 0; i < l->patches; i++)
        cls[i] = 0.01f;
    assert_true(attention_facts_make(l, false, &f));
    assert_true(fabs(f.of_cls.bits - log2(36)) < 1e-6);
    attention_facts_free(&f);
    for (int i = 0; i < l->patches; i++)
        cls[i] = i == 3 ? 0.4f : 0;
    assert_true(attention_facts_make(l, false, &f));
    assert_true(f.of_cls.bits < 1e-9);
    assert_true(fabs(f.of_cls.peak - 0.4) < 1e-6);
    attention_facts_free(&f);
    close_run(l);
}

static void three_panes_share_one_scale_where_there_is_room(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    struct attention_facts f;
    char high[32];
    draw(19, 80);
    assert_shows("image");
    assert_shows("prompts->patches");
    assert_shows("CLS -> patches");
    assert_true(attention_facts_make(l, false, &f));
    snprintf(high, sizeof high, "%.1f%% a patch", 100 * f.high);
    assert_shows(high);
    attention_facts_free(&f);
    close_run(l);
}

static void a_narrow_area_keeps_the_map_of_the_query_and_the_numbers(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(8, 40);
    assert_shows("val #17  WRONG");
    assert_shows("block 8/12  head mean  query mean");
    assert_shows("prompts   31.4%  31.4%");
    assert_false(sample_run_shows(&canvas, "CLS -> patches"));
    close_run(l);
}

static void the_backbone_alone_stands_beside_with_the_difference(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    run.choice.alone = true;
    draw(35, 160);
    assert_shows("CLS alone (no prompts)");
    assert_shows("CLS: with - without");
    assert_shows("8.0%");
    struct attention_facts f;
    char high[32];
    assert_true(attention_facts_make(l, true, &f));
    assert_true(fabs((double)f.change[5] - (double)(f.cls[5] - f.alone[5])) < 1e-7);
    assert_true(f.high >= f.of_alone.peak);
    snprintf(high, sizeof high, "+%.1f%%", 100 * f.most);
    assert_shows(high);
    attention_facts_free(&f);
    draw(8, 40);
    assert_shows("alone");
    close_run(l);
}

static void image_only_leaves_the_maps_out(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(19, 80);
    int y = sample_run_find(&canvas, 0, "CLS -> patches"), x = sample_run_column(&canvas, y, "CLS -> patches");
    struct style with = canvas_at(&canvas, y + 4, x + 6)->style;
    struct style image = canvas_at(&canvas, y + 4, 6)->style;
    assert_true(with.ink != image.ink || with.paper != image.paper);
    run.choice.image_only = true;
    draw(19, 80);
    struct style without = canvas_at(&canvas, y + 4, x + 6)->style;
    assert_int_equal(without.ink, image.ink);
    assert_int_equal(without.paper, image.paper);
    assert_false(sample_run_shows(&canvas, "a patch"));
    close_run(l);
}

static void prompts_are_ranked_by_what_cls_gives_them_and_the_chosen_is_among_them(void **state) {
    (void)state;
    struct sample_look s = ordinary;
    s.prompts = 100;
    s.side = 14;
    struct look *l = open_with(s);
    int order[13], least = 0;
    assert_int_equal(attention_facts_rank(l, -1, 13, order), 13);
    for (int i = 1; i < 13; i++)
        assert_true(attention_facts_of_prompt(l, order[i - 1]) >= attention_facts_of_prompt(l, order[i]));
    for (int p = 0; p < 100; p++)
        if (attention_facts_of_prompt(l, p) < attention_facts_of_prompt(l, least))
            least = p;
    assert_int_equal(attention_facts_rank(l, least, 13, order), 13);
    assert_int_equal(order[12], least);
    draw(19, 80);
    assert_shows("13 of 100");
    close_run(l);
}

static void blocks_before_the_insertion_are_empty(void **state) {
    (void)state;
    struct sample_look s = ordinary;
    s.first = 6;
    s.request.block = 3;
    struct look *l = open_with(s);
    draw(19, 80);
    assert_shows("no prompts here:");
    assert_shows("at block 7");
    int y = sample_run_find(&canvas, 0, "blocks");
    assert_int_equal(canvas_at(&canvas, y, ATTENTION_LABEL)->glyph, 0xb7);
    assert_int_equal(canvas_at(&canvas, y, ATTENTION_LABEL + 6 * 5)->glyph, 0x2580);
    assert_shows("to CLS     2.1%      -");
    close_run(l);
}

static void a_method_without_prompts_shows_cls_alone(void **state) {
    (void)state;
    struct sample_look s = ordinary;
    s.prompts = 0;
    s.first = 12;
    struct look *l = open_with(s);
    draw(19, 80);
    assert_shows("query CLS (no prompts)");
    assert_shows("CLS, blocks");
    assert_false(sample_run_shows(&canvas, "PROMPTS"));
    assert_false(sample_run_shows(&canvas, "top by CLS"));
    close_run(l);
}

static void what_is_waited_for_is_said(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    run.choice.block = 8;
    draw(19, 80);
    assert_shows("block 8/12");
    assert_shows("waiting for block 9");
    draw(8, 40);
    assert_shows("waiting for block 9");
    run.context.look = NULL;
    draw(19, 80);
    assert_shows("Waiting for attention of val #17");
    run.now.phase = PHASE_STARTING;
    draw(8, 40);
    assert_shows("once the model is ready");
    run.task.images[SPLIT_VAL] = 0;
    draw(8, 40);
    assert_shows("The data has no val images.");
    close_run(l);
}

static void an_unreadable_image_is_neither_right_nor_wrong(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    l->label = -1;
    draw(19, 80);
    assert_shows("unreadable");
    assert_false(sample_run_shows(&canvas, "WRONG"));
    assert_false(sample_run_shows(&canvas, "RIGHT"));
    close_run(l);
}

static void clicks_choose_what_they_hit(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    char command[64] = "";
    struct area a = {3, 2, 19, 80};
    draw(19, 80);
    int blocks = sample_run_find(&canvas, 0, "blocks"), prompts = sample_run_find(&canvas, 0, "top by CLS") - 2;
    assert_true(attention_view.click(&run.context, a, blocks, ATTENTION_LABEL + 4 * 5 + 1, command, sizeof command));
    assert_string_equal(command, "select block 5");
    int order[10];
    attention_facts_rank(l, -1, 10, order);
    char expected[64];
    snprintf(expected, sizeof expected, "select prompt %d", order[2] + 1);
    assert_true(attention_view.click(&run.context, a, prompts, ATTENTION_LABEL + 2 * 5, command, sizeof command));
    assert_string_equal(command, expected);
    assert_false(attention_view.click(&run.context, a, 4, 5, command, sizeof command));
    assert_false(attention_view.click(&run.context, a, blocks, 2, command, sizeof command));
    run.context.look = NULL;
    assert_false(attention_view.click(&run.context, a, blocks, ATTENTION_LABEL, command, sizeof command));
    close_run(l);
}

static void deep_models_show_the_blocks_around_the_chosen_one(void **state) {
    (void)state;
    struct sample_look s = ordinary;
    s.depth = 32;
    s.request.block = 20;
    struct look *l = open_with(s);
    char command[64];
    draw(19, 80);
    assert_shows("[21]");
    int y = sample_run_find(&canvas, 0, "[21]"), x = sample_run_column(&canvas, y, "[21]");
    assert_true(attention_view.click(&run.context, canvas_all(&canvas), y, x + 1, command, sizeof command));
    assert_string_equal(command, "select block 21");
    close_run(l);
}

/* Every size, ladder and state stays within its area and ends no number in its middle. */
static void any_size_stays_within_its_area(void **state) {
    (void)state;
    static const int sides[] = {6, 14, 16};
    for (int k = 0; k < 12; k++) {
        struct sample_look s = ordinary;
        s.side = sides[k % 3];
        s.prompts = k % 2 ? 100 : 1;
        s.request.prompt = k % 2 ? 41 : -1;
        struct look *l = open_with(s);
        run.choice.alone = k % 4 > 1;
        run.context.paint.glyphs = (enum glyphs)(k % 3);
        run.context.paint.colors = (const int[]){0, 16, 256, 1 << 24}[k % 4];
        for (int width = 1; width <= 200; width += width < 44 ? 1 : 13)
            for (int height = 1; height <= 50; height += height < 20 ? 3 : 9) {
                struct area a = {1, 2, height, width};
                cells_open(&canvas, height + 3, width + 5);
                attention_view.draw(&run.context, &canvas, a);
                assert_true(cells_are_kept(&canvas, a));
            }
        close_run(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_says_what_is_looked_at_and_what_the_model_says),
        cmocka_unit_test(numbers_are_those_of_the_rows),
        cmocka_unit_test(a_uniform_row_has_all_the_bits_there_are),
        cmocka_unit_test(three_panes_share_one_scale_where_there_is_room),
        cmocka_unit_test(a_narrow_area_keeps_the_map_of_the_query_and_the_numbers),
        cmocka_unit_test(the_backbone_alone_stands_beside_with_the_difference),
        cmocka_unit_test(image_only_leaves_the_maps_out),
        cmocka_unit_test(prompts_are_ranked_by_what_cls_gives_them_and_the_chosen_is_among_them),
        cmocka_unit_test(blocks_before_the_insertion_are_empty),
        cmocka_unit_test(a_method_without_prompts_shows_cls_alone),
        cmocka_unit_test(what_is_waited_for_is_said),
        cmocka_unit_test(an_unreadable_image_is_neither_right_nor_wrong),
        cmocka_unit_test(clicks_choose_what_they_hit),
        cmocka_unit_test(deep_models_show_the_blocks_around_the_chosen_one),
        cmocka_unit_test(any_size_stays_within_its_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
