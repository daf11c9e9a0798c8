/* The memory of passes: how much of it there is, and that no number depends on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/room.h"
#include "tests/models.h"

static const int LENGTH[] = {12, 3, 1, 20, 7, 2};
enum { B = 6, ALL = 45, MOST = 4096 };

static Policy *open_in(Model *m, Room *room)
{
    return policy_open(m, &(PolicyOptions){.train = true,
                                           .heads = 1,
                                           .seed = 5,
                                           .max_tokens = MOST,
                                           .room = room,
                                           .beta1 = 0.9,
                                           .beta2 = 0.99,
                                           .eps = 1e-8});
}

static size_t pass_bytes(Policy *p, int tokens, bool gradient)
{
    const ModelConfig *c = &p->model->config;
    return sizeof(real) * pass_sizes(c, &p->options, tokens, gradient).all;
}

/* The numbers of the passes; keys and values come on top, one layer's of at most so many tokens. */
static bool holds(const Policy *p, size_t bytes)
{
    enum { KEYS_OF = B * KV_ALIGN };
    const ModelConfig *c = &p->model->config;
    const size_t held = room_bytes(p->room);
    return held >= bytes && held <= bytes + sizeof(real) * 2 * KEYS_OF * (size_t)(c->NKV * c->HD);
}

static void a_room_is_as_large_as_the_batch_and_not_as_max_tokens(void **state)
{
    (void)state;
    Model *m = model_new(&TINY_GPT2, 7);
    Policy *p = open_in(m, NULL);
    AskedBatch s = asked_random(LENGTH, B, TINY_GPT2.V, 1);
    assert_int_equal(room_bytes(p->room), 0);
    asked_evaluate(p, &s, 1);
    assert_true(holds(p, pass_bytes(p, ALL, true)));
    asked_free(&s);
    policy_close(p);
    model_free(m);
}

static void a_room_grows_and_does_not_shrink(void **state)
{
    (void)state;
    const int order[] = {0, 1};
    Model *m = model_new(&TINY_GPT2, 7);
    Policy *p = open_in(m, NULL);
    AskedBatch s = asked_random(LENGTH, B, TINY_GPT2.V, 1), part = asked_pick(&s, order, 2);
    asked_evaluate(p, &part, 1);
    assert_true(room_bytes(p->room) < pass_bytes(p, ALL, true));
    asked_evaluate(p, &s, 1);
    const size_t most = room_bytes(p->room);
    const real *where = p->h;
    asked_evaluate(p, &part, 1);
    asked_evaluate(p, &s, 1);
    assert_int_equal(room_bytes(p->room), most);
    assert_ptr_equal(p->h, where);
    asked_free(&part), asked_free(&s);
    policy_close(p);
    model_free(m);
}

static void measuring_takes_one_layer_and_gives_the_same_bits(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_GPT2, 7);
    Policy *p = open_in(m, NULL);
    AskedBatch s = asked_random(LENGTH, B, WIDE_GPT2.V, 1),
               other = asked_random(LENGTH, B, 1030, 1);
    const TokenBatch b = asked_batch(&s, 0.8);
    policy_measure(p, &b, &(TokenTerms){s.logp, s.entropy, s.value});
    assert_true(holds(p, pass_bytes(p, ALL, false)));
    asked_evaluate(p, &other, 0.8);
    assert_true(holds(p, pass_bytes(p, ALL, true)));
    assert_memory_equal(s.logp, other.logp, ALL * sizeof *s.logp);
    assert_memory_equal(s.entropy, other.entropy, ALL * sizeof *s.entropy);
    assert_memory_equal(s.value, other.value, ALL * sizeof *s.value);
    asked_free(&s), asked_free(&other);
    policy_close(p);
    model_free(m);
}

/* What two policies of different shapes come to when they are trained in turn, in the room or rooms given. */
static void train_in_turn(Policy *p[2])
{
    double g[ALL];
    for (int i = 0; i < ALL; i++) g[i] = rng_normal(1, RNG_TEST, 1, (uint64_t)i);
    for (int step = 0; step < 4; step++) {
        AskedBatch s = asked_random(LENGTH, step % 2 ? B : B - 2, 23, (uint64_t)step);
        const TokenBatch b = asked_batch(&s, 1);
        for (int i = 0; i < 2; i++) {
            asked_evaluate(p[i], &s, 1);
            policy_accumulate(p[i], &b, &(TokenTerms){.value = g});
            policy_step(p[i], 1e-2, 1);
        }
        policy_measure(p[0], &b, &(TokenTerms){.logp = s.logp});
        asked_free(&s);
    }
}

static void policies_in_one_room_learn_as_in_rooms_of_their_own(void **state)
{
    (void)state;
    const ModelConfig *const shape[] = {&TINY_GPT2, &TINY_LLAMA};
    Room *room = room_new();
    Model *m[4];
    Policy *p[4];
    for (int i = 0; i < 4; i++) {
        m[i] = model_new(shape[i % 2], 7);
        p[i] = open_in(m[i], i < 2 ? room : NULL);
    }
    train_in_turn(p);
    train_in_turn(p + 2);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(m[i]->parameters.w, m[i + 2]->parameters.w,
                            m[i]->parameters.n * sizeof(real));
    for (int i = 0; i < 4; i++) policy_close(p[i]), model_free(m[i]);
    room_free(room);
}

static void what_was_released_is_made_again(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_LLAMA_BF16, 7);
    Policy *p = open_in(m, NULL);
    AskedBatch s = asked_random(LENGTH, B, 1030, 1), again = asked_random(LENGTH, B, 1030, 1);
    asked_evaluate(p, &s, 1);
    policy_release_packed(p);
    policy_release_room(p);
    assert_int_equal(room_bytes(p->room), 0);
    asked_evaluate(p, &again, 1);
    assert_memory_equal(s.logp, again.logp, ALL * sizeof *s.logp);
    assert_memory_equal(s.value, again.value, ALL * sizeof *s.value);
    asked_free(&s), asked_free(&again);
    policy_close(p);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_is_as_large_as_the_batch_and_not_as_max_tokens),
        cmocka_unit_test(a_room_grows_and_does_not_shrink),
        cmocka_unit_test(measuring_takes_one_layer_and_gives_the_same_bits),
        cmocka_unit_test(policies_in_one_room_learn_as_in_rooms_of_their_own),
        cmocka_unit_test(what_was_released_is_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
